"""The fast evaluator against the obvious one, for generated patients close to the edges of ages, windows and values."""

import random
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.calendar_months import born_by, shift, window_start
from core.domain.clinical import FACTS
from core.domain.measure_evaluation import PATIENT_COLUMNS, evaluate_shard
from core.measures import measures
from tests.measure_reference import Fact, Patient, as_row, evaluate

PATIENTS = {
    "patient_id": pl.String,
    "birth_date": pl.Date,
    "sex": pl.String,
    "sex_at_birth": pl.String,
    "status": pl.String,
    "deceased_on": pl.Date,
}
VALUES = [(None, ""), (None, "see note"), (8.9, "8.9%"), (9.0, "9.0"), (9.1, None), (14.0, ">14"), (9.0, ">9")]
VALUES += [
    (9.0, ">=9"),
    (8.0, "> 8"),
    (5.7, "<5.7"),
    (9.0, "<9"),
    (10.0, "<10"),
    (None, "Yes"),
    (None, " nursing home "),
]
CONCEPTS = {
    "diabetes": "problem",
    "mammogram": "lab",
    "colonoscopy": "procedure",
    "ct_colonography": "procedure",
    "flexible_sigmoidoscopy": "procedure",
    "fit": "lab",
    "sdna_fit": "lab",
    "hba1c": "lab",
    "gmi": "lab",
    "influenza_vaccine": "immunization",
    "anaphylaxis_flu_vaccine": "problem",
    "hospice": "visit",
    "hospice_answer": "lab",
    "palliative_care": "problem",
    "frailty_symptom": "problem",
    "frailty_encounter": "visit",
    "advanced_illness": "problem",
    "dementia_medication": "medication",
    "housing_status": "lab",
    "colorectal_cancer": "problem",
    "total_colectomy": "procedure",
    "bilateral_mastectomy": "problem",
    "left_mastectomy": "procedure",
    "right_mastectomy": "procedure",
}
CLOSE = st.integers(-2, 2).map(lambda days: timedelta(days=days))


@st.composite
def close_to(draw: st.DrawFn, as_of: date, months: list[int]) -> date:
    """A day close to so many months before `as_of`."""
    return shift(as_of, months=-draw(st.sampled_from(months))) + draw(CLOSE)


@st.composite
def patients(draw: st.DrawFn, as_of: date) -> Patient:
    ages = [6, 12 * 18, 12 * 40, 12 * 45, 12 * 50, 12 * 66, 12 * 70, 12 * 75, 12 * 76]
    born = st.one_of(close_to(as_of, ages), close_to(as_of, [12 * 50, 12 * 68]), st.just(date(1960, 2, 29)))
    return Patient(
        birth_date=draw(st.one_of(born, born, born, st.none())),
        sex=draw(st.sampled_from(["F", "F", "F", "M", "O", "U", None])),
        sex_at_birth=draw(st.sampled_from([None, None, "F", "M", "U"])),
        status=draw(st.sampled_from(["active"] * 6 + [None, "inactive", "deceased", "test"])),
        deceased_on=draw(st.one_of(st.none(), st.none(), st.none(), close_to(as_of, [0]))),
    )


@st.composite
def facts(draw: st.DrawFn, as_of: date) -> Fact:
    concept = draw(st.sampled_from([*CONCEPTS, "diabetes", "hba1c", "hba1c", "influenza_vaccine"]))
    season_days = st.sampled_from([date(as_of.year - 1, 7, 1), date(as_of.year, 7, 1)])
    on = draw(
        st.one_of(
            close_to(as_of, [0, 6, 12, 24, 36, 60, 120]), season_days.flatmap(lambda d: CLOSE.map(lambda by: d + by))
        )
    )
    value, text = draw(st.sampled_from(VALUES))
    end_on = draw(st.one_of(st.none(), st.none(), close_to(as_of, [0, 12, 24])))
    return Fact(concept, CONCEPTS[concept], on, end_on, value, text)


AS_OFS = st.one_of(
    st.dates(date(2020, 1, 1), date(2032, 12, 31)),
    st.sampled_from([date(2028, 2, 29), date(2027, 2, 28), date(2027, 3, 1), date(2026, 8, 31), date(2026, 7, 31)]),
    st.sampled_from([date(2026, 7, 1), date(2026, 8, 1), date(2027, 3, 31), date(2027, 4, 1), date(2026, 6, 30)]),
)


@st.composite
def panels(draw: st.DrawFn) -> tuple[date, list[tuple[Patient, list[Fact]]]]:
    as_of = draw(AS_OFS)
    person = st.tuples(patients(as_of), st.lists(facts(as_of), max_size=8))
    return as_of, draw(st.lists(person, min_size=1, max_size=8))


def patient_frame(people: list[tuple[Patient, list[Fact]]]) -> pl.DataFrame:
    rows = [as_row(f"p{n}", patient) for n, (patient, _) in enumerate(people)]
    return pl.DataFrame(rows, schema=PATIENTS)


def fact_frame(people: list[tuple[Patient, list[Fact]]]) -> pl.DataFrame:
    rows = [{"patient_id": f"p{n}", **vars(fact)} for n, (_, facts) in enumerate(people) for fact in facts]
    return pl.DataFrame(rows, schema=FACTS)


@given(panels())
@settings(max_examples=150, deadline=None)
def test_the_fast_and_the_obvious_evaluator_find_the_same(
    panel: tuple[date, list[tuple[Patient, list[Fact]]]],
) -> None:
    as_of, people = panel

    gaps = evaluate_shard(measures().values(), patient_frame(people), fact_frame(people), as_of=as_of)

    found = gaps.select("state", "reason", "due_on", "last_on", "last_value").rows()
    expected = [evaluate(m, patient, facts, as_of) for m in measures().values() for patient, facts in people]
    for row, wanted in zip(found, expected, strict=True):
        if wanted[1] == "out_of_season" or wanted[0] not in ("not_applicable", "excluded"):
            assert row == wanted
        else:
            assert row[:2] == wanted[:2]


@given(panels(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_facts_does_not_matter(
    panel: tuple[date, list[tuple[Patient, list[Fact]]]], chance: random.Random
) -> None:
    as_of, people = panel
    ordered, mixed = fact_frame(people), fact_frame(people).rows(named=True)
    chance.shuffle(mixed)
    shuffled = pl.DataFrame(mixed, schema=FACTS)

    first = evaluate_shard(measures().values(), patient_frame(people), ordered, as_of=as_of)
    second = evaluate_shard(measures().values(), patient_frame(people), shuffled, as_of=as_of)

    assert first.equals(second)


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.dates(date(1995, 1, 1), date(2040, 1, 1)), st.integers(1, 130))
def test_an_event_is_in_the_window_exactly_while_its_due_date_is_not_past(as_of: date, on: date, months: int) -> None:
    assert (on >= window_start(as_of, months=months)) == (shift(on, months=months) >= as_of)


@pytest.mark.parametrize(
    ("born", "as_of", "is_forty"),
    [
        (date(1986, 11, 24), date(2026, 11, 24), True),
        (date(1986, 11, 25), date(2026, 11, 24), False),
        (date(1988, 2, 29), date(2028, 2, 28), False),
        (date(1988, 2, 29), date(2028, 2, 29), True),
        (date(1987, 2, 28), date(2027, 2, 28), True),
    ],
)
def test_a_patient_is_forty_from_the_birthday(born: date, as_of: date, is_forty: bool) -> None:
    assert (born <= born_by(as_of, months=480)) == is_forty


@pytest.mark.parametrize(("as_of", "is_eighteen"), [(date(2018, 2, 28), False), (date(2018, 3, 1), True)])
def test_who_was_born_on_29_february_is_a_year_older_on_1_march(as_of: date, is_eighteen: bool) -> None:
    assert (date(2000, 2, 29) <= born_by(as_of, months=216)) == is_eighteen


def test_a_shard_without_facts_or_patients_gives_gaps_of_the_right_shape() -> None:
    nobody = pl.DataFrame(schema=PATIENTS)

    gaps = evaluate_shard(measures().values(), nobody, pl.DataFrame(schema=FACTS), as_of=date(2026, 11, 24))

    assert gaps.is_empty()
    assert set(PATIENT_COLUMNS) == set(PATIENTS)
