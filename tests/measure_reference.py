"""A slow, obvious evaluator: one patient, one measure, one fact after the other. The product's evaluator must agree.

It shares the data of the measures with the product, and no function.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from core.domain.measure import Aged, AllOf, AnyOf, Criterion, LatestValue, Measure, Recorded, Season, Way

ONE_DAY = timedelta(days=1)
FOREVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Patient:
    birth_date: date | None
    sex: str | None
    sex_at_birth: str | None
    status: str | None
    deceased_on: date | None


@dataclass(frozen=True)
class Fact:
    concept: str
    kind: str
    on: date
    end_on: date | None = None
    value: float | None = None
    value_text: str | None = None


Found = tuple[str, str, date | None, date | None, float | None]  # state, reason, due_on, last_on, last_value


def evaluate(measure: Measure, patient: Patient, facts: list[Fact], as_of: date) -> Found:
    known = [fact for fact in facts if fact.on <= as_of]
    tests = population_tests(measure, patient, known, as_of)
    for reason, _, answer in tests:
        if answer is False:
            return "not_applicable", reason, None, None, None
    out = excluded_by(measure, patient, known, as_of)
    if out:
        return "excluded", out, None, None, None
    for _, reason, answer in tests:
        if answer is None:
            return "cannot_determine", reason, None, None, None
    if measure.latest:
        return by_value(measure.latest, known, as_of)
    if measure.ways[0].season:
        return by_season(measure, measure.ways[0], measure.ways[0].season, known, as_of)
    return by_window(measure, known, as_of)


def population_tests(
    measure: Measure, patient: Patient, facts: list[Fact], as_of: date
) -> list[tuple[str, str, bool | None]]:
    tests: list[tuple[str, str, bool | None]] = []
    age = measure.population.age
    if age:
        answer: bool | None = None
        if patient.birth_date:
            months = age_in_months(patient.birth_date, as_of)
            answer = months >= age.from_months and (age.through_years is None or months // 12 <= age.through_years)
        tests.append(("age", "birth_date", answer))
    if measure.population.sex:
        is_known = patient.sex in ("F", "M") and patient.sex_at_birth in (None, "U", patient.sex)
        tests.append(("sex", "sex", patient.sex == measure.population.sex if is_known else None))
    if measure.population.condition:
        concept = measure.population.condition
        tests.append(("condition", "condition", any(ends(fact) > as_of for fact in facts if fact.concept == concept)))
    return tests


def age_in_months(born: date, as_of: date) -> int:
    if born > as_of:
        return -1
    months = (as_of.year - born.year) * 12 + as_of.month - born.month
    return months if as_of.day >= born.day else months - 1


def ends(fact: Fact) -> date:
    if fact.end_on:
        return fact.end_on
    return FOREVER if fact.kind in ("problem", "medication") else fact.on


def excluded_by(measure: Measure, patient: Patient, facts: list[Fact], as_of: date) -> str | None:
    if patient.status == "test":
        return "test_patient"
    if patient.deceased_on and patient.deceased_on <= as_of:
        return "deceased"
    if patient.status == "deceased" and not patient.deceased_on:
        return "deceased"
    if patient.status == "inactive":
        return "inactive"
    for exclusion in measure.exclusions:
        if is_met(exclusion.when, patient, facts, as_of):
            return exclusion.exclusion_id
    return None


def is_met(criterion: Criterion, patient: Patient, facts: list[Fact], as_of: date) -> bool:
    if isinstance(criterion, AllOf):
        return all(is_met(each, patient, facts, as_of) for each in criterion.criteria)
    if isinstance(criterion, AnyOf):
        return any(is_met(each, patient, facts, as_of) for each in criterion.criteria)
    if isinstance(criterion, Aged):
        return patient.birth_date is not None and age_in_months(patient.birth_date, as_of) >= 12 * criterion.years
    return any(is_recorded(concept, criterion, facts, as_of) for concept in criterion.concepts)


def is_recorded(concept: str, recorded: Recorded, facts: list[Fact], as_of: date) -> bool:
    found = [fact for fact in facts if fact.concept == concept]
    if recorded.latest and found:
        last_day = max(fact.on for fact in found)
        found = [fact for fact in found if fact.on == last_day]
    if recorded.answers:
        found = [fact for fact in found if (fact.value_text or "").strip().lower() in recorded.answers]
    if recorded.active:
        return any(ends(fact) > as_of for fact in found)
    if recorded.months is None:
        return bool(found)
    # It lies in the window when so many months after its end are not over yet.
    return any(ends(fact) == FOREVER or months_after(ends(fact), recorded.months) >= as_of for fact in found)


def months_after(on: date, months: int) -> date:
    year, month = on.year, on.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(on.day, monthrange(year, month)[1]))


def by_window(measure: Measure, facts: list[Fact], as_of: date) -> Found:
    dues = []
    for way in measure.ways:
        for fact in counting(way, facts):
            due = FOREVER if way.months is None else months_after(fact.on, way.months)
            dues.append((due, fact.on))
    if not dues:
        return "overdue", "never", None, None, None
    due, last = max(dues)
    shown = None if due == FOREVER else due
    if due < as_of:
        return "overdue", "lapsed", shown, last, None
    if due <= as_of + measure.due_soon_days * ONE_DAY:
        return "due_soon", "done", shown, last, None
    return "satisfied", "done", shown, last, None


def counting(way: Way, facts: list[Fact]) -> list[Fact]:
    found = [fact for fact in facts if fact.concept in way.concepts]
    if way.needs_result:
        found = [fact for fact in found if fact.value is not None or (fact.value_text or "").strip()]
    return found


def by_season(measure: Measure, way: Way, season: Season, facts: list[Fact], as_of: date) -> Found:
    first_day = as_of
    while (first_day.month, first_day.day) != season.counts_from:
        first_day -= ONE_DAY
    doses = [fact.on for fact in counting(way, facts)]
    last = max(doses, default=None)
    soon = as_of + measure.due_soon_days * ONE_DAY
    if last and last >= first_day:
        opens = next_day(next_day(first_day + ONE_DAY, season.counts_from), season.outreach_from)
        return ("due_soon" if opens <= soon else "satisfied"), "done", opens, last, None
    opens = next_day(first_day, season.outreach_from)
    closes = next_day(opens, season.outreach_through)
    if opens <= as_of <= closes:
        return "overdue", "lapsed" if last else "never", opens, last, None
    opens = next_day(as_of, season.outreach_from)
    if opens <= soon:
        return "due_soon", "season_soon", opens, last, None
    return "not_applicable", "out_of_season", opens, last, None


def next_day(on: date, month_day: tuple[int, int]) -> date:
    while (on.month, on.day) != month_day:
        on += ONE_DAY
    return on


def by_value(latest: LatestValue, facts: list[Fact], as_of: date) -> Found:
    tests = [fact for fact in facts if fact.concept in latest.concepts]
    if not tests:
        return "cannot_determine", "no_result", None, None, None
    day = max(fact.on for fact in tests)
    verdicts = [(verdict(fact, latest.at_most), fact.value) for fact in tests if fact.on == day]
    numbers = [value for verdict, value in verdicts if verdict and value is not None]
    lowest = min(numbers, default=None)
    if months_after(day, latest.months) < as_of:
        return "cannot_determine", "no_result", None, day, lowest
    if any(verdict == "in" for verdict, _ in verdicts):
        return "satisfied", "done", None, day, lowest
    if any(verdict == "above" for verdict, _ in verdicts):
        return "out_of_range", "above", None, day, lowest
    return "cannot_determine", "no_value", None, day, lowest


def verdict(fact: Fact, limit: float) -> str | None:
    text = (fact.value_text or "").strip()
    if fact.value is None:
        return None
    if text.startswith((">=", "> =", "≥")):
        return "above" if fact.value > limit else None
    if text.startswith(">"):
        return "above" if fact.value >= limit else None
    if text.startswith(("<", "≤")):
        return "in" if fact.value <= limit else None
    return "in" if fact.value <= limit else "above"


def as_row(patient_id: str, patient: Patient) -> dict[str, Any]:
    return {"patient_id": patient_id, **vars(patient)}
