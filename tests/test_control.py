"""The question before each message: it sees what other connections changed, and fails in the usual words."""

import pytest
from sqlalchemy import text, update

from core import sending_control
from core.store.database import writing
from core.store.messages import DatabaseLost
from core.store.schema import campaigns
from core.store.sending import control
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    add_clinic(bench)
    add_campaign(bench, add_patients(bench, 1))
    return bench


def test_a_pause_and_its_end_are_seen_by_the_next_question(wb: Workbench) -> None:
    with control(wb.engine, "c1") as asked:
        before = asked.lets_go()
        sending_control.pause_all(wb, reason="A wrong number is in the message.")
        paused = asked.lets_go()
        sending_control.resume_all(wb)
        after = asked.lets_go()

    assert (before, paused, after) == (True, False, True)


@pytest.mark.parametrize("status", ["stopped", "inactive", "completed"])
def test_a_campaign_that_is_no_longer_active_is_seen_by_the_next_question(wb: Workbench, status: str) -> None:
    with control(wb.engine, "c1") as asked:
        assert asked.lets_go()
        with writing(wb.engine) as connection:
            connection.execute(update(campaigns).values(status=status))

        assert not asked.lets_go()


def test_of_two_campaigns_each_is_asked_for_itself(wb: Workbench) -> None:
    with control(wb.engine, "c1") as asked, control(wb.engine, "it's not there") as other:
        assert asked.lets_go()
        assert not other.lets_go()


def test_a_lost_connection_is_a_lost_database(wb: Workbench) -> None:
    if wb.engine.dialect.name != "postgresql":
        pytest.skip("a file cannot hang up")
    with control(wb.engine, "c1") as asked:
        assert asked.lets_go()
        with writing(wb.engine) as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            connection.execute(text(f"{others} AND pid <> pg_backend_pid()"))

        with pytest.raises(DatabaseLost):
            asked.lets_go()
