"""Scheduled reports: due on their days, sent once to whoever may get them, each as far as they may see."""

import io
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from core import board_report, report_mail, report_schedules, roll_ups
from core.domain.report_schedule import MONTH, WEEK, Schedule, last_due, next_due, period
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store.database import writing
from core.store.schema import recipients, users
from core.tending import Tending
from core.workbench import DISPATCHER, Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import Clock
from tests.drawn import drawn
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

ZONE = ZoneInfo("America/Chicago")
BEGUN = datetime(2026, 11, 24, 12, 0, tzinfo=ZONE)  # a Tuesday


def schedule(every: str, day: int, since: datetime = BEGUN) -> Schedule:
    return Schedule("s1", "overview", every, day, ("eva",), True, since, "ana")


DUE = [
    # every, day, moment, last due, next due
    (WEEK, 0, datetime(2026, 11, 29, 12), None, date(2026, 11, 30)),
    (WEEK, 0, datetime(2026, 11, 30, 6, 59), None, date(2026, 11, 30)),
    (WEEK, 0, datetime(2026, 11, 30, 7), date(2026, 11, 30), date(2026, 12, 7)),
    (WEEK, 0, datetime(2026, 12, 6, 23), date(2026, 11, 30), date(2026, 12, 7)),
    (WEEK, 1, datetime(2026, 11, 24, 13), None, date(2026, 12, 1)),  # made after 7:00 of that very day
    (MONTH, 1, datetime(2026, 11, 30, 12), None, date(2026, 12, 1)),
    (MONTH, 1, datetime(2026, 12, 1, 7), date(2026, 12, 1), date(2027, 1, 1)),
    (MONTH, 28, datetime(2027, 2, 27, 12), date(2027, 1, 28), date(2027, 2, 28)),
]


@pytest.mark.parametrize(("every", "day", "at", "last", "following"), DUE)
def test_a_report_is_due_at_seven_of_its_days_and_never_before_it_was_made(
    every: str, day: int, at: datetime, last: date | None, following: date
) -> None:
    made, moment = schedule(every, day), at.replace(tzinfo=ZONE)

    assert last_due(made, at=moment, zone=ZONE) == last
    assert next_due(made, at=moment, zone=ZONE) == following


def test_a_report_is_about_the_seven_days_or_the_month_before() -> None:
    assert period(schedule(WEEK, 0), date(2026, 11, 30)) == (date(2026, 11, 23), date(2026, 11, 29))
    assert period(schedule(MONTH, 15), date(2027, 1, 15)) == (date(2026, 12, 1), date(2026, 12, 31))


@drawn(
    daily=25,
    many=2000,
    weekly=st.booleans(),
    day=st.integers(0, 27),
    at=st.datetimes(datetime(2026, 11, 25), datetime(2032, 1, 1), timezones=st.just(ZONE)),
)
def test_what_is_due_is_past_what_comes_next_is_not_and_nothing_lies_between(
    weekly: bool, day: int, at: datetime
) -> None:
    made = schedule(WEEK, day % 7) if weekly else schedule(MONTH, day + 1)

    last, following = last_due(made, at=at, zone=ZONE), next_due(made, at=at, zone=ZONE)

    assert following > at.date() or (following == at.date() and at.hour < 7)
    if last:
        assert last <= at.date()
        assert (following - last).days in ({7} if weekly else {28, 29, 30, 31})


# ---- who gets them ---------------------------------------------------------------------------------------------------
@pytest.fixture
def clinic(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    """Eva sees everybody, Gus only the ninth group; Nan has no address. A campaign went out for the first group."""
    add_clinic(bench)
    add_campaign(bench, add_patients(bench, 30), name="Mammograms", status="completed", start_on=date(2026, 11, 24))
    with writing(bench.engine) as connection:
        connection.execute(update(recipients).values(state="delivered", handed_over_at=bench.now()))
    for user_id, email, groups in (
        ("eva", "eva@example.org", ()),
        ("gus", "gus@example.org", ("g9",)),
        ("nan", None, ()),
    ):
        scope = Scope(groups=frozenset(groups)) if groups else Scope()
        person = User(user_id, user_id.title(), email=email, scope=scope, roles=frozenset({"manager"}))
        accounts.add_user(bench.engine, person, at=bench.now(), by="ana")
    return replace(bench, settings=replace(bench.settings, smtp_port=server.port))


def dispatcher(wb: Workbench) -> Workbench:
    return wb.as_user(DISPATCHER)


def report_of(content: bytes) -> tuple[str, str]:
    """The words of the email, and those of the PDF that comes with it."""
    mail = message_from_bytes(content, policy=policy.default)
    body, (attached,) = mail.get_body(), mail.iter_attachments()
    assert body is not None and attached.get_content_type() == "application/pdf"
    pages = PdfReader(io.BytesIO(attached.get_content())).pages
    return f"{mail['Subject']} {body.get_content()}", " ".join(" ".join(each.extract_text().split()) for each in pages)


def test_each_gets_it_once_a_week_with_what_they_may_see_and_no_patient(
    clinic: Workbench, server: Recorder, clock: Clock
) -> None:
    made = report_schedules.add(clinic, "overview", WEEK, 0, ["eva", "gus"])
    assert report_mail.send_due(dispatcher(clinic)) == 0
    clock.forward(days=6)
    assert [report_mail.send_due(dispatcher(clinic)) for _ in range(3)] == [2, 0, 0]
    clock.forward(days=7)
    assert report_mail.send_due(dispatcher(clinic)) == 2

    told = {address: report_of(content) for (address, _), content in zip(server.mails, server.contents, strict=True)}
    first = {address: report_of(server.contents[place])[1] for place, (address, _) in enumerate(server.mails[:2])}
    assert set(told) == {"eva@example.org", "gus@example.org"}
    assert "Mammograms" in first["eva@example.org"] and "Mammograms" not in first["gus@example.org"]
    assert "Mon 23 Nov 2026 to Sun 29 Nov 2026" in first["eva@example.org"]
    for words, pages in told.values():
        assert "Example, Ada" not in words + pages and "p1" not in words + pages and "Mammograms" not in words
    details = {"schedule": made.schedule_id, "due": "2026-11-30"}
    assert accounts.recorded(clinic.engine, "report.mailed", "eva")[0] == details


def test_what_changed_is_added_up_once_before_all_reports_and_only_when_one_leaves(
    clinic: Workbench, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds: list[float] = []
    catch_up = roll_ups.catch_up

    def counted(wb: Workbench, *, seconds: float, asked: list[float] = seconds) -> None:
        asked.append(seconds)
        catch_up(wb, seconds=seconds)

    monkeypatch.setattr(roll_ups, "catch_up", counted)
    report_schedules.add(clinic, "overview", WEEK, 0, ["eva", "gus"])
    clock.forward(days=6)

    assert [report_mail.send_due(dispatcher(clinic)) for _ in range(2)] == [2, 0]

    assert [each for each in seconds if each > 1] == [15.0]


def test_a_mail_server_that_is_away_is_asked_again(clinic: Workbench, server: Recorder, clock: Clock) -> None:
    report_schedules.add(clinic, "overview", WEEK, 0, ["eva"])
    clock.forward(days=6)
    away = replace(clinic, settings=replace(clinic.settings, smtp_port=9))

    assert report_mail.send_due(dispatcher(away)) == 0
    assert report_mail.send_due(dispatcher(clinic)) == 0, "not at once"
    clock.forward(minutes=3)
    assert report_mail.send_due(dispatcher(clinic)) == 1


def test_a_database_that_is_busy_while_the_report_is_made_is_asked_again(
    clinic: Workbench, server: Recorder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    report_schedules.add(clinic, "overview", WEEK, 0, ["eva"])
    clock.forward(days=6)

    def locked(*_: object) -> bytes:
        raise OperationalError("select", {}, Exception("database is locked"))

    with monkeypatch.context() as busy:
        busy.setattr(board_report, "overview_for", locked)
        assert report_mail.send_due(dispatcher(clinic)) == 0
    clock.forward(minutes=3)
    assert report_mail.send_due(dispatcher(clinic)) == 1


def test_whoever_leaves_while_the_email_waits_gets_none(clinic: Workbench, server: Recorder, clock: Clock) -> None:
    made = report_schedules.add(clinic, "overview", WEEK, 0, ["eva", "gus"])
    clock.forward(days=6)
    away = replace(clinic, settings=replace(clinic.settings, smtp_port=9))
    assert report_mail.send_due(dispatcher(away)) == 0
    report_schedules.leave(replace(clinic, user=clinic.as_user("eva").user), made.schedule_id)
    clock.forward(minutes=3)

    assert report_mail.send_due(dispatcher(clinic)) == 1
    assert [address for address, _ in server.mails] == ["gus@example.org"]


def test_two_who_leave_at_once_are_both_gone(clinic: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    made = report_schedules.add(clinic, "overview", WEEK, 0, ["eva", "gus"])
    stale = report_schedules.schedules(clinic)
    report_schedules.leave(replace(clinic, user=clinic.as_user("eva").user), made.schedule_id)
    with monkeypatch.context() as before:  # Gus looked before Eva had left
        before.setattr(report_schedules, "schedules", lambda _: stale)
        report_schedules.leave(replace(clinic, user=clinic.as_user("gus").user), made.schedule_id)

    assert report_schedules.schedules(clinic) == []


def test_nothing_goes_out_while_it_is_paused_or_after_it_was_removed(
    clinic: Workbench, server: Recorder, clock: Clock
) -> None:
    made = report_schedules.add(clinic, "overview", WEEK, 0, ["eva"])
    report_schedules.turn(clinic, made.schedule_id, is_on=False)
    clock.forward(days=6)
    assert report_mail.send_due(dispatcher(clinic)) == 0
    report_schedules.turn(clinic, made.schedule_id, is_on=True)
    assert report_mail.send_due(dispatcher(clinic)) == 0, "what was due while it was off is not made up for"
    clock.forward(days=7)
    assert report_mail.send_due(dispatcher(clinic)) == 1
    report_schedules.remove(clinic, made.schedule_id)
    clock.forward(days=7)
    assert report_mail.send_due(dispatcher(clinic)) == 0
    assert len(server.mails) == 1


def test_whoever_was_switched_off_gets_none(clinic: Workbench, server: Recorder, clock: Clock) -> None:
    report_schedules.add(clinic, "overview", WEEK, 0, ["eva", "gus"])
    with_eva_off(clinic)
    clock.forward(days=6)

    assert report_mail.send_due(dispatcher(clinic)) == 1
    assert [address for address, _ in server.mails] == ["gus@example.org"]


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["data_scientist"]}])
def test_a_report_whose_owner_is_gone_or_may_not_schedule_any_more_stops_until_somebody_takes_it_over(
    clinic: Workbench, server: Recorder, clock: Clock, change: dict[str, object]
) -> None:
    eva = clinic.as_user("eva")
    made = report_schedules.add(eva, "overview", WEEK, 0, ["eva", "gus"])
    with writing(clinic.engine) as connection:
        connection.execute(update(users).where(users.c.user_id == "eva").values(change))
    assert report_schedules.unanswered(clinic) == {made.schedule_id}
    clock.forward(days=6)

    assert report_mail.send_due(dispatcher(clinic)) == 0
    assert not report_schedules.schedules(clinic)[0].is_on
    assert accounts.recorded(clinic.engine, "report_schedule.stopped", made.schedule_id) == [{"made_by": "eva"}]

    report_schedules.turn(clinic.as_user("gus"), made.schedule_id, is_on=True)
    clock.forward(days=7)
    assert report_schedules.unanswered(clinic) == set()
    assert report_mail.send_due(dispatcher(clinic)) == (1 if "is_active" in change else 2)


def with_eva_off(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        connection.execute(update(users).where(users.c.user_id == "eva").values(is_active=False))


def test_days_that_were_missed_while_nothing_ran_are_not_made_up_for(
    clinic: Workbench, server: Recorder, clock: Clock
) -> None:
    report_schedules.add(clinic, "overview", WEEK, 0, ["eva"])
    clock.forward(days=30)

    assert report_mail.send_due(dispatcher(clinic)) == 1
    assert "Mon 14 Dec 2026 to Sun 20 Dec 2026" in report_of(server.contents[0])[1]


def test_the_dispatcher_sends_them_while_it_tends(clinic: Workbench, server: Recorder, clock: Clock) -> None:
    report_schedules.add(clinic, "overview", MONTH, 1, ["eva"])
    clock.forward(days=8)
    Tending().tend(dispatcher(clinic))

    assert "Sun 1 Nov 2026 to Mon 30 Nov 2026" in report_of(server.contents[0])[1]


REFUSED = [
    ("overview", WEEK, 7, ["eva"], "Choose a day"),
    ("overview", MONTH, 29, ["eva"], "Choose a day from 1 to 28"),
    ("overview", WEEK, 0, [], "at least one person"),
    ("overview", WEEK, 0, ["nan"], "no email address"),
    ("overview", WEEK, 0, ["nobody"], "no longer active"),
    ("patients", WEEK, 0, ["eva"], "no such report"),
]


@pytest.mark.parametrize(("report", "every", "day", "to", "why"), REFUSED)
def test_what_cannot_be_a_schedule_is_refused(
    clinic: Workbench, report: str, every: str, day: int, to: list[str], why: str
) -> None:
    with pytest.raises(NotAllowed, match=why):
        report_schedules.add(clinic, report, every, day, to)
    assert report_schedules.schedules(clinic) == []


def test_who_may_not_schedule_sees_and_leaves_what_comes_to_them(clinic: Workbench) -> None:
    made = report_schedules.add(clinic, "overview", WEEK, 0, ["eva", "gus"])
    other = report_schedules.add(clinic, "overview", MONTH, 1, ["gus"])
    person = User("eva", "Eva", email="eva@example.org", roles=frozenset({"opt_out_clerk"}))
    eva = replace(clinic, user=person)

    assert [each.schedule_id for each in report_schedules.schedules(eva)] == [made.schedule_id]
    with pytest.raises(NotAllowed):
        report_schedules.remove(eva, made.schedule_id)
    report_schedules.leave(eva, made.schedule_id)
    with pytest.raises(NotFound):
        report_schedules.leave(eva, other.schedule_id)

    assert [each.recipients for each in report_schedules.schedules(clinic)] == [("gus",), ("gus",)]
    report_schedules.leave(replace(clinic, user=clinic.as_user("gus").user), other.schedule_id)
    assert [each.schedule_id for each in report_schedules.schedules(clinic)] == [made.schedule_id]
    assert clinic.now() - made.since < timedelta(seconds=1)
