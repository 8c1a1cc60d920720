"""Backups: everything the home and the database hold, as of one moment, while everything runs.

See docs/decisions/backup-and-restore.md; taking one back is core.restoring.
"""

import logging
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from core.audit import record
from core.domain.role import OPERATE
from core.errors import CareloopError, NotAllowed
from core.store import dump, feed_rows, ledger, pinned, restore_rows
from core.store.archive import Archive, Manifest, Writer, writing_archive
from core.store.archive_names import KEPT_FILES, KEPT_FOLDERS
from core.store.database import newest_version, snapshot
from core.store.secret import secret_key
from core.workbench import Workbench, needs

Progress = Callable[[str, float], None]
BACKUP_MARK = "last-backup"  # a file in the home: when the last one was made
LEDGERS_OF = timedelta(days=30)  # a machine whose dispatcher was not started for longer sends no more
_TRIES = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backup:
    """An archive that was made, or was found to be whole."""

    path: Path
    made_at: datetime
    rows: int
    files: int
    bytes: int
    has_clinical: bool

    def __str__(self) -> str:
        clinical = "" if self.has_clinical else ", without clinical data: none is loaded on this machine"
        return f"{self.path}: {self.rows:,} rows and {self.files:,} files, {self.bytes / 1e6:,.1f} MB{clinical}"


class _Moved(Exception):
    """A load has removed the clinical data of the snapshot: another one is taken."""


@needs(OPERATE)
def backup(wb: Workbench, out: Path, *, progress: Progress | None = None) -> Backup:
    """Write an archive to `out`, or into the folder `out` under a name with the moment; returns what is in it.

    It has everything of one moment and may be taken while messages are sent and feeds are loaded. Only its owner may
    read it; it holds patients' data and the home's secret key. Raises NotAllowed when the file is there already, and
    CareloopError when the disk does not take it; then there is no file.
    """
    out = Path(out)
    if out.is_dir():
        out = out / f"careloop-{wb.now():%Y%m%dT%H%M%SZ}.zip"
    if out.exists():
        raise NotAllowed(f"{out} is there already, and a backup never writes over another. Choose another name.")
    if not out.parent.is_dir():
        raise NotAllowed(f"There is no folder {out.parent}. Make it first.")
    for _ in range(_TRIES):
        try:
            manifest = _write(wb, out, progress or _silent)
        except _Moved:
            continue
        except OSError as error:
            raise CareloopError(f"The backup was not made: {error.strerror} while writing {out}. Try again.") from None
        (wb.settings.home / BACKUP_MARK).touch()
        record(wb, "backup.made", manifest.archive_id, rows=manifest.row_count, files=len(manifest.files))
        return _told(out, manifest)
    raise CareloopError("The backup was not made: feeds were loaded again and again meanwhile. Try again.")


def verify(path: Path) -> Backup:
    """Read a whole archive and compare it with its check sums. Raises CareloopError for what is wrong."""
    with Archive(Path(path)) as archive:
        archive.verify()
        return _told(Path(path), archive.manifest)


def _write(wb: Workbench, out: Path, progress: Progress) -> Manifest:
    ledgers: dict[str, int | None] = {}
    own = ledger.identity(wb.settings.ledger)
    ledgers[own.ledger_id] = ledger.size(wb.settings.ledger)
    secret_key(wb.settings.home)  # links in mails that leave after the backup must work after its restore
    made_at = wb.now()
    with pinned.place(wb.settings.home) as folder, snapshot(wb.engine) as connection:
        others = restore_rows.known_ledgers(connection, since=made_at - LEDGERS_OF)  # the snapshot begins here
        manifest = Manifest(
            archive_id=secrets.token_hex(8),
            made_at=made_at,
            made_by=wb.user.user_id,
            version=newest_version(),
            host=socket.gethostname(),
            dialect=wb.engine.dialect.name,
            ledgers=dict.fromkeys(others) | ledgers,
        )
        files = list(_files(wb, connection, manifest, folder))
        with writing_archive(out) as writer:
            _put_tables(connection, writer, manifest, progress)
            for number, (name, path) in enumerate(files):
                progress("Clinical data", 0.6 + 0.4 * number / len(files))
                writer.file(manifest, name, path)
            writer.finish(manifest)
    progress("Backup made", 1.0)
    return manifest


def _put_tables(connection: Connection, writer: Writer, manifest: Manifest, progress: Progress) -> None:
    shapes = dump.shapes()
    manifest.highest_ids = dump.highest_ids(connection)
    manifest.audit_head = manifest.highest_ids.get("audit", 0)
    for number, shape in enumerate(shapes):
        progress("Database", 0.6 * number / len(shapes))
        writer.table(manifest, shape, dump.lines(connection, shape))


def _files(wb: Workbench, connection: Connection, manifest: Manifest, folder: Path) -> Iterator[tuple[str, Path]]:
    """Path in the home and where it is now. What is asked first has to be held first."""
    name = feed_rows.current_name(connection)
    generation = wb.clinical.generation(name) if name else None
    if generation is not None and generation.folder.exists():
        held = folder / "generation"
        try:
            paths = pinned.pin(generation, held)
        except FileNotFoundError:
            raise _Moved from None
        manifest.generation = name
        for path in paths:
            yield f"clinical/{name}/{path.as_posix()}", held / path
    home = wb.settings.home
    for kept in KEPT_FILES:
        if (home / kept).is_file():
            yield kept, home / kept
    for part in KEPT_FOLDERS:
        for path in sorted((home / part).glob("*.parquet")):
            yield f"{part}/{path.name}", path


def _told(path: Path, manifest: Manifest) -> Backup:
    return Backup(
        path,
        manifest.made_at,
        manifest.row_count,
        len(manifest.files),
        path.stat().st_size,
        manifest.generation is not None,
    )


def _silent(_what: str, _share: float) -> None:
    """Progress that nobody watches."""
