"""How many messages of a mode will leave in which hour: what waits, through the windows of its mode, at a pace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.domain.organisation import Organisation
from core.domain.window import windows_from

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Backlog:
    """Messages that wait, none of which leaves before `start_on`."""

    start_on: date
    count: int


@dataclass(frozen=True)
class Hour:
    """An hour of the organisation's clock in which messages leave: how many will, and how many could."""

    at: datetime
    planned: int
    most: int


def planned(
    organisation: Organisation,
    channel: str,
    waiting: Sequence[Backlog],
    *,
    at: datetime,
    per_minute: float,
    days: int,
) -> list[Hour]:
    """The hours from `at` (aware) in which a window is open and messages wait, for so many days. Campaigns of a mode
    share its pace, the earlier start first; quiet hours of patients and retries are not part of it."""
    left = sorted((each.start_on, each.count) for each in waiting if each.count > 0)
    zone, found = ZoneInfo(organisation.time_zone), list[Hour]()
    for opens, closes in windows_from(organisation, channel, at):
        if opens > at + timedelta(days=days) or not left:
            break
        begins = max(opens, at)
        while begins < closes:
            local = begins.astimezone(zone)
            ends = min(closes, begins + _HOUR - timedelta(minutes=local.minute, seconds=local.second))
            most = int(per_minute * ((ends - begins) / timedelta(minutes=1)))
            left, taken = _taken(left, most, local.date())
            if taken:
                found.append(Hour(local.replace(minute=0, second=0, microsecond=0), taken, most))
            begins = ends
    return found


def _taken(left: list[tuple[date, int]], most: int, day: date) -> tuple[list[tuple[date, int]], int]:
    """What still waits after `most` have left on a day, and how many did."""
    rest, taken = list[tuple[date, int]](), 0
    for start_on, count in left:
        some = min(count, most - taken) if start_on <= day else 0
        taken += some
        if count > some:
            rest.append((start_on, count - some))
    return rest, taken
