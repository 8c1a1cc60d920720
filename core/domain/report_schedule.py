"""When a report that is sent by email is due, and which days it is about."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.domain.calendar_months import shift
from core.errors import NotAllowed

WEEK, MONTH = "week", "month"
REPORTS = {"overview": "Overview of campaigns"}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LAST_DAY = 28  # the last one that every month has
SENT_AT = time(7)  # of the organisation's day: it lies in the mailbox when work begins
MOST_RECIPIENTS = 50


@dataclass(frozen=True)
class Schedule:
    """day   of the week (0 is Monday) or of the month (1 to 28)
    since  when it was made or turned on: nothing is due before
    recipients  ids of users"""

    schedule_id: str
    report: str
    every: str
    day: int
    recipients: tuple[str, ...]
    is_on: bool
    since: datetime
    made_by: str

    @property
    def sentence(self) -> str:
        """'every Monday', 'on day 1 of every month'."""
        return f"every {WEEKDAYS[self.day]}" if self.every == WEEK else f"on day {self.day} of every month"


def check(report: str, every: str, day: int, recipients: tuple[str, ...]) -> None:
    """Raise NotAllowed, with what to do, for what cannot be a schedule."""
    if report not in REPORTS or every not in (WEEK, MONTH):
        raise NotAllowed("There is no such report or period. Choose one of those that are offered.")
    first, last = (0, 6) if every == WEEK else (1, LAST_DAY)
    if not first <= day <= last:
        raise NotAllowed(f"Choose a day from 1 to {LAST_DAY}: every month has these.")
    if not recipients:
        raise NotAllowed("Nobody would get the report. Choose at least one person with an email address.")
    if len(recipients) > MOST_RECIPIENTS:
        raise NotAllowed(f"A report goes to at most {MOST_RECIPIENTS} people. Choose fewer.")


def last_due(schedule: Schedule, *, at: datetime, zone: ZoneInfo) -> date | None:
    """The latest day on which it was due by this moment; None while that lies before `since`. Days that were missed
    while nothing ran are not made up for."""
    local = at.astimezone(zone)
    latest = local.date() if local.time() >= SENT_AT else local.date() - timedelta(days=1)
    due = _on_or_before(schedule, latest)
    return due if datetime.combine(due, SENT_AT, zone) > schedule.since else None


def next_due(schedule: Schedule, *, at: datetime, zone: ZoneInfo) -> date:
    """The next day on which it will be due after this moment."""
    local = at.astimezone(zone)
    earliest = local.date() if local.time() < SENT_AT else local.date() + timedelta(days=1)
    if schedule.every == WEEK:
        return earliest + timedelta(days=(schedule.day - earliest.weekday()) % 7)
    here = earliest.replace(day=schedule.day)
    return here if here >= earliest else shift(here, months=1)


def period(schedule: Schedule, due: date) -> tuple[date, date]:
    """The first and last day that the report of a day is about: the seven days before it, or the month before its."""
    if schedule.every == WEEK:
        return due - timedelta(days=7), due - timedelta(days=1)
    return shift(due.replace(day=1), months=-1), due.replace(day=1) - timedelta(days=1)


def _on_or_before(schedule: Schedule, day: date) -> date:
    if schedule.every == WEEK:
        return day - timedelta(days=(day.weekday() - schedule.day) % 7)
    here = day.replace(day=schedule.day)
    return here if here <= day else shift(here, months=-1)
