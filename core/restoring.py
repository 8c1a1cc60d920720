"""Taking a backup back: whole or not at all, the old state put aside, and nothing sent until it is reconciled.

The home is marked before anything changes and unmarked when everything is there, so a restore that was killed keeps
everybody out and can be repeated. See docs/decisions/backup-and-restore.md.
"""

import fcntl
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.audit import ANCHORS, record
from core.backups import KEPT_FILES, KEPT_FOLDERS
from core.errors import CareloopError, NotAllowed
from core.ledger_replay import Replayed, replay
from core.settings import Settings
from core.store import half_restored
from core.store.archive import Archive
from core.store.clinical import ClinicalStore
from core.store.database import newest_version
from core.store.restore_fill import fill, settle
from core.store.restore_targets import PostgresTarget, SqliteTarget, target_of
from core.workbench import COMMAND_LINE, open_workbench

Progress = Callable[[str, float], None]
_STAGING = "restore-staging"
# Of the home: what a backup brings, and what tells of batches that the restored database does not know.
_PUT_ASIDE = (*KEPT_FILES, *KEPT_FOLDERS, "clinical", "journals", "last-sent", ANCHORS)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restoration:
    """What was restored, and what the ledgers have told of the time since."""

    made_at: datetime
    rows: int
    files: int
    aside: Path | None
    replayed: Replayed


def restore(
    settings: Settings,
    path: Path,
    *,
    replace: bool = False,
    ledgers: Sequence[Path] = (),
    progress: Progress | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Restoration:
    """Put the archive's state into the home and the database of the settings.

    replace   also where something is: the old database and files are put aside and never deleted
    ledgers   folders of ledgers of all machines that have sent; the home's own is always asked
    Raises CareloopError for a damaged archive, NotAllowed where something is without `replace` and while pages, a
    dispatcher or a load run. Afterwards nothing leaves until `core.reconciling.release`.
    """
    report = progress or _silent
    with Archive(Path(path)) as archive:
        _check_version(archive)
        report("Checking the archive", 0.0)
        archive.verify()
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = target_of(settings.database_url)
        with _alone(settings.home):
            is_again = half_restored.is_half(settings.home)
            _check_free(settings, target, may_replace=replace or is_again)
            target.require_idle()
            half_restored.begin(settings.home)
            at = clock() if clock else datetime.now(UTC)
            aside = _put_in(settings, target, archive, at, report)
        replayed = _complete(settings, archive, ledgers, clock)
    half_restored.end(settings.home)
    report("Restored", 1.0)
    manifest = archive.manifest
    return Restoration(manifest.made_at, manifest.row_count, len(manifest.files), aside, replayed)


def _check_version(archive: Archive) -> None:
    version = archive.manifest.version
    if version > newest_version():
        raise CareloopError(
            f"The backup was made by a newer Careloop: its tables are at version {version}, this one knows them up to "
            f"{newest_version()}. Restore it with the newer one. Nothing was changed."
        )


def _check_free(settings: Settings, target: SqliteTarget | PostgresTarget, *, may_replace: bool) -> None:
    has_data = target.is_used() or any((settings.home / "clinical").glob("*/about.json"))
    if has_data and not may_replace:
        raise NotAllowed(
            "There is data in this home or database already. With --replace it is put aside, not deleted, and the "
            "backup takes its place. Nothing was changed."
        )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """No other restore and no load meanwhile."""
    with (home / "restore.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAllowed("Another restore into this home is running. Wait until it has ended.") from None
        with ClinicalStore(home / "clinical").loading():
            yield


def _put_in(
    settings: Settings, target: SqliteTarget | PostgresTarget, archive: Archive, at: datetime, report: Progress
) -> Path | None:
    home, stamp = settings.home, f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    staging = home / _STAGING
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    for number, name in enumerate(archive.manifest.files):
        report("Clinical data", 0.1 + 0.3 * number / len(archive.manifest.files))
        archive.extract(name, staging / name)
    with target.replacing(stamp) as (connection, is_ready):
        fill(connection, archive, lambda share: report("Database", 0.4 + 0.4 * share))
        settle(connection, archive, at=at, by=COMMAND_LINE)
        aside = _swap(home, staging, home / f"before-restore-{stamp}")
        is_ready()
    return aside


def _swap(home: Path, staging: Path, aside: Path) -> Path | None:
    """The files of the backup take the place of those of the home."""
    old = [name for name in _PUT_ASIDE if (home / name).exists()]
    if old:
        aside.mkdir(mode=0o700)
    for name in old:
        (home / name).rename(aside / name)
    for path in sorted(staging.iterdir()):
        path.rename(home / path.name)
    staging.rmdir()
    half_restored.sync_folder(home)
    return aside if old else None


def _complete(
    settings: Settings, archive: Archive, ledgers: Sequence[Path], clock: Callable[[], datetime] | None
) -> Replayed:
    """What happened since the backup, as far as ledgers tell."""
    wb = open_workbench(settings, clock=clock, is_restoring=True)
    try:
        manifest = archive.manifest
        record(
            wb, "backup.restored", manifest.archive_id, rows=manifest.row_count, made_at=manifest.made_at.isoformat()
        )
        return replay(wb, [settings.ledger, *ledgers])
    finally:
        wb.engine.dispose()


def _silent(_what: str, _share: float) -> None:
    """Progress that nobody watches."""
