"""Spans of days, weeks and calendar months from today."""

from dataclasses import dataclass
from datetime import date, timedelta

from core.domain.calendar_months import shift

UNITS = ("days", "weeks", "months")
LONGEST = {"days": 36_500, "weeks": 5_200, "months": 1_200}  # about a hundred years


@dataclass(frozen=True)
class Period:
    """A number of days, weeks or calendar months."""

    count: int
    unit: str


def after(on: date, period: Period) -> date:
    """The day that lies a period ahead. A month after 31 January is the last day of February."""
    return _moved(on, period, 1)


def before(on: date, period: Period) -> date:
    """The day that lies a period back. A month before 31 March is the last day of February."""
    return _moved(on, period, -1)


def _moved(on: date, period: Period, direction: int) -> date:
    if period.unit == "months":
        return shift(on, months=direction * period.count)
    return on + timedelta(days=direction * period.count * (7 if period.unit == "weeks" else 1))
