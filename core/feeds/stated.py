"""Moments as far as FHIR resources state them: a year or a month alone is no day, and a day alone is no moment."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core.domain.calendar_months import shift
from core.feeds.fhir_values import Resource, number_of

_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")
# The units of an Age, by UCUM and in words.
_MONTHS = {"a": 12, "y": 12, "yr": 12, "year": 12, "years": 12, "mo": 1, "month": 1, "months": 1}
_HOURS = {"wk": 168, "week": 168, "weeks": 168, "d": 24, "day": 24, "days": 24, "h": 1, "hr": 1, "hour": 1, "hours": 1,
          "min": 1 / 60, "minute": 1 / 60, "minutes": 1 / 60}  # fmt: skip
_LONGEST = 200 * 366 * 24 * 60  # beyond any life, even in minutes


@dataclass(frozen=True)
class Stated:
    """A moment that lies between two local ones, both included: they differ where less than a moment is stated.

    offset    the minutes by which its zone is ahead of UTC; None = no zone is stated
    """

    least: datetime
    most: datetime
    offset: int | None = None

    def moved(self, move: Callable[[date], date]) -> "Stated | None":
        """By whole days, months or years; None when that leaves the calendar."""
        try:
            least, most = (datetime.combine(move(at.date()), at.time()) for at in (self.least, self.most))
        except (OverflowError, ValueError):
            return None
        return Stated(least, most, self.offset)


def stated(text: str | None) -> Stated | None:
    """What a date or dateTime states; None when it states nothing that can be."""
    if not text:
        return None
    try:
        if found := _YEAR_OR_MONTH.fullmatch(text):
            return _year_or_month(int(found[1]), int(found[2]) if found[2] else None)
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    zone = at.utcoffset()
    at = at.replace(tzinfo=None)
    if len(text) <= len("YYYY-MM-DD"):
        return whole_days(at.date(), at.date())
    return Stated(at, at, None if zone is None else round(zone / timedelta(minutes=1)))


def whole_days(first: date, last: date) -> Stated:
    """Some moment of these days."""
    return Stated(datetime.combine(first, time.min), datetime.combine(last, time.max))


def _year_or_month(year: int, month: int | None) -> Stated:
    last = month or 12
    return whole_days(date(year, month or 1, 1), date(year, last, monthrange(year, last)[1]))


def at_age(born: Stated | None, age: Resource) -> Stated | None:
    """The day on which somebody reached an age; None when the age, its unit or the birth is not known.

    Parts of a year, month or day do not count, as in the official logic.
    """
    count, unit = number_of(age), str(age.get("code") or age.get("unit") or "").lower()
    if born is None or count is None or not 0 <= count <= _LONGEST:
        return None
    if unit in _MONTHS:
        return born.moved(lambda day: shift(day, months=int(count) * _MONTHS[unit]))
    if unit in _HOURS:
        return born.moved(lambda day: day + timedelta(days=int(int(count) * _HOURS[unit] / 24)))
    return None
