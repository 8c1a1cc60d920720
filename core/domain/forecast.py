"""When a campaign will be done: its waiting messages at a pace, through the windows of its mode (S1, S2)."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.domain.organisation import PHONE, TEXT, Organisation
from core.domain.window import first_send_at, windows_from
from core.domain.wording import day_text

MOST_WINDOWS = 60  # looked ahead; a campaign that needs more has a pace that must be looked at
_STEP = timedelta(minutes=5)  # to which times are rounded up: more would pretend to know


@dataclass(frozen=True)
class Forecast:
    """When the first message leaves and the last one has left (UTC), and in how many windows.

    `ends_at` is None when MOST_WINDOWS are not enough. Patients' quiet hours, retries and other campaigns are not part
    of it.
    """

    starts_at: datetime
    ends_at: datetime | None
    windows: int


def usual_pace(organisation: Organisation, channel: str) -> float:
    """Messages a minute to count on while none has been measured, never more than the account may send."""
    return float(min(getattr(organisation, f"{channel}_per_minute"), account_limit(organisation, channel)))


def account_limit(organisation: Organisation, channel: str) -> float:
    """Messages a minute that the channel's account may send at most; infinite without a limit."""
    per_second = {TEXT: organisation.texts_per_second, PHONE: organisation.calls_per_second}.get(channel)
    return per_second * 60 if per_second else organisation.email_rate_limit or math.inf


def forecast(
    organisation: Organisation,
    channel: str,
    *,
    waiting_count: int,
    start_on: date,
    at: datetime,
    per_minute: float | None = None,
) -> Forecast | None:
    """When `waiting_count` messages of a campaign with this start date will have left, seen at `at`.

    `per_minute` is a measured pace; without one the organisation's setting counts. None when nothing waits.
    """
    if waiting_count <= 0:
        return None
    starts_at = first_send_at(organisation, channel, start_on=start_on, at=at)
    left = waiting_count / (per_minute or usual_pace(organisation, channel))  # minutes
    for number, (opens, closes) in enumerate(windows_from(organisation, channel, starts_at), start=1):
        begins = max(opens, starts_at)
        open_for = (closes - begins) / timedelta(minutes=1)
        if left <= open_for:
            return Forecast(starts_at, begins + timedelta(minutes=left), number)
        if number == MOST_WINDOWS:
            break
        left -= open_for
    return Forecast(starts_at, None, MOST_WINDOWS)


def forecast_sentence(found: Forecast, organisation: Organisation, *, at: datetime, day: date | None = None) -> str:
    """'done today about 9:40', or 'needs 2 windows, done Tuesday about 14:10' (the organisation's clock).

    `day` is one that was named just before: it is not named again.
    """
    if found.ends_at is None:
        return f"needs more than {found.windows} windows"
    zone = ZoneInfo(organisation.time_zone)
    ends = rounded_up(found.ends_at).astimezone(zone)
    when = "" if ends.date() == day else f"{_day_word(ends.date(), on=at.astimezone(zone).date())} "
    needs = f"needs {found.windows} windows, " if found.windows > 1 else ""
    return f"{needs}done {when}about {clock_text(ends.time())}"


def rounded_up(at: datetime) -> datetime:
    """The next full five minutes, in UTC."""
    past = (at - datetime.min.replace(tzinfo=UTC)) % _STEP
    return at + (_STEP - past if past else timedelta(0))


def clock_text(at: time) -> str:
    """A time of day in the one form that screens use: '9:05'."""
    return f"{at.hour}:{at:%M}"


def _day_word(day: date, *, on: date) -> str:
    if day <= on:
        return "today"
    ahead = (day - on).days
    return "tomorrow" if ahead == 1 else f"{day:%A}" if ahead < 7 else day_text(day)
