"""Heads of the audit log noted outside the database: in a file of the home, and after restores also beside what was
put aside.

    audit-heads                            POSITION:HASH of the last line at some moment, one a line
    before-restore-<moment>/audit-heads    the same before that restore, with the moment of the restore at its end

The log that a backup holds is the one that was written until the first restore after it was made. So what the backup
has to agree with lies beside what that restore put aside, and in the home's own file when there was none.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.store.half_restored import sync_folder

FILE = "audit-heads"
_UNTIL = "until:"


@dataclass(frozen=True)
class Carried:
    """What a restore made of the heads noted before: how many count for the restored log, and how many are beyond its
    last line and lie with what was put aside."""

    kept: int
    beyond: int


def noted(home: Path) -> dict[int, str]:
    """The hashes noted in the home for the log that it has now, by position."""
    return _heads(home / FILE)


def note(home: Path, position: int, hash_now: str) -> None:
    """Add the head of now."""
    file = os.open(home / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, f"{position}:{hash_now}\n".encode())
    finally:
        os.close(file)


def carry_over(home: Path, aside: Path, *, made_at: datetime, last: int, at: datetime) -> Carried:
    """Put the heads of the home aside and keep those that count for a restored log that ends at the position `last`.

    made_at  the moment of the backup; at: that of the restore
    """
    heads = _heads(_of_backup(home, made_at))
    kept = {position: head for position, head in heads.items() if position <= last}
    if (home / FILE).exists():
        aside.mkdir(exist_ok=True, mode=0o700)
        _write(aside / FILE, (home / FILE).read_text("ascii", "replace") + f"{_UNTIL}{at.isoformat()}\n")
    if kept or (home / FILE).exists():
        _write(home / FILE, "".join(f"{position}:{head}\n" for position, head in sorted(kept.items())))
    return Carried(len(kept), len(heads) - len(kept))


def _of_backup(home: Path, made_at: datetime) -> Path:
    found = [(until, path) for path in home.glob(f"before-restore-*/{FILE}") for until in _until(path)]
    later = [each for each in found if each[0] > made_at]
    return min(later)[1] if later else home / FILE


def _until(path: Path) -> Iterator[datetime]:
    for line in path.read_text("ascii", "replace").splitlines():
        if line.startswith(_UNTIL):
            yield datetime.fromisoformat(line.removeprefix(_UNTIL))


def _heads(path: Path) -> dict[int, str]:
    heads = {}
    for line in path.read_text("ascii", "replace").splitlines() if path.exists() else ():
        position, _, head = line.partition(":")
        if position.isdecimal():
            heads[int(position)] = head
    return heads


def _write(path: Path, content: str) -> None:
    """Whole or not at all."""
    part = path.with_name(f".{FILE}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)
