"""A rule in sentences for staff: whom it is about, what satisfies it as of a day, what takes a patient out."""

from datetime import date

import pytest

from core.domain.measure_words import Description, criterion_words, describe
from core.measures import fact_concepts
from core.rules import read

AS_OF = date(2026, 11, 24)
NAMES = {key: concept.name for key, concept in fact_concepts().items()}
RULE = """\
id: some-rule
name: "Some rule"
purpose: "What it asks for."
closes: "What closes it."
source: "A guideline"
population: {POPULATION}
satisfied_by: {NEEDS}
exclusions: [hospice]
"""
MAMMOGRAM = "{concept: mammogram, window: 24m}"


def said(*, population: str = "{age: {from: 40}}", needs: str = MAMMOGRAM) -> Description:
    text = RULE.replace("{POPULATION}", population).replace("{NEEDS}", needs)
    return describe(read(text), names=NAMES, as_of=AS_OF)


def lines(needs: str) -> list[str]:
    return [f"{'  ' * line.depth}{line.sentence}" for line in said(needs=needs).satisfied_by]


@pytest.mark.parametrize(
    ("population", "about"),
    [
        ("{}", ("Every patient",)),
        ("{age: {from: 40, through: 74}, sex: F}", ("From 40 through 74 years old", "Female")),
        ("{age: {from_months: 18, through: 1}}", ("From 18 months through 1 year old",)),
        ("{age: {from_months: 6}}", ("6 months or older",)),
        ("{age: {from: 65}, sex: M}", ("65 years or older", "Male")),
        ("{condition: diabetes}", ("Diabetes, active",)),
        ("{name: in care, when: {concept: hiv}}", ("In care",)),
    ],
)
def test_whom_a_rule_is_about(population: str, about: tuple[str, ...]) -> None:
    assert said(population=population).about == about


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        (MAMMOGRAM, ["Mammogram, from Sun 24 Nov 2024 through Tue 24 Nov 2026"]),
        ("{concept: hcv_test, window: lifetime}", ["Hepatitis C test, at any time"]),
        (
            "{concept: hpv_test, window: 5y, needs_result: true, from_age: 30y}",
            ["HPV test with a result, from the age of 30 years, from Wed 24 Nov 2021 through Tue 24 Nov 2026"],
        ),
        (
            "{concept: zoster_vaccine, window: lifetime, doses: 2, spacing: 28d, by_age: 400d}",
            [
                "Shingles vaccine, 2 on different days, at least 28 days apart, up to the age of 400 days, "
                "due at 400 days"
            ],
        ),
        (
            '{concept: influenza_vaccine, season: {counts_from: "07-01", outreach_from: "08-01",'
            ' outreach_through: "03-31"}}',
            [
                "Influenza vaccine, in the season from Wed 1 Jul 2026; patients are written to from Sat 1 Aug 2026",
            ],
        ),
        (
            "{concept: urine_albumin, window: 12m, with: {concept: urine_creatinine, within: 4d},"
            ' unless: {payer: ["Medicare"]}}',
            [
                "Urine albumin together with Urine creatinine within 4 days, from Mon 24 Nov 2025 through "
                "Tue 24 Nov 2026, not for whom this is so: the payer says medicare"
            ],
        ),
        (
            f"{{all_of: [{{name: breast, any_of: [{MAMMOGRAM}, {{concept: fit, window: lifetime}}]}},"
            " {name: eGFR, concept: egfr, window: lifetime}]}",
            [
                "All of these",
                "  Breast: one of these",
                "    Mammogram, from Sun 24 Nov 2024 through Tue 24 Nov 2026",
                "    Stool blood test (FIT or FOBT), at any time",
                "  eGFR, at any time",
            ],
        ),
        (
            "{latest: {concept: hba1c, window: 12m, at_most: 9}}",
            [
                "HbA1c at most 9, the lowest of the latest day from Mon 24 Nov 2025 through Tue 24 Nov 2026",
                "Without a result we cannot tell",
            ],
        ),
    ],
)
def test_what_satisfies_a_rule_with_its_windows_as_days(needs: str, expected: list[str]) -> None:
    assert lines(needs) == expected


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("{concept: hiv, within: 12m}", f"{NAMES['hiv']} in the last 12 months"),
        ("{number: bmi, at_least: 25, below: 30}", "BMI at least 25 and below 30"),
        ("{not: {age: {from: 66}}}", "not 66 years or older"),
        ("{any_of: [{concept: hospice}, {race: [Asian]}]}", "Hospice care or the race says asian"),
    ],
)
def test_a_criterion_in_words(when: str, words: str) -> None:
    rule = read(RULE.replace("{POPULATION}", f"{{name: x, when: {when}}}").replace("{NEEDS}", MAMMOGRAM))

    assert rule.population.when is not None
    assert criterion_words(rule.population.when, NAMES) == words


def test_staff_read_the_name_of_a_condition_rather_than_its_words() -> None:
    assert said(population="{name: in care, when: {not: {concept: hiv}}}").about == ("In care",)


def test_what_takes_a_patient_out() -> None:
    assert said().exclusions == ("In hospice care",)
