"""A watched folder: each feed is loaded once, when it is complete, whoever watches; nothing in the folder changes."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import strategies as st

from core import loads, watching
from core.domain.arrival import Watched, is_complete
from core.domain.user import User
from core.errors import DataError, NotAllowed, SettingsError
from core.store import accounts, arrival_rows
from core.store.database import writing
from core.watching import Watcher
from core.workbench import Workbench
from tests.conftest import ROOT
from tests.dispatchers import wait_until
from tests.drawn import drawn
from tests.feeds import ANN, BOB, PATIENT, without_rules, write_feed

pytestmark = pytest.mark.long


@dataclass
class Seconds:
    at: float = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def watcher(wb: Workbench, inbox: Path, seconds: Seconds) -> Watcher:
    without_rules(wb)
    return Watcher(wb, inbox, clock=seconds)


def looks(watcher: Watcher, seconds: Seconds, *, after: float = 60) -> list[tuple[str, str]]:
    """Look, wait, look again: what was taken."""
    first = watcher.look()
    seconds.at += after
    return [(each.name, each.state) for each in (*first, *watcher.look())]


# ---- when a feed is complete ---------------------------------------------------------------------------------------
@drawn(
    daily=60,
    many=2000,
    pauses=st.lists(st.floats(0.1, 59.0), min_size=1, max_size=12),
    every=st.floats(0.5, 30.0),
)
def test_a_feed_is_read_only_after_a_quiet_time_however_it_was_written(pauses: list[float], every: float) -> None:
    """Files grow with pauses shorter than the quiet time; looks come at any rhythm."""
    changes = [sum(pauses[:number]) for number in range(1, len(pauses) + 1)]
    last, at, watched, complete_at = changes[-1], 0.0, None, None
    while complete_at is None:
        stamp = str(sum(change <= at for change in changes))
        watched = watched.seen_again(stamp, at) if watched else Watched(stamp, at)
        if is_complete(watched, at=at, quiet=60, is_marked=False, is_unfinished=False):
            complete_at = at
        at += every
    assert last + 60 <= complete_at <= last + 60 + 2 * every


@pytest.mark.parametrize(
    ("looks_before", "seconds_before", "is_marked", "is_unfinished", "expected"),
    [
        (1, 0, False, False, False),
        (1, 900, False, False, False),  # seen once only: nobody knows whether it grows
        (2, 59, False, False, False),
        (2, 60, False, False, True),
        (9, 900, False, True, False),  # a name that programs give to what they still write
        (1, 0, True, False, False),
        (2, 5, True, False, True),
        (2, 5, True, True, True),  # the sender says that all is there
    ],
)
def test_when_a_feed_is_complete(
    looks_before: int, seconds_before: float, is_marked: bool, is_unfinished: bool, expected: bool
) -> None:
    watched = Watched("a", 0.0, looks_before)
    found = is_complete(watched, at=seconds_before, quiet=60, is_marked=is_marked, is_unfinished=is_unfinished)
    assert found is expected


def test_each_sub_folder_is_loaded_once_the_oldest_first(watcher: Watcher, inbox: Path, seconds: Seconds) -> None:
    write_feed(inbox / "b-first", patients=[PATIENT, ANN])
    write_feed(inbox / "a-second", patients=[PATIENT, ANN, BOB])
    os.utime(inbox / "b-first" / "patients.csv", (1e9, 1e9))
    before = sorted((path, path.stat().st_mtime_ns) for path in inbox.rglob("*"))
    assert looks(watcher, seconds, after=59) == []
    assert looks(watcher, seconds) == [("b-first", "loaded"), ("a-second", "loaded")]
    assert looks(watcher, seconds) == []
    assert sorted((path, path.stat().st_mtime_ns) for path in inbox.rglob("*")) == before


def test_a_folder_without_sub_folders_is_one_feed_that_may_be_replaced(
    watcher: Watcher, inbox: Path, seconds: Seconds
) -> None:
    write_feed(inbox, patients=[PATIENT, ANN])
    assert looks(watcher, seconds) == [("inbox", "loaded")]
    write_feed(inbox, patients=[PATIENT, ANN, BOB])
    assert looks(watcher, seconds) == [("inbox", "loaded")]
    assert looks(watcher, seconds) == []


@pytest.mark.parametrize("marker", ["_DONE", ".done", "done", "_SUCCESS", "../mon.done"])
def test_a_marker_file_ends_the_waiting(watcher: Watcher, inbox: Path, seconds: Seconds, marker: str) -> None:
    write_feed(inbox / "mon", patients=[PATIENT, ANN])
    assert looks(watcher, seconds, after=5) == []
    (inbox / "mon" / marker).touch()
    assert looks(watcher, seconds, after=5) == [("mon", "loaded")]


def test_a_file_that_is_still_written_or_renamed_is_waited_for(watcher: Watcher, inbox: Path, seconds: Seconds) -> None:
    part = write_feed(inbox / "mon", patients=[PATIENT, ANN]) / "labs.csv.part"
    part.write_text("lab_id")
    assert looks(watcher, seconds, after=600) == []
    part.unlink()
    assert looks(watcher, seconds, after=59) == []
    assert looks(watcher, seconds) == [("mon", "loaded")]


def test_hidden_folders_links_and_empty_folders_are_no_feeds(watcher: Watcher, inbox: Path, seconds: Seconds) -> None:
    write_feed(inbox / ".sync", patients=[PATIENT, ANN])
    write_feed(inbox / "mon", patients=[PATIENT, ANN])
    (inbox / "latest").symlink_to(inbox / "mon")
    (inbox / "tue").mkdir()
    (inbox / "wed").mkdir()
    (inbox / "wed" / "_DONE").touch()
    (inbox / "readme.txt").write_text("nobody reads this")
    assert looks(watcher, seconds) == [("mon", "loaded")]


# ---- once ----------------------------------------------------------------------------------------------------------
def test_a_feed_is_loaded_once_also_after_a_restart_and_when_it_was_only_touched(
    wb: Workbench, watcher: Watcher, inbox: Path, seconds: Seconds
) -> None:
    write_feed(inbox / "mon", patients=[PATIENT, ANN])
    looks(watcher, seconds)
    assert looks(Watcher(wb, inbox, clock=seconds), seconds) == []
    os.utime(inbox / "mon" / "patients.csv", (1e9, 1e9))
    assert looks(watcher, seconds) == []
    assert [each.state for each in watching.arrivals(wb)] == ["loaded"] and len(loads.history(wb)) == 1


def test_two_watchers_at_once_load_each_feed_once(wb: Workbench, inbox: Path, seconds: Seconds) -> None:
    without_rules(wb)
    for number in range(4):
        person = f"P{number},Ann,Example,1960-05-01,F,active"
        write_feed(inbox / f"feed-{number}", patients=[PATIENT, person])
    watchers = [Watcher(wb, inbox, clock=seconds) for _ in range(2)]
    taken: list[str] = []

    def go_on(watcher: Watcher) -> None:
        for _ in range(8):
            taken.extend(each.name for each in watcher.look())

    for watcher in watchers:
        watcher.look()
    seconds.at += 60
    threads = [threading.Thread(target=go_on, args=(watcher,)) for watcher in watchers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [f"feed-{number}" for number in range(4)]
    assert [row.status for row in loads.history(wb)] == ["loaded"] * 4


def test_a_load_that_is_under_way_elsewhere_is_waited_for(
    wb: Workbench, watcher: Watcher, inbox: Path, seconds: Seconds
) -> None:
    write_feed(inbox / "mon", patients=[PATIENT, ANN])
    with wb.clinical.loading():
        assert looks(watcher, seconds) == []
    assert [each.state for each in watching.arrivals(wb)] == ["waiting"]
    assert looks(watcher, seconds) == [("mon", "loaded")]
    assert [each.tries for each in watching.arrivals(wb)] == [1]


# ---- what fails ----------------------------------------------------------------------------------------------------
def test_what_fails_is_kept_with_the_reason_and_tried_again_only_when_its_files_change(
    wb: Workbench, watcher: Watcher, inbox: Path, seconds: Seconds
) -> None:
    write_feed(inbox / "mon", patients=["patient_id,first", "P1,Ann"])
    assert looks(watcher, seconds) == [("mon", "failed")]
    assert looks(watcher, seconds) == looks(Watcher(wb, inbox, clock=seconds), seconds) == []
    (failed,) = watching.arrivals(wb)
    assert "the column birth_date is missing" in failed.reason
    assert failed.source_system == "careloop", "as it would have had when it was loaded"

    write_feed(inbox / "mon", patients=[PATIENT, ANN])
    assert looks(watcher, seconds) == [("mon", "loaded")]
    assert [each.state for each in watching.arrivals(wb)] == ["loaded", "failed"]


def test_a_person_may_have_it_tried_again(wb: Workbench, watcher: Watcher, inbox: Path, seconds: Seconds) -> None:
    write_feed(inbox / "mon", patients=["patient_id,first", "P1,Ann"])
    looks(watcher, seconds)
    assert watching.try_again(wb) == 1
    assert looks(watcher, seconds) == [("mon", "failed")]
    assert looks(watcher, seconds) == []


def test_packed_feeds_fail_with_what_to_do(wb: Workbench, watcher: Watcher, inbox: Path, seconds: Seconds) -> None:
    (inbox / "mon").mkdir()
    (inbox / "mon" / "patients.csv.gz").write_bytes(b"1")
    assert looks(watcher, seconds) == [("mon", "failed")]
    assert "Unpack it" in watching.arrivals(wb)[0].reason


def test_one_that_fails_holds_no_other_back(wb: Workbench, watcher: Watcher, inbox: Path, seconds: Seconds) -> None:
    write_feed(inbox / "a", patients=["patient_id,first", "P1,Ann"])
    (inbox / "a" / "manifest.json").write_text('{"source_system": "lab"}')
    write_feed(inbox / "b", patients=[PATIENT, ANN])
    assert sorted(looks(watcher, seconds)) == [("a", "failed"), ("b", "loaded")]
    assert {each.name: each.source_system for each in watching.arrivals(wb)} == {"a": "lab", "b": "careloop"}


def test_a_load_that_ends_in_the_middle_again_and_again_is_given_up(
    wb: Workbench, watcher: Watcher, inbox: Path, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_feed(inbox / "mon", patients=[PATIENT, ANN])

    class Killed(BaseException):
        """The process is gone."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr("core.loads.load", killed)
    watcher.look()
    seconds.at += 60
    for _ in range(3):
        with pytest.raises(Killed):
            watcher.look()
    assert [each.state for each in watching.arrivals(wb)] == ["loading"]
    assert [(each.name, each.state) for each in watcher.look()] == [("mon", "failed")]


def test_files_that_change_while_they_are_read_are_read_again(
    wb: Workbench, watcher: Watcher, inbox: Path, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_feed(inbox / "mon", patients=[PATIENT, ANN])
    load = loads.load

    def written_meanwhile(*given: object, **named: object) -> loads.LoadReport:
        report = load(*given, **named)  # type: ignore[arg-type]
        monkeypatch.undo()
        write_feed(inbox / "mon", patients=[PATIENT, ANN, BOB])
        return report

    monkeypatch.setattr("core.loads.load", written_meanwhile)
    assert looks(watcher, seconds) == [("mon", "loaded")]
    assert looks(watcher, seconds) == [("mon", "loaded")]
    assert looks(watcher, seconds) == []


def test_a_folder_that_is_not_there_and_times_that_make_no_sense_are_refused(wb: Workbench, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        watching.watch(wb, tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="--quiet from 1"):
        watching.watch(wb, tmp_path, quiet=0)


def test_who_may_not_load_watches_nothing(wb: Workbench, inbox: Path) -> None:
    person = User("mia", "Mia", roles=frozenset({"manager"}))
    accounts.add_user(wb.engine, person, at=wb.now(), by="ana")
    with pytest.raises(NotAllowed, match="load data"):
        Watcher(wb.as_user("mia"), inbox).look()
    with writing(wb.engine) as connection:
        assert arrival_rows.latest(connection) == []


# ---- a real process ------------------------------------------------------------------------------------------------
@pytest.mark.long
@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_watches_loads_files_that_are_written_slowly_and_ends_on_a_signal(
    wb: Workbench, inbox: Path, ended_by: signal.Signals
) -> None:
    without_rules(wb)
    environ = os.environ | {"CARELOOP_HOME": str(wb.settings.home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "core", "load", str(inbox), "--watch", "--quiet", "2", "--every", "0.2"]
    (inbox / "mon").mkdir()
    lines = [PATIENT, *(f"P{number},Ann,Example,1960-05-01,F,active" for number in range(20))]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        with (inbox / "mon" / "patients.csv").open("w") as stream:
            for line in lines:
                stream.write(f"{line}\n")
                stream.flush()
                time.sleep(0.2)
                assert not loads.history(wb)
        wait_until(lambda: bool(loads.history(wb)))
        process.send_signal(ended_by)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "mon: loaded" in said
    (row,) = loads.history(wb)
    assert row.counts["patients.csv"]["kept"] == 20 and row.loaded_by == "command-line"


def test_a_signal_in_the_middle_of_a_load_leaves_everything_as_it_was(
    wb: Workbench, watcher: Watcher, inbox: Path, seconds: Seconds
) -> None:
    write_feed(inbox / "mon", patients=[PATIENT, ANN])
    watcher.look()
    seconds.at += 60
    progress = watcher._progress

    def stopped(_step: str, share: float) -> None:
        watcher.stop.set()
        progress(_step, share)

    watcher._progress = stopped  # type: ignore[method-assign]
    with pytest.raises(watching.Stopped):
        watcher.look()
    assert loads.current(wb) is None and loads.history(wb) == []
    assert looks(Watcher(wb, inbox, clock=seconds), seconds) == [("mon", "loaded")]
