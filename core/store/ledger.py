"""The ledger: what leaves and who says stop, written beside the database, so that a restored backup can be completed.

    ledger/id                  which ledger this is, and of which machine
           2026-11.jsonl       lines of a month, added at the end and never changed
           beat                when a dispatcher was last at work here

A line is on the disk before `write` returns. One that was cut off, by a full disk or a crash, is ended by the next:
every line begins with a line end. Patients are in it by id; addresses only where an opt-out is kept by one.
"""

import os
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from core.store.half_restored import sync_folder

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Identity:
    """Which ledger a folder holds, and on which machine it was begun."""

    ledger_id: str
    host: str


def write(folder: Path, lines: Sequence[Line], *, at: datetime) -> None:
    """Add lines, all with the moment `at`. Raises OSError when the disk does not take them."""
    stamp = {"at": at}
    content = b"".join(b"\n" + orjson.dumps({**stamp, **line}) + b"\n" for line in lines)
    path = folder / f"{at:%Y-%m}.jsonl"
    is_new = not path.exists()
    if is_new:
        identity(folder)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if os.write(file, content) != len(content):
            raise OSError("the ledger takes no more")
        os.fdatasync(file)
    finally:
        os.close(file)
    if is_new:
        sync_folder(folder)


def identity(folder: Path) -> Identity:
    """Which ledger this is; a new one when there was none. Raises OSError."""
    found = known_identity(folder)
    if found is None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = folder / f".id.{os.getpid()}.{secrets.token_hex(4)}"
        part.write_text(f"{secrets.token_hex(8)} {socket.gethostname()[:80]}\n", "utf-8")
        part.chmod(0o600)
        try:
            os.link(part, folder / "id")
        except FileExistsError:
            pass  # another process was as quick: its name counts
        except OSError:  # a file system without hard links
            part.replace(folder / "id")
        part.unlink(missing_ok=True)
        found = known_identity(folder)
        if found is None:
            raise OSError("the ledger has no name")
    return found


def known_identity(folder: Path) -> Identity | None:
    """Which ledger a folder holds; None when it holds none."""
    try:
        ledger_id, _, host = (folder / "id").read_text("utf-8").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        return None
    return Identity(ledger_id, host) if ledger_id else None


def size(folder: Path) -> int:
    """Bytes of all lines: it never shrinks."""
    return sum(path.stat().st_size for path in folder.glob("*.jsonl"))


def beat(folder: Path, *, at: datetime) -> None:
    """A dispatcher is at work here. Nothing when the disk takes nothing."""
    with suppress(OSError):
        identity(folder)
        part = folder / f".beat.{os.getpid()}"
        part.write_text(at.isoformat(), "ascii")
        part.replace(folder / "beat")


def last_beat(folder: Path) -> datetime | None:
    """When a dispatcher was last at work here."""
    try:
        return datetime.fromisoformat((folder / "beat").read_text("ascii").strip())
    except (OSError, ValueError):
        return None


class Reading:
    """The lines of a ledger from a moment on, in the order they were written. `unreadable` counts those cut off."""

    def __init__(self, folder: Path, since: datetime) -> None:
        self._folder = folder
        self._since = since
        self.unreadable = 0
        self.until: datetime | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for path in sorted(self._folder.glob("*.jsonl")):
            if path.stem < f"{self._since:%Y-%m}":
                continue
            with path.open("rb") as file:
                for text in file:
                    line = self._line(text)
                    if line is not None:
                        yield line

    def _line(self, text: bytes) -> dict[str, Any] | None:
        if not text.strip():
            return None
        try:
            line: dict[str, Any] = orjson.loads(text)
            line["at"] = datetime.fromisoformat(line["at"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            self.unreadable += 1
            return None
        self.until = max(self.until or line["at"], line["at"])
        return line if line["at"] >= self._since else None
