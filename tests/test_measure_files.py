"""Mistakes in the YAML of measures and exclusions are refused with file, line and key."""

import pytest

from core.domain.measure import (
    AgeBand,
    Aged,
    Ages,
    AllOf,
    AnyOf,
    AnyWay,
    EveryWay,
    LatestValue,
    Limit,
    Measure,
    Not,
    Numbered,
    Partner,
    Recorded,
    Says,
    Series,
    Span,
    Way,
)
from core.domain.measure_file import read_exclusions, read_measure
from core.errors import DataError
from core.measures import concepts, exclusions

GOOD = """\
id: eye
name: "DM: Eye Exam Overdue"
purpose: "Adults with diabetes need an eye exam."
closes: "An eye exam."
source: "ADA"
population:
  age: {from: 18, through: 75}
  condition: diabetes
satisfied_by:
  any_of:
    - {concept: retinal_exam, window: 24m}
exclusions: [hospice]
"""


ALL = """any_of:
    - {concept: retinal_exam, window: 24m}"""
WAY = "{concept: retinal_exam, window: 24m}"


def read(text: str) -> Measure:
    return read_measure(text, "eye.yaml", concepts=concepts(), exclusions=exclusions())


def refusal(text: str) -> str:
    with pytest.raises(DataError) as refused:
        read(text)
    return str(refused.value)


def test_a_measure_is_data_alone() -> None:
    measure = read(GOOD)

    assert (measure.measure_id, measure.ways[0].concepts, measure.ways[0].window) == (
        "eye",
        ("retinal_exam",),
        Span(months=24),
    )
    assert measure.population.age is not None
    assert (measure.population.age.from_months, measure.population.age.through_months) == (216, 911)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("window: 24m", "window: 24", "line 11, key 'window': must be days, months or years such as 90d"),
        (
            "window: 24m",
            "window:24m",
            "key 'window:24m': is not known here; did you mean 'window'; a blank must follow the colon?",
        ),
        ("window: 24m", "wndow: 24m", "line 11, key 'wndow': is not known here; did you mean 'window'?"),
        ("retinal_exam", "retinal_exm", "key 'concept': 'retinal_exm' does not exist; did you mean retinal_exam"),
        ("condition: diabetes", "[sex]: F", "line 8, key 'population': a key must be a single word"),
        ("condition: diabetes", "? {sex: F}", "line 8, key 'population': a key must be a single word"),
        ('"DM: Eye Exam Overdue"', '""', "line 2, key 'name': must not be empty"),
        ('"DM: Eye Exam Overdue"', '" "', "line 2, key 'name': must not be empty"),
        ('"DM: Eye Exam Overdue"', '"DM: Eye\\nExam"', "line 2, key 'name': must be one line"),
        ('"DM: Eye Exam Overdue"', '"DM: \\u202eeye"', "line 2, key 'name': must be one line"),
        ('"DM: Eye Exam Overdue"', f'"{"x" * 81}"', "line 2, key 'name': must be one line of at most 80"),
        ("[hospice]", f'[hospice]\ndue_soon_days: "{"[" * 3000}"', "line 13, key 'due_soon_days': must be a number"),
        ("window: 24m", "window: two years", "line 11, key 'window': must be days, months or years"),
        ("window: 24m", "windw: 24m", "line 11, key 'windw': is not known here; did you mean 'window'?"),
        ("retinal_exam", "retina", "line 11, key 'concept': 'retina' does not exist"),
        ("[hospice]", "[hospis]", "line 12, key 'exclusions': 'hospis' does not exist"),
        ("from: 18", "from: young", "line 7, key 'from': must be a number"),
        ("from: 18", "from: -1", "line 7, key 'from': must be a whole number"),
        ("through: 75", "through: 10", "line 7, key 'through': must not be below"),
        ("from: 18, ", "", "line 7, key 'from': the age begins"),
        ("id: eye", "di: eye", "line 1, key 'id': is missing"),
        ("closes:", "colour: blue\ncloses:", "line 4, key 'colour': is not known here"),
        ("  any_of:", "  all:", "line 10, key 'window': a way has either 'window' or 'season'"),
        ("  any_of:", "  all_of:", "line 11, key 'all_of': each part inside needs a 'name'"),
        ("condition: diabetes", "condition: diabetis", "line 8, key 'condition': 'diabetis' does not exist"),
        ("condition: diabetes", "when: {concept: diabetes}", "line 7, key 'name': 'when' needs 'name'"),
        ("diabetes\n", "diabetes\n  when: {concept: hiv}\n", "line 9, key 'when': a population has either"),
        ("[hospice]", "[hospice]\ndefault: maybe", "line 13, key 'default': must be one of on, off"),
        ("[hospice]", "[hospice]\nsensitive: secret", "line 13, key 'sensitive': must be true or false"),
        (
            "[hospice]",
            "[hospice]\nsensitive: true\nfor_patients: It is time.",
            "line 14, key 'for_patients': a sensitive",
        ),
        ("[hospice]", "[hospice]\nsensitive: true\ncalled: an eye exam", "line 14, key 'called': a sensitive"),
        ("[hospice]", "[hospice]\neffective_from: 2024", "line 13, key 'effective_from': must be a date"),
        ("[hospice]", "[hospice]\nreporting: 125", "line 13, key 'reporting': must be text"),
        ("[hospice]", "[hospice]\nrevealing: [1]", "line 13, key 'revealing': must be text"),
        ("condition: diabetes", "sex: W", "line 8, key 'sex': must be one of F, M"),
        (
            "[hospice]",
            "[hospice]\ncases:\n  - {name: a, born: 1970-01-01}",
            "line 14, key 'as_of': a test patient has either 'as_of', a day, or 'year'",
        ),
        ("[hospice]", "[hospice]\ncases:\n  - {name: a, year: 1200}", "line 14, key 'year': must be 1990 or later"),
        ("[hospice]", "[hospice]\nmeasurement_year: {ends: '06-30'}", "line 13, key 'source': is missing"),
        (
            "[hospice]",
            "[hospice]\nmeasurement_year: {source: x, ends: '02-30'}",
            "line 13, key 'ends': must be month and day",
        ),
        (
            "[hospice]",
            "[hospice]\nmeasurement_year: {source: x, satisfied_by: {concept: fit, season: "
            "{counts_from: '07-01', outreach_from: '08-01', outreach_through: '03-31'}}}",
            "line 13, key 'satisfied_by': a measurement year has no season",
        ),
        ("[hospice]", "[hospice]\nmeasurement_year: {source: x, windw: 2y}", "line 13, key 'windw': is not known here"),
        ("window: 24m", "window: 24m, active: true, needs_result: true", "line 11, key 'active': goes with 'concept'"),
        ("window: 24m", "window: lifetime, active: true", "line 11, key 'active': goes with 'concept', 'window'"),
        ("[hospice]", "[hospice]\ncases:\n  - {name: a, as_of: soon}", "line 14, key 'as_of': must be a date"),
        (
            "window: 24m}",
            'season: {counts_from: "02-29", outreach_from: "08-01", outreach_through: "03-31"}}',
            "line 11, key 'counts_from': must be month and day",
        ),
    ],
)
def test_a_mistake_in_a_measure_is_refused_with_its_place(old: str, new: str, place: str) -> None:
    assert GOOD.count(old) == 1

    message = refusal(GOOD.replace(old, new))

    assert message.startswith("eye.yaml, ")
    assert place in message


def test_a_season_must_stand_alone() -> None:
    season = 'season: {counts_from: "07-01", outreach_from: "08-01", outreach_through: "03-31"}'
    two = f"    - {{concept: fit, window: 1y}}\n    - {{concept: retinal_exam, {season}}}\n"

    assert "must stand alone" in refusal(GOOD.replace("    - {concept: retinal_exam, window: 24m}\n", two))


@pytest.mark.parametrize(
    ("way", "place"),
    [
        ("{concept: fit, window: 1y, any_of: [{concept: fit, window: 1y}]}", "key 'any_of': a requirement is one of"),
        ("{any_of: [], name: Fit}", "key 'any_of': must not be empty"),
        (
            "{all_of: [{concept: fit, window: 1y, name: Fit}, {concept: ldl, window: 1y}]}",
            "key 'all_of': each part inside",
        ),
        ("{all_of: [{name: Fit, concept: fit, window: 1y, dose: 2}]}", "key 'dose': is not known here"),
        ("{any_of: [{concept: fit, window: 1y}], window: 1y}", "key 'window': is not known here"),
        ("{concept: fit, window: 1y, spacing: 28d}", "key 'spacing': needs 'doses'"),
        ("{concept: fit, window: 1y, next_dose: 2m}", "key 'next_dose': needs 'doses'"),
        ("{concept: fit, window: 1y, doses: 0}", "key 'doses': must be at least 1"),
        ("{concept: fit, window: 1y, doses: two}", "key 'doses': must be a number"),
        ("{concept: fit, window: 1y, doses: 1.5}", "key 'doses': must be a whole number"),
        (
            "{concept: fit, window: 1y, doses: 2, spacing: 28}",
            "key 'spacing': must be days, months or years such as 42d",
        ),
        ("{concept: fit, window: 1y, doses: 2, spacing: 0d}", "key 'spacing': must be at least 1d"),
        ("{concept: fit, window: 1y, from_age: 2y, by_age: 1y}", "key 'by_age': is before 'from_age'"),
        ("{concept: fit, window: 1y, doses: 2, spacing: 1m}", "key 'spacing': must be days such as 28d"),
        ("{concept: fit, window: 1y, doses: 2, next_dose: soon}", "key 'next_dose': must be days, months or years"),
        ("{concept: fit, window: 1y, from_age: 6w}", "key 'from_age': must be days, months or years"),
        ("{concept: fit, window: 1y, by_age: 24}", "key 'by_age': must be days, months or years such as 42d"),
        ("{concept: fit, window: 1y, due_age: -2y}", "key 'due_age': must be days, months or years"),
        ("{concept: fit, window: 1y, with: ldl}", "key 'with': must hold keys and values"),
        ("{concept: fit, window: 1y, with: {concept: ldl}}", "key 'within': is missing"),
        ("{concept: fit, window: 1y, with: {within: 4d}}", "key 'concept': is missing"),
        ("{concept: fit, window: 1y, with: {concept: ldl, within: 1m}}", "key 'within': must be days"),
        ("{concept: fit, window: 1y, with: {concept: lld, within: 4d}}", "key 'concept': 'lld' does not exist"),
        ("{concept: fit, window: 1y, with: {concept: ldl, within: 4d, days: 3}}", "key 'days': is not known here"),
        (
            "{concept: fit, window: 1y, doses: 2, with: {concept: ldl, within: 4d}}",
            "key 'with': goes with 'window' only",
        ),
        ("{concept: fit, window: 1y, by_age: 2y, with: {concept: ldl, within: 4d}}", "key 'with': goes with 'window'"),
        ("{concept: fit, window: 1y, unless: pregnancy}", "key 'unless': must hold keys and values"),
        ("{concept: fit, window: 1y, unless: {concept: pregnant}}", "key 'concept': 'pregnant' does not exist"),
        ("{concept: fit, doses: 2}", "key 'window': a way has either 'window' or 'season'"),
        ("{window: 1y, name: Fit}", "key 'concept': is missing"),
    ],
)
def test_a_mistake_in_a_requirement_is_refused_with_its_place(way: str, place: str) -> None:
    message = refusal(GOOD.replace(WAY, way))

    assert message.startswith(f"eye.yaml, line 11, {place}")


@pytest.mark.parametrize(
    "more", ["doses: 2", "by_age: 2y", "unless: {concept: ldl}", "with: {concept: ldl, within: 1d}"]
)
def test_a_season_goes_with_nothing_else(more: str) -> None:
    season = 'season: {counts_from: "07-01", outreach_from: "08-01", outreach_through: "03-31"}'

    assert "line 11, key 'season': goes with" in refusal(GOOD.replace(WAY, f"{{concept: fit, {season}, {more}}}"))


@pytest.mark.parametrize(
    ("latest", "place"),
    [
        ("{concept: ldl, at_most: 100}", "key 'window': is missing in latest"),
        (
            "{concept: ldl, at_most: 100, window: lifetime}",
            "key 'window': 'latest' needs a window that is not lifetime",
        ),
        ("{concept: ldl, window: 1y}", "key 'at_most': a limit has either 'at_most' or 'below'"),
        ("{concept: ldl, window: 1y, at_most: 100, below: 90}", "key 'at_most': a limit has either"),
        ("{concept: ldl, window: 1y, below: low}", "key 'below': must be a number"),
        ("{window: 1y, below: 100}", "key 'concept': is missing"),
        ("{window: 1y, all_of: []}", "key 'all_of': must not be empty"),
        ("{window: 1y, all_of: {concept: ldl, below: 100}}", "key 'all_of': must be a list"),
        ("{window: 1y, all_of: [{concept: ldl}]}", "key 'at_most': a limit has either"),
        ("{window: 1y, all_of: [{concept: ldl, below: 100, window: 1y}]}", "key 'window': is not known here"),
        ("{window: 1y, all_of: [{concept: ldl, below: 100}], below: 90}", "key 'below': is not known here"),
        ("{concept: ldl, window: 1y, below: 100, when_missing: open}", "key 'when_missing': must be one of overdue"),
        ("{concept: ldl, window: 1y, below: 100, outside: [hospital]}", "key 'outside': 'hospital' does not exist"),
    ],
)
def test_a_mistake_in_a_value_is_refused_with_its_place(latest: str, place: str) -> None:
    message = refusal(GOOD.replace(ALL, f"latest: {latest}"))

    assert message.startswith(f"eye.yaml, line 10, {place}")


def test_a_value_and_a_requirement_do_not_go_together() -> None:
    both = f"latest: {{concept: ldl, window: 1y, below: 100}}\n  {ALL}"

    assert "line 11, key 'any_of': is not known here" in refusal(GOOD.replace(ALL, both))


def test_a_requirement_may_be_nested() -> None:
    text = """\
all_of:
    - name: Hepatitis A
      any_of:
        - {concept: hepatitis_a_vaccine, window: lifetime, doses: 2, spacing: 28d, next_dose: 6m, from_age: 1y,
           by_age: 2y, due_age: 18m}
        - {concept: hepatitis_a, window: lifetime, unless: {payer: ["Medicare B"]}}
    - {name: Kidney, concept: urine_albumin, window: 1y, with: {concept: [urine_creatinine], within: 4d}}"""

    assert read(GOOD.replace(ALL, text)).needs == EveryWay(
        (
            AnyWay(
                (
                    Way(
                        ("hepatitis_a_vaccine",),
                        series=Series(2, spacing_days=28, next_after=Span(months=6)),
                        ages=Ages(Span(months=12), Span(months=24), Span(months=18)),
                    ),
                    Way(("hepatitis_a",), unless=Says("payer", ("medicare b",))),
                ),
                "Hepatitis A",
            ),
            Way(("urine_albumin",), Span(months=12), partner=Partner(("urine_creatinine",), 4), name="Kidney"),
        )
    )


def test_what_is_missing_is_due_at_the_last_age_that_counts() -> None:
    way = read(GOOD.replace(WAY, "{concept: fit, window: lifetime, by_age: 42d}")).ways[0]

    assert way.ages == Ages(last=Span(days=42), due=Span(days=42))


def test_a_value_may_have_several_limits() -> None:
    text = """latest:
    window: 1y
    all_of: [{concept: systolic, below: 140}, {concept: [diastolic], at_most: 89.5}]
    when_missing: overdue
    outside: inpatient_stay"""

    assert read(GOOD.replace(ALL, text)).latest == LatestValue(
        (Limit(("systolic",), below=140), Limit(("diastolic",), at_most=89.5)),
        Span(months=12),
        True,
        ("inpatient_stay",),
    )


def test_criteria_may_be_nested() -> None:
    text = """\
frail:
  name: frail
  when:
    all_of:
      - {age: {from: 66, through: 80}}
      - not: {number: [bmi], at_least: 18.5, below: 30, within: 24m}
      - race: Asian
      - any_of:
          - {concept: [frailty_symptom, frailty_encounter], within: 1y}
          - {concept: hypertension, active: true}
          - {concept: housing_status, latest: true, answer: "Nursing home"}
"""

    frail = read_exclusions(text, "mine.yaml", concepts=concepts())[0]

    assert frail.when == AllOf(
        (
            Aged(AgeBand(792, 971)),
            Not(Numbered(("bmi",), Span(months=24), at_least=18.5, below=30)),
            Says("race", ("asian",)),
            AnyOf(
                (
                    Recorded(("frailty_symptom", "frailty_encounter"), within=Span(months=12)),
                    Recorded(("hypertension",), active=True),
                    Recorded(("housing_status",), answers=("nursing home",), latest=True),
                )
            ),
        )
    )


@pytest.mark.parametrize(
    ("when", "place"),
    [
        ("{concept: hospice, age: {from: 3}}", "line 3, key 'when': needs exactly one of concept, age, number"),
        ("{age_from: 66}", "line 3, key 'when': needs exactly one of concept, age, number"),
        ("{concept: hospice, age_from: 3}", "line 3, key 'age_from': is not known here"),
        ("{age: 66}", "line 3, key 'age': must hold keys and values"),
        ("{age: {through: 66}}", "line 3, key 'from': the age begins"),
        ("{age: {from: 66, through: 65}}", "line 3, key 'through': must not be below"),
        ("{number: bmi}", "line 3, key 'number': needs 'at_least' or 'below'"),
        ("{number: bmy, below: 18}", "line 3, key 'number': 'bmy' does not exist"),
        ("{number: bmi, below: thin}", "line 3, key 'below': must be a number"),
        ("{number: bmi, above: 25}", "line 3, key 'number': needs 'at_least' or 'below'"),
        ("{number: bmi, below: 18, within: 0d}", "line 3, key 'within': must be at least 1d"),
        ("{number: bmi, below: 18, active: true}", "line 3, key 'active': is not known here"),
        ("{payer: 12}", "line 3, key 'payer': must be text"),
        ("{race: [true]}", "line 3, key 'race': must be text"),
        ("{payer: Medicare, within: 12m}", "line 3, key 'within': is not known here"),
        ("{not: hospice}", "line 3, key 'not': must hold keys and values"),
        ("{not: {concept: hospital}}", "line 3, key 'concept': 'hospital' does not exist"),
        ("{not: {}}", "line 3, key 'not': needs exactly one of"),
        ("{any_of: []}", "line 3, key 'any_of': must not be empty"),
        ("{all_of: [{concept: hospice}, {}]}", "line 3, key 'all_of': needs exactly one of"),
        ("{concept: hospice, latest: true}", "line 3, key 'latest': 'latest' needs 'answer'"),
        ("{concept: hospice, latest: maybe}", "line 3, key 'latest': must be true or false"),
        ("{concept: hospice_answer, answer: [yes]}", "line 3, key 'answer': must be text"),
        ("{any_of: hospice}", "line 3, key 'any_of': must be a list"),
    ],
)
def test_a_mistake_in_an_exclusion_is_refused_with_its_place(when: str, place: str) -> None:
    with pytest.raises(DataError) as refused:
        read_exclusions(f"mine:\n  name: mine\n  when: {when}\n", "mine.yaml", concepts=concepts())

    assert place in str(refused.value)
