"""The audit log: one line for each thing done, append-only, one chain, and whole or not."""

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Insert, delete, insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from core import audit, users
from core.audit import Search
from core.domain.audit_line import BEGINNING, AuditLine, line_hash, verify
from core.domain.user import User
from core.errors import NotAllowed
from core.store import audit_heads
from core.store.database import reading, writing
from core.store.schema import audit as table
from core.workbench import Workbench
from tests.conftest import TUESDAY_NOON, Clock
from tests.pages import opened
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_pages import campaign, kept, loaded  # noqa: F401 (fixtures)


def filled(wb: Workbench, count: int = 5) -> None:
    for number in range(count):
        audit.record(wb, "view.opened", f"v{number}", count=number, share=0.1, ids=["a", "b"])


def rows(wb: Workbench) -> list[AuditLine]:
    return audit.lines(wb, limit=10_000)[::-1]


def without_triggers(wb: Workbench) -> None:
    """As somebody does who may do anything to the database."""
    with writing(wb.engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP TRIGGER audit_append_only ON audit"))
        else:
            for name in ("audit_no_update", "audit_no_delete"):
                connection.execute(text(f"DROP TRIGGER {name}"))


def test_lines_are_numbered_in_one_chain(bench: Workbench) -> None:  # noqa: F811
    filled(bench)

    found = audit.verify(bench)

    lines = rows(bench)
    assert (found.problem, found.count) == ("", len(lines))
    assert [line.position for line in lines] == list(range(1, len(lines) + 1))
    assert found.head == (lines[-1].position, lines[-1].hash)


@pytest.mark.parametrize("change", ["UPDATE audit SET user_id = 'eve'", "DELETE FROM audit"])
def test_a_line_can_be_neither_changed_nor_taken_away(bench: Workbench, change: str) -> None:  # noqa: F811
    filled(bench)

    with pytest.raises(DBAPIError, match="append-only"), writing(bench.engine) as connection:
        connection.execute(text(change))

    assert not audit.verify(bench).problem


@pytest.mark.parametrize("key", ["audit_id", "position"])
def test_a_line_cannot_be_put_in_the_place_of_another(bench: Workbench, key: str) -> None:  # noqa: F811
    filled(bench)
    with reading(bench.engine) as connection:
        row = connection.execute(select(table).where(AT_3)).one()._asdict() | {"user_id": "eve"}
    other = {"audit_id", "position"} - {key}
    row |= dict.fromkeys(other, 999)
    if bench.engine.dialect.name == "postgresql":
        added = postgresql.insert(table).values(row)
        put: Insert = added.on_conflict_do_update(index_elements=[key], set_={"user_id": "eve"})
    else:
        put = insert(table).values(row).prefix_with("OR REPLACE")

    with pytest.raises(DBAPIError, match="append-only"), writing(bench.engine) as connection:
        connection.execute(put)

    assert not audit.verify(bench).problem and len(rows(bench)) == 5


def test_on_postgresql_the_log_cannot_be_emptied_either(bench: Workbench) -> None:  # noqa: F811
    if bench.engine.dialect.name != "postgresql":
        return
    filled(bench)

    with pytest.raises(DBAPIError, match="append-only"), writing(bench.engine) as connection:
        connection.execute(text("TRUNCATE audit"))


Change = Callable[[Connection], object]
AT_3 = table.c.position == 3
CHANGES: dict[str, tuple[Change, int]] = {
    "who": (lambda c: c.execute(update(table).where(AT_3).values(user_id="eve")), 3),
    "what": (lambda c: c.execute(update(table).where(AT_3).values(action="view.closed")), 3),
    "to whom": (lambda c: c.execute(update(table).where(AT_3).values(subject="v9")), 3),
    "when": (lambda c: c.execute(update(table).where(AT_3).values(at=TUESDAY_NOON.replace(microsecond=1))), 3),
    "how many": (lambda c: c.execute(update(table).where(AT_3).values(details={"count": 9})), 3),
    "its hash": (lambda c: c.execute(update(table).where(AT_3).values(hash="f" * 64)), 3),
    "taken out": (lambda c: c.execute(delete(table).where(AT_3)), 4),
    "two changed places": (lambda c: _swap(c), 3),
    "one put in": (lambda c: _put_in(c), 3),
}


def _swap(connection: Connection) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        connection.execute(update(table).where(table.c.position == old).values(position=new))


def _put_in(connection: Connection) -> None:
    for position in range(20, 2, -1):
        connection.execute(update(table).where(table.c.position == position).values(position=position + 1))
    row = connection.execute(select(table).where(table.c.position == 2)).one()._asdict()
    connection.execute(insert(table).values({**row, "audit_id": None, "position": 3} | {"audit_id": 999}))


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_behind_its_back_shows_at_its_line(bench: Workbench, what: str) -> None:  # noqa: F811
    filled(bench)
    without_triggers(bench)
    change, position = CHANGES[what]
    with writing(bench.engine) as connection:
        change(connection)

    found = audit.verify(bench)

    assert found.problem
    assert found.position == position


def test_a_log_that_is_cut_off_or_written_anew_shows_against_what_was_noted(wb: Workbench) -> None:
    filled(wb)
    noted = audit.verify(wb).head
    audit.note_head(wb, always=True)
    filled(wb, 2)
    without_triggers(wb)
    with writing(wb.engine) as connection:
        connection.execute(delete(table).where(table.c.position > noted[0] - 1))

    assert "it had" in audit.verify(wb).problem
    filled(wb, 4)
    assert "not the one that was noted" in audit.verify(wb).problem
    (wb.settings.home / audit_heads.FILE).unlink()
    assert not audit.verify(wb).problem
    assert "not the one that was noted" in audit.verify(wb, noted=f"{noted[0]}:{noted[1]}").problem


def test_nothing_is_logged_of_what_was_not_done(wb: Workbench) -> None:
    def fail() -> None:
        with writing(wb.engine) as connection:
            audit.record_in(wb, connection, "view.saved", "v1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    filled(wb, 1)

    assert [line.action for line in rows(wb)] == ["view.opened"]


def test_lines_of_many_at_once_stay_one_chain(bench: Workbench) -> None:  # noqa: F811
    threads = [threading.Thread(target=filled, args=(bench, 10)) for _ in range(6)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = audit.verify(bench)
    assert (found.problem, found.count) == ("", 60)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(details=st.dictionaries(st.text(max_size=8), VALUES, max_size=4), at=st.datetimes(), changed=st.integers(0, 4))
def test_every_line_is_bound_to_the_one_before(details: dict[str, object], at: object, changed: int) -> None:
    lines: list[AuditLine] = []
    before = BEGINNING
    for position in range(1, 6):
        line = AuditLine(position, TUESDAY_NOON, "ana", "a.b", str(at), details)
        before = line_hash(before, line)
        lines.append(AuditLine(position, TUESDAY_NOON, "ana", "a.b", str(at), details, before))

    assert not verify(lines, {}).problem
    one = lines[changed]
    lines[changed] = AuditLine(one.position, one.at, "eve", one.action, one.subject, one.details, one.hash)
    assert verify(lines, {}).position == changed + 1


def test_the_log_is_searched_by_who_what_whom_and_day(wb: Workbench, clock: Clock) -> None:
    users.add(wb, User("eva", "Eva"))
    audit.shown(wb, "work_list", ["p1", "p12"], subject="view9")
    audit.record(wb.as_user("eva"), "campaign.activated", "c1")
    clock.forward(days=1)
    audit.record(wb, "campaign.stopped", "c1")

    def actions(**search: object) -> list[str]:
        return [line.action for line in audit.lines(wb, Search(**search))]  # type: ignore[arg-type]

    assert actions(user_id="eva") == ["campaign.activated"]
    assert actions(action="campaign.") == ["campaign.stopped", "campaign.activated"]
    assert actions(subject="p12") == ["patients.shown"]
    assert actions(subject="p2") == []
    assert actions(subject="view9") == ["patients.shown"]
    assert actions(first_on=date(2026, 11, 25)) == ["campaign.stopped"]
    assert actions(last_on=date(2026, 11, 24), action="campaign") == ["campaign.activated"]
    assert audit.count(wb, Search(subject="c1")) == 2


def test_an_export_has_all_lines_and_is_a_line_itself(wb: Workbench) -> None:
    filled(wb, 3)

    exported = audit.export(wb)

    assert exported["position"].to_list() == [1, 2, 3]
    assert rows(wb)[-1].action == "audit.exported"


@pytest.mark.parametrize("role", ["analyst", "approver", "manager", "opt_out_clerk", "data_scientist"])
def test_only_administrators_read_the_log(wb: Workbench, role: str) -> None:
    users.add(wb, User("sam", "Sam", roles=frozenset({role})))

    with pytest.raises(NotAllowed):
        audit.lines(wb.as_user("sam"))


def test_a_page_that_shows_patients_is_one_line_and_not_one_for_each_run(loaded: Workbench) -> None:  # noqa: F811
    app = opened("work_list")
    for _ in range(3):
        app.run()

    shown = [line for line in rows(loaded) if line.action == "patients.shown"]
    assert [(line.details["view"], line.details["count"]) for line in shown] == [("work_list", 3)]
    assert set(shown[0].details["patients"]) == {"ann", "bea", "cy"}
    assert shown[0].user_id == "analyst"


def test_the_command_says_whether_the_log_is_whole(wb: Workbench) -> None:
    filled(wb)
    command = [sys.executable, "-m", "core", "audit", "verify"]
    environ = {"CARELOOP_HOME": str(wb.settings.home), "PATH": ""}

    whole = subprocess.run(command, env=environ, capture_output=True, text=True)
    without_triggers(wb)
    with writing(wb.engine) as connection:
        connection.execute(update(table).where(AT_3).values(user_id="eve"))
    broken = subprocess.run(command, env=environ, capture_output=True, text=True)

    assert whole.returncode == 0 and "5 lines" in whole.stdout
    assert broken.returncode == 1 and "Line 3" in broken.stderr
