"""The second window of a rule: what a measurement year counts, beside what is due today.

A rule of a year is a rule like any other, asked on the last day of the year. Its windows are whole months, or years,
that end with that day: twelve months are the year itself, ten years the year and the nine before it. Ages are those of
the last day. Where a year asks for something else than what is due, the file says so under `measurement_year`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from core.domain.measure import (
    AllOf,
    AnyOf,
    Criterion,
    Measure,
    Not,
    Numbered,
    Population,
    Recorded,
    Requirement,
    Season,
    Span,
    Way,
    YearRule,
)

FIRST_YEAR = 1990
_SAME = YearRule()
_YEAR = Span(months=12)


def last_day(measure: Measure, year: int) -> date:
    """The last day of a measurement year: 31 December, the day that the file says, or the day before a new season."""
    rule = measure.year or _SAME
    if rule.ends:
        return date(year, *rule.ends)
    return _last_of_season(measure.season, year) if measure.season and rule.needs is None else date(year, 12, 31)


def by_last_day(measures: Iterable[Measure], year: int) -> dict[date, list[Measure]]:
    """The rules of a measurement year, by the day that they are asked on."""
    found: dict[date, list[Measure]] = {}
    for measure in measures:
        found.setdefault(last_day(measure, year), []).append(rule_of_year(measure))
    return found


def rule_of_year(measure: Measure) -> Measure:
    """The rule that a measurement year counts by, to be asked on `last_day`."""
    rule = measure.year or _SAME
    is_own = rule.needs is not None or rule.latest is not None
    needs, latest = (rule.needs, rule.latest) if is_own else (measure.needs, measure.latest)
    return replace(
        measure,
        population=_population(rule.population or measure.population),
        needs=_requirement(needs) if needs else None,
        latest=replace(latest, window=_whole(latest.window)) if latest else None,
        exclusions=tuple(replace(each, when=_criterion(each.when)) for each in measure.exclusions),
        due_soon_days=0,
        year=None,
    )


def _last_of_season(season: Season, year: int) -> date:
    return date(year, *season.counts_from) - timedelta(days=1)


def _whole(window: Span) -> Span:
    return replace(window, days=window.days - 1)


def _population(population: Population) -> Population:
    return replace(population, when=_criterion(population.when) if population.when else None)


def _requirement(needs: Requirement) -> Requirement:
    if not isinstance(needs, Way):
        return replace(needs, parts=tuple(_requirement(part) for part in needs.parts))
    window = _YEAR if needs.season else needs.window
    return replace(
        needs,
        season=None,
        window=_whole(window) if window else None,
        unless=_criterion(needs.unless) if needs.unless else None,
    )


def _criterion(criterion: Criterion) -> Criterion:
    match criterion:
        case Recorded() | Numbered():
            return replace(criterion, within=_whole(criterion.within)) if criterion.within else criterion
        case Not(inner):
            return Not(_criterion(inner))
        case AllOf(criteria):
            return AllOf(tuple(_criterion(each) for each in criteria))
        case AnyOf(criteria):
            return AnyOf(tuple(_criterion(each) for each in criteria))
    return criterion
