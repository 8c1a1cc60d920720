"""The measures that ship: every test patient inside their files, and the shape of what they are made of."""

import polars as pl
import pytest

from core.domain.clinical import FACTS, GAPS
from core.domain.measure import Case, Measure
from core.domain.measure_evaluation import evaluate_shard
from core.measures import concepts, exclusions, measures

CASES = [(measure, case) for measure in measures().values() for case in measure.cases]


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


def test_the_measures_are_those_that_the_product_names() -> None:
    names = {measure.measure_id: measure.name for measure in measures().values()}

    assert names == {
        "dm-a1c": "DM: HbA1c Overdue",
        "dm-a1c-high": "DM: HbA1c Above 9",
        "imm-flu": "Imm: Missing Influenza Vaccination",
        "scr-colorectal": "Scr: Colorectal Screening Overdue",
        "scr-mammogram": "Scr: Mammogram Overdue",
    }


def test_every_exclusion_is_used_by_a_measure() -> None:
    used = {exclusion.exclusion_id for measure in measures().values() for exclusion in measure.exclusions}

    assert used == set(exclusions())


def test_every_concept_has_a_name_and_a_kind() -> None:
    assert all(concept.name and concept.kind for concept in concepts().values())
