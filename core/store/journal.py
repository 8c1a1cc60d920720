"""What a worker is about to finish, in a file of its own: after a crash the next one on this machine knows what left.

The order of writing decides: `begin` is on the file before the bytes that end a message go out, `end` after the reply.
So of a claimed message a journal without `begin` proves that it did not leave, one with `end` what became of it, and
only one with `begin` alone leaves it unknown. The file is locked while its worker lives. It is not forced onto the disk
with each record: a kill loses nothing of what was written, only a crash of the machine does. So a journal proves
something only to the machine on which it was written, and only until that is started again: both show in the boot id.
"""

import fcntl
import os
import re
import struct
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_MAGIC = "careloop-journal-1"
_RECORD = struct.Struct("<4sBBHq")  # mark, kind, number of the attempt, reply code, recipient
_MARK, _BEGIN, _END = b"CLJ\n", 1, 2
_SUFFIX = ".journal"
_KEPT = 7 * 24 * 3600.0  # seconds for which journals of other machines, or from before a restart, stay
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

Key = tuple[int, int]  # recipient and number of the attempt


@dataclass(frozen=True)
class Left:
    """The journal of a worker that is gone: what is not in it did not happen.

    replies   by recipient and attempt the reply code; None where the message was about to be ended
    """

    worker: str
    replies: Mapping[Key, int | None]


class Journal:
    """The journal of a living worker; made by `start`."""

    def __init__(self, path: Path, worker: str) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        header = f"{_MAGIC} {_boot_id()} {worker}\n".encode()
        os.write(self._file, header)
        self._start = self._size = len(header)
        self._in_hand: Key | None = None

    def begin(self, recipient_id: int, number: int) -> None:
        """The bytes that end the message go out next. Raises OSError when that cannot be written: they must not."""
        self._write(_BEGIN, recipient_id, number)
        self._in_hand = (recipient_id, number)

    def end(self, code: int) -> None:
        """The reply to the message in hand; nothing when none was begun. A reply that cannot be written stays unknown
        for whoever comes after a crash."""
        if self._in_hand is None:
            return
        (recipient_id, number), self._in_hand = self._in_hand, None
        with suppress(OSError):
            self._write(_END, recipient_id, number, code)

    def clear(self) -> None:
        """Everything in it is in the database."""
        os.ftruncate(self._file, self._start)
        self._size = self._start

    def close(self) -> None:
        """The worker ends and holds nothing."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._file)

    def abandon(self) -> None:
        """The worker holds what it could not write down: whoever reads the journal next does that for it."""
        os.close(self._file)

    def _write(self, kind: int, recipient_id: int, number: int, code: int = 0) -> None:
        """A whole record or none: half of one would put those after it out of step."""
        written = os.write(self._file, _RECORD.pack(_MARK, kind, number, code, recipient_id))
        if written != _RECORD.size:
            os.ftruncate(self._file, self._size)
            raise OSError("the journal takes no more")
        self._size += written


def start(folder: Path, worker: str) -> Journal:
    """A new journal of this worker, to be closed or abandoned. Raises OSError when the disk takes none."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Journal(folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', worker)}{_SUFFIX}", worker)


def left_behind(folder: Path) -> Generator[Left]:
    """The journals of workers of this machine that are gone, each locked until the next is asked for and then removed.

    What the caller made of one must be in the database by then; when the caller breaks it stays. A journal that proves
    nothing here is passed over: its worker may live on another machine that shares the folder, and if not, the leases
    of what it held run out.
    """
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue  # another one was quicker
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left = _read(file) if path.exists() else None
            if left:
                yield left
            if left or time.time() - os.fstat(file).st_mtime > _KEPT:
                path.unlink(missing_ok=True)
        except BlockingIOError:
            continue  # its worker lives
        finally:
            os.close(file)


def _read(file: int) -> Left | None:
    """What a journal says; None when it proves nothing here. A record that was cut off never was: its write had not
    ended."""
    content = b"".join(iter(lambda: os.read(file, 1 << 16), b""))
    header, _, rest = content.partition(b"\n")
    magic, boot_id, worker = [*header.decode("ascii", "replace").split(" ", 2), "", "", ""][:3]
    if magic != _MAGIC or boot_id != _boot_id():
        return None
    replies: dict[Key, int | None] = {}
    whole = len(rest) - len(rest) % _RECORD.size
    for mark, kind, number, code, recipient_id in _RECORD.iter_unpack(rest[:whole]):
        if mark == _MARK:
            replies[recipient_id, number] = code if kind == _END else replies.get((recipient_id, number))
    return Left(worker, replies)


def _boot_id() -> str:
    """What the machine calls the time since it was started; '-' where it has no name for it."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return "-"
