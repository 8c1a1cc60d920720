"""Months and seasons by the calendar. One convention for ages, windows and due dates, so that they cannot disagree.

Adding months keeps the day of the month, or takes the last day of a shorter month: 31 August + 6 months = 28 February.
"""

from calendar import monthrange
from datetime import date, timedelta

from core.domain.measure import Season, Span


def shift(on: date, *, months: int) -> date:
    """The day so many months later, or earlier when negative."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def window_start(as_of: date, *, months: int) -> date:
    """The first day of a look-back window: the earliest day from which `months` later is not before `as_of`.

    An event exactly so many months before `as_of` is inside. In a month that is too short for the day, the window
    begins on the first day after it, so that an event is inside if and only if its due date is not past.
    """
    start = shift(as_of, months=-months)
    return start if start.day == as_of.day else start + timedelta(days=1)


def first_day(as_of: date, window: Span) -> date:
    """The first day of a window of months and days: an event is inside if and only if the window after it, months
    first and then days, is not before `as_of`."""
    return window_start(as_of - timedelta(days=window.days), months=window.months)


def born_by(as_of: date, *, months: int) -> date:
    """The last day of birth of those who are at least so many months old on `as_of`.

    Whoever was born on a day that this month or year does not have is older from the first of the next month: born on
    29 February, a year older on 1 March.
    """
    return shift(as_of, months=-months)


def season_start(season: Season, as_of: date) -> date:
    """The first day whose doses count for the season that `as_of` lies in."""
    start = date(as_of.year, *season.counts_from)
    return start if start <= as_of else date(as_of.year - 1, *season.counts_from)


def outreach_start(season: Season, as_of: date, *, is_satisfied: bool) -> date:
    """The day from which patients are written to: of this season, or of the next one when this one is satisfied or its
    outreach is over."""
    start = season_start(season, as_of)
    opens = _on_or_after(start, season.outreach_from)
    if is_satisfied or as_of > _on_or_after(opens, season.outreach_through):
        return _on_or_after(start.replace(year=start.year + 1), season.outreach_from)
    return opens


def _on_or_after(start: date, month_day: tuple[int, int]) -> date:
    same_year = date(start.year, *month_day)
    return same_year if same_year >= start else date(start.year + 1, *month_day)
