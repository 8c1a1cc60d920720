"""The measures that ship: every test patient inside their files, and the shape of what they are made of."""

from dataclasses import replace

import polars as pl
import pytest

from core.domain.clinical import FACTS, GAPS
from core.domain.measure import Case, Measure
from core.domain.measure_evaluation import evaluate_shard
from core.measures import concepts, exclusions, measures, with_cases

CASES = [(measure, case) for measure in with_cases().values() for case in measure.cases]


def patients_of(case: Case) -> pl.DataFrame:
    columns = {
        "patient_id": pl.String,
        "birth_date": pl.Date,
        "sex": pl.String,
        "sex_at_birth": pl.String,
        "status": pl.String,
        "deceased_on": pl.Date,
        "payer": pl.String,
        "race": pl.String,
    }
    row = ("p1", case.born, case.sex, None, case.status, case.deceased_on, case.payer, case.race)
    return pl.DataFrame([row], schema=columns, orient="row")


def facts_of(case: Case) -> pl.DataFrame:
    rows = [
        {
            "patient_id": "p1",
            "concept": fact.concept,
            "kind": fact.kind or "procedure",
            "on": fact.on,
            "end_on": fact.end_on,
            "value": fact.value,
            "value_text": fact.value_text,
        }
        for fact in case.facts
    ]
    return pl.DataFrame(rows, schema=FACTS)


@pytest.mark.parametrize(("measure", "case"), CASES, ids=[f"{m.measure_id}: {c.name}" for m, c in CASES])
def test_a_measure_finds_the_gap_of_its_own_test_patient(measure: Measure, case: Case) -> None:
    gaps = evaluate_shard([measure], patients_of(case), facts_of(case), as_of=case.as_of)

    assert gaps.schema == GAPS
    found = gaps.select("state", "reason", "due_on", "missing").row(0)
    assert found == (case.state, case.reason, case.due_on, case.missing)


def test_the_measures_are_those_of_the_catalogue_and_these_are_off_until_somebody_turns_them_on() -> None:
    kinds = {measure.name.partition(":")[0] for measure in measures().values()}
    off = [measure_id for measure_id, measure in measures().items() if not measure.is_on]

    assert len(measures()) == 25
    assert kinds == {"CVD", "DM", "HTN", "Imm", "Lab", "Scr", "Visit"}
    assert off == ["cvd-statin", "scr-chlamydia", "scr-falls", "scr-lung"]


def test_every_measure_cites_its_source_and_says_what_it_needs_for_staff_and_patients() -> None:
    for measure in with_cases().values():
        assert measure.source and measure.authority and measure.purpose and measure.closes, measure.measure_id
        assert len(measure.cases) >= 7, measure.measure_id
        assert not (measure.is_sensitive and (measure.for_patients or measure.called)), measure.measure_id


def test_every_exclusion_is_used_by_a_measure() -> None:
    used = {exclusion.exclusion_id for measure in measures().values() for exclusion in measure.exclusions}

    assert used == set(exclusions())


def test_a_measure_without_its_test_patients_is_the_same_measure() -> None:
    assert {name: replace(measure, cases=()) for name, measure in with_cases().items()} == measures()


def test_every_concept_has_a_name_and_a_kind() -> None:
    assert all(concept.name and concept.kind for concept in concepts().values())
