"""A generation of clinical data held while it is copied: loads may remove the original meanwhile.

Its files never change, so further names for them (hard links) are enough; where the file system has none they are
copied. What a killed backup left is removed by the next.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.store.clinical import Generation

_FOLDER = "backups-under-way"


@contextmanager
def place(home: Path) -> Iterator[Path]:
    """An empty folder in the home that goes away with the block."""
    folder = home / _FOLDER
    folder.mkdir(exist_ok=True, mode=0o700)
    for left in folder.iterdir():
        _remove_unless_used(left)
    own = folder / secrets.token_hex(6)
    own.mkdir(mode=0o700)
    try:
        with (own / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def pin(generation: Generation, folder: Path) -> list[Path]:
    """Hold a generation's files below `folder`; returns their paths below the generation. Raises FileNotFoundError
    when they were removed meanwhile."""
    days = {evaluation.folder for evaluation in generation.evaluations()}
    found: list[Path] = []
    for part in sorted(generation.folder.iterdir()):
        if part.is_file():
            found.append(_link(part, generation.folder, folder))
        elif part.name in days or not part.name.startswith("as_of="):
            if part.name in days:
                found += _day(part, generation.folder, folder)
            elif part.name != "spool":
                found += [_link(path, generation.folder, folder) for path in sorted(part.rglob("*")) if path.is_file()]
    if not generation.is_complete():
        raise FileNotFoundError(generation.name)
    return found


def _day(part: Path, top: Path, folder: Path) -> list[Path]:
    """An evaluation may be removed at any time: it is made again when it is missing."""
    try:
        files = [path for path in sorted(part.rglob("*")) if path.is_file()]
        return [_link(path, top, folder) for path in files] if part.exists() else []
    except FileNotFoundError:
        return []


def _link(path: Path, top: Path, folder: Path) -> Path:
    name = path.relative_to(top)
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, target)
    return name


def _remove_unless_used(left: Path) -> None:
    try:
        with (left / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
    except FileNotFoundError:
        shutil.rmtree(left, ignore_errors=True)
    except BlockingIOError:
        return
