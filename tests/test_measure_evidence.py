"""The evidence that staff see says the same as the evaluator that runs for everybody."""

from datetime import date

import polars as pl
import pytest

from core.domain.clinical import FACTS
from core.domain.measure import Measure
from core.domain.measure_cases import asked
from core.domain.measure_evaluation import evaluate_shard
from core.domain.measure_evidence import Explanation, explain
from core.measures import concepts, measures, with_cases
from tests.drawn import drawn
from tests.measure_reference import Fact, Patient, as_row
from tests.test_measure_evaluation import fact_frame, panels, patient_frame

pytestmark = pytest.mark.long

AS_OF = date(2026, 11, 24)
NAMES = {concept.concept_id: concept.name for concept in concepts().values()}
WOMAN = Patient(date(1970, 2, 1), "F", None, "active", None)


def explained(rule: str | Measure, patient: Patient, *facts: Fact, as_of: date = AS_OF) -> Explanation:
    rows = [{"patient_id": "p1", **vars(fact)} for fact in facts]
    frame = pl.DataFrame(rows, schema=FACTS)
    measure = measures()[rule] if isinstance(rule, str) else rule
    return explain([measure], as_row("p1", patient), frame, names=NAMES, as_of=as_of)[0]


@drawn(daily=1, many=60, generated=panels())
def test_evidence_and_evaluation_agree(generated: tuple[date, list[tuple[Patient, list[Fact]]]]) -> None:
    as_of, panel = generated
    panel = panel[:4]
    gaps = evaluate_shard(measures().values(), patient_frame(panel), fact_frame(panel), as_of=as_of)

    for n, (patient, facts) in enumerate(panel):
        frame = fact_frame([(patient, facts)]).with_columns(patient_id=pl.lit(f"p{n}"))
        found = explain(measures().values(), as_row(f"p{n}", patient), frame, names=NAMES, as_of=as_of)
        mine = gaps.filter(pl.col("patient_id") == f"p{n}")
        for explanation, gap in zip(found, mine.rows(named=True), strict=True):
            assert {key: getattr(explanation, key) for key in gap if key != "patient_id"} == {
                key: value for key, value in gap.items() if key != "patient_id"
            }
            assert_evidence_supports_the_state(explanation)


def assert_evidence_supports_the_state(found: Explanation) -> None:
    met = [check.is_met for check in found.population]
    is_outside = found.state == "not_applicable" and found.reason != "out_of_season"
    assert is_outside == (False in met)
    if not is_outside:
        assert (found.state == "excluded") == any(check.is_met for check in found.exclusions)
    if not is_outside and found.state != "excluded":
        assert (found.reason in ("birth_date", "sex")) == (None in met)
        if None not in met:
            assert found.last_on is None or found.last_on in [search.last_on for search in found.searches]
            counting = [search.counts for search in found.searches]
            assert any(counting) or found.reason != "done"
            assert not any(counting) or found.reason not in ("never", "lapsed", "no_result", "above", "no_value")


def test_evidence_for_an_overdue_mammogram_names_the_window_and_the_last_one() -> None:
    found = explained("scr-mammogram", WOMAN, Fact("mammogram", "lab", date(2023, 3, 4)))

    assert found.headline == "Overdue since Wed 5 Mar 2025: last done on Sat 4 Mar 2023."
    assert found.rule == "Women from 40 through 74 need a mammogram every two years."
    assert [check.sentence for check in found.population] == [
        "From 40 through 74 years old; 56 on Tue 24 Nov 2026",
        "Female",
    ]
    assert found.exclusions[1].sentence == "In hospice care; nothing in our data up to Tue 24 Nov 2026 says so"
    assert [search.sentence for search in found.searches] == [
        "Mammogram, from Sun 24 Nov 2024 through Tue 24 Nov 2026: last on Sat 4 Mar 2023, before this window"
    ]
    assert found.closes == "A mammogram, done here or documented from elsewhere."


def test_evidence_without_a_record_says_up_to_when_our_data_was_looked_at() -> None:
    found = explained("scr-colorectal", WOMAN)

    assert found.headline == "Overdue: no record in our data up to Tue 24 Nov 2026."
    assert len(found.searches) == 5
    assert found.searches[0].sentence == (
        "Colonoscopy, from Thu 24 Nov 2016 through Tue 24 Nov 2026: no record in our data up to Tue 24 Nov 2026"
    )


def test_evidence_for_a_high_result_shows_it_as_it_was_reported() -> None:
    found = explained(
        "dm-a1c-high",
        WOMAN,
        Fact("diabetes", "problem", date(2015, 1, 1)),
        Fact("hba1c", "lab", date(2026, 8, 31), None, 14.000000001, ">14"),
    )

    assert found.headline == "The result of Mon 31 Aug 2026 is too high: 14."
    assert found.population[1].sentence == "Diabetes, active; since Thu 1 Jan 2015"
    assert found.searches[0].last_value == ">14"
    assert "with the result >14" in found.searches[0].sentence


def test_evidence_for_an_exclusion_shows_what_it_rests_on() -> None:
    found = explained(
        "scr-mammogram",
        WOMAN,
        Fact("left_mastectomy", "procedure", date(2010, 5, 6)),
        Fact("right_mastectomy", "procedure", date(2012, 7, 8)),
    )

    assert found.headline == "Not counted: both breasts removed."
    assert found.exclusions[3].is_met
    assert found.exclusions[3].sentence == (
        "Both breasts removed; Removal of the left breast on Thu 6 May 2010; "
        "Removal of the right breast on Sun 8 Jul 2012"
    )


@pytest.mark.parametrize("measure_id", list(measures()))
def test_every_state_has_a_sentence(measure_id: str) -> None:
    measure = next(each for each in with_cases() if each.measure_id == measure_id)
    for case in measure.cases:
        rule, as_of = asked(measure, case)
        patient = Patient(case.born, case.sex, None, case.status, case.deceased_on, case.payer, case.race)
        facts = [
            Fact(fact.concept, fact.kind or "procedure", fact.on, fact.end_on, fact.value, fact.value_text)
            for fact in case.facts
        ]

        found = explained(rule, patient, *facts, as_of=as_of)

        assert (found.state, found.reason, found.due_on) == (case.state, case.reason, case.due_on)
        assert found.headline.endswith(".")
        assert "an unknown day" not in " ".join(found.lines())


def test_a_result_that_was_converted_is_shown_in_both_units_and_is_not_ticked_when_out_of_range() -> None:
    facts = [Fact("diabetes", "problem", date(2020, 1, 1)), Fact("hba1c", "lab", date(2026, 8, 13), None, 10.2, "88")]

    found = explained("dm-a1c-high", WOMAN, *facts)

    assert found.state == "out_of_range"
    assert found.searches[0].sentence.endswith("last on Thu 13 Aug 2026 with the result 88 (10.2)")
    assert not found.searches[0].counts


def test_results_of_several_kinds_are_named() -> None:
    day = date(2026, 8, 13)
    facts = [
        Fact("essential_hypertension", "problem", date(2020, 1, 1)),
        Fact("systolic", "vital", day, None, 157.0, "157"),
        Fact("diastolic", "vital", day, None, 79.0, "79"),
    ]

    found = explained("htn-bp", WOMAN, *facts)

    assert "Systolic blood pressure 157 and Diastolic blood pressure 79" in found.searches[0].sentence


def test_the_evidence_of_a_series_says_how_many_there_are() -> None:
    found = explained("imm-zoster", WOMAN, Fact("zoster_vaccine", "immunization", date(2026, 8, 13)))

    assert ", 2 on different days, 1 of 2 found, at any time" in found.searches[0].sentence


def test_only_what_could_close_the_gap_is_nearly_there() -> None:
    facts = [
        Fact("diabetes", "problem", date(2020, 1, 1)),
        Fact("egfr", "lab", date(2020, 3, 1), None, 80.0, "80"),
        Fact("egfr", "lab", date(2026, 3, 1), None, 80.0, "80"),
        Fact("uacr", "lab", date(2023, 3, 1), None, 20.0, "20"),
    ]

    found = explained("dm-kidney", WOMAN, *facts)

    assert found.state == "overdue"
    assert not [miss for miss in found.near_misses if "eGFR" in miss.sentence]


def test_the_age_of_a_small_child_is_told_in_months() -> None:
    child = Patient(date(2025, 5, 1), "F", None, "active", None)

    assert explained("imm-child", child).population[0].sentence == (
        "From 18 months through 1 year old; 18 months on Tue 24 Nov 2026"
    )
