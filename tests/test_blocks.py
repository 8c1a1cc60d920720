"""Blocks of `reading`, `writing` and `snapshot`: a thread needs one connection at a time, however many wait for one."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select

from core import campaigns, stop_links, support
from core.domain.support import Request
from core.domain.unsubscribe import token
from core.store import accounts
from core.store.database import after_commit, before_commit, open_engine, reading, snapshot, writing
from core.store.schema import organisation_settings, recipients
from core.store.secret import secret_key
from core.workbench import VISITOR, Workbench
from tests.at_once import at_once
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.colleagues import add_colleagues
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)
from tests.test_layers import ROOT
from tests.test_openid import caller_of

Block = Callable[[Engine], AbstractContextManager[Connection]]
BLOCKS = pytest.mark.parametrize("block", [reading, writing, snapshot])


def test_sixteen_patients_press_the_stop_link_at_once_and_each_of_them_is_heard(bench: Workbench) -> None:  # noqa: F811
    add_clinic(bench)
    add_campaign(bench, add_patients(bench, 16))
    with reading(bench.engine) as connection:
        found = list(connection.scalars(select(recipients.c.recipient_id)))
    patient, key = bench.as_user("patient"), secret_key(bench.settings.home)

    ends = at_once(16, lambda which: stop_links.stop_by_link(patient, token(key, found[which])))

    assert ends == {"done": 16}
    assert all(stop_links.has_stopped(patient, token(key, each)) for each in found)


def test_twenty_four_tabs_ask_at_once_what_may_be_done_to_a_campaign(bench: Workbench) -> None:  # noqa: F811
    add_clinic(bench)
    add_colleagues(bench)
    made = campaigns.create(bench.as_user("nina"), template_id="mammogram-reminder", patient_ids=add_patients(bench, 3))
    campaign, omar = campaigns.campaign(bench, made), bench.as_user("omar")

    ends = at_once(24, lambda _: [campaigns.allowed(omar, campaign) for _ in range(3)])

    assert ends == {"done": 24}


def test_support_posts_of_many_visitors_keep_nobody_from_the_page_for_signing_in(wb: Workbench) -> None:
    visitor = wb.as_user(VISITOR)
    pages: list[int] = []

    def come(which: int) -> None:
        if which:
            asked = Request("Lee", f"lee{which}@example.org", "North", "Nothing opens here.")
            support.ask(visitor, asked, client=f"client {which}")
        else:
            pages.append(caller.get("/sign-in").status_code)

    with caller_of(wb) as caller:
        ends = at_once(20, come)

    assert (ends, pages) == ({"done": 20}, [200])


@BLOCKS
def test_a_question_within_a_block_is_answered_on_its_connection(wb: Workbench, block: Block) -> None:
    with block(wb.engine) as connection:
        wb.as_user("ana").today()
        assert wb.engine.pool.checkedout() == 1  # type: ignore[attr-defined]  # every pool here counts
        with reading(wb.engine) as another:
            assert another is connection
        connection.scalar(select(organisation_settings.c.key))  # it goes on after the question

    assert wb.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_question_within_a_transaction_sees_what_it_has_written(bench: Workbench) -> None:  # noqa: F811
    with writing(bench.engine) as connection:
        accounts.change_in(connection, {"name": "North Clinic"}, at=bench.now(), by="ana")

        assert bench.organisation().name == "North Clinic"


@BLOCKS
@pytest.mark.parametrize("another", [writing, snapshot])
def test_a_transaction_or_a_snapshot_begins_in_no_other_block(wb: Workbench, block: Block, another: Block) -> None:
    with (
        block(wb.engine) as connection,
        pytest.raises(RuntimeError, match="inside another block"),
        another(wb.engine),
    ):
        raise AssertionError("it has begun")

    assert connection.closed
    with another(wb.engine):
        pass


def test_a_block_that_fails_is_over(wb: Workbench) -> None:
    with pytest.raises(ValueError, match="what went wrong"), writing(wb.engine):
        raise ValueError("what went wrong")

    with writing(wb.engine) as connection:
        connection.scalar(select(organisation_settings.c.key))


def test_what_is_put_off_until_after_a_transaction_may_begin_another(wb: Workbench) -> None:
    done = []

    def write() -> None:
        accounts.change_organisation(wb.engine, {"name": "North Clinic"}, at=wb.now(), by="ana")
        done.append("after")

    with writing(wb.engine) as connection:
        before_commit(connection, lambda: done.append(wb.organisation().time_zone))
        after_commit(connection, write)

    assert done == ["America/Chicago", "after"]
    assert wb.organisation().name == "North Clinic"


def test_another_thread_and_another_database_have_blocks_of_their_own(wb: Workbench, tmp_path: Path) -> None:
    other = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
    with reading(wb.engine) as connection:
        assert at_once(1, lambda _: wb.as_user("ana")) == {"done": 1}
        with writing(other) as elsewhere:
            assert elsewhere is not connection
    other.dispose()


def test_connections_are_taken_from_an_engine_where_blocks_are_made_alone() -> None:
    """Whoever takes one elsewhere can hold two: those named here have a database of their own, or a reason."""
    taken = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "core").rglob("*.py")
        if re.search(r"engine\.(connect|begin|raw_connection)\(", path.read_text("utf-8"))
    }

    assert taken == {
        "core/store/database.py",
        "core/store/sending.py",  # asks between the messages of a batch whether it may go on
        "core/store/restore_targets.py",  # the database that a backup is restored into
    }
