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
Values = list[tuple[float | None, str | None]]
NO_VALUE: Values = [(None, "")]
RESULTS: Values = [(None, ""), (None, "negative"), (1.0, None)]
A1CS: Values = [(None, "see note"), (8.9, "8.9%"), (9.0, "9.0"), (9.1, None), (14.0, ">14"), (9.0, ">9"), (9.0, ">=9")]
A1CS += [(8.0, "> 8"), (5.7, "<5.7"), (9.0, "<9"), (10.0, "<10")]
# concept: kind of event, months before the day that matter, reported values
CONCEPTS: dict[str, tuple[str, list[int], Values]] = {
    "diabetes": ("problem", [0], NO_VALUE),
    "mammogram": ("lab", [24], NO_VALUE),
    "colonoscopy": ("procedure", [120], NO_VALUE),
    "ct_colonography": ("procedure", [60], NO_VALUE),
    "flexible_sigmoidoscopy": ("procedure", [60], NO_VALUE),
    "fit": ("lab", [12], RESULTS),
    "sdna_fit": ("lab", [36], RESULTS),
    "hba1c": ("lab", [6, 12], A1CS),
    "gmi": ("lab", [6, 12], A1CS),
    "influenza_vaccine": ("immunization", [], NO_VALUE),
    "anaphylaxis_flu_vaccine": ("problem", [0, 60], NO_VALUE),
    "hospice": ("visit", [12], NO_VALUE),
    "hospice_answer": ("lab", [12], [(None, "Yes"), (None, "yes "), (None, "No")]),
    "palliative_care": ("problem", [12, 60], NO_VALUE),
    "frailty_symptom": ("problem", [12], NO_VALUE),
    "frailty_encounter": ("visit", [12], NO_VALUE),
    "advanced_illness": ("problem", [24], NO_VALUE),
    "dementia_medication": ("medication", [24], NO_VALUE),
    "housing_status": ("lab", [0, 12], [(None, "Nursing home"), (None, "House")]),
    "colorectal_cancer": ("problem", [0, 60], NO_VALUE),
    "total_colectomy": ("procedure", [0, 60], NO_VALUE),
    "bilateral_mastectomy": ("problem", [0, 60], NO_VALUE),
    "left_mastectomy": ("procedure", [0, 60], NO_VALUE),
    "right_mastectomy": ("procedure", [0, 60], NO_VALUE),
}
CLOSE = st.sampled_from([timedelta(days=days) for days in (0, 0, 1, -1, 31)])


@st.composite
def close_to(draw: st.DrawFn, as_of: date, months: list[int]) -> date:
    """A day close to so many months before `as_of`."""
    return shift(as_of, months=-draw(st.sampled_from(months))) + draw(CLOSE)


SUBJECTS = {  # what a generated patient is about: concepts of the facts, and ages in months that matter
    "flu": (["influenza_vaccine"], [6]),
    "flu allergy": (["influenza_vaccine", "anaphylaxis_flu_vaccine"], [6]),
    "breast": (["mammogram"], [480, 900]),
    "mastectomy": (["mammogram", "bilateral_mastectomy", "left_mastectomy", "right_mastectomy"], [600]),
    "colon": (["colonoscopy", "ct_colonography", "flexible_sigmoidoscopy", "fit", "sdna_fit"], [540, 912]),
    "colon gone": (["colonoscopy", "colorectal_cancer", "total_colectomy"], [600]),
    "diabetes": (["hba1c", "diabetes"], [216, 912]),
    "diabetes values": (["hba1c", "gmi"], [600]),
    "housing": (["housing_status"], [792, 840]),
    "frailty": (["frailty_symptom", "frailty_encounter", "advanced_illness", "dementia_medication"], [792, 840]),
    "hospice": (["hospice", "hospice_answer", "palliative_care"], [600]),
}


@st.composite
def people(draw: st.DrawFn, as_of: date) -> tuple[Patient, list[Fact]]:
    concepts, ages = SUBJECTS[draw(st.sampled_from(sorted(SUBJECTS)))]
    found = draw(st.lists(facts(as_of, concepts), max_size=4))
    if draw(st.booleans()):
        found.append(Fact("diabetes", "problem", shift(as_of, months=-50)))
    return draw(patients(as_of, ages)), found


@st.composite
def patients(draw: st.DrawFn, as_of: date, ages: list[int]) -> Patient:
    if not draw(st.integers(0, 3)):
        return draw(odd_patients(as_of, ages))
    return Patient(draw(close_to(as_of, ages)), "F", None, "active", None)


@st.composite
def odd_patients(draw: st.DrawFn, as_of: date, ages: list[int]) -> Patient:
    return Patient(
        birth_date=draw(st.one_of(close_to(as_of, ages), st.just(date(1960, 2, 29)), st.none())),
        sex=draw(st.sampled_from(["F", "M", "O", "U", None])),
        sex_at_birth=draw(st.sampled_from([None, "F", "M", "U"])),
        status=draw(st.sampled_from(["active", "active", None, "inactive", "deceased", "test"])),
        deceased_on=draw(st.one_of(st.none(), close_to(as_of, [0]))),
    )


@st.composite
def facts(draw: st.DrawFn, as_of: date, concepts: list[str]) -> Fact:
    concept = draw(st.sampled_from(concepts))
    kind, windows, values = CONCEPTS[concept]
    seasons = st.tuples(st.sampled_from([date(as_of.year - 1, 7, 1), date(as_of.year, 7, 1)]), CLOSE).map(sum_of)
    on = draw(close_to(as_of, windows) if windows else seasons)
    value, text = draw(st.sampled_from(values))
    is_ended = kind in ("problem", "medication") and draw(st.booleans())
    return Fact(concept, kind, on, draw(close_to(as_of, windows)) if is_ended else None, value, text)


def sum_of(parts: tuple[date, timedelta]) -> date:
    return parts[0] + parts[1]


AS_OFS = st.one_of(
    st.dates(date(2020, 1, 1), date(2032, 12, 31)),
    st.sampled_from([date(2028, 2, 29), date(2027, 2, 28), date(2027, 3, 1), date(2026, 8, 31), date(2026, 7, 31)]),
    st.sampled_from([date(2026, 7, 1), date(2026, 8, 1), date(2027, 3, 31), date(2027, 4, 1), date(2026, 6, 30)]),
)


@st.composite
def panels(draw: st.DrawFn) -> tuple[date, list[tuple[Patient, list[Fact]]]]:
    as_of = draw(AS_OFS)
    return as_of, draw(st.lists(people(as_of), min_size=15, max_size=30))


def patient_frame(panel: list[tuple[Patient, list[Fact]]]) -> pl.DataFrame:
    rows = [as_row(f"p{n}", patient) for n, (patient, _) in enumerate(panel)]
    return pl.DataFrame(rows, schema=PATIENTS)


def fact_frame(panel: list[tuple[Patient, list[Fact]]]) -> pl.DataFrame:
    rows = [{"patient_id": f"p{n}", **vars(fact)} for n, (_, found) in enumerate(panel) for fact in found]
    return pl.DataFrame(rows, schema=FACTS)


@given(panels())
@settings(max_examples=80, deadline=None)
def test_the_fast_and_the_obvious_evaluator_find_the_same(
    generated: tuple[date, list[tuple[Patient, list[Fact]]]],
) -> None:
    as_of, panel = generated

    gaps = evaluate_shard(measures().values(), patient_frame(panel), fact_frame(panel), as_of=as_of)

    found = gaps.select("state", "reason", "due_on", "last_on", "last_value").rows()
    expected = [evaluate(m, patient, facts, as_of) for m in measures().values() for patient, facts in panel]
    for row, wanted in zip(found, expected, strict=True):
        if wanted[1] == "out_of_season" or wanted[0] not in ("not_applicable", "excluded"):
            assert row == wanted
        else:
            assert row[:2] == wanted[:2]


@given(panels(), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_the_facts_does_not_matter(
    generated: tuple[date, list[tuple[Patient, list[Fact]]]], chance: random.Random
) -> None:
    as_of, panel = generated
    ordered, mixed = fact_frame(panel), fact_frame(panel).rows(named=True)
    chance.shuffle(mixed)
    shuffled = pl.DataFrame(mixed, schema=FACTS)

    first = evaluate_shard(measures().values(), patient_frame(panel), ordered, as_of=as_of)
    second = evaluate_shard(measures().values(), patient_frame(panel), shuffled, as_of=as_of)

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
