"""One line of the audit log, and the chain that makes a change to any of them show."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

BEGINNING = "0" * 64  # what the first line's hash continues


@dataclass(frozen=True)
class AuditLine:
    """Who did what when.

    position  1, 2, 3 ... in the order in which it became true
    action    'campaign.activated', 'patients.shown' ...
    subject   the id of what it was done to
    details   ids and counts, never names or addresses
    hash      of this line and the hash of the line before: whoever changes one must change all after it
    """

    position: int
    at: datetime
    user_id: str
    action: str
    subject: str
    details: Mapping[str, Any]
    hash: str = ""


@dataclass(frozen=True)
class Verified:
    """What a look over the whole log found.

    count    lines that were read
    head     position and hash of the last one, '0' and zeros for an empty log
    problem  the first line that does not fit, in words; empty when all do
    position the line the problem is at
    """

    count: int
    head: tuple[int, str]
    problem: str = ""
    position: int | None = None


def plain(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details as every database gives them back."""
    kept: dict[str, Any] = json.loads(json.dumps(details, sort_keys=True))
    return kept


def line_hash(before: str, line: AuditLine) -> str:
    """SHA-256 of the hash before and everything the line says."""
    at = line.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = [before, line.position, at, line.user_id, line.action, line.subject, plain(line.details)]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify(lines: Iterable[AuditLine], anchors: Mapping[int, str]) -> Verified:
    """Read the log from its first line on. `anchors` are hashes by position that were noted outside the database."""
    hash_before, position = BEGINNING, 0
    for line in lines:
        if line.position != position + 1:
            missing = f"{position + 1} is missing" if line.position > position else f"{line.position} comes twice"
            return Verified(position, (position, hash_before), f"Line {missing}.", line.position)
        position = line.position
        if line_hash(hash_before, line) != line.hash:
            problem = f"Line {position} was changed, or the one before it, after it was written."
            return Verified(position, (position, line.hash), problem, position)
        if anchors.get(position, line.hash) != line.hash:
            problem = f"Line {position} is not the one that was noted outside the database: the log was written anew."
            return Verified(position, (position, line.hash), problem, position)
        hash_before = line.hash
    head = (position, hash_before)
    if anchors and max(anchors) > position:
        last = max(anchors)
        return Verified(position, head, f"The log ends at line {position}, but it had {last} lines.", last)
    return Verified(position, head)
