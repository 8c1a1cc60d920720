"""Mistakes in the YAML of measures and exclusions are refused with file, line and key."""

import pytest

from core.domain.measure import Aged, AllOf, AnyOf, Recorded
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


def refusal(text: str) -> str:
    with pytest.raises(DataError) as refused:
        read_measure(text, "eye.yaml", concepts=concepts(), exclusions=exclusions())
    return str(refused.value)


def test_a_measure_is_data_alone() -> None:
    measure = read_measure(GOOD, "eye.yaml", concepts=concepts(), exclusions=exclusions())

    assert (measure.measure_id, measure.ways[0].concepts, measure.ways[0].months) == ("eye", ("retinal_exam",), 24)
    assert measure.population.age is not None
    assert (measure.population.age.from_months, measure.population.age.through_years) == (216, 75)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("window: 24m", "window: 24", "line 11, key 'window': must be text"),
        ("window: 24m", "window: two years", "line 11, key 'window': must be months or years"),
        ("window: 24m", "windw: 24m", "line 11, key 'window': a way has either 'window' or 'season'"),
        ("retinal_exam", "retina", "line 11, key 'concept': 'retina' does not exist"),
        ("[hospice]", "[hospis]", "line 12, key 'exclusions': 'hospis' does not exist"),
        ("from: 18", "from: young", "line 7, key 'from': must be a number"),
        ("from: 18", "from: -1", "line 7, key 'from': must be a whole number"),
        ("through: 75", "through: 10", "line 7, key 'through': must not be below"),
        ("from: 18, ", "", "line 7, key 'from': the age begins"),
        ("id: eye", "di: eye", "line 1, key 'id': is missing"),
        ("closes:", "colour: blue\ncloses:", "line 4, key 'colour': is not known here"),
        ("  any_of:", "  all:", "line 10, key 'any_of'"),
        ("condition: diabetes", "sex: W", "line 8, key 'sex': must be one of F, M"),
        ("[hospice]", "[hospice]\ncases:\n  - {name: a, born: 1970-01-01}", "line 14, key 'as_of': is missing"),
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


def test_criteria_may_be_nested() -> None:
    text = """\
frail:
  name: frail
  when:
    all_of:
      - {age_from: 66}
      - any_of:
          - {concept: [frailty_symptom, frailty_encounter], within: 1y}
          - {concept: housing_status, latest: true, answer: "Nursing home"}
"""

    frail = read_exclusions(text, "mine.yaml", concepts=concepts())[0]

    assert frail.when == AllOf(
        (
            Aged(66),
            AnyOf(
                (
                    Recorded(("frailty_symptom", "frailty_encounter"), months=12),
                    Recorded(("housing_status",), answers=("nursing home",), latest=True),
                )
            ),
        )
    )


@pytest.mark.parametrize(
    ("when", "place"),
    [
        ("{concept: hospice, age_from: 3}", "line 3, key 'when': needs exactly one of"),
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
