"""A dispatcher that is killed in the middle of its work, as a process of its own: nobody ever gets a second mail."""

import random
import signal
import time
from collections import Counter

import pytest
from sqlalchemy import select

from core import dispatcher, reports
from core.sending import BATCH
from core.store.database import reading
from core.store.schema import dispatchers
from core.workbench import Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states
from tests.conftest import Clock
from tests.dispatchers import start, wait_until
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)


@pytest.fixture
def wb(bench_by_day: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench_by_day, server.port)


def test_a_killed_dispatcher_leaves_unknown_messages_but_never_a_second_mail(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    ids = add_patients(wb, 300)
    add_campaign(wb, ids)

    for mails in (23, 140):
        child = start(wb)
        wait_until(lambda mails=mails: len(server.mails) >= mails)  # type: ignore[misc]
        child.kill()
        child.wait()
    dispatcher.drain(wb)

    delivered = Counter(address.partition("@")[0] for address, _ in server.mails)
    ended = states(wb)
    assert set(delivered.values()) == {1}, "a patient got a second mail"
    assert {state for state, _ in ended.values()} <= {"handed_over", "unknown"}
    assert all(patient in delivered for patient, (state, _) in ended.items() if state == "handed_over")
    assert sum(state == "unknown" for state, _ in ended.values()) <= 3


@pytest.mark.long
def test_without_its_journal_what_a_killed_dispatcher_held_is_unknown_when_the_lease_has_run_out(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    add_campaign(wb, add_patients(wb, 200))
    child = start(wb)
    wait_until(lambda: len(server.mails) >= 23)
    child.kill()
    child.wait()
    for journal in wb.settings.journals.iterdir():
        journal.unlink()

    dispatcher.drain(wb)
    assert Counter(state for state, _ in states(wb).values())["claimed"] > 0
    clock.forward(minutes=11)
    dispatcher.drain(wb)

    delivered = Counter(address.partition("@")[0] for address, _ in server.mails)
    ended = states(wb)
    assert set(delivered.values()) == {1}
    assert {state for state, _ in ended.values()} == {"handed_over", "unknown"}
    assert sum(state == "unknown" for state, _ in ended.values()) <= BATCH


@pytest.mark.long
def test_a_dispatcher_that_was_stopped_beyond_its_lease_says_what_became_of_its_messages(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    add_campaign(wb, add_patients(wb, 200))
    child = start(wb)
    wait_until(lambda: len(server.mails) >= 23)
    child.send_signal(signal.SIGSTOP)
    dispatcher.drain(wb)
    clock.forward(minutes=11)
    dispatcher.drain(wb)
    assert Counter(state for state, _ in states(wb).values())["unknown"] <= BATCH

    child.send_signal(signal.SIGCONT)
    wait_until(lambda: {state for state, _ in states(wb).values()} == {"handed_over"})
    child.send_signal(signal.SIGTERM)
    child.wait(60)

    assert set(Counter(address for address, _ in server.mails).values()) == {1}
    assert len(server.mails) == 200


@pytest.mark.long
def test_of_two_dispatchers_killed_again_and_again_at_any_moment_nobody_gets_a_second_mail(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    ids = add_patients(wb, 2_000)
    add_campaign(wb, ids)
    moments = random.Random(7)

    children = [start(wb), start(wb)]
    for kill in range(24):
        mails = len(server.mails) + moments.randrange(40)
        wait_until(lambda mails=mails: len(server.mails) >= mails)  # type: ignore[misc]
        time.sleep(moments.random() * 0.02)
        children[kill % 2].kill()
        children[kill % 2].wait()
        children[kill % 2] = start(wb)
        clock.forward(minutes=moments.choice([0, 0, 11]))  # the others of a new dispatcher may be given up
    for child in children:
        child.kill()
        child.wait()
    dispatcher.drain(wb)
    clock.forward(minutes=11)
    dispatcher.drain(wb)

    delivered = Counter(address.partition("@")[0] for address, _ in server.mails)
    ended = states(wb)
    assert set(delivered.values()) == {1}, "a patient got a second mail"
    assert {state for state, _ in ended.values()} <= {"handed_over", "unknown"}
    assert all(patient in delivered for patient, (state, _) in ended.items() if state == "handed_over")
    assert all(ended[patient][0] in ("handed_over", "unknown") for patient in delivered)
    assert sum(state == "unknown" for state, _ in ended.values()) <= 26 * BATCH
    report = reports.report(wb, "c1")
    assert report.ledger["count"].sum() == report.progress.selected == 2_000


@pytest.mark.long
def test_a_dispatcher_asked_to_end_finishes_the_message_in_hand_and_hands_the_rest_back(
    wb: Workbench, server: Recorder
) -> None:
    ids = add_patients(wb, 600)
    add_campaign(wb, ids)

    child = start(wb)
    wait_until(lambda: len(server.mails) >= 30)
    child.send_signal(signal.SIGTERM)
    exit_code = child.wait(60)

    counts = Counter(state for state, _ in states(wb).values())
    assert exit_code == 0
    assert set(counts) == {"handed_over", "waiting"}
    assert counts["handed_over"] == len(server.mails) < 600
    with reading(wb.engine) as connection:
        assert connection.execute(select(dispatchers)).all() == []
