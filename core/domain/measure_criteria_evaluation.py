"""Which patients meet a criterion: whole columns at a time. What is not known is not met, as in official measures."""

import re
from datetime import date
from functools import reduce
from operator import and_, or_

import polars as pl

from core.domain.calendar_months import born_by, first_day
from core.domain.last_facts import reached_until
from core.domain.measure import AgeBand, Aged, AllOf, Criterion, Not, Numbered, Recorded, Says
from core.domain.measure_panel import Panel


def met(criterion: Criterion, panel: Panel, *, as_of: date) -> pl.Series:
    """True or false for each patient."""
    return surely(criterion, panel, as_of=as_of).fill_null(False)


def surely(criterion: Criterion, panel: Panel, *, as_of: date) -> pl.Series:
    """True where it is met, false or null where it is not. The panel remembers it: many rules ask for the same."""
    key = (criterion, as_of)
    if key not in panel.remembered:
        panel.remembered[key] = _met(criterion, panel, as_of)
    found = panel.remembered[key]
    assert isinstance(found, pl.Series)
    return found


def _met(criterion: Criterion, panel: Panel, as_of: date) -> pl.Series:
    match criterion:
        case Recorded():
            return reduce(or_, (_is_recorded(each, criterion, panel, as_of) for each in criterion.concepts))
        case Aged(band):
            return is_aged(band, panel.patients["birth_date"], as_of=as_of)
        case Numbered():
            return _is_numbered(criterion, panel, as_of)
        case Says(column, words):
            pattern = rf"(?i)(?:^|\W)(?:{'|'.join(map(re.escape, words))})(?:$|\W)"
            return panel.patients[column].str.contains(pattern)
        case Not(inner):
            return ~met(inner, panel, as_of=as_of)
    tests = [surely(each, panel, as_of=as_of) for each in criterion.criteria]
    return reduce(and_ if isinstance(criterion, AllOf) else or_, tests)


def is_aged(band: AgeBand, born: pl.Series, *, as_of: date) -> pl.Series:
    """Whether the age lies in the band; null without a birth date."""
    is_met = born <= born_by(as_of, months=band.from_months)
    if band.through_months is not None:
        is_met &= born > born_by(as_of, months=band.through_months + 1)
    return is_met


def _is_recorded(concept: str, recorded: Recorded, panel: Panel, as_of: date) -> pl.Series:
    until = _answered(concept, recorded, panel) if recorded.answers else panel.column(concept, "until")
    if recorded.active:
        return until > as_of
    if recorded.within is not None:
        return until >= first_day(as_of, recorded.within)
    return until.is_not_null()


def _answered(concept: str, recorded: Recorded, panel: Panel) -> pl.Series:
    """The latest day that a fact with one of the answers reaches."""
    facts = panel.events([concept])
    tests = [pl.col("value_text").str.strip_chars().str.to_lowercase().is_in(recorded.answers)]
    if recorded.latest:
        tests.append(pl.col("on") == panel.column(concept, "on").gather(facts["row"]))
    return panel.spread(*reached_until(facts.filter(tests)))


def _is_numbered(test: Numbered, panel: Panel, as_of: date) -> pl.Series:
    days = [panel.column(concept, "on") for concept in test.concepts]
    day = latest_of(days)
    number = lowest_of([panel.column(concept, "lowest") for concept in test.concepts], days, day)
    is_met = number.is_not_null()
    if test.at_least is not None:
        is_met &= number >= test.at_least
    if test.below is not None:
        is_met &= number < test.below
    if test.within is not None:
        is_met &= day >= first_day(as_of, test.within)
    return is_met


def latest_of(days: list[pl.Series]) -> pl.Series:
    """The latest of several days for each patient."""
    return days[0] if len(days) == 1 else pl.select(pl.max_horizontal(days)).to_series()


def lowest_of(numbers: list[pl.Series], days: list[pl.Series], day: pl.Series) -> pl.Series:
    """The lowest of the numbers that were reported on the day."""
    there = [pl.when(on == day).then(number) for number, on in zip(numbers, days, strict=True)]
    return pl.select(pl.min_horizontal(there)).to_series()


def highest_of(numbers: list[pl.Series], days: list[pl.Series], day: pl.Series) -> pl.Series:
    """The highest of the numbers that were reported on the day."""
    there = [pl.when(on == day).then(number) for number, on in zip(numbers, days, strict=True)]
    return pl.select(pl.max_horizontal(there)).to_series()
