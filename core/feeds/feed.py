"""What every reader of feeds gives: a manifest and batches of rows as text, in the columns of the layout."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from core.errors import DataError
from core.feeds.layout import TABLE

MANIFEST = "manifest.json"
MARKERS = frozenset({"_done", ".done", "done", "_success"})  # files that say that a feed is complete
COUNTED = "_counted"  # False for rows that are only a further part of a row before, such as a diastolic pressure
_PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst", ".7z")
_SHOWN = 5  # names of files in a note
FORMATS = ("auto", "careloop", "synthea", "fhir")


@dataclass(frozen=True)
class Manifest:
    """manifest.json of a feed, every key optional. `full` names the tables of which the feed holds every row;
    `generator` who invented its patients."""

    source_system: str | None = None
    received_at: datetime | None = None
    full: frozenset[str] = frozenset()
    generator: str = ""


@dataclass(frozen=True)
class Batch:
    """Some rows of one source, a file or a kind of resource. `rows` has layout columns as text, FILE and LINE, and
    may have COUNTED, source_system and received_at; `broken` are (file, line, reason) of what could not be read;
    `headers` what the file calls our columns, where it is read by a header map."""

    table: str
    source: str
    rows: pl.DataFrame
    broken: tuple[tuple[str, int, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Feed:
    """An opened feed: its headers are read and found to be usable, `read_by` says by which header maps.

    `batches` reads it from beginning to end; `notes`, `skipped` (source: count, of no use here) and `merged` (source:
    count, used as parts of others) are complete afterwards.
    """

    folder: Path
    format: str
    manifest: Manifest
    tables: frozenset[str]
    files: tuple[Path, ...]
    batches: Callable[[Callable[[int], None]], Iterator[Batch]]
    notes: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    merged: dict[str, int] = field(default_factory=dict)
    read_by: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files, for progress."""
        return sum(path.stat().st_size for path in self.files)

    def fingerprint(self) -> str:
        """The same for the same bytes under the same names read alike, whenever and wherever they were written."""
        digest = hashlib.sha256(self.read_by.encode())
        manifest = self.folder / MANIFEST
        for path in sorted({*self.files, *([manifest] if manifest.exists() else [])}):
            digest.update(f"{path.relative_to(self.folder)}\0{path.stat().st_size}\0".encode())
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        return digest.hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The feed's manifest; an empty one when there is none. Raises DataError naming the key that is wrong."""
    path = folder / MANIFEST
    if not path.exists():
        return Manifest()
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        line = getattr(error, "lineno", 1)
        raise DataError(f"{MANIFEST}, line {line}: this is not readable JSON. Correct it or remove the file.") from None
    if not isinstance(content, dict):
        raise DataError(f'{MANIFEST}, line 1: expected an object such as {{"source_system": "ehr", "full": true}}.')
    system = content.get("source_system")
    if system is not None and (not isinstance(system, str) or not 0 < len(system) <= 64):
        raise DataError(f"{MANIFEST}: source_system must be a text of at most 64 characters.")
    generator = content.get("generator", "")
    if not isinstance(generator, str) or len(generator) > 32:
        raise DataError(f"{MANIFEST}: generator must be a text of at most 32 characters.")
    return Manifest(system, _moment(content.get("received_at")), _full(content.get("full", False)), generator)


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise DataError(f"{MANIFEST}: received_at must be a moment such as 2026-11-01T02:00:00Z.") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _full(value: object) -> frozenset[str]:
    if isinstance(value, bool):
        return frozenset(TABLE) if value else frozenset()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise DataError(f"{MANIFEST}: full must be true, false or a list of table names.")
    unknown = sorted(set(value) - set(TABLE))
    if unknown:
        raise DataError(f"{MANIFEST}: full names the table '{unknown[0]}'. Known tables: {', '.join(TABLE)}.")
    return frozenset(value)


def refuse_packed(folder: Path, names: Collection[str], *, endings: Sequence[str]) -> None:
    """Raise DataError when a table of a feed is there only as a packed file: the load would be without it."""
    for path in sorted(folder.iterdir()):
        inner = Path(path.stem)
        if path.suffix.lower() in _PACKED and inner.suffix.lower() in endings and inner.stem.lower() in names:
            raise DataError(f"{path.name} is packed. Unpack it in its folder, remove it, and load the feed again.")


def not_read(folder: Path, read: Collection[Path], *, endings: Sequence[str], is_below: bool = False) -> list[str]:
    """A note on the files of a folder, and of those in it if `is_below`, of which nothing is read."""
    found = sorted(folder.rglob("*") if is_below else folder.iterdir())
    left = [path for path in found if path.is_file() and path not in read and path.name != MANIFEST]
    left = [path for path in left if path.name.lower() not in MARKERS]
    names = [str(path.relative_to(folder)) for path in left if not path.name.startswith(".")]
    if not names:
        return []
    shown = ", ".join(names[:_SHOWN]) + f" and {len(names) - _SHOWN:,} more" * (len(names) > _SHOWN)
    packed = any(name.lower().endswith(_PACKED) for name in names)
    return [
        f"Not read: {shown}. Files that are read end with {', '.join(endings)}." + " Unpack the others first." * packed
    ]
