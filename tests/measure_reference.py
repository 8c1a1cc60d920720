"""A slow, obvious evaluator: one patient, one measure, one fact after the other. The product's evaluator must agree.

It shares the data of the measures with the product, and no function.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from core.domain.measure import (
    AgeBand,
    Aged,
    Ages,
    AllOf,
    AnyOf,
    AnyWay,
    Criterion,
    EveryWay,
    LatestValue,
    Limit,
    Measure,
    Not,
    Numbered,
    Partner,
    Recorded,
    Requirement,
    Says,
    Season,
    Series,
    Span,
    Way,
    YearRule,
)

ONE_DAY = timedelta(days=1)
FOREVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Patient:
    birth_date: date | None
    sex: str | None
    sex_at_birth: str | None
    status: str | None
    deceased_on: date | None
    payer: str | None = None
    race: str | None = None


@dataclass(frozen=True)
class Fact:
    concept: str
    kind: str
    on: date
    end_on: date | None = None
    value: float | None = None
    value_text: str | None = None


@dataclass(frozen=True)
class Found:
    state: str
    reason: str
    due_on: date | None = None
    last_on: date | None = None
    last_value: float | None = None
    missing: str | None = None


@dataclass(frozen=True)
class Asked:
    """Whom and which day the question is about, and the facts known that day. is_year: that day ends a measurement
    year, whose windows are whole."""

    patient: Patient
    facts: list[Fact]
    as_of: date
    is_year: bool = False


def evaluate_year(measure: Measure, patient: Patient, facts: list[Fact], year: int) -> Found:
    """What a measurement year finds, from what the file says of it."""
    said, season = measure.year or YearRule(), measure.season
    asked_of = measure
    if said.population:
        asked_of = replace(asked_of, population=said.population)
    if said.needs or said.latest:
        asked_of, season = replace(asked_of, needs=said.needs, latest=said.latest), None
    ends = said.ends or (12, 31)
    if season:
        month, day = season.counts_from
        before = date(year, month, day) - ONE_DAY
        ends = said.ends or (before.month, before.day)
        asked_of = replace(asked_of, needs=replace(asked_of.ways[0], season=None, window=Span(months=12)))
    as_of = date(year, *ends)
    asked_of = replace(asked_of, due_soon_days=0)
    return found_of(asked_of, Asked(patient, [fact for fact in facts if fact.on <= as_of], as_of, is_year=True))


def evaluate(measure: Measure, patient: Patient, facts: list[Fact], as_of: date) -> Found:
    return found_of(measure, Asked(patient, [fact for fact in facts if fact.on <= as_of], as_of))


def found_of(measure: Measure, asked: Asked) -> Found:
    tests = population_tests(measure, asked)
    for reason, _, answer in tests:
        if answer is False:
            return Found("not_applicable", reason)
    out = excluded_by(measure, asked)
    if out:
        return Found("excluded", out)
    for _, reason, answer in tests:
        if answer is None:
            return Found("cannot_determine", reason)
    if measure.latest:
        return by_value(measure.latest, asked)
    if measure.season:
        return by_season(measure, measure.ways[0], measure.season, asked)
    assert measure.needs
    return by_requirement(measure, measure.needs, asked)


def population_tests(measure: Measure, asked: Asked) -> list[tuple[str, str, bool | None]]:
    tests: list[tuple[str, str, bool | None]] = []
    patient, population = asked.patient, measure.population
    if population.age:
        answer = is_of_age(patient.birth_date, population.age, asked.as_of) if patient.birth_date else None
        tests.append(("age", "birth_date", answer))
    if population.sex:
        is_known = patient.sex in ("F", "M") and patient.sex_at_birth in (None, "U", patient.sex)
        tests.append(("sex", "sex", patient.sex == population.sex if is_known else None))
    if population.when:
        tests.append(("condition", "condition", is_met(population.when, asked)))
    return tests


def is_of_age(born: date, band: AgeBand, as_of: date) -> bool:
    months = age_in_months(born, as_of)
    return months >= band.from_months and (band.through_months is None or months <= band.through_months)


def age_in_months(born: date, as_of: date) -> int:
    if born > as_of:
        return -1
    months = (as_of.year - born.year) * 12 + as_of.month - born.month
    return months if as_of.day >= born.day else months - 1


def ends(fact: Fact) -> date:
    if fact.end_on:
        return max(fact.on, fact.end_on)
    return FOREVER if fact.kind in ("problem", "medication") else fact.on


def excluded_by(measure: Measure, asked: Asked) -> str | None:
    patient = asked.patient
    if patient.status == "test":
        return "test_patient"
    if patient.deceased_on and patient.deceased_on <= asked.as_of:
        return "deceased"
    if patient.status == "deceased" and not patient.deceased_on:
        return "deceased"
    if patient.status == "inactive":
        return "inactive"
    for exclusion in measure.exclusions:
        if is_met(exclusion.when, asked):
            return exclusion.exclusion_id
    return None


# ---- criteria --------------------------------------------------------------------------------------------------------
def is_met(criterion: Criterion, asked: Asked) -> bool:
    if isinstance(criterion, AllOf):
        return all(is_met(each, asked) for each in criterion.criteria)
    if isinstance(criterion, AnyOf):
        return any(is_met(each, asked) for each in criterion.criteria)
    if isinstance(criterion, Not):
        return not is_met(criterion.criterion, asked)
    if isinstance(criterion, Aged):
        born = asked.patient.birth_date
        return born is not None and is_of_age(born, criterion.band, asked.as_of)
    if isinstance(criterion, Says):
        said = words_of({"payer": asked.patient.payer, "race": asked.patient.race}[criterion.column])
        return any(words_of(text) in said for text in criterion.words)
    if isinstance(criterion, Numbered):
        return is_within_bounds(criterion, asked)
    return any(is_recorded(concept, criterion, asked) for concept in criterion.concepts)


def words_of(text: str | None) -> str:
    """Whole words only are inside others: ' care ' is in ' day care ', and not in ' medicare '."""
    return f" {' '.join(re.findall('[a-z0-9]+', (text or '').lower()))} "


def is_recorded(concept: str, recorded: Recorded, asked: Asked) -> bool:
    found = [fact for fact in asked.facts if fact.concept == concept]
    if recorded.latest and found:
        last_day = max(fact.on for fact in found)
        found = [fact for fact in found if fact.on == last_day]
    if recorded.answers:
        found = [fact for fact in found if (fact.value_text or "").strip().lower() in recorded.answers]
    if recorded.active:
        return any(ends(fact) > asked.as_of for fact in found)
    return any(is_in_window(ends(fact), recorded.within, asked) for fact in found)


def is_within_bounds(numbered: Numbered, asked: Asked) -> bool:
    found = [fact for fact in asked.facts if fact.concept in numbered.concepts]
    if not found:
        return False
    day = max(fact.on for fact in found)
    lowest = lowest_of([fact for fact in found if fact.on == day])
    if lowest is None or not is_in_window(day, numbered.within, asked):
        return False
    if numbered.at_least is not None and lowest < numbered.at_least:
        return False
    return numbered.below is None or lowest < numbered.below


def lowest_of(facts: list[Fact]) -> float | None:
    return min((fact.value for fact in facts if fact.value is not None), default=None)


def is_in_window(on: date, window: Span | None, asked: Asked) -> bool:
    """It lies in the window when that long after it is not over yet."""
    return window is None or on == FOREVER or through(on, window, asked) >= asked.as_of


def through(on: date, window: Span, asked: Asked) -> date:
    """The last day on which an event counts: in a year, whose last day is inside, one day less."""
    return after(on, window) - ONE_DAY if asked.is_year else after(on, window)


def months_after(on: date, months: int) -> date:
    year, month = on.year, on.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(on.day, monthrange(year, month)[1]))


def after(on: date, span: Span) -> date:
    return months_after(on, span.months) + span.days * ONE_DAY


def of_age(born: date, age: Span) -> date:
    """The day on which somebody reaches an age: born on 29 February, a year old on 1 March."""
    day = months_after(born, age.months)
    while age_in_months(born, day) < age.months:
        day += ONE_DAY
    return day + age.days * ONE_DAY


# ---- requirements ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Standing:
    """How a patient stands with a requirement, or with a part of one.

    due           FOREVER when it is never due, None when it is due already and no day says since when
    last_on       the event that decides
    is_complete   nothing was left out
    has_event     anything that counts is there
    """

    due: date | None
    last_on: date | None
    is_complete: bool
    has_event: bool

    def is_past(self, as_of: date) -> bool:
        return self.due is None or self.due < as_of


def by_requirement(measure: Measure, needs: Requirement, asked: Asked) -> Found:
    whole = standing(needs, asked)
    missing = ", ".join(missing_of(needs, asked)) or None
    if whole.due is None or whole.due < asked.as_of:
        return Found("overdue", why_overdue(needs, whole, asked), whole.due, whole.last_on, missing=missing)
    is_soon = whole.due <= asked.as_of + measure.due_soon_days * ONE_DAY
    return Found(
        state="due_soon" if is_soon else "satisfied",
        reason="done" if whole.is_complete else "on_track",
        due_on=None if whole.due == FOREVER else whole.due,
        last_on=whole.last_on,
        missing=missing,
    )


def why_overdue(needs: Requirement, whole: Standing, asked: Asked) -> str:
    if not whole.has_event:
        return "never"
    if not whole.is_complete:
        return "incomplete"
    if isinstance(needs, EveryWay) and not all(standing(part, asked).is_past(asked.as_of) for part in needs.parts):
        return "incomplete"
    return "lapsed"


def missing_of(needs: Requirement, asked: Asked) -> list[str]:
    """The parts of the outermost all_of that are not complete or past due."""
    if not isinstance(needs, EveryWay):
        return []
    standings = [(part.name, standing(part, asked)) for part in needs.parts]
    return [name for name, found in standings if not found.is_complete or found.is_past(asked.as_of)]


def standing(needs: Requirement, asked: Asked) -> Standing:
    if isinstance(needs, Way):
        return standing_of_way(needs, asked)
    parts = [standing(part, asked) for part in needs.parts]
    has_event = any(part.has_event for part in parts)
    if isinstance(needs, EveryWay):
        dues = [part.due for part in parts]
        return Standing(
            due=min((due for due in dues if due), default=None) if all(dues) else None,
            last_on=max((part.last_on for part in parts if part.last_on), default=None),
            is_complete=all(part.is_complete for part in parts),
            has_event=has_event,
        )
    assert isinstance(needs, AnyWay)
    latest_due = max((part.due for part in parts if part.due), default=None)
    latest = [part for part in parts if part.due == latest_due]
    return Standing(
        due=latest_due,
        last_on=max((part.last_on for part in latest if part.last_on), default=None),
        is_complete=any(part.is_complete for part in latest),
        has_event=has_event,
    )


def standing_of_way(way: Way, asked: Asked) -> Standing:
    if way.unless and is_met(way.unless, asked):
        return Standing(None, None, is_complete=False, has_event=False)
    days = sorted({fact.on for fact in counting(way, asked)})
    doses = doses_of(way.series, days) if way.series else days
    last = doses[-1] if doses else None
    is_complete = len(doses) >= (way.series.count if way.series else 1)
    if is_complete:
        assert last
        due: date | None = FOREVER if way.window is None else through(last, way.window, asked)
        if way.is_active and due:
            due = max(due, *(ends(fact) for fact in counting(way, asked)))
    elif last and way.series and way.series.next_after:
        due = after(last, way.series.next_after)
    else:
        born = asked.patient.birth_date
        due = of_age(born, way.ages.due) if born and way.ages and way.ages.due else None
    return Standing(due, last, is_complete, has_event=bool(doses))


def doses_of(series: Series, days: list[date]) -> list[date]:
    """The days that count, from the earliest on; what comes after the last one that is needed does not count."""
    doses: list[date] = []
    for day in days:
        is_far_enough = not doses or day >= doses[-1] + series.spacing_days * ONE_DAY
        if is_far_enough and len(doses) < series.count:
            doses.append(day)
    return doses


def counting(way: Way, asked: Asked) -> list[Fact]:
    found = [fact for fact in asked.facts if fact.concept in way.concepts]
    if way.needs_result:
        found = [fact for fact in found if fact.value is not None or (fact.value_text or "").strip()]
    if way.ages:
        found = [fact for fact in found if is_at_age(fact.on, way.ages, asked.patient.birth_date)]
    if way.partner:
        found = [fact for fact in found if has_partner(fact.on, way.partner, asked.facts)]
    return found


def is_at_age(on: date, ages: Ages, born: date | None) -> bool:
    if ages.first and (born is None or on < of_age(born, ages.first)):
        return False
    return not (ages.last and (born is None or on > of_age(born, ages.last)))


def has_partner(on: date, partner: Partner, facts: list[Fact]) -> bool:
    return any(abs((fact.on - on).days) <= partner.days for fact in facts if fact.concept in partner.concepts)


def by_season(measure: Measure, way: Way, season: Season, asked: Asked) -> Found:
    as_of = asked.as_of
    first_day = as_of
    while (first_day.month, first_day.day) != season.counts_from:
        first_day -= ONE_DAY
    doses = [fact.on for fact in counting(way, asked)]
    last = max(doses, default=None)
    soon = as_of + measure.due_soon_days * ONE_DAY
    if last and last >= first_day:
        opens = next_day(next_day(first_day + ONE_DAY, season.counts_from), season.outreach_from)
        return Found("due_soon" if opens <= soon else "satisfied", "done", opens, last)
    opens = next_day(first_day, season.outreach_from)
    closes = next_day(opens, season.outreach_through)
    if opens <= as_of <= closes:
        return Found("overdue", "lapsed" if last else "never", opens, last)
    opens = next_day(as_of, season.outreach_from)
    if opens <= soon:
        return Found("due_soon", "season_soon", opens, last)
    return Found("not_applicable", "out_of_season", opens, last)


def next_day(on: date, month_day: tuple[int, int]) -> date:
    while (on.month, on.day) != month_day:
        on += ONE_DAY
    return on


# ---- values ----------------------------------------------------------------------------------------------------------
def by_value(latest: LatestValue, asked: Asked) -> Found:
    outside = [fact for fact in asked.facts if fact.concept in latest.outside]
    tests = [fact for limit in latest.limits for fact in asked.facts if fact.concept in limit.concepts]
    tests = [fact for fact in tests if not any(stay.on <= fact.on <= ends(stay) for stay in outside)]
    if not tests:
        if latest.is_due_when_missing:
            return Found("overdue", "never")
        return Found("cannot_determine", "no_result")
    day = max(fact.on for fact in tests)
    tests = [fact for fact in tests if fact.on == day]
    lowest = lowest_of([fact for fact in tests if fact.concept in latest.limits[0].concepts])
    if through(day, latest.window, asked) < asked.as_of:
        if latest.is_due_when_missing:
            return Found("overdue", "lapsed", None, day, lowest)
        return Found("cannot_determine", "no_result", None, day, lowest)
    answers = [is_kept(limit, tests) for limit in latest.limits]
    if all(answer is True for answer in answers):
        return Found("satisfied", "done", None, day, lowest)
    if any(answer is False for answer in answers):
        return Found("out_of_range", "above", None, day, lowest)
    return Found("cannot_determine", "no_value", None, day, lowest)


def is_kept(limit: Limit, tests: list[Fact]) -> bool | None:
    """Whether a limit is kept for sure, broken for sure, or neither can be said."""
    verdicts = [verdict(fact, limit) for fact in tests if fact.concept in limit.concepts]
    if "in" in verdicts:
        return True
    return False if "above" in verdicts else None


def verdict(fact: Fact, limit: Limit) -> str | None:
    text = (fact.value_text or "").strip()
    if fact.value is None:
        return None
    if text.startswith((">=", "> =", "≥")):
        return None if keeps(fact.value, limit) else "above"
    if text.startswith(">"):
        return "above" if fact.value >= bound(limit) else None
    if text.startswith(("<=", "< =", "≤")):
        return "in" if keeps(fact.value, limit) else None
    if text.startswith("<"):
        return "in" if fact.value <= bound(limit) else None
    return "in" if keeps(fact.value, limit) else "above"


def keeps(value: float, limit: Limit) -> bool:
    return value < limit.below if limit.below is not None else value <= bound(limit)


def bound(limit: Limit) -> float:
    found = limit.at_most if limit.at_most is not None else limit.below
    assert found is not None
    return found


def as_row(patient_id: str, patient: Patient) -> dict[str, Any]:
    return {"patient_id": patient_id, **vars(patient)}
