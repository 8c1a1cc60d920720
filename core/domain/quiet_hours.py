"""When a text or call may reach a patient: the organisation's windows within the hours of the patient's own day (S5).

47 CFR 64.1200(c)(1) allows telephone solicitations from 8:00 to 21:00 at the called party's location. Messages about a
patient's care are hardly that; nobody wants them at night all the same. Where an address leaves open in which zone it
lies, the hours are those that fit every zone possible. Everything returned is UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.domain.organisation import Organisation
from core.domain.us_zones import places_of
from core.domain.window import windows_from
from core.errors import SettingsError

LOCAL_CHANNELS = ("text", "phone")  # an email waits until it is read; a phone rings
SPREAD = timedelta(minutes=2)  # after an opening, over which the tries that waited for it come back

# States whose telephone solicitation law ends the day earlier than the federal rule; hours are local to the person
# called. Read in the law itself: Florida, Massachusetts, Washington. Read in publications that name or quote it: the
# others. More states may have such a law.
STATE_HOURS: dict[str, tuple[time, time]] = {
    "FL": (time(8), time(20)),  # Florida Statutes 501.616(6)(a)
    "LA": (time(8), time(20)),  # Public Service Commission, General Order R-29617, V(A)(2)
    "MA": (time(8), time(20)),  # 201 Code of Massachusetts Regulations 12.02(2)
    "MD": (time(8), time(20)),  # Stop the Spam Calls Act of 2023 (Senate Bill 90, chapter 413), in force 2024-01-01
    "OK": (time(8), time(20)),  # Telephone Solicitation Act of 2022 (House Bill 3168), in force 2022-11-01
    "WA": (time(8), time(20)),  # Revised Code of Washington 19.158.040(2)
}


@dataclass(frozen=True)
class LocalHours:
    """A zone in which a patient may be, and from when until when (not included) a message may come there."""

    zone: str
    opens: time
    closes: time


@lru_cache(maxsize=4096)
def local_hours(organisation: Organisation, state: str | None, zip_code: str | None) -> frozenset[LocalHours]:
    """The hours that a message to this address must keep, one for each zone the address may lie in.

    From the end to the beginning of the organisation's quiet hours, or the narrower hours of a state's own law when
    the organisation keeps them (`state_quiet_hours`).
    """
    hours: dict[str, LocalHours] = {}
    for state_code, zone in places_of(state, zip_code):
        opens, closes = organisation.quiet_until, organisation.quiet_from
        if organisation.state_quiet_hours and state_code in STATE_HOURS:
            legal_opens, legal_closes = STATE_HOURS[state_code]
            opens, closes = max(opens, legal_opens), min(closes, legal_closes)
        if zone in hours:
            opens, closes = max(opens, hours[zone].opens), min(closes, hours[zone].closes)
        hours[zone] = LocalHours(zone, opens, closes)
    return frozenset(hours.values())


def allowed(at: datetime, hours: frozenset[LocalHours]) -> bool:
    """May a text or call come at this moment, wherever the patient may be? The organisation's windows are not asked."""
    return all(one.opens <= at.astimezone(ZoneInfo(one.zone)).time() < one.closes for one in hours)


def next_stretch(
    organisation: Organisation, channel: str, after: datetime, hours: frozenset[LocalHours] | None = None
) -> tuple[datetime, datetime]:
    """The stretch of time that is open at `after`, or else the next one: in a window, and for texts and calls within
    the patient's `hours`. Where it ends is when a message must have arrived.

    `hours` are those of `local_hours`; without them a text or call keeps the hours of an unknown address. Emails have
    none. Raises SettingsError when a year has no such stretch.
    """
    kept = _kept(organisation, channel, hours)
    for opens, closes in windows_from(organisation, channel, after):
        for start, end in _within(opens, closes, kept):
            if after < end:
                return start, end
    zones = ", ".join(sorted(one.zone for one in kept))
    raise SettingsError(
        f"No sending window of '{channel}' opens within a year, or none is open while it is day for the patient"
        f"{f' ({zones})' if zones else ''}. Change {channel}_windows, extra_holidays, quiet_from or quiet_until in the "
        "organisation's settings."
    )


def next_allowed(
    organisation: Organisation, channel: str, after: datetime, hours: frozenset[LocalHours] | None = None
) -> datetime:
    """The first moment from `after` on at which this channel may reach the patient. Arguments and errors are those of
    `next_stretch`."""
    return max(after, next_stretch(organisation, channel, after, hours)[0])


def next_try(
    organisation: Organisation,
    channel: str,
    at: datetime,
    hours: frozenset[LocalHours] | None = None,
    *,
    jitter: float = 0.0,
) -> datetime:
    """When to try again what is due at `at`: then, when it is open, else shortly after the next opening.

    `jitter` between 0 and 1 spreads those who wait for the same opening over two minutes, or over half of a stretch
    that is shorter than four.
    """
    opens, closes = next_stretch(organisation, channel, at, hours)
    if opens <= at:
        return at
    return opens + min(SPREAD, (closes - opens) / 2) * jitter


def _kept(organisation: Organisation, channel: str, hours: frozenset[LocalHours] | None) -> frozenset[LocalHours]:
    if channel not in LOCAL_CHANNELS:
        return frozenset()
    return hours or local_hours(organisation, None, None)


def _within(opens: datetime, closes: datetime, hours: frozenset[LocalHours]) -> list[tuple[datetime, datetime]]:
    """The parts of a window that lie within all hours, earliest first."""
    parts = [(opens, closes)]
    for one in hours:
        days = list(_days(one, opens, closes))
        parts = [
            (max(start, day_opens), min(end, day_closes))
            for start, end in parts
            for day_opens, day_closes in days
            if max(start, day_opens) < min(end, day_closes)
        ]
    return parts


def _days(one: LocalHours, opens: datetime, closes: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The patient's hours in UTC on each day of the patient's that the window touches."""
    zone = ZoneInfo(one.zone)
    day, last = opens.astimezone(zone).date(), closes.astimezone(zone).date()
    while day <= last:
        yield (
            datetime.combine(day, one.opens, zone).astimezone(UTC),
            datetime.combine(day, one.closes, zone).astimezone(UTC),
        )
        day += timedelta(days=1)
