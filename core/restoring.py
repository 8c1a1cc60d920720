"""Taking a backup back: whole or not at all, the old state put aside, and nothing sent until it is reconciled.

The home is marked before anything changes and unmarked when everything is there, so a restore that was killed keeps
everybody out and can be repeated. See docs/decisions/backup-and-restore.md.
"""

import fcntl
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from core import audit
from core.audit import record
from core.errors import CareloopError, NotAllowed
from core.ledger_replay import Replayed, replay, require_ledgers
from core.settings import Settings
from core.store import audit_heads, audit_rows, half_restored, restore_rows, standing_rows
from core.store.archive import Archive
from core.store.archive_names import DEMO, KEPT_FILES, KEPT_FOLDERS
from core.store.audit_heads import Carried
from core.store.clinical import ClinicalStore
from core.store.database import newest_version, writing
from core.store.restore_fill import fill, settle
from core.store.restore_targets import PostgresTarget, SqliteTarget, target_of
from core.store.standing_rows import Before
from core.workbench import COMMAND_LINE, Workbench, open_workbench

Progress = Callable[[str, float], None]
_STAGING = "restore-staging"
# Of the home: what a backup brings, and what tells of batches that the restored database does not know.
_PUT_ASIDE = (*KEPT_FILES, *KEPT_FOLDERS, "clinical", "journals", "last-sent")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RestoredLog:
    """What a look over the restored audit log found.

    lines     that it has
    compared  heads noted here before the restore that it was compared with
    beyond    heads noted here for lines after its last one: what was done since the backup
    problem   the first line that does not fit, in words; '' for a whole log
    """

    lines: int
    compared: int
    beyond: int
    problem: str


@dataclass(frozen=True)
class Restoration:
    """What was restored, whether its audit log is whole, and what the ledgers have told of the time since."""

    made_at: datetime
    rows: int
    files: int
    aside: Path | None
    audit: RestoredLog
    replayed: Replayed


def restore(
    settings: Settings,
    path: Path,
    *,
    replace: bool = False,
    may_be_demo: bool = False,
    ledgers: Sequence[Path] = (),
    progress: Progress | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Restoration:
    """Put the archive's state into the home and the database of the settings.

    replace      also where something is: the old database and files are put aside and never deleted
    may_be_demo  a backup of a demo may make the home one
    ledgers      folders of ledgers of all machines that have sent; the home's own is always asked
    Raises CareloopError for an archive that is damaged or holds what no backup has, NotAllowed where something is
    without `replace` and while pages, a dispatcher or a load run. An audit log that is not whole comes back all the
    same and is told of. Afterwards nothing leaves until `core.reconciling.release`.
    """
    report = progress or _silent
    require_ledgers(ledgers)
    with Archive(Path(path)) as archive:
        _check_version(archive)
        _check_demo(settings, archive, may_be_demo=may_be_demo)
        report("Checking the archive", 0.0)
        archive.verify()
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = target_of(settings.database_url)
        with _alone(settings.home):
            is_again = half_restored.is_half(settings.home)
            _check_free(settings, target, may_replace=replace or is_again)
            target.require_idle()
            was = standing_rows.before(target.earlier(is_again=is_again))
            half_restored.begin(settings.home)
            at = clock() if clock else datetime.now(UTC)
            try:
                aside, carried = _put_in(settings, target, archive, was, at, report)
            except CareloopError:  # the archive was refused, before anything of the home had moved
                shutil.rmtree(settings.home / _STAGING, ignore_errors=True)
                if not is_again:
                    half_restored.end(settings.home)
                raise
        log, replayed = _complete(settings, archive, carried, ledgers, clock)
    half_restored.end(settings.home)
    report("Restored", 1.0)
    manifest = archive.manifest
    return Restoration(manifest.made_at, manifest.row_count, len(manifest.files), aside, log, replayed)


def _check_version(archive: Archive) -> None:
    version = archive.manifest.version
    if version > newest_version():
        raise CareloopError(
            f"The backup was made by a newer Careloop: its tables are at version {version}, this one knows them up to "
            f"{newest_version()}. Restore it with the newer one. Nothing was changed."
        )


def _check_demo(settings: Settings, archive: Archive, *, may_be_demo: bool) -> None:
    if DEMO in archive.manifest.files and not (settings.demo or may_be_demo):
        raise NotAllowed(
            "The backup is one of a demo, and this home is none: restored, everybody could sign in with one click and "
            "nothing would leave. If that is what you want, say --demo. If the backup should be of real patients, it "
            "was changed: use another one. Nothing was changed."
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
    settings: Settings,
    target: SqliteTarget | PostgresTarget,
    archive: Archive,
    was: Before,
    at: datetime,
    report: Progress,
) -> tuple[Path | None, Carried]:
    """Returns where the old files lie, if there were any, and what became of the heads of the audit log noted here."""
    home, stamp = settings.home, f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    staging, aside = home / _STAGING, home / f"before-restore-{stamp}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    for number, name in enumerate(archive.manifest.files):
        report("Clinical data", 0.1 + 0.3 * number / len(archive.manifest.files))
        archive.extract(name, staging / name)
    with target.replacing(stamp) as (connection, is_ready):
        fill(connection, archive, lambda share: report("Database", 0.4 + 0.4 * share))
        settle(connection, archive, was, at=at, by=COMMAND_LINE)
        last, _ = audit_rows.head(connection)
        _swap(home, staging, aside)
        carried = audit_heads.carry_over(home, aside, made_at=archive.manifest.made_at, last=last, at=at)
        is_ready()
    return (aside if aside.exists() else None), carried


def _swap(home: Path, staging: Path, aside: Path) -> None:
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


def _complete(
    settings: Settings,
    archive: Archive,
    carried: Carried,
    ledgers: Sequence[Path],
    clock: Callable[[], datetime] | None,
) -> tuple[RestoredLog, Replayed]:
    """Whether the audit log is whole, and what happened since the backup, as far as ledgers tell."""
    wb = open_workbench(settings, clock=clock, is_restoring=True)
    try:
        log = _look_over(wb, carried)
        manifest = archive.manifest
        record(
            wb,
            "backup.restored",
            manifest.archive_id,
            rows=manifest.row_count,
            made_at=manifest.made_at.isoformat(),
            audit="broken" if log.problem else "whole",
            audit_compared=log.compared,
        )
        replayed = replay(wb, [settings.ledger, *ledgers])
        # A later restore of an archive that says it was made after this one has to hold these lines too.
        audit.note_head(wb, always=True)
        return log, replayed
    finally:
        wb.engine.dispose()


def _look_over(wb: Workbench, carried: Carried) -> RestoredLog:
    """Check the log that came back, and keep with the restore what was found."""
    found = audit.verify(wb)
    log = RestoredLog(found.count, carried.kept, carried.beyond, found.problem)
    with writing(wb.engine) as connection:
        restore_rows.keep_found(connection, {"audit": asdict(log)})
    return log


def _silent(_what: str, _share: float) -> None:
    """Progress that nobody watches."""
