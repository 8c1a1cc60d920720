"""When the next feed of a source must be there: hours after the last one, with or without those of weekends."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SATURDAY = 5


def due_at(last: datetime, hours: int, *, weekends: bool, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, from which on a feed is late when the last one came at `last` and one comes every `hours`.

    `weekends` False: the hours of Saturdays and Sundays in `zone` do not count. Hours are hours that pass, also on the
    days on which clocks are changed.
    """
    at, left = last.astimezone(UTC), timedelta(hours=hours)
    if weekends:
        return at + left
    while True:
        day = at.astimezone(zone).date()
        midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
        if day.weekday() < _SATURDAY:
            if at + left <= midnight:
                return at + left
            left -= midnight - at
        at = midnight
