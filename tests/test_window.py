"""When messages may leave. Moments are UTC; Chicago is six hours behind in winter, five in summer."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.organisation import Organisation, Window
from core.domain.window import first_send_at, holiday, is_open, is_sending_day, next_window, sending_day
from core.errors import SettingsError

CHICAGO = Organisation()  # email 9:00-22:45 in America/Chicago
TWICE_A_DAY = replace(CHICAGO, email_windows=(Window(time(17), time(20)), Window(time(9), time(11))))
AT_NIGHT = replace(CHICAGO, email_windows=(Window(time(1), time(3, 30)),))


def utc(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


MOMENTS = [
    # what                                     moment (UTC)               open?  next window opens     closes
    ("Tuesday noon", utc(24, 18), True, utc(24, 15), utc(25, 4, 45)),
    ("Tuesday 8:59", utc(24, 14, 59), False, utc(24, 15), utc(25, 4, 45)),
    ("Tuesday 9:00", utc(24, 15), True, utc(24, 15), utc(25, 4, 45)),
    ("Tuesday 22:44", utc(25, 4, 44), True, utc(24, 15), utc(25, 4, 45)),
    ("Tuesday 22:45", utc(25, 4, 45), False, utc(25, 15), utc(26, 4, 45)),
    ("the eve of Thanksgiving 22:45", utc(26, 4, 45), False, utc(27, 15), utc(28, 4, 45)),
    ("Thanksgiving noon", utc(26, 18), False, utc(27, 15), utc(28, 4, 45)),
    ("Saturday noon", utc(28, 18), True, utc(28, 15), utc(29, 4, 45)),
    ("Sunday noon", utc(29, 18), False, utc(30, 15), utc(1, 4, 45, month=12)),
    ("Christmas on a Friday", utc(25, 18, month=12), False, utc(26, 15, month=12), utc(27, 4, 45, month=12)),
    ("the Monday after the clocks go back", utc(2, 16), True, utc(2, 15), utc(3, 4, 45)),
    ("the Saturday before they go back", utc(31, 16, month=10), True, utc(31, 14, month=10), utc(1, 3, 45)),
    ("the Monday after they go forward", utc(9, 14, month=3), True, utc(9, 14, month=3), utc(10, 3, 45, month=3)),
    ("the Saturday before they go forward", utc(7, 14, month=3), False, utc(7, 15, month=3), utc(8, 4, 45, month=3)),
]


@pytest.mark.parametrize(("what", "at", "open_now", "opens", "closes"), MOMENTS, ids=[row[0] for row in MOMENTS])
def test_the_email_window_is_nine_to_a_quarter_to_eleven_on_the_wall(
    what: str, at: datetime, open_now: bool, opens: datetime, closes: datetime
) -> None:
    assert is_open(CHICAGO, "email", at) is open_now
    assert next_window(CHICAGO, "email", at) == (opens, closes)


DAYS = [
    # start date, the day it goes out
    (date(2026, 11, 24), date(2026, 11, 24)),
    (date(2026, 11, 26), date(2026, 11, 27)),  # Thanksgiving
    (date(2026, 11, 29), date(2026, 11, 30)),  # a Sunday
    (date(2026, 7, 3), date(2026, 7, 6)),  # Independence Day observed on Friday, itself on Saturday, then Sunday
    (date(2027, 7, 5), date(2027, 7, 6)),  # Independence Day on a Sunday, observed on Monday
    (date(2021, 12, 31), date(2022, 1, 3)),  # New Year's Day 2022 observed in the year before, itself, a Sunday
    (date(2026, 12, 24), date(2026, 12, 24)),  # the eve is no holiday
]


@pytest.mark.parametrize(("start_on", "goes_out_on"), DAYS)
def test_a_sunday_or_holiday_start_goes_out_on_the_next_sending_day(start_on: date, goes_out_on: date) -> None:
    assert sending_day(CHICAGO, start_on) == goes_out_on


def test_the_holidays_of_the_organisation_count_as_well() -> None:
    day_after = replace(CHICAGO, extra_holidays=(date(2026, 11, 27),))

    assert sending_day(day_after, date(2026, 11, 26)) == date(2026, 11, 28)
    assert holiday(day_after, date(2026, 11, 27)) == "holiday of the organisation"
    assert holiday(day_after, date(2026, 11, 26)) == "Thanksgiving Day"


def test_a_day_may_have_several_windows_in_any_order() -> None:
    assert is_open(TWICE_A_DAY, "email", utc(24, 15))
    assert not is_open(TWICE_A_DAY, "email", utc(24, 18))
    assert next_window(TWICE_A_DAY, "email", utc(24, 18)) == (utc(24, 23), utc(25, 2))


def test_a_window_that_closes_at_midnight_is_open_until_the_end_of_the_day() -> None:
    all_day = replace(CHICAGO, email_windows=(Window(time(0), time(0)),))

    assert next_window(all_day, "email", utc(24, 18)) == (utc(24, 6), utc(25, 6))


def test_a_night_window_is_right_on_the_days_the_clocks_change() -> None:
    # Sundays never send, so the change is looked at in a zone that changes on a Friday: Jerusalem, 2026-03-27 at 2:00.
    jerusalem = replace(AT_NIGHT, time_zone="Asia/Jerusalem")

    # 1:00 is 23:00 UTC the day before (UTC+2); 3:30 comes after the change and is 0:30 UTC (UTC+3)
    assert next_window(jerusalem, "email", utc(27, 0, month=3)) == (utc(26, 23, month=3), utc(27, 0, 30, month=3))


FIRST = [
    # start date, activated at, first mail at
    ("later day", date(2026, 11, 25), utc(24, 18), utc(25, 15)),
    ("its own day in the window", date(2026, 11, 24), utc(24, 18), utc(24, 18)),
    ("its own day after the window", date(2026, 11, 24), utc(25, 5), utc(25, 15)),
    ("Sunday start on the Saturday before", date(2026, 11, 29), utc(28, 18), utc(30, 15)),
]


@pytest.mark.parametrize(("what", "start_on", "at", "first"), FIRST, ids=[row[0] for row in FIRST])
def test_a_campaign_goes_out_in_the_next_window_from_its_start_date(
    what: str, start_on: date, at: datetime, first: datetime
) -> None:
    assert first_send_at(CHICAGO, "email", start_on=start_on, at=at) == first


def test_windows_that_never_open_are_a_settings_error() -> None:
    never = replace(CHICAGO, email_windows=())

    with pytest.raises(SettingsError, match="No sending window"):
        next_window(never, "email", utc(24, 18))


def test_letters_have_no_windows() -> None:
    with pytest.raises(SettingsError, match=r"'letter'. Channels that have them: email, text, phone"):
        next_window(CHICAGO, "letter", utc(24, 18))


@pytest.mark.parametrize("channel", ("text", "phone"))
def test_texts_and_calls_go_out_from_eleven_to_eight_on_the_wall(channel: str) -> None:
    assert next_window(CHICAGO, channel, utc(24, 18)) == (utc(24, 17), utc(25, 2))
    assert next_window(CHICAGO, channel, utc(14, 18, month=7)) == (utc(14, 16, month=7), utc(15, 1, month=7))


@given(at=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC)))
def test_the_next_window_lies_ahead_and_is_open_when_it_says_so(at: datetime) -> None:
    opens, closes = next_window(TWICE_A_DAY, "email", at)

    assert opens < closes and at < closes
    assert is_open(TWICE_A_DAY, "email", at) == (opens <= at)
    assert is_open(TWICE_A_DAY, "email", opens) and not is_open(TWICE_A_DAY, "email", closes)
    assert opens.astimezone(ZoneInfo("America/Chicago")).time() in (time(9), time(17))


@given(day=st.dates(date(2020, 1, 1), date(2035, 1, 1)))
def test_the_sending_day_is_the_first_one_from_the_start_date(day: date) -> None:
    shifted = sending_day(CHICAGO, day)

    assert day <= shifted <= day + timedelta(days=4)
    assert is_sending_day(CHICAGO, shifted)
    assert not any(is_sending_day(CHICAGO, day + timedelta(days=n)) for n in range((shifted - day).days))
