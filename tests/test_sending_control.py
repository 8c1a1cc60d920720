"""What holds sending back: a person's pause, an account that fails, a limit a minute; a stop takes effect at once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core import campaigns, dispatcher, sending_control
from core.channels.email import EmailChannel
from core.domain.sending_account import Account, after_failure, after_success, take
from core.domain.user import Scope, User
from core.errors import NotAllowed
from core.sending import send_batch
from core.store import accounts
from core.store.database import reading
from core.store.schema import audit
from core.store.sending import control
from core.workbench import Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states_only, tries
from tests.conftest import TUESDAY_NOON, Clock
from tests.dispatchers import taken
from tests.mail_servers import Recorder, rude
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def actions(wb: Workbench) -> list[str]:
    with reading(wb.engine) as connection:
        return list(connection.scalars(select(audit.c.action).order_by(audit.c.audit_id)))


def with_port(wb: Workbench, port: int) -> Workbench:
    return replace(wb, settings=replace(wb.settings, smtp_port=port))


# ---- pause all -----------------------------------------------------------------------------------------------------
def test_while_all_sending_is_paused_nothing_leaves_and_afterwards_everything_once(
    wb: Workbench, server: Recorder
) -> None:
    add_campaign(wb, add_patients(wb, 3))
    sending_control.pause_all(wb, reason="A wrong template")

    assert dispatcher.drain(wb) == 0
    assert campaigns.schedule(wb, campaigns.campaign(wb, "c1")) == "Waiting: all sending is paused"
    assert "All sending is paused since Tue 24 Nov 2026, 12:00 by Ana Lyst: A wrong template" in [
        hold.sentence for hold in sending_control.holds(wb)
    ]

    assert sending_control.resume_all(wb)
    assert dispatcher.drain(wb) == 3
    assert len(server.mails) == 3
    assert [each for each in actions(wb) if each.startswith("sending.")] == ["sending.paused", "sending.resumed"]


@pytest.mark.parametrize("way", ["pause", "stop"])
def test_a_pause_or_stop_takes_effect_before_the_next_message(wb: Workbench, server: Recorder, way: str) -> None:
    add_campaign(wb, add_patients(wb, 5))
    batch = taken(wb, "c1", worker="w")

    with EmailChannel("127.0.0.1", server.port) as channel, control(wb.engine, "c1") as asked:

        def may_go_on() -> bool:
            if len(server.mails) == 2:
                sending_control.pause_all(wb, reason="Look") if way == "pause" else campaigns.stop(wb, "c1")
            return asked.lets_go()

        send_batch(batch, channel, may_go_on=may_go_on)

    assert len(server.mails) == 2
    assert states_only(wb) == ["handed_over"] * 2 + ["waiting" if way == "pause" else "stopped"] * 3
    assert tries(wb, "p3") == []


def test_a_second_pause_changes_nothing_and_one_needs_a_reason(wb: Workbench) -> None:
    first = sending_control.pause_all(wb, reason="One")

    assert sending_control.pause_all(wb, reason="Two") == first
    with pytest.raises(NotAllowed, match="needs a reason"):
        sending_control.pause_all(wb, reason="  \n ")
    assert sending_control.resume_all(wb)
    assert not sending_control.resume_all(wb)


def test_only_who_may_see_everybody_ends_a_pause_and_never_the_dispatcher(wb: Workbench) -> None:
    one_group = User("one", "One", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(wb.engine, one_group, at=wb.now(), by="ana")
    sending_control.pause_all(wb.as_user("one"), reason="Wrong letters in a name")

    assert sending_control.may_resume(wb)
    for user in ("one", "dispatcher"):
        assert not sending_control.may_resume(wb.as_user(user))
        with pytest.raises(NotAllowed):
            sending_control.resume_all(wb.as_user(user))


# ---- an account that fails -----------------------------------------------------------------------------------------
def test_three_failures_in_a_row_pause_the_account_and_no_patient_loses_an_attempt(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    add_campaign(wb, add_patients(wb, 2))
    nowhere = with_port(wb, 1)

    for _ in range(3):
        assert dispatcher.drain(nowhere) == 0
    assert [hold.kind for hold in sending_control.holds(wb)] == ["account"]
    assert tries(wb, "p1") == [] and states_only(wb) == ["waiting", "waiting"]
    assert sending_control.held_sentence(wb) == "Waiting: the mail server cannot be reached"

    assert dispatcher.drain(wb) == 0, "it is tried again after a minute, not at once"
    clock.forward(minutes=1)
    assert dispatcher.drain(wb) == 2
    assert sending_control.holds(wb) == []
    assert [each for each in actions(wb) if each.startswith("sending.")] == [
        "sending.account_paused",
        "sending.account_resumed",
    ]


@pytest.mark.parametrize("greeting", ["421 4.3.2 going down", "554 5.7.1 go away"])
def test_a_server_that_takes_no_mail_at_all_uses_up_no_attempt(wb: Workbench, greeting: str) -> None:
    add_campaign(wb, add_patients(wb, 2))

    with rude("", banner=greeting) as away:
        for _ in range(4):
            dispatcher.drain(with_port(wb, away.port))

    assert tries(wb, "p1") == []
    assert sending_control.held_sentence(wb) == "Waiting: the mail server took no messages"


def test_a_refused_login_pauses_at_once_until_a_person_has_looked(wb: Workbench, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 1))
    with rude("", extensions=("AUTH GSSAPI",)) as away:
        settings = replace(wb.settings, smtp_port=away.port, smtp_user="ana", smtp_password="wrong")
        dispatcher.drain(replace(wb, settings=settings))
        clock.forward(hours=1)
        dispatcher.drain(replace(wb, settings=settings))
        assert away.connections == 1, "a server locks out who tries wrongly too often"

    (hold,) = sending_control.holds(wb)
    assert "Nothing is tried until somebody has put that right" in hold.sentence
    sending_control.try_account_again(wb)
    assert dispatcher.drain(wb) == 1


FAILURES = [
    # failures before, reason, paused, needs a person, tried again by itself
    (0, "no_connection", False, False, False),
    (1, "no_connection", False, False, False),
    (2, "no_connection", True, False, True),
    (7, "server_busy", True, False, True),
    (0, "login_refused", True, True, False),
    (5, "login_refused", True, True, False),
]


@pytest.mark.parametrize(("before", "reason", "paused", "needs_person", "probes"), FAILURES)
def test_when_an_account_is_paused(before: int, reason: str, paused: bool, needs_person: bool, probes: bool) -> None:
    account = Account("email", failures=before, paused_at=TUESDAY_NOON if before >= 3 else None)

    after = after_failure(account, reason=reason, reply="", at=TUESDAY_NOON)

    assert (after.paused_at is not None, after.needs_person) == (paused, needs_person)
    assert (after.probe_at is not None) == probes
    assert after_success(after) == Account("email")


# ---- a limit -------------------------------------------------------------------------------------------------------
def test_a_limit_a_minute_holds_over_all_workers(wb: Workbench, server: Recorder, clock: Clock) -> None:
    accounts.change_organisation(wb.engine, {"email_rate_limit": 120}, at=wb.now(), by="ana")
    add_campaign(wb, add_patients(wb, 20))

    assert [dispatcher.drain(wb), dispatcher.drain(wb)] == [2, 0]
    clock.forward(seconds=1)
    assert dispatcher.drain(wb) == 2
    clock.forward(minutes=5)
    assert dispatcher.drain(wb) == 2, "what was not used is not saved up"


@given(
    per_minute=st.integers(1, 6000),
    steps=st.lists(st.tuples(st.integers(-7200, 600), st.integers(0, 100)), max_size=30),
)
def test_no_more_leave_than_the_limit_allows_even_when_the_clock_steps_back(
    per_minute: int, steps: list[tuple[int, int]]
) -> None:
    account, at, forward, gone = Account("email"), TUESDAY_NOON, 0.0, 0
    for seconds, wanted in steps:
        at += timedelta(seconds=seconds)
        forward += max(0, seconds)
        account, granted = take(account, wanted=wanted, per_minute=per_minute, at=at)
        assert 0 <= granted <= wanted
        gone += granted

    assert gone <= max(1.0, per_minute / 60) + forward * per_minute / 60 + 1e-6
