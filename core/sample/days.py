"""Days as whole numbers (date.toordinal), because a population needs some fifty dates for each patient."""

from datetime import date
from functools import lru_cache

YEAR = 365.25
DAY = date.fromordinal


@lru_cache(maxsize=80_000)
def iso(day: int) -> str:
    """YYYY-MM-DD. The cache holds at most two hundred years."""
    return date.fromordinal(day).isoformat()


def workday(day: int) -> int:
    """The day itself, or the Friday before a weekend."""
    weekday = (day + 6) % 7
    return day if weekday < 5 else day - weekday + 4


def age_on(born: int, day: int) -> int:
    """Completed years."""
    birth, on = date.fromordinal(born), date.fromordinal(day)
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
