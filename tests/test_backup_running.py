"""Backups taken while feeds are loaded and messages leave, and backups and restores that are killed."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import func, select, text

from core import backups, dispatcher, loads, reconciling, restoring
from core.errors import SettingsError
from core.settings import Settings
from core.store import half_restored
from core.store.archive import Archive
from core.store.database import reading
from core.store.schema import attempts, patients, recipients
from core.workbench import Workbench, open_workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends
from tests.conftest import ROOT, Clock
from tests.dispatchers import start, wait_until
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)
from tests.restores import back_up, lose, mailed, operator, reopened, restore_in_place

_CHILD = """
import sys
from datetime import datetime
from pathlib import Path
from core import backups, restoring
from core.settings import Settings
from core.workbench import open_workbench

what, home, url, archive, at = sys.argv[1:]
settings = Settings(home=Path(home), database_url=url)
clock = lambda: datetime.fromisoformat(at)
if what == "backup":
    backups.backup(open_workbench(settings, clock=clock), Path(archive))
else:
    restoring.restore(settings, Path(archive), replace=True, clock=clock)
"""


def child(what: str, wb: Workbench, archive: Path) -> subprocess.Popen[bytes]:
    """A backup or restore as a process of its own, to be killed."""
    url = wb.engine.url.render_as_string(hide_password=False)
    arguments = [what, str(wb.settings.home), url, str(archive), wb.now().isoformat()]
    return subprocess.Popen([sys.executable, "-c", _CHILD, *arguments], cwd=ROOT, stderr=subprocess.DEVNULL)


def is_consistent(settings: Settings, clock: Clock) -> tuple[int, int]:
    """How many patients in SQL and in the clinical data, after everything else was compared."""
    wb = open_workbench(settings, clock=clock)
    try:
        with reading(wb.engine) as connection:
            if wb.engine.dialect.name == "sqlite":
                assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
                assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            without = select(func.count()).where(
                recipients.c.state.in_(("handed_over", "claimed")),
                ~select(attempts.c.attempt_id).where(attempts.c.recipient_id == recipients.c.recipient_id).exists(),
            )
            assert connection.scalar(without) == 0
            in_sql = connection.scalar(select(func.count()).select_from(patients)) or 0
        generation = loads.current(wb)
        assert generation is not None and generation.is_complete()
        events = generation.events().select(pl.len()).collect().item()
        assert events >= 0 and generation.evaluations()
        return in_sql, generation.table("patients").select(pl.len()).collect().item()
    finally:
        wb.engine.dispose()


@pytest.mark.long
def test_a_backup_taken_while_feeds_are_loaded_is_of_one_moment(wb: Workbench, tmp_path: Path, clock: Clock) -> None:
    from core.sample import write_sample

    feeds = []
    for n, count in enumerate((150, 200, 250, 300, 350)):
        feeds.append(tmp_path / f"feed{n}")
        write_sample(feeds[-1], patients=count, seed=1, as_of=wb.today())
    loads.load(wb, feeds[0])
    done = threading.Event()

    def load_all() -> None:
        for feed in feeds[1:]:
            loads.load(wb, feed)
        done.set()

    loading = threading.Thread(target=load_all)
    loading.start()
    archives: list[Path] = []
    while not done.is_set():
        archives.append(back_up(wb, tmp_path / f"a{len(archives)}.zip"))
    loading.join()
    lose(wb)

    assert len(archives) > 3
    sizes = set()
    for n, archive in enumerate(archives[:: max(1, len(archives) // 6)]):
        home = tmp_path / f"restored{n}"
        settings = Settings(home=home, database_url=f"sqlite:///{home}/careloop.db")
        restoring.restore(settings, archive, clock=clock)
        in_sql, in_clinical = is_consistent(settings, clock)
        assert in_sql == in_clinical
        sizes.add(in_sql)
    assert len(sizes) > 1


@pytest.mark.long
def test_backups_and_a_restore_while_a_dispatcher_sends_and_is_killed(
    bench_by_day: Workbench,  # noqa: F811
    server: Recorder,
    tmp_path: Path,
    clock: Clock,
) -> None:
    wb = clinic_that_sends(bench_by_day, server.port)
    add_campaign(wb, add_patients(wb, 1_500))
    moments = random.Random(3)

    for turn in range(4):
        process = start(wb)
        goal = min(1_400, len(server.mails) + moments.randrange(50, 150))
        wait_until(lambda goal=goal: len(server.mails) >= goal)  # type: ignore[misc]
        archive = back_up(wb, tmp_path / f"a{turn}.zip")
        goal = min(1_450, len(server.mails) + moments.randrange(50, 150))
        wait_until(lambda goal=goal: len(server.mails) >= goal)  # type: ignore[misc]
        process.kill()
        process.wait()
        restore_in_place(wb, archive, clock)
        wb = clinic_settings(reopened(wb.settings, clock), server.port)
        reconciling.release(operator(wb), reason="the ledger is whole")
    dispatcher.drain(wb)
    clock.forward(minutes=11)
    dispatcher.drain(wb)

    assert set(mailed(server).values()) == {1}, "a patient got a second mail"
    states: Counter[str] = Counter()
    with reading(wb.engine) as connection:
        of_c1 = recipients.c.campaign_id == "c1"
        for state, count in connection.execute(
            select(recipients.c.state, func.count()).where(of_c1).group_by(recipients.c.state)
        ):
            states[state] = count
    assert states["handed_over"] + states["unknown"] == 1_500 and states["unknown"] <= 4 * 100
    lose(wb)


def clinic_settings(wb: Workbench, port: int) -> Workbench:
    from dataclasses import replace

    return replace(wb, settings=replace(wb.settings, smtp_port=port))


@pytest.mark.long
def test_a_killed_backup_leaves_no_archive_and_the_next_one_is_whole(
    bench_by_day: Workbench,  # noqa: F811
    tmp_path: Path,
    clock: Clock,
) -> None:
    wb = bench_by_day
    add_clinic_of(wb, 3_000)
    moments = random.Random(5)
    out = tmp_path / "out"
    out.mkdir()
    for _ in range(6):
        process = child("backup", wb, out / "a.zip")
        wait_until(lambda: any(out.glob(".a.zip.*.part")))
        time.sleep(moments.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (out / "a.zip").exists():
            backups.verify(out / "a.zip")
            (out / "a.zip").unlink()
    archive = back_up(wb, out / "a.zip")

    assert [path.name for path in out.iterdir()] == ["a.zip"]
    assert list((wb.settings.home / "backups-under-way").iterdir()) == []
    with Archive(archive) as read:
        read.verify()


def add_clinic_of(wb: Workbench, count: int) -> None:
    from tests.clinic import add_clinic

    add_clinic(wb)
    add_campaign(wb, add_patients(wb, count))


@pytest.mark.long
def test_a_killed_restore_keeps_everybody_out_until_it_is_repeated(
    bench_by_day: Workbench,  # noqa: F811
    tmp_path: Path,
    clock: Clock,
) -> None:
    wb = bench_by_day
    add_clinic_of(wb, 2_000)
    archive = back_up(wb, tmp_path)
    lose(wb)
    moments = random.Random(11)
    outcomes: Counter[str] = Counter()
    for _ in range(8):
        was_half = half_restored.is_half(wb.settings.home)
        process = child("restore", wb, archive)
        staging = wb.settings.home / "restore-staging"
        wait_until(lambda: staging.exists() if was_half else half_restored.is_half(wb.settings.home))  # noqa: B023
        time.sleep(moments.random() * 0.8)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.3)  # until PostgreSQL has noticed
        try:
            found = reopened(wb.settings, clock)
        except SettingsError:
            outcomes["half"] += 1
            continue
        outcomes["whole"] += 1
        with reading(found.engine) as connection:
            assert connection.scalar(select(func.count()).select_from(patients)) == 2_000
        lose(found)
    restoring.restore(wb.settings, archive, replace=True, clock=clock)

    assert outcomes["half"]
    found = reopened(wb.settings, clock)
    with reading(found.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(patients)) == 2_000
    assert reconciling.status(found) is not None
    lose(found)
