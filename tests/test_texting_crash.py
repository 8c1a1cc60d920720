"""A dispatcher that is killed while it hands texts over: nobody ever gets a second one, and nobody is lost."""

from collections import Counter
from collections.abc import Iterator

import pytest

from core import dispatcher
from core.store import accounts
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, states
from tests.conftest import Clock
from tests.dispatchers import start, wait_until
from tests.mail_servers import Recorder
from tests.people_with_phones import add_people
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)
from tests.test_sending_texts import text_campaign
from tests.twilio_line import Line, connected


@pytest.fixture
def line(bench_by_day: Workbench) -> Iterator[Line]:  # noqa: F811
    add_clinic(bench_by_day)
    accounts.change_organisation(bench_by_day.engine, {"texts_per_second": 1000}, at=bench_by_day.now(), by="ana")
    with connected(bench_by_day) as found:
        yield found


@pytest.mark.long
def test_a_killed_dispatcher_leaves_no_second_text_and_the_call_backs_say_what_left(line: Line) -> None:
    wb = line.wb
    ids = add_people(wb, 240)
    text_campaign(wb, ids)

    for texts in (20, 110):
        child = start(wb)
        wait_until(lambda texts=texts: len(line.texts()) >= texts)  # type: ignore[misc]
        child.kill()
        child.wait()
    dispatcher.drain(wb)

    wait_until(lambda: not [each for each in states(wb).values() if each[0] == "handed_over"], seconds=60)
    texted = Counter(number for number, _ in line.sent())
    ended = Counter(state for state, _ in states(wb).values())
    assert set(texted.values()) == {1}, "a patient got a second text"
    assert ended["delivered"] == len(texted) and ended["delivered"] + ended["unknown"] == 240
    assert ended["unknown"] <= 2


def test_texts_and_emails_leave_side_by_side_from_one_dispatcher(line: Line, server: Recorder, clock: Clock) -> None:
    from dataclasses import replace

    wb = replace(line.wb, settings=replace(line.wb.settings, smtp_port=server.port))
    accounts.change_organisation(wb.engine, {"texts_per_second": 20}, at=wb.now(), by="ana")
    ids = add_people(wb, 60)
    text_campaign(wb, ids[:30], family_id="f")
    add_campaign(wb, ids[30:], campaign_id="c2", name="by email")

    child = start(wb)
    try:
        wait_until(lambda: len(server.mails) == 30, seconds=60)
        texts_then = len(line.sent())
        wait_until(lambda: len(line.sent()) == 30, seconds=60)
    finally:
        child.terminate()
        assert child.wait(30) == 0

    assert texts_then < 30, "the emails waited for the texts"
    assert {number for number, _ in Counter(line.sent()).items()} and set(Counter(line.sent()).values()) == {1}
