"""When texts and calls may reach a patient. Moments are UTC unless a wall clock is named."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.organisation import Organisation, Window
from core.domain.quiet_hours import (
    LOCAL_CHANNELS,
    SPREAD,
    STATE_HOURS,
    allowed,
    local_hours,
    next_allowed,
    next_stretch,
    next_try,
)
from core.domain.us_zones import STATES, ZONES
from core.domain.window import is_open
from core.errors import SettingsError

ORG = Organisation()  # texts and calls 11:00-20:00 in America/Chicago
FEDERAL = replace(ORG, state_quiet_hours=False)
CHICAGO = ZoneInfo("America/Chicago")
MINUTE = timedelta(minutes=1)


def utc(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def wall(at: datetime) -> str:
    return f"{at.astimezone(CHICAGO):%a %H:%M}"


# ---- when it is day for the patient --------------------------------------------------------------------------------
STRETCHES = [
    # what                                    state  ZIP      on Tuesday 24 November, clock of Chicago
    ("Chicago", "IL", "60601", "Tue 11:00", "Tue 20:00"),
    ("New York: 21:00 there is 20:00 here", "NY", "10001", "Tue 11:00", "Tue 20:00"),
    ("Miami: 20:00 by Florida's law", "FL", "33101", "Tue 11:00", "Tue 19:00"),
    ("Pensacola: the same law, our clock", "FL", "32501", "Tue 11:00", "Tue 20:00"),
    ("Los Angeles", "CA", "90001", "Tue 11:00", "Tue 20:00"),
    ("Anchorage: 8:00 there is 11:00 here", "AK", "99801", "Tue 11:00", "Tue 20:00"),
    ("Adak and Anchorage", "AK", "99501", "Tue 12:00", "Tue 20:00"),
    ("Honolulu: 8:00 there is 12:00 here", "HI", "96813", "Tue 12:00", "Tue 20:00"),
    ("San Juan: 21:00 there is 19:00 here", "PR", "00901", "Tue 11:00", "Tue 19:00"),
    ("Guam: Wednesday 8:00 there is 16:00 here", "GU", "96910", "Tue 16:00", "Tue 20:00"),
    ("Pago Pago: 8:00 there is 13:00 here", "AS", "96799", "Tue 13:00", "Tue 20:00"),
    ("unknown: Hawaii has begun, Puerto Rico has not ended", None, None, "Tue 12:00", "Tue 19:00"),
    ("soldiers", "AE", "09012", "Tue 12:00", "Tue 19:00"),
    ("New York with a ZIP code of Hawaii", "NY", "96813", "Tue 12:00", "Tue 20:00"),
]


@pytest.mark.parametrize(("what", "state", "zip_code", "opens", "closes"), STRETCHES, ids=[row[0] for row in STRETCHES])
@pytest.mark.parametrize("channel", LOCAL_CHANNELS)
def test_a_text_or_call_keeps_the_window_and_the_patients_own_day(
    channel: str, what: str, state: str | None, zip_code: str | None, opens: str, closes: str
) -> None:
    hours = local_hours(ORG, state, zip_code)

    start, end = next_stretch(ORG, channel, utc(24, 6), hours)

    assert (wall(start), wall(end)) == (opens, closes)


def test_in_summer_hawaii_begins_an_hour_later_and_florida_ends_first() -> None:
    start, end = next_stretch(ORG, "text", utc(14, 6, month=7), local_hours(ORG, None, None))

    assert (wall(start), wall(end)) == ("Tue 13:00", "Tue 19:00")


def test_a_text_without_an_address_at_hand_keeps_the_narrowest_hours() -> None:
    assert next_stretch(ORG, "text", utc(24, 6)) == next_stretch(ORG, "text", utc(24, 6), local_hours(ORG, None, None))


def test_emails_have_no_local_hours() -> None:
    assert wall(next_allowed(ORG, "email", utc(24, 6), local_hours(ORG, "HI", "96813"))) == "Tue 09:00"


def test_the_law_of_a_state_can_be_left_out() -> None:
    _, closes = next_stretch(FEDERAL, "text", utc(24, 6), local_hours(FEDERAL, "FL", "33101"))

    assert wall(closes) == "Tue 20:00"


def test_the_organisation_may_keep_longer_quiet_hours() -> None:
    short = replace(ORG, quiet_until=time(10), quiet_from=time(18))

    start, end = next_stretch(short, "text", utc(24, 6), local_hours(short, "CA", "90001"))

    assert (wall(start), wall(end)) == ("Tue 12:00", "Tue 20:00")  # 10:00-18:00 there, until the window closes


def test_hours_that_never_meet_the_window_are_a_settings_error() -> None:
    mornings = replace(ORG, text_windows=(Window(time(9), time(10)),))

    with pytest.raises(SettingsError, match=r"Pacific/Honolulu.*text_windows"):
        next_allowed(mornings, "text", utc(24, 6), local_hours(mornings, "HI", "96813"))


def _contradictions() -> set[frozenset[object]]:
    """The hours of every state with a ZIP code of every other, and of every address with one of the two."""
    zips = [f"{number:03}01" for number in range(1000)] + ["96910", "96799", "96939", "96941", "96960", "96950"]
    return {frozenset(local_hours(ORG, state, zip_code)) for state, zip_code in product((None, *STATES), zips)}


def test_every_address_has_an_hour_on_every_sending_day_of_the_year() -> None:
    mondays = [utc(day, 8, month=month) for month, day in ((1, 12), (3, 9), (4, 6), (7, 13), (10, 26), (11, 2))]

    for hours, monday in product(_contradictions(), mondays):
        start, end = next_stretch(ORG, "text", monday, hours)  # type: ignore[arg-type]

        assert start.astimezone(CHICAGO).date() == monday.astimezone(CHICAGO).date(), hours
        assert end - start >= timedelta(hours=1), hours


# ---- every minute around the changes of the clocks -----------------------------------------------------------------
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
OFFSETS = {  # hours behind UTC in winter, and whether the clocks change
    "America/New_York": (5, True),
    "America/Chicago": (6, True),
    "America/Denver": (7, True),
    "America/Los_Angeles": (8, True),
    "America/Anchorage": (9, True),
    "America/Adak": (10, True),
    "America/Phoenix": (7, False),
    "Pacific/Honolulu": (10, False),
    "America/Puerto_Rico": (4, False),
    "Pacific/Guam": (-10, False),
    "Pacific/Pago_Pago": (11, False),
}


def _clock(at: datetime, zone: str) -> datetime:
    """The wall clock by hand: summer time from 2:00 winter time in March to 2:00 summer time in November."""
    behind, changes = OFFSETS[zone]
    begins = datetime(2026, 3, 8, 2, tzinfo=UTC) + timedelta(hours=behind)
    ends = datetime(2026, 11, 1, 1, tzinfo=UTC) + timedelta(hours=behind)
    summer = changes and begins <= at < ends
    return at - timedelta(hours=behind - summer)


def _minutes(day: date) -> Iterator[datetime]:
    first = datetime.combine(day, time.min, UTC) - timedelta(days=1)
    return (first + number * MINUTE for number in range(3 * 24 * 60))


@pytest.mark.parametrize("zone", OFFSETS)
@pytest.mark.parametrize("changed_on", (SPRING, AUTUMN), ids=("spring", "autumn"))
def test_each_minute_around_a_change_of_the_clocks_is_judged_by_the_patients_wall_clock(
    changed_on: date, zone: str
) -> None:
    hours = frozenset(one for one in local_hours(FEDERAL, None, None) if one.zone == zone) or frozenset(
        one for one in (local_hours(FEDERAL, "GU", None) | local_hours(FEDERAL, "AS", None)) if one.zone == zone
    )
    assert len(hours) == 1

    wrong = [at for at in _minutes(changed_on) if allowed(at, hours) != (8 <= _clock(at, zone).hour < 21)]

    assert wrong == []


@pytest.mark.parametrize("changed_on", (SPRING, AUTUMN), ids=("spring", "autumn"))
def test_each_minute_around_a_change_of_the_clocks_the_text_window_is_eleven_to_eight(changed_on: date) -> None:
    def expected(at: datetime) -> bool:
        clock = _clock(at, "America/Chicago")
        return clock.weekday() != 6 and 11 <= clock.hour < 20

    assert [at for at in _minutes(changed_on) if is_open(ORG, "text", at) != expected(at)] == []


@pytest.mark.parametrize(("state", "zone"), [("NY", "America/New_York"), ("AZ", "America/Phoenix"), ("HI", ZONES["H"])])
@pytest.mark.parametrize("changed_on", (SPRING, AUTUMN), ids=("spring", "autumn"))
def test_from_each_minute_around_a_change_the_next_moment_is_the_first_one_open(
    changed_on: date, state: str, zone: str
) -> None:
    hours = local_hours(FEDERAL, state, "85001" if state == "AZ" else None)
    minutes = list(_minutes(changed_on))
    first_open, expected = None, {}
    for at in reversed(minutes):
        clock, local = _clock(at, "America/Chicago"), _clock(at, zone)
        if clock.weekday() != 6 and 11 <= clock.hour < 20 and 8 <= local.hour < 21:
            first_open = at
        expected[at] = first_open

    wrong = [at for at in minutes if expected[at] and next_allowed(FEDERAL, "text", at, hours) != expected[at]]

    assert wrong == []


# ---- trying again --------------------------------------------------------------------------------------------------
TRIES = [
    # what                                        due               tried again, clock of Chicago
    ("in the window", utc(24, 18), "Tue 12:00"),
    ("after the window", utc(25, 3), "Wed 11:00"),
    ("a minute before the end on Friday", utc(28, 1, 59), "Fri 19:59"),
    ("at the end on Friday", utc(28, 2), "Sat 11:00"),
    ("at the end on Saturday", utc(29, 2), "Mon 11:00"),
    ("the evening before Thanksgiving", utc(26, 2), "Fri 11:00"),
    ("the Saturday before Memorial Day", utc(24, 1, month=5), "Tue 11:00"),
    ("Memorial Day at noon", utc(25, 17, month=5), "Tue 11:00"),
]


@pytest.mark.parametrize(("what", "due", "again"), TRIES, ids=[row[0] for row in TRIES])
def test_a_try_that_falls_outside_waits_for_the_next_opening(what: str, due: datetime, again: str) -> None:
    assert wall(next_try(ORG, "text", due, local_hours(ORG, "IL", "60601"))) == again


def test_a_try_in_the_window_waits_for_the_patients_morning() -> None:
    assert wall(next_try(ORG, "phone", utc(24, 17), local_hours(ORG, "HI", "96813"))) == "Tue 12:00"


def test_those_who_wait_for_an_opening_come_back_over_two_minutes() -> None:
    hours, night = local_hours(ORG, "IL", "60601"), utc(25, 3)

    tries = [next_try(ORG, "text", night, hours, jitter=share) for share in (0, 0.5, 1)]

    assert tries == [utc(25, 17), utc(25, 17, 1), utc(25, 17, 2)]
    assert next_try(ORG, "text", utc(24, 18), hours, jitter=1) == utc(24, 18)  # open: nothing to spread


def test_the_spread_stays_in_a_window_that_is_short() -> None:
    short = replace(ORG, text_windows=(Window(time(11), time(11, 1)),))

    assert next_try(short, "text", utc(24, 6), local_hours(short, "IL", "60601"), jitter=1) == utc(24, 17) + timedelta(
        seconds=30
    )


def test_after_three_days_without_the_dispatcher_what_was_due_goes_on_at_once_or_in_the_next_window() -> None:
    due, hours = utc(20, 18), local_hours(ORG, "IL", "60601")  # Friday noon

    assert next_try(ORG, "text", max(due, utc(23, 18)), hours) == utc(23, 18)  # back on Monday noon
    assert wall(next_try(ORG, "text", max(due, utc(24, 3)), hours)) == "Tue 11:00"  # back on Monday night


# ---- generated -----------------------------------------------------------------------------------------------------
moments = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))
addresses = st.tuples(
    st.none() | st.sampled_from([*STATES, "AE", "ON"]),
    st.none() | st.integers(500, 99_999).map(lambda number: f"{number:05}"),
)


@st.composite
def window_sets(draw: st.DrawFn) -> tuple[Window, ...]:
    """One to three windows on five-minute marks, which may overlap, between 11:00 and midnight."""
    edges = st.integers(11 * 12, 24 * 12).map(lambda n: n * 5)
    pairs = draw(st.lists(st.tuples(edges, edges).filter(lambda pair: pair[0] != pair[1]), min_size=1, max_size=3))
    return tuple(Window(*(time(m // 60 % 24, m % 60) for m in sorted(pair))) for pair in pairs)


@given(at=moments, address=addresses, channel=st.sampled_from(LOCAL_CHANNELS))
def test_a_moment_returned_is_open_and_never_in_the_patients_quiet_hours(
    at: datetime, address: tuple[str | None, str | None], channel: str
) -> None:
    hours = local_hours(ORG, *address)

    opens, closes = next_stretch(ORG, channel, at, hours)
    first = next_allowed(ORG, channel, at, hours)

    assert first == max(at, opens) and at < closes
    for moment in (first, opens, closes - timedelta(microseconds=1)):
        assert is_open(ORG, channel, moment) and allowed(moment, hours)
        assert all(8 <= moment.astimezone(ZoneInfo(one.zone)).hour < 21 for one in hours)
    assert not (is_open(ORG, channel, closes) and allowed(closes, hours))


@settings(max_examples=25, deadline=None)
@given(at=moments, address=addresses, windows=window_sets())
def test_nothing_earlier_was_open(
    at: datetime, address: tuple[str | None, str | None], windows: tuple[Window, ...]
) -> None:
    organisation = replace(ORG, text_windows=windows)
    hours = local_hours(organisation, *address)
    try:
        first = next_allowed(organisation, "text", at, hours)
    except SettingsError:
        first = at + timedelta(days=9)

    moment = at
    while moment < first:
        assert not (is_open(organisation, "text", moment) and allowed(moment, hours))
        moment = min(first, _next_mark(moment))


def _next_mark(at: datetime) -> datetime:
    """The next five-minute mark: between two of them nothing opens or closes."""
    step = timedelta(minutes=5)
    return at + step - (at - datetime(2000, 1, 1, tzinfo=UTC)) % step


@given(at=moments, address=addresses, windows=window_sets(), jitter=st.floats(0, 1))
def test_a_try_is_in_an_open_moment_and_soon_after_the_opening(
    at: datetime, address: tuple[str | None, str | None], windows: tuple[Window, ...], jitter: float
) -> None:
    organisation = replace(ORG, text_windows=windows)
    hours = local_hours(organisation, *address)
    try:
        first = next_allowed(organisation, "text", at, hours)
    except SettingsError:
        return

    again = next_try(organisation, "text", at, hours, jitter=jitter)

    assert first <= again <= first + SPREAD
    assert is_open(organisation, "text", again) and allowed(again, hours)


def test_no_state_law_is_wider_than_the_federal_hours() -> None:
    assert all(time(8) <= opens < closes <= time(21) for opens, closes in STATE_HOURS.values())
