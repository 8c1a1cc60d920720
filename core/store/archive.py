"""The file of a backup: a ZIP with the tables, the files of the home and a manifest that says what each must be.

It appears under its name when it is whole and on the disk, and only its owner may read it. The manifest comes last and
has the SHA-256 of everything else; the ZIP's own check sums guard the manifest.
"""

import fcntl
import gzip
import json
import os
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.errors import CareloopError
from core.store import archive_names
from core.store.archive_names import Strange
from core.store.dump import Shape
from core.store.half_restored import sync_folder

FORMAT = 1
_MANIFEST = "manifest.json"
_PIECE = 1 << 20
_LONGEST_MANIFEST = 16 << 20
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, TypeError, AttributeError,
    NotImplementedError, RecursionError,
)  # fmt: skip


@dataclass
class Manifest:
    """What an archive holds.

    archive_id  names it; made_at: the moment of which everything in it is
    version     of the tables
    tables      in the order to be filled: name, columns, rows, sha256
    files       by path in the home: size, sha256
    generation  the clinical data that counts, None when there is none
    highest_ids by table the highest number
    ledger      of the machine it was made on: its id and how many bytes it had; ledgers: ids of all that must be asked
    """

    archive_id: str
    made_at: datetime
    made_by: str
    version: str
    host: str
    dialect: str
    generation: str | None = None
    tables: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    highest_ids: dict[str, int] = field(default_factory=dict)
    ledgers: dict[str, int | None] = field(default_factory=dict)
    audit_head: int = 0
    format: int = FORMAT

    @property
    def row_count(self) -> int:
        """Rows of all tables."""
        return sum(table["rows"] for table in self.tables)

    def shapes(self) -> list[Shape]:
        """The tables, in the order to be filled."""
        return [Shape(each["name"], tuple((n, k, bool(m)) for n, k, m in each["columns"])) for each in self.tables]


class Writer:
    """An archive that is being written. Made by `writing_archive`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def table(self, manifest: Manifest, shape: Shape, lines: Iterable[bytes]) -> int:
        """Add a table; returns its rows."""
        digest, rows, longest = sha256(), 0, archive_names.longest(shape.name)
        with (
            self._archive.open(_info(_of_table(shape.name)), "w", force_zip64=True) as member,
            gzip.GzipFile(fileobj=member, mode="wb", compresslevel=1, mtime=0) as packed,
        ):
            for line in lines:
                if len(line) > longest:
                    raise CareloopError(
                        f"The backup was not made: a row of the table {shape.name} is larger than {longest >> 20:,} MB "
                        "and could not be taken back. Ask whoever looks after Careloop to look at that table."
                    )
                digest.update(line)
                packed.write(line)
                rows += 1
        columns = [list(column) for column in shape.columns]
        manifest.tables.append({"name": shape.name, "columns": columns, "rows": rows, "sha256": digest.hexdigest()})
        return rows

    def file(self, manifest: Manifest, name: str, path: Path) -> None:
        """Add a file of the home under its path there."""
        digest, size = sha256(), 0
        member_name = _info(f"files/{name}")
        with path.open("rb") as source, self._archive.open(member_name, "w", force_zip64=True) as member:
            while piece := source.read(_PIECE):
                digest.update(piece)
                member.write(piece)
                size += len(piece)
        manifest.files[name] = {"size": size, "sha256": digest.hexdigest()}

    def finish(self, manifest: Manifest) -> None:
        """Everything is in it."""
        told = asdict(manifest) | {"made_at": manifest.made_at.isoformat()}
        with self._archive.open(_info(_MANIFEST), "w") as member:
            member.write(json.dumps(told, indent=1).encode())


@contextmanager
def writing_archive(out: Path) -> Iterator[Writer]:
    """Write an archive beside its place and put it there when the block has ended well; nothing stays otherwise."""
    remove_leftovers(out)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with zipfile.ZipFile(file, "w") as archive:
                yield Writer(archive)
            file.flush()
            os.fsync(file.fileno())
            part.replace(out)
        sync_folder(out.parent)
    finally:
        part.unlink(missing_ok=True)


def remove_leftovers(out: Path) -> None:
    """Delete what backups to this place left that were killed."""
    for part in out.parent.glob(f".{out.name}.*.part"):
        with part.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # another backup is writing it
            part.unlink(missing_ok=True)


class Archive:
    """An archive to be read. Raises CareloopError for a file that is none, is damaged or comes from a newer program."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise CareloopError(f"There is no archive {path}. Check its name.") from None
        except _DAMAGED:
            raise self._damaged() from None
        try:
            self.manifest = self._manifest()
        except CareloopError:
            self.close()
            raise

    def _manifest(self) -> Manifest:
        try:
            if self._archive.getinfo(_MANIFEST).file_size > _LONGEST_MANIFEST:
                raise ValueError("a manifest without an end")
            told: dict[str, Any] = json.loads(self._archive.read(_MANIFEST))
            if told.get("format", FORMAT) > FORMAT:
                raise CareloopError(f"{self.path} was made by a newer Careloop. Restore it with that one.")
            archive_names.require_known(told)
            known = {name: told[name] for name in Manifest.__dataclass_fields__ if name in told}
            return Manifest(**known | {"made_at": datetime.fromisoformat(told["made_at"])})
        except Strange as error:
            raise CareloopError(
                f"{self.path} is no whole backup: it names {error}, which no backup has. It was changed, or not made "
                "by 'careloop backup'. Use another one; nothing was changed."
            ) from None
        except _DAMAGED:
            raise self._damaged() from None

    def _damaged(self) -> CareloopError:
        return CareloopError(
            f"{self.path} is no whole backup: it is cut off, damaged, or was not made by 'careloop backup'. Use "
            "another one; nothing was changed."
        )

    def verify(self) -> None:
        """Read everything and compare it with the manifest. Raises CareloopError for what is missing or different."""
        wrong = []
        for table in self.manifest.tables:
            digest, rows = sha256(), 0
            try:
                for line in self._lines(table["name"]):
                    digest.update(line)
                    rows += 1
            except _DAMAGED:
                rows = -1
            if (rows, digest.hexdigest()) != (table["rows"], table["sha256"]):
                wrong.append(f"the table {table['name']}")
        wrong += [f"the file {name}" for name, about in self.manifest.files.items() if not self._is_right(name, about)]
        if wrong:
            raise CareloopError(
                f"{self.path} is damaged: {', '.join(wrong[:5])}{' and others' if len(wrong) > 5 else ''}. Use another "
                "backup; nothing was changed."
            )

    def rows(self, name: str) -> Generator[bytes]:
        """The lines of a table."""
        yield from self._lines(name)

    def extract(self, name: str, target: Path) -> None:
        """Write a file of the home to `target`, which only its owner may read."""
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._archive.open(f"files/{name}") as source, target.open("wb") as file:
            target.chmod(0o600)
            while piece := source.read(_PIECE):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    def _lines(self, name: str) -> Iterator[bytes]:
        with self._archive.open(_of_table(name)) as member, gzip.GzipFile(fileobj=member, mode="rb") as lines:
            longest = archive_names.longest(name)
            while line := lines.readline(longest + 1):
                if len(line) > longest:
                    raise ValueError("a line without an end")
                yield line

    def _is_right(self, name: str, about: dict[str, Any]) -> bool:
        digest, size = sha256(), 0
        try:
            with self._archive.open(f"files/{name}") as member:
                while piece := member.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
        except _DAMAGED:
            return False
        return (size, digest.hexdigest()) == (about["size"], about["sha256"])

    def close(self) -> None:
        """Read no more."""
        self._archive.close()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _of_table(name: str) -> str:
    return f"tables/{name}.jsonl.gz"


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o600 << 16
    return info
