"""The measures that ship: every test patient inside their files, and the shape of what they are made of."""

from dataclasses import replace

import pytest

from core.domain.measure import Measure
from core.domain.measure_cases import CaseResult, run_cases
from core.measures import by_schedule, concepts, exclusions, measures, schedules, with_cases

CASES = [(measure, result) for measure in with_cases() for result in run_cases(measure)]


@pytest.mark.parametrize(
    ("measure", "result"), CASES, ids=[f"{m.measure_id} {m.schedule}: {r.case.name}" for m, r in CASES]
)
def test_a_measure_finds_the_gap_of_its_own_test_patient(measure: Measure, result: CaseResult) -> None:
    assert result.found == result.expected


def test_the_measures_are_those_of_the_catalogue_and_these_are_off_until_somebody_turns_them_on() -> None:
    kinds = {measure.name.partition(":")[0] for measure in measures().values()}
    off = [measure_id for measure_id, measure in measures().items() if not measure.is_on]

    assert len(measures()) == 25
    assert kinds == {"CVD", "DM", "HTN", "Imm", "Lab", "Scr", "Visit"}
    assert off == ["cvd-statin", "scr-chlamydia", "scr-falls", "scr-lung"]


def test_every_measure_cites_its_source_and_says_what_it_needs_for_staff_and_patients() -> None:
    for measure in with_cases():
        assert measure.source and measure.authority and measure.purpose and measure.closes, measure.measure_id
        assert measure.link.startswith("https://") or measure.measure_id.startswith("visit-"), measure.measure_id
        assert len(measure.cases) >= 7, measure.measure_id
        assert not (measure.is_sensitive and (measure.for_patients or measure.called)), measure.measure_id


def test_every_exclusion_is_used_by_a_measure() -> None:
    used = {exclusion.exclusion_id for measure in measures().values() for exclusion in measure.exclusions}

    assert used == set(exclusions())


def test_a_measure_without_its_test_patients_is_the_same_measure() -> None:
    read = [replace(measure, cases=()) for measure in with_cases()]

    assert read[: len(measures())] == list(measures().values())


def test_the_schedules_of_authorities_differ_in_the_vaccines_of_children_only() -> None:
    ours, theirs = (by_schedule(schedule)[0] for schedule in schedules())

    assert schedules() == ("AAP", "CDC")
    assert ours == measures()
    assert {name for name in ours if ours[name] != theirs[name]} == {"imm-child", "imm-flu", "imm-teen"}
    assert {rule.schedule for rule in theirs.values()} == {"", "CDC"}


def test_every_concept_has_a_name_and_a_kind() -> None:
    assert all(concept.name and concept.kind for concept in concepts().values())
