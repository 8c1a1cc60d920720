"""The feed gate and sending: while it is closed nothing leaves and nothing is lost; afterwards everything once."""

import pytest

from core import campaign_list, dispatcher, feed_gate, reports, sending_loop
from core.domain.feed_quality import TableQuality
from core.home_mode import Gated
from core.store import feed_quality, feed_rows
from core.store.database import writing
from core.workbench import Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states_only, tries
from tests.conftest import Clock
from tests.mail_servers import Recorder
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def feed(wb: Workbench, *, rows: int, before: int) -> None:
    """A full feed of so many patients came."""
    at = wb.now()
    with writing(wb.engine) as connection:
        load_id = feed_rows.add_load(
            connection,
            source_system="ehr",
            format="careloop",
            status="loaded",
            received_at=at,
            started_at=at,
            loaded_by="ana",
            counts={},
            defects=[],
        )
        kept = TableQuality(
            load_id, "ehr", "patients", True, True, rows, before, before, None, at, None, None, loaded_at=at
        )
        feed_quality.add(connection, [kept])


def test_while_the_gate_is_closed_nothing_leaves_and_after_the_release_everything_once(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    ids = add_patients(wb, 60)
    add_campaign(wb, ids)
    feed(wb, rows=10, before=100)

    assert [dispatcher.drain(wb), dispatcher.drain(wb)] == [0, 0]
    assert set(states_only(wb)) == {"waiting"} and tries(wb, "p1") == []
    assert feed_gate.waiting_count(wb) == 60
    clock.forward(minutes=5)
    feed_gate.release(wb, reason="The practice was split.")
    assert [dispatcher.drain(wb), dispatcher.drain(wb)] == [60, 0]

    assert sorted(address for address, _ in server.mails) == sorted(f"{each}@example.org" for each in ids)
    assert set(states_only(wb)) == {"handed_over"}


def test_a_load_that_closes_the_gate_holds_what_is_left_and_a_good_one_lets_it_go(
    wb: Workbench, server: Recorder
) -> None:
    add_campaign(wb, add_patients(wb, 5))
    assert dispatcher.drain(wb, limit=2) == 2
    feed(wb, rows=10, before=100)
    assert dispatcher.drain(wb) == 0
    assert sorted(states_only(wb)) == ["handed_over"] * 2 + ["waiting"] * 3

    feed(wb, rows=99, before=100)

    assert dispatcher.drain(wb) == 3
    assert len(server.mails) == 5


def test_data_that_nobody_renewed_stops_the_sending_of_campaigns_to_come(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    feed(wb, rows=10, before=10)
    clock.forward(days=7)
    add_campaign(wb, add_patients(wb, 1))
    assert dispatcher.drain(wb) == 1

    clock.forward(minutes=1)
    add_campaign(wb, add_patients(wb, 1, start=2), campaign_id="c2", name="Later")

    assert dispatcher.drain(wb) == 0
    assert states_only(wb, campaign_id="c2") == ["waiting"] and len(server.mails) == 1


def test_list_and_report_say_that_a_campaign_waits_for_the_feed(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 1))
    feed(wb, rows=10, before=100)

    waits = "Waiting: the feed gate is closed since Tue 24 Nov 2026"
    assert [one.schedule for one in campaign_list.campaigns(wb)] == [waits]
    assert reports.report(wb, "c1").headline == f"1 patient selected, none written to yet. {waits}."


def test_the_log_says_once_that_the_gate_closed_and_opened(wb: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    held = sending_loop.Loop(wb, "email", Gated(wb, "email"))
    feed(wb, rows=10, before=100)

    assert [sending_loop._window(held, None), sending_loop._window(held, None)] == [None, None]
    feed_gate.release(wb, reason="Looked at.")
    assert sending_loop._window(held, None)

    said = [record.getMessage() for record in caplog.records if "nothing" in record.getMessage()]
    assert len(said) == 2 and "The table patients of ehr has 10 rows" in said[0]
