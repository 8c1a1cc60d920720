"""When a campaign will be done. Chicago is six hours behind UTC in winter."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.campaign import goes_out_on
from core.domain.forecast import MOST_WINDOWS, Forecast, forecast, forecast_sentence, usual_pace
from core.domain.organisation import CHANNELS, Organisation, Window
from core.domain.progress import schedule_sentence
from core.domain.window import is_open, sending_day
from tests.clinic import CAMPAIGN

ORG = Organisation()  # email 9:00-22:45 at 600 a minute, texts and calls 11:00-20:00 at 30
TWICE = replace(ORG, text_windows=(Window(time(11), time(12)), Window(time(15), time(16))))
TUESDAY = date(2026, 11, 24)


def utc(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


CASES = [
    # what                            organisation, channel, waiting, start, at, then: starts, ends, windows, sentence
    (
        "1,200 emails at 600 a minute take two minutes",
        (ORG, "email", 1200, TUESDAY, utc(24, 15, 33)),
        Forecast(utc(24, 15, 33), utc(24, 15, 35), 1),
        "done today about 9:35",
    ),
    (
        "30 of 100 texts leave at 19:59 on Friday, the rest on Saturday",
        (ORG, "text", 100, date(2026, 11, 27), utc(28, 1, 59)),
        Forecast(utc(28, 1, 59), utc(28, 17, 2) + timedelta(seconds=20), 2),
        "needs 2 windows, done tomorrow about 11:05",
    ),
    (
        "the last minute of Saturday before a holiday on Monday",
        (ORG, "text", 60, date(2026, 5, 23), utc(24, 0, 59, month=5)),
        Forecast(utc(24, 0, 59, month=5), utc(26, 16, 1, month=5), 2),
        "needs 2 windows, done Tuesday about 11:05",
    ),
    (
        "a window holds 16,200 texts: what is left takes three hours more",
        (ORG, "text", 16_200 + 5_400, TUESDAY, utc(24, 17)),
        Forecast(utc(24, 17), utc(25, 20), 2),
        "needs 2 windows, done tomorrow about 14:00",
    ),
    (
        "exactly one window is one window",
        (ORG, "text", 16_200, TUESDAY, utc(24, 17)),
        Forecast(utc(24, 17), utc(25, 2), 1),
        "done today about 20:00",
    ),
    (
        "two windows a day hold 1,800 each: three are needed",
        (TWICE, "text", 4_500, TUESDAY, utc(24, 17)),
        Forecast(utc(24, 17), utc(25, 17, 30), 3),
        "needs 3 windows, done tomorrow about 11:30",
    ),
    (
        "a start date on Sunday begins on Monday",
        (ORG, "phone", 300, date(2026, 11, 29), utc(24, 18)),
        Forecast(utc(30, 17), utc(30, 17, 10), 1),
        "done Monday about 11:10",
    ),
    (
        "a start in two weeks is named by its day",
        (ORG, "phone", 300, date(2026, 12, 8), utc(24, 18)),
        Forecast(utc(8, 17, month=12), utc(8, 17, 10, month=12), 1),
        "done Tue 8 Dec 2026 about 11:10",
    ),
    (
        "after three days without the dispatcher it begins now",
        (ORG, "text", 300, date(2026, 11, 20), utc(23, 18)),
        Forecast(utc(23, 18), utc(23, 18, 10), 1),
        "done today about 12:10",
    ),
]


@pytest.mark.parametrize(("what", "asked", "expected", "sentence"), CASES, ids=[case[0] for case in CASES])
def test_a_forecast_says_when_a_campaign_is_done_and_in_how_many_windows(
    what: str, asked: tuple[Organisation, str, int, date, datetime], expected: Forecast, sentence: str
) -> None:
    organisation, channel, waiting_count, start_on, at = asked

    found = forecast(organisation, channel, waiting_count=waiting_count, start_on=start_on, at=at)

    assert found == expected
    assert forecast_sentence(found, organisation, at=at) == sentence


def test_a_measured_pace_counts_instead_of_the_setting() -> None:
    found = forecast(ORG, "text", waiting_count=60, start_on=TUESDAY, at=utc(24, 18), per_minute=2)

    assert found == Forecast(utc(24, 18), utc(24, 18, 30), 1)


def test_nothing_waiting_has_no_forecast() -> None:
    assert forecast(ORG, "text", waiting_count=0, start_on=TUESDAY, at=utc(24, 18)) is None


def test_a_hopeless_pace_says_so_instead_of_naming_a_day() -> None:
    found = forecast(ORG, "text", waiting_count=2000, start_on=TUESDAY, at=utc(24, 18), per_minute=0.01)

    assert found == Forecast(utc(24, 18), None, MOST_WINDOWS)
    assert forecast_sentence(found, ORG, at=utc(24, 18)) == "needs more than 60 windows"


def test_times_are_rounded_up_to_five_minutes() -> None:
    found = [Forecast(utc(24, 15), utc(24, 15) + timedelta(seconds=after), 1) for after in (0, 1, 300, 301)]

    assert [forecast_sentence(one, ORG, at=utc(24, 15)) for one in found] == [
        "done today about 9:00",
        "done today about 9:05",
        "done today about 9:05",
        "done today about 9:10",
    ]


# ---- with the schedule ---------------------------------------------------------------------------------------------
SCHEDULES = [
    # what                   channel, start, at, waiting, held                 sentence
    ("now", "text", TUESDAY, utc(24, 18), 300, "", "Going out now, done today about 12:10"),
    (
        "now and tomorrow",
        "text",
        TUESDAY,
        utc(25, 1, 59),
        300,
        "",
        "Going out now, until 20:00, needs 2 windows, done tomorrow about 11:10",
    ),
    (
        "a later day names its day once",
        "phone",
        date(2026, 11, 29),
        utc(24, 18),
        300,
        "",
        "Goes out Mon 30 Nov 2026, from 11:00, done about 11:10",
    ),
    (
        "later today",
        "text",
        TUESDAY,
        utc(24, 14),
        300,
        "",
        "Goes out Tue 24 Nov 2026, from 11:00, done about 11:10",
    ),
    ("nothing waits any more", "text", TUESDAY, utc(24, 18), 0, "", "Going out now, until 20:00"),
    ("held now", "text", TUESDAY, utc(24, 18), 300, "Held.", "Held."),
    ("held later", "text", TUESDAY, utc(24, 14), 9, "Held.", "Goes out Tue 24 Nov 2026, from 11:00. Held."),
]


@pytest.mark.parametrize(
    ("what", "channel", "start_on", "at", "waiting", "held", "sentence"), SCHEDULES, ids=[row[0] for row in SCHEDULES]
)
def test_the_schedule_says_when_it_goes_out_and_when_it_is_done(
    what: str, channel: str, start_on: date, at: datetime, waiting: int, held: str, sentence: str
) -> None:
    campaign = replace(CAMPAIGN, channel=channel, start_on=start_on)

    assert schedule_sentence(campaign, ORG, at=at, held=held, waiting_count=waiting) == sentence


# ---- generated -----------------------------------------------------------------------------------------------------
ORG_ZONE = ZoneInfo(ORG.time_zone)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))


@given(
    at=moments,
    ahead=st.integers(-10, 30),
    waiting_count=st.integers(1, 20_000),
    per_minute=st.floats(1, 600),
    channel=st.sampled_from(CHANNELS),
)
def test_a_campaign_begins_open_and_ends_within_a_window(
    at: datetime, ahead: int, waiting_count: int, per_minute: float, channel: str
) -> None:
    start_on = at.date() + timedelta(days=ahead)

    found = forecast(ORG, channel, waiting_count=waiting_count, start_on=start_on, at=at, per_minute=per_minute)

    assert found and found.ends_at
    assert found.starts_at >= at and is_open(ORG, channel, found.starts_at)
    assert is_open(ORG, channel, found.ends_at - timedelta(microseconds=2))
    open_minutes = waiting_count / per_minute
    assert found.ends_at - found.starts_at >= timedelta(minutes=open_minutes) - timedelta(milliseconds=1)
    first, last = (moment.astimezone(ORG_ZONE).date() for moment in (found.starts_at, found.ends_at))
    assert found.windows == 1 or last > first


@given(day=st.dates(date(2024, 1, 1), date(2032, 1, 1)), channel=st.sampled_from(CHANNELS))
def test_a_campaign_of_any_mode_starts_on_the_sending_day_that_the_editor_names(day: date, channel: str) -> None:
    campaign = replace(CAMPAIGN, channel=channel, start_on=day)
    before = datetime.combine(day, time.min, UTC) - timedelta(days=1)

    found = forecast(ORG, channel, waiting_count=1, start_on=day, at=before)

    assert found
    assert goes_out_on(campaign, ORG) == sending_day(ORG, day)
    assert (found.starts_at - timedelta(hours=6)).date() == goes_out_on(campaign, ORG)


def test_letters_keep_their_date_whatever_day_it_is() -> None:
    sunday = replace(CAMPAIGN, channel="letter", start_on=date(2026, 11, 29))

    assert goes_out_on(sunday, ORG) == date(2026, 11, 29)


def test_the_usual_pace_is_a_setting_of_each_mode() -> None:
    assert [usual_pace(ORG, channel) for channel in CHANNELS] == [600, 30, 30]
