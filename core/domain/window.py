"""When messages may leave: the organisation's windows, Monday to Saturday except holidays (S1, S2, C5).

Windows are local time of the organisation; everything returned is UTC, so that a change of the clocks is right by
itself: a window that opens at 9:00 opens at 9:00 on the wall on every day.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

from core.domain.organisation import CHANNELS, Organisation, Window
from core.errors import SettingsError

# Of these the organisation may say that it sends on them (`holidays_off`), the day observed included.
FEDERAL_HOLIDAYS = (
    "New Year's Day", "Martin Luther King Jr. Day", "Washington's Birthday", "Memorial Day",
    "Juneteenth National Independence Day", "Independence Day", "Labor Day", "Columbus Day", "Veterans Day",
    "Thanksgiving Day", "Christmas Day",
)  # fmt: skip
_OBSERVED = " (observed)"
_SUNDAY = 6
_HORIZON = 400  # days looked ahead before concluding that no window ever opens


def has_windows(channel: str) -> bool:
    """Whether the channel sends in windows. Letters do not: they are printed at any time (L5)."""
    return channel in CHANNELS


def windows_of(organisation: Organisation, channel: str) -> tuple[Window, ...]:
    """The organisation's windows of a channel, earliest first; those that overlap or touch are one.

    Raises SettingsError for a channel that has none.
    """
    if not has_windows(channel):
        raise SettingsError(f"There are no sending windows for '{channel}'. Channels that have them: {_NAMES}.")
    windows: tuple[Window, ...] = getattr(organisation, f"{channel}_windows")
    merged: list[Window] = []
    for window in sorted(windows, key=lambda window: window.opens):
        if merged and window.opens <= _end(merged[-1]):
            merged[-1] = max(merged[-1], Window(merged[-1].opens, window.closes), key=_end)
        else:
            merged.append(window)
    return tuple(merged)


def holiday(organisation: Organisation, day: date) -> str | None:
    """The name of the holiday on `day`: a US federal one or the day it is observed, unless the organisation sends on
    it, or the organisation's own."""
    federal = federal_holidays(day.year).get(day)
    if federal and federal.removesuffix(_OBSERVED) not in organisation.holidays_off:
        return federal
    return "holiday of the organisation" if day in organisation.extra_holidays else None


def is_sending_day(organisation: Organisation, day: date) -> bool:
    """Monday to Saturday except holidays."""
    return day.weekday() != _SUNDAY and holiday(organisation, day) is None


def sending_day(organisation: Organisation, day: date) -> date:
    """`day`, or the next sending day after it when it is a Sunday or a holiday."""
    for ahead in range(_HORIZON):
        candidate = day + timedelta(days=ahead)
        if is_sending_day(organisation, candidate):
            return candidate
    raise SettingsError(_NEVER)


def is_open(organisation: Organisation, channel: str, at: datetime) -> bool:
    """May messages of this channel leave at this moment?"""
    day = at.astimezone(ZoneInfo(organisation.time_zone)).date()
    return any(opens <= at < closes for opens, closes in _windows_on(organisation, channel, day))


def windows_from(organisation: Organisation, channel: str, after: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The windows that close after `after`, for a year, each with when it opens and closes (UTC)."""
    day = after.astimezone(ZoneInfo(organisation.time_zone)).date()
    for ahead in range(_HORIZON):
        for opens, closes in _windows_on(organisation, channel, day + timedelta(days=ahead)):
            if after < closes:
                yield opens, closes


def next_window(organisation: Organisation, channel: str, after: datetime) -> tuple[datetime, datetime]:
    """When the window that is open at `after`, or else the next one, opens and closes (UTC).

    Raises SettingsError when no window opens within a year.
    """
    window = next(windows_from(organisation, channel, after), None)
    if window is None:
        raise SettingsError(_NEVER)
    return window


def first_send_at(organisation: Organisation, channel: str, *, start_on: date, at: datetime) -> datetime:
    """The first moment, not before `at`, at which a campaign with this start date can send (C6)."""
    earliest = max(at, _utc(start_on, time.min, organisation))
    return max(earliest, next_window(organisation, channel, earliest)[0])


_NAMES = ", ".join(CHANNELS)
_NEVER = (
    "No sending window opens within a year: the windows or the holidays of the organisation leave no time to send. "
    "Change them in the organisation's settings."
)


def _windows_on(organisation: Organisation, channel: str, day: date) -> list[tuple[datetime, datetime]]:
    """The day's windows in UTC. One that closes at 00:00 closes at the end of the day; an empty one is left out."""
    if not is_sending_day(organisation, day):
        return []
    windows = [
        (_utc(day, window.opens, organisation), _closing(day, window.closes, organisation))
        for window in windows_of(organisation, channel)
    ]
    return [(opens, closes) for opens, closes in windows if opens < closes]


def _end(window: Window) -> time:
    return time.max if window.closes == time.min else window.closes


def _closing(day: date, closes: time, organisation: Organisation) -> datetime:
    """When the clocks go back and the closing time comes twice, the first time closes."""
    return _utc(day + timedelta(days=closes == time.min), closes, organisation)


def _utc(day: date, wall: time, organisation: Organisation) -> datetime:
    return datetime.combine(day, wall, ZoneInfo(organisation.time_zone)).astimezone(UTC)


@lru_cache(maxsize=16)
def federal_holidays(year: int) -> dict[date, str]:
    """The US federal holidays of a year and the days on which those of a weekend are observed, with their names."""
    return {day: name for day, name in country_holidays("US", years=year, language="en_US").items() if day.year == year}
