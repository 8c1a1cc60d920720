"""A mark in the home that a restore has begun and not ended: until it is repeated and ends nobody uses the home."""

import os
from contextlib import suppress
from pathlib import Path

from core.errors import SettingsError

_MARK = "restore-under-way"


def begin(home: Path) -> None:
    """Put the mark there, on the disk before anything else is changed."""
    with (home / _MARK).open("w", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(home)


def end(home: Path) -> None:
    """The restore is whole."""
    (home / _MARK).unlink(missing_ok=True)
    sync_folder(home)


def is_half(home: Path) -> bool:
    """Whether a restore has not ended here."""
    return (home / _MARK).exists()


def require_whole(home: Path) -> None:
    """Raises SettingsError in a home in which a restore has not ended."""
    if is_half(home):
        raise SettingsError(
            "A restore into this home has begun and not ended, so nothing runs here. If it is still running, wait. If "
            "it was interrupted, run 'careloop restore' again with the same archive; what was there before lies aside."
        )


def sync_folder(folder: Path) -> None:
    """Names in a folder are on the disk, where the file system can say so."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
