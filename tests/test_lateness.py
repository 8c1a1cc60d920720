"""When a feed is late: by hours that pass, over weekends and changes of clocks; told to each administrator once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from sqlalchemy import select

from core import lateness, watching
from core.domain.lateness import due_at
from core.domain.organisation import ExpectedFeed
from core.domain.user import User
from core.errors import SettingsError
from core.store import accounts, alarm_rows, arrival_rows, feed_rows
from core.store.database import reading, writing
from core.store.schema import alarm_mails
from core.tending import Tending
from core.workbench import DISPATCHER, Workbench
from tests.conftest import Clock
from tests.drawn import drawn
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

CHICAGO = ZoneInfo("America/Chicago")
ZONES = [CHICAGO, ZoneInfo("America/Havana"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("last", "hours", "weekends", "due"),
    [
        ("2026-11-24T02:00", 26, True, "2026-11-25T04:00"),
        ("2026-11-27T02:00", 26, True, "2026-11-28T04:00"),
        ("2026-11-27T02:00", 26, False, "2026-11-30T04:00"),  # Friday to Monday
        ("2026-11-28T02:00", 26, False, "2026-12-01T02:00"),  # what comes on a Saturday counts from Monday
        ("2026-11-27T22:00", 2, False, "2026-11-28T00:00"),  # exactly when the weekend begins
        ("2026-10-31T12:00", 24, True, "2026-11-01T11:00"),  # clocks go back: the day has 25 hours
        ("2026-03-07T12:00", 24, True, "2026-03-08T13:00"),  # clocks go forward
        ("2026-10-30T12:00", 24, False, "2026-11-02T12:00"),  # a weekend of 49 hours does not count either
    ],
)
def test_a_feed_is_due_after_so_many_hours(last: str, hours: int, weekends: bool, due: str) -> None:
    assert due_at(local(last), hours, weekends=weekends, zone=CHICAGO) == local(due)


@drawn(
    daily=40,
    many=1500,
    zone=st.sampled_from(ZONES),
    last=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
    hours=st.integers(1, 24 * 12),
)
def test_hours_are_counted_one_by_one_without_those_of_weekends(zone: ZoneInfo, last: datetime, hours: int) -> None:
    last = last.replace(minute=30 * (last.minute // 30), second=0, microsecond=0, tzinfo=UTC)
    step, at, left = timedelta(minutes=30), last, 2 * hours
    while left:
        left -= at.astimezone(zone).weekday() < 5
        at += step

    assert due_at(last, hours, weekends=False, zone=zone) == at
    assert due_at(last, hours, weekends=True, zone=zone) == last + timedelta(hours=hours)


def came(wb: Workbench, source: str = "ehr", *, format: str = "careloop", status: str = "loaded") -> None:
    """A feed of the source was loaded by hand."""
    with writing(wb.engine) as connection:
        feed_rows.add_load(
            connection, source_system=source, format=format, status=status, started_at=wb.now(), finished_at=wb.now(),
            loaded_by="ana", counts={}, defects=[],
        )  # fmt: skip


def arrived(wb: Workbench, name: str, state: str, source: str = "ehr") -> None:
    """A feed came through the watched folder."""
    with writing(wb.engine) as connection:
        key = arrival_rows.begin(connection, name, name, stamp=name, at=wb.now())
        arrival_rows.change(connection, key, state=state, source_system=source, finished_at=wb.now())
    if state != "failed":
        came(wb, source, status=state)


def change(wb: Workbench, **values: object) -> None:
    accounts.change_organisation(wb.engine, values, at=wb.now(), by="ana")


def kinds(wb: Workbench) -> list[tuple[str, str]]:
    return [(alarm.kind, alarm.key.split(":")[1]) for alarm in lateness.alarms(wb)]


def test_a_source_that_comes_through_a_watched_folder_is_expected_every_26_hours(
    bench: Workbench,  # noqa: F811
    clock: Clock,
) -> None:
    arrived(bench, "mon", "loaded")
    came(bench, "by hand")
    clock.forward(hours=25, minutes=59)
    assert kinds(bench) == []
    clock.forward(minutes=1)
    assert kinds(bench) == [("late", "ehr")]
    arrived(bench, "tue", "unchanged")
    assert kinds(bench) == []


@pytest.mark.parametrize(
    ("changes", "late"),
    [
        ({}, ["ehr"]),
        ({"feed_every_hours": None}, []),
        ({"feed_every_hours": 31}, []),
        ({"ended_sources": ("ehr",)}, []),
        ({"expected_feeds": (ExpectedFeed("lab", 24),)}, ["ehr", "lab"]),
        ({"expected_feeds": (ExpectedFeed("ehr", None),)}, []),
        ({"expected_feeds": (ExpectedFeed("ehr", 240),)}, []),
        ({"feed_every_hours": None, "expected_feeds": (ExpectedFeed("lab", 6, weekends=False),)}, ["lab"]),
    ],
)
def test_what_is_expected_of_each_source_is_a_setting(
    wb: Workbench, clock: Clock, changes: dict[str, object], late: list[str]
) -> None:
    arrived(wb, "mon", "loaded")
    came(wb, "lab")
    came(wb, "codes", format="codes")
    change(wb, **changes)
    clock.forward(hours=30)
    assert [source for _, source in kinds(wb)] == late


def test_a_load_that_failed_is_no_feed_that_came(wb: Workbench, clock: Clock) -> None:
    arrived(wb, "mon", "loaded")
    clock.forward(hours=27)
    came(wb, status="failed")
    assert kinds(wb) == [("late", "ehr")]


def test_less_than_an_hour_is_refused(wb: Workbench) -> None:
    for wrong in ({"feed_every_hours": 0}, {"expected_feeds": (ExpectedFeed("ehr", 0),)}):
        with pytest.raises(SettingsError):
            change(wb, **wrong)


def test_nothing_is_expected_in_a_demo(wb: Workbench, clock: Clock) -> None:
    arrived(wb, "mon", "loaded")
    clock.forward(days=9)
    assert lateness.alarms(replace(wb, settings=replace(wb.settings, demo=True))) == []


def test_a_feed_that_failed_is_an_alarm_until_one_could_be_loaded(wb: Workbench, clock: Clock) -> None:
    arrived(wb, "mon", "failed")
    assert [alarm.kind for alarm in lateness.alarms(wb)] == ["failed"]
    clock.forward(hours=1)
    arrived(wb, "mon-2", "loaded")
    assert lateness.alarms(wb) == []


@pytest.mark.parametrize(
    ("name", "source", "is_over"),
    [
        ("mon", "ehr", True),
        ("mon", "another", True),
        ("tue", "ehr", True),
        ("tue", "another", False),
        ("tue", "", False),
    ],
)
def test_a_failure_ends_only_when_the_same_folder_or_source_could_be_loaded(
    wb: Workbench, clock: Clock, name: str, source: str, is_over: bool
) -> None:
    arrived(wb, "mon", "failed", "ehr")
    clock.forward(hours=1)
    for number in range(60):
        arrived(wb, f"lab-{number}", "loaded", "lab")
    with writing(wb.engine) as connection:
        key = arrival_rows.begin(connection, name, "another digest", stamp="s", at=wb.now())
        arrival_rows.change(connection, key, state="loaded", source_system=source, finished_at=wb.now())
    assert (lateness.alarms(wb) == []) == is_over


def test_a_feed_that_was_mended_and_loaded_by_hand_is_no_alarm_any_more(wb: Workbench, clock: Clock) -> None:
    arrived(wb, "mon", "failed")
    clock.forward(hours=1)
    came(wb, "lab")
    assert [alarm.kind for alarm in lateness.alarms(wb)] == ["failed"]
    came(wb, "ehr")
    assert lateness.alarms(wb) == []


def test_an_unknown_source_is_no_source_and_trying_again_ends_the_alarm(wb: Workbench, clock: Clock) -> None:
    arrived(wb, "mon", "failed", "")
    clock.forward(hours=1)
    arrived(wb, "tue", "loaded", "")
    assert [alarm.kind for alarm in lateness.alarms(wb)] == ["failed"]
    watching.try_again(wb)
    assert lateness.alarms(wb) == []


# ---- emails --------------------------------------------------------------------------------------------------------
@pytest.fixture
def staff(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    """Two administrators with an address, one without, an analyst, and somebody who has left."""
    for user_id, roles, email in (
        ("ada", {"administrator"}, "ada@example.org"),
        ("bea", {"administrator", "analyst"}, "bea@example.org"),
        ("cyd", {"administrator"}, None),
        ("dee", {"analyst"}, "dee@example.org"),
    ):
        person = User(user_id, user_id, email=email, roles=frozenset(roles))
        accounts.add_user(bench.engine, person, at=bench.now(), by="ana")
    settings = replace(bench.settings, smtp_port=server.port)
    return replace(bench, settings=settings).as_user(DISPATCHER)


def test_each_administrator_gets_one_email_for_each_lateness(staff: Workbench, server: Recorder, clock: Clock) -> None:
    arrived(staff, "mon", "loaded")
    clock.forward(hours=27)
    assert [lateness.tell_administrators(staff) for _ in range(3)] == [2, 0, 0]
    clock.forward(days=3)
    assert lateness.tell_administrators(staff) == 0
    assert sorted(address for address, _ in server.mails) == ["ada@example.org", "bea@example.org"]

    arrived(staff, "thu", "loaded")
    assert lateness.tell_administrators(staff) == 0
    clock.forward(hours=27)
    assert lateness.tell_administrators(staff) == 2


def test_the_email_says_which_source_and_nothing_of_the_feed(staff: Workbench, server: Recorder, clock: Clock) -> None:
    arrived(staff, "Pat Example 1960-05-01", "failed")
    arrived(staff, "mon", "loaded")
    arrived(staff, "Pat Example again", "failed")
    clock.forward(hours=27)
    lateness.tell_administrators(staff)
    text = b"\n".join(server.contents).decode()
    assert "ehr is late" in text and "could not be loaded" in text and "Example" not in text.replace("example", "")
    assert len(server.mails) == 4


def test_a_mail_server_that_is_away_is_asked_again_and_nobody_is_told_of_what_is_over(
    staff: Workbench, server: Recorder, clock: Clock
) -> None:
    away = replace(staff, settings=replace(staff.settings, smtp_port=9))
    arrived(staff, "mon", "loaded")
    clock.forward(hours=27)
    assert lateness.tell_administrators(away) == 0
    assert lateness.tell_administrators(staff) == 0, "not at once"
    clock.forward(minutes=3)
    assert lateness.tell_administrators(staff) == 2

    arrived(staff, "tue", "loaded")
    clock.forward(hours=27)
    lateness.tell_administrators(away)
    arrived(staff, "wed", "loaded")
    clock.forward(minutes=3)
    assert lateness.tell_administrators(staff) == 0
    assert len(server.mails) == 2


def test_an_email_of_which_nobody_knows_whether_it_left_is_not_sent_again(
    staff: Workbench, server: Recorder, clock: Clock
) -> None:
    arrived(staff, "mon", "loaded")
    clock.forward(hours=27)
    (alarm,) = lateness.alarms(staff)
    with writing(staff.engine) as connection:
        alarm_rows.add(connection, alarm.key, ["ada"], at=clock())
        alarm_rows.take(connection, [alarm.key], at=clock())
    assert lateness.tell_administrators(staff) == 1
    assert [address for address, _ in server.mails] == ["bea@example.org"]
    with reading(staff.engine) as connection:
        states = {row.user_id: row.state for row in connection.execute(select(alarm_mails))}
    assert states == {"ada": "sending", "bea": "sent"}


def test_the_dispatcher_tells_them_while_it_tends(staff: Workbench, server: Recorder, clock: Clock) -> None:
    arrived(staff, "mon", "failed")
    Tending().tend(staff)
    assert len(server.mails) == 2
