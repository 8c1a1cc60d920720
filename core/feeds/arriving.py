"""Feeds in a watched folder: which there are, how they look just now, and what is in them."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from core.errors import DataError
from core.feeds.feed import MARKERS

_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".writing", ".download", "~")


@dataclass(frozen=True)
class Lying:
    """A feed as it lies there. `stamp` is the same as long as no file changes its name, size or time; `newest_at` is
    the time of its newest file, for the order in which feeds are loaded."""

    name: str
    folder: Path
    stamp: str
    newest_at: float
    is_marked: bool
    is_unfinished: bool


def feeds_in(folder: Path) -> list[Lying]:
    """The feeds of a watched folder: each sub-folder is one; without any, the files in the folder itself are one.

    Hidden sub-folders and links to others are left out, and so is a folder without files. Raises DataError when the
    folder cannot be read.
    """
    try:
        below = [entry for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise DataError(
            f"The folder {folder.name} cannot be read ({error.strerror}). Check its name and its permissions."
        ) from None
    feeds = sorted(entry.name for entry in below if not entry.name.startswith("."))
    found = [_lying(folder / name, name, folder) for name in feeds] if feeds else [_lying(folder, folder.name, folder)]
    return [each for each in found if each is not None]


def beside(folder: Path) -> list[str]:
    """Names of files that lie beside the sub-folders, of which nothing is read."""
    entries = list(os.scandir(folder))
    if not any(entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") for entry in entries):
        return []
    names = sorted(entry.name for entry in entries if entry.is_file() and not entry.name.startswith("."))
    return [name for name in names if not _is_marker(name) and not name.lower().endswith(".done")]


def digest(lying: Lying) -> str:
    """The same for the same bytes under the same names, whenever they were written. Raises DataError."""
    found = hashlib.sha256()
    try:
        for path in _files(lying.folder):
            if _is_marker(path.name) or path.name.startswith("."):
                continue
            found.update(f"{path.relative_to(lying.folder)}\0{path.stat().st_size}\0".encode(errors="surrogateescape"))
            with path.open("rb") as stream:
                found.update(hashlib.file_digest(stream, "sha256").digest())
    except OSError as error:
        raise DataError(
            f"{lying.name}: a file cannot be read ({error.strerror}). Check the files and their permissions."
        ) from None
    return found.hexdigest()


def look_again(lying: Lying) -> str:
    """How the feed looks now; '' when it is gone."""
    now = _lying(lying.folder, lying.name, lying.folder.parent)
    return now.stamp if now else ""


def _lying(folder: Path, name: str, watched: Path) -> Lying | None:
    seen, newest_at, is_marked, is_unfinished = hashlib.sha256(), 0.0, False, False
    any_file = False
    for path in _files(folder):
        if _is_marker(path.name):
            is_marked = True
            continue
        any_file = any_file or not path.name.startswith(".")
        is_unfinished = is_unfinished or path.name.lower().endswith(_UNFINISHED)
        try:
            found = path.stat()
        except OSError:  # renamed or removed between two questions: it looks otherwise now
            seen.update(f"{path.name}\0gone\0".encode(errors="surrogateescape"))
            continue
        newest_at = max(newest_at, found.st_mtime)
        as_seen = f"{path.relative_to(folder)}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ino}\0"
        seen.update(as_seen.encode(errors="surrogateescape"))
    if not any_file:
        return None
    is_marked = is_marked or (watched / f"{name}.done").is_file()
    return Lying(name, folder, seen.hexdigest(), newest_at, is_marked, is_unfinished)


def _is_marker(name: str) -> bool:
    return name.lower() in MARKERS


def _files(folder: Path) -> list[Path]:
    """Every file below, in an order that is always the same. A folder that is gone has none."""
    return [Path(place) / name for place, _, names in sorted(os.walk(folder)) for name in sorted(names)]
