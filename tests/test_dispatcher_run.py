"""The dispatcher as it runs all day: it notices what becomes due, says that it is alive, and outlasts what breaks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from core import campaigns, dispatcher
from core.channels.email import EmailChannel
from core.sending import send_batch
from core.store.database import writing
from core.workbench import Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states_only, tries
from tests.dispatchers import taken, wait_until
from tests.mail_servers import Recorder
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


@contextmanager
def running(wb: Workbench) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=dispatcher.run, args=(wb,), kwargs={"stop": stop})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def test_an_activated_campaign_goes_out_within_seconds(wb: Workbench, server: Recorder) -> None:
    campaign_id = campaigns.create(wb, template_id="mammogram-reminder", patient_ids=add_patients(wb, 3))
    with running(wb):
        campaigns.save(wb, campaign_id, {"start_on": wb.today()}, version=1)
        campaigns.activate(wb, campaign_id)

        wait_until(lambda: campaigns.progress(wb, campaign_id).finished == 3)
        wait_until(lambda: campaigns.campaign(wb, campaign_id).status == "completed")

        assert len(server.mails) == 3


def test_a_running_dispatcher_is_seen_and_one_that_ended_is_not(wb: Workbench) -> None:
    with running(wb):
        wait_until(lambda: dispatcher.last_seen(wb) == wb.now())

    assert dispatcher.last_seen(wb) is None


def test_once_sends_what_is_due_and_ends(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 2))

    assert dispatcher.run(wb, once=True) == 2


def test_a_database_connection_lost_in_mid_batch_loses_no_outcome(wb: Workbench, server: Recorder) -> None:
    if wb.engine.dialect.name == "sqlite":
        pytest.skip("a file has no connections to lose")
    add_campaign(wb, add_patients(wb, 4))
    batch = taken(wb, "c1", worker="w")

    def may_go_on() -> bool:
        if len(server.mails) == 2:
            with writing(wb.engine) as connection:
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))
        return True

    with EmailChannel("127.0.0.1", server.port) as channel:
        sent = send_batch(batch, channel, may_go_on=may_go_on)

    assert sent.accepted == 4
    assert states_only(wb) == ["handed_over"] * 4
    assert tries(wb, "p4") == [(1, "accepted", "250")]


def test_outcomes_that_cannot_be_written_make_nobody_get_a_second_mail(wb: Workbench, server: Recorder) -> None:
    add_campaign(wb, add_patients(wb, 2))
    batch = taken(wb, "c1", worker="w")
    with EmailChannel("127.0.0.1", server.port) as channel:
        send_batch(batch, channel, may_go_on=lambda: True)
    with writing(wb.engine) as connection:  # as if the outcomes had never been written
        connection.execute(text("UPDATE recipients SET state = 'claimed', finished_at = NULL"))

    assert dispatcher.drain(wb) == 0
    assert len(server.mails) == 2
