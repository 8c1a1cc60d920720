"""The demo: what a first-time visitor finds, its clock, and that it never touches a home it did not make."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core import (
    campaign_list,
    campaigns,
    communications,
    demo,
    demo_effect,
    demo_story,
    downloads,
    effects,
    loads,
    opt_outs,
    outbox,
    patients,
    saved_views,
    work_lists,
)
from core.demo_story import letter_days
from core.domain.organisation import Organisation
from core.domain.user import User
from core.domain.window import is_sending_day
from core.domain.work_list import WorkList
from core.errors import NotAllowed
from core.settings import Settings
from core.store import accounts
from core.store.database import reading
from core.store.schema import replies
from core.workbench import Workbench, open_workbench
from tests.browser import free_ports
from tests.conftest import ROOT, Clock

pytestmark = pytest.mark.long

PATIENTS = 250


@pytest.fixture
def sandbox(home: Path) -> Settings:
    """Settings of a demo's home that does not exist yet."""
    return sandbox_of(home)


def sandbox_of(home: Path) -> Settings:
    port = free_ports()
    return Settings(
        home=home, database_url=f"sqlite:///{home / 'careloop.db'}", port=port, smtp_port=port + 1, demo=True
    )


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a demo as of the clock's day, made once."""
    home = tmp_path_factory.mktemp("story") / "home"
    home.mkdir()
    (home / demo.MARKER).touch()
    wb = open_workbench(sandbox_of(home), clock=Clock())
    accounts.add_user(wb.engine, User("analyst", "Dana Demo"), at=wb.now(), by="command-line")
    demo_story.tell(wb.as_user("analyst"), patients=PATIENTS, progress=lambda _step, _share: None)
    wb.engine.dispose()
    return home


@pytest.fixture
def told(story: Path, sandbox: Settings, clock: Clock) -> Iterator[Workbench]:
    """A copy of it, as its visitor acts in it."""
    shutil.copytree(story, sandbox.home)
    wb = open_workbench(sandbox, clock=clock)
    yield wb.as_user("analyst")
    wb.engine.dispose()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A demo as of today, made like `careloop demo` does."""
    home, port = tmp_path_factory.mktemp("made") / "home", free_ports()
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'careloop.db'}", port=port, smtp_port=port + 1)
    wb = open_workbench(demo.make(settings, patients=60), user="analyst")
    yield wb
    wb.engine.dispose()


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def sent_by(wb: Workbench) -> dict[str, campaign_list.Listed]:
    """The campaigns that have ended, by channel; of several the last one."""
    ended = [one for one in campaign_list.campaigns(wb) if one.status == "Completed"]
    return {one.campaign.channel: one for one in reversed(ended)}


def test_a_visitor_finds_saved_views_a_draft_and_a_campaign_that_was_sent(told: Workbench) -> None:
    views = saved_views.views(told)
    assert len(views) == 3
    for view in views:
        assert view.is_shared
        assert work_lists.run(told, view.work_list).count > 0

    by_status = {one.status: one for one in campaign_list.campaigns(told)}
    assert set(by_status) == {"Inactive", "Completed"}
    assert set(sent_by(told)) == {"email", "text", "letter"}
    sent = sent_by(told)["email"]
    assert sent.progress.results["Successful"] > 0
    assert outbox.mails(told).count == sent.progress.results["Successful"]
    assert timedelta(days=6) <= told.today() - sent.campaign.start_on <= timedelta(days=10)
    assert not campaigns.problems_of(told, by_status["Inactive"].campaign)


def test_a_visitor_finds_letters_of_last_week_most_of_them_mailed_and_one_returned(told: Workbench) -> None:
    letters = sent_by(told)["letter"]
    results = letters.progress.results
    assert (results["Waiting"], results["Returned"]) == (4, 1) and results["Successful"] > 0
    assert {each.kind for each in downloads.files(told)} == {"letters", "labels"}


def test_a_visitor_finds_what_a_campaign_of_three_months_ago_has_changed(told: Workbench) -> None:
    [campaign] = [one.campaign for one in campaign_list.campaigns(told) if one.campaign.name == demo_effect.NAME]

    effect = effects.effect(told, campaign.campaign_id)

    assert effect is not None and effect.is_estimate and effect.last.days == 90
    contacted, held_out = effect.last.arms
    assert contacted.counts.closed and held_out.counts.closed
    assert abs(contacted.counts.size - held_out.counts.size) <= effect.last.arms[0].counts.size / 4


def test_letters_of_the_demo_are_mailed_on_a_day_on_which_post_goes() -> None:
    organisation = Organisation()
    for today in (date(2026, 1, 1) + timedelta(days=number) for number in range(730)):
        printed, mailed, came_back = letter_days(today, organisation)
        assert is_sending_day(organisation, printed) and is_sending_day(organisation, mailed), today
        assert printed < mailed < came_back < today


def test_a_visitor_finds_texts_of_last_week_that_did_not_all_arrive_and_what_patients_wrote(told: Workbench) -> None:
    texts = sent_by(told)["text"]

    assert texts.progress.results["Successful"] > 0
    assert texts.progress.results["Returned"] > 0
    assert timedelta(days=5) <= told.today() - texts.campaign.start_on <= timedelta(days=9)
    with reading(told.engine) as connection:
        wrote = connection.execute(select(replies).order_by(replies.c.reply_id)).all()
    assert [(one.kind, one.status) for one in wrote] == [("stop", "done"), ("unsure", "new"), ("other", "new")]
    assert all(one.recipient_id and told.now() - one.received_at > timedelta(days=4) for one in wrote)

    [person] = [
        each
        for each in patients.people(told, campaigns.patients(told, texts.campaign.campaign_id))
        if each.phone_mobile == wrote[0].from_number
    ][:1]
    assert [each.source for each in opt_outs.of_patient(told, person.patient_id)] == ["stop"]
    assert texts.campaign.name in [each.title for each in communications.of_patient(told, person.patient_id)]


def test_told_again_on_the_same_day_nothing_changes(told: Workbench) -> None:
    before = files(told.settings.home / "sample-feed")
    moments = [path.stat().st_mtime_ns for path in before]

    demo_story.tell(told, patients=PATIENTS, progress=lambda _step, _share: None)

    assert [path.stat().st_mtime_ns for path in files(told.settings.home / "sample-feed")] == moments
    assert [row.status for row in loads.history(told)] == ["unchanged", "loaded", "loaded"]
    assert len(campaign_list.campaigns(told)) == 5
    assert len(saved_views.views(told)) == 3


def test_told_on_a_later_day_the_data_are_new_and_the_visitor_s_work_stays(told: Workbench, clock: Clock) -> None:
    generation = loads.current(told)
    view = saved_views.save_view(told, "Mine", WorkList())
    patient = work_lists.run(told, WorkList()).ids[0]
    opt_outs.add(told, patient, "health_email", reason="Too many messages")
    mails = outbox.mails(told).count

    clock.forward(days=3)
    demo_story.tell(told, patients=PATIENTS, progress=lambda _step, _share: None)

    now = loads.current(told)
    assert generation is not None and now is not None and now.name != generation.name
    assert loads.history(told)[0].status == "loaded"
    assert (told.settings.home / "sample-feed" / "made-for").read_text("utf-8").endswith("2026-11-27")
    assert view in [each.view_id for each in saved_views.views(told)]
    assert [each.type for each in opt_outs.of_patient(told, patient)] == ["health_email"]
    assert (len(campaign_list.campaigns(told)), outbox.mails(told).count) == (5, mails)


@pytest.mark.long
@pytest.mark.parametrize("days", [2, 5], ids=["Thanksgiving", "Sunday"])
def test_a_demo_made_on_a_day_without_mails_has_a_campaign_that_was_sent(
    sandbox: Settings, clock: Clock, days: int
) -> None:
    clock.forward(days=days)
    sandbox.home.mkdir()
    wb = open_workbench(sandbox, clock=clock)
    accounts.add_user(wb.engine, User("analyst", "Dana Demo"), at=clock(), by="command-line")

    demo_story.tell(wb.as_user("analyst"), patients=PATIENTS, progress=lambda _step, _share: None)

    sent = sent_by(wb.as_user("analyst"))
    assert set(sent) == {"email", "text", "letter"}
    for one in sent.values():
        assert one.campaign.start_on.weekday() < 6
        assert one.progress.results["Successful"] > 0
    wb.engine.dispose()


def test_a_home_with_something_else_in_it_is_refused_and_untouched(sandbox: Settings) -> None:
    sandbox.home.mkdir()
    (sandbox.home / "careloop.db").write_text("patients")

    with pytest.raises(NotAllowed, match="was not made by the demo"):
        demo.make(sandbox, patients=10)
    with pytest.raises(NotAllowed, match="was not made by the demo"):
        demo.make(sandbox, patients=10, fresh=True)

    assert [path.name for path in files(sandbox.home)] == ["careloop.db"]


def test_the_command_refuses_such_a_home_without_a_traceback(home: Path) -> None:
    home.mkdir()
    (home / "careloop.db").write_text("patients")
    environ = {**os.environ, "CARELOOP_HOME": str(home), "CARELOOP_PORT": str(free_ports())}

    run = subprocess.run(
        [sys.executable, "-m", "core", "demo"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("careloop: ")
    assert "was not made by the demo" in run.stderr


@pytest.mark.long
def test_the_demo_s_clock_can_be_moved_and_reset(made: Workbench) -> None:
    tomorrow = made.now() + timedelta(days=1)

    demo.move_clock(made, tomorrow)
    assert timedelta(0) <= made.now() - tomorrow < timedelta(seconds=30)

    demo.move_clock_to_sunday(made)
    local = made.now().astimezone(made.zone())
    assert (local.weekday(), local.hour) == (6, 21)

    demo.reset_clock(made)
    assert demo.clock_shift(made) == timedelta(0)
    assert abs(made.now() - datetime.now(UTC)) < timedelta(seconds=30)


def test_a_demo_made_again_is_as_of_now(made: Workbench) -> None:
    demo.move_clock(made, made.now() + timedelta(days=9))

    demo.make(made.settings, patients=60)

    assert demo.clock_shift(made) == timedelta(0)
    assert loads.history(made)[0].status in ("unchanged", "loaded")


@pytest.mark.long
def test_a_fresh_demo_forgets_what_was_there(made: Workbench) -> None:
    saved_views.save_view(made, "Mine", WorkList())
    made.engine.dispose()

    demo.make(made.settings, patients=60, fresh=True)

    assert "Mine" not in [view.name for view in saved_views.views(made)]


def test_a_demo_whose_making_was_broken_off_is_made_anew(sandbox: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    home = sandbox.home

    def broken(*_: object, **__: object) -> None:
        raise OSError("the machine went away")

    with monkeypatch.context() as patched:
        patched.setattr(demo, "tell", broken)
        with pytest.raises(OSError, match="went away"):
            demo.make(sandbox, patients=60)
    (home / "left-over").touch()
    monkeypatch.setattr(demo, "tell", lambda *_, **__: None)
    demo.make(sandbox, patients=60)
    assert not (home / "left-over").exists()
    (home / "of-a-visitor").touch()
    demo.make(sandbox, patients=60)
    assert (home / "of-a-visitor").exists()


@pytest.mark.parametrize(
    "move", [demo.move_clock_to_window, demo.move_clock_to_sunday, demo.reset_clock], ids=lambda move: move.__name__
)
def test_outside_a_demo_the_clock_cannot_be_moved(wb: Workbench, move: Callable[[Workbench], None]) -> None:
    with pytest.raises(NotAllowed, match="in a demo only"):
        move(wb)


def test_the_clock_cannot_be_moved_where_a_mail_could_leave(made: Workbench) -> None:
    leaving = replace(made, settings=replace(made.settings, smtp_host="192.0.2.1"))

    with pytest.raises(NotAllowed, match="no mail can leave"):
        demo.move_clock(leaving, made.now())


def test_settings_alone_make_no_demo(wb: Workbench) -> None:
    claimed = replace(wb, settings=replace(wb.settings, demo=True))

    with pytest.raises(NotAllowed, match="in a demo only"):
        demo.move_clock(claimed, wb.now())
