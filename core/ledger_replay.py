"""A restored database is brought to what the ledgers know: nobody waits who has got a message, no stop is forgotten.

May be done again, with further ledgers: what the database knows already stays as it is.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from core.audit import record_in
from core.channels.email_frame import message_id
from core.domain.introduction import INTRODUCTORY
from core.domain.message import MAILED, MAX_ATTEMPTS, PRINTED, RESTORED
from core.domain.organisation import EMAIL
from core.domain.sending_story import Story, Try, state_after
from core.errors import NotAllowed
from core.ledgers import mark_of
from core.opt_out_keys import key_again
from core.overlays import feed_row, lay_over
from core.store import campaigns as campaign_rows
from core.store import feed_rows, ledger, restore_rows
from core.store import replay_rows as rows
from core.store.contacts import batches
from core.store.database import reading, writing
from core.store.ledger import Identity, Reading
from core.store.restore_rows import Restored
from core.store.secret import secret_key
from core.workbench import Workbench

_MARGIN = timedelta(days=2)  # clocks of machines differ, and what was under way at the backup began before it
_LEFT = ("handed_over", "introductory", "calling")


@dataclass
class Replayed:
    """What was put right.

    handed_over  messages that left, or were printed and mailed; unknown: those that may have
    tried        attempts that failed; waiting_again: claims before which nothing left
    campaigns    made after the backup and known from the ledger alone; changed: stopped or taken back since
    opt_outs     made or taken back since; corrections: patients whose contact data or consents staff changed since
    unreadable   lines that were cut off
    """

    handed_over: int = 0
    unknown: int = 0
    tried: int = 0
    waiting_again: int = 0
    campaigns: int = 0
    changed: int = 0
    opt_outs: int = 0
    corrections: int = 0
    unreadable: int = 0


def replay(wb: Workbench, folders: Sequence[Path]) -> Replayed:
    """Take in the ledgers of these folders from the backup on. Raises NotAllowed when no restore waits, or when a
    folder that is not the home's own has no ledger."""
    with reading(wb.engine) as connection:
        restored = restore_rows.open_restore(connection)
    if restored is None:
        raise NotAllowed("No restored backup waits to be reconciled.")
    found = _ledgers(wb, folders)
    since = restored.made_at - _MARGIN
    read = {identity.ledger_id: Reading(folder, since) for identity, folder in found.values()}
    story, wishes = _heard(list(read.values()))
    counts = Replayed(unreadable=sum(each.unreadable for each in read.values()))
    with writing(wb.engine) as connection:
        counts.opt_outs = rows.keep_opt_outs(connection, wishes.opt_outs)
        counts.corrections = _correct(wb, connection, wishes.corrections)
        _follow(wb, connection, story, restored, counts)
        sources = dict(restored.sources) | {"ledgers": _sources(restored, found, read)}
        restore_rows.keep_sources(connection, restored.restore_id, sources)
        if found:
            record_in(wb, connection, "restore.ledgers", ",".join(read), **asdict(counts))
    return counts


def require_ledgers(folders: Sequence[Path]) -> None:
    """Raises NotAllowed for a folder that has no ledger."""
    for folder in folders:
        if ledger.known_identity(folder) is None:
            raise NotAllowed(
                f"{folder} has no ledger. Give the folder 'ledger' of a machine's home. Nothing was changed."
            )


def _ledgers(wb: Workbench, folders: Sequence[Path]) -> dict[str, tuple[Identity, Path]]:
    found: dict[str, tuple[Identity, Path]] = {}
    for folder in folders:
        if folder != wb.settings.ledger:
            require_ledgers([folder])
        identity = ledger.known_identity(folder)
        if identity is not None and identity.ledger_id not in found:
            found[identity.ledger_id] = (identity, folder)
    return found


@dataclass
class _Wishes:
    """Rows of what patients and staff have said, in the order of their lines."""

    opt_outs: list[dict[str, Any]] = field(default_factory=list)
    corrections: list[dict[str, Any]] = field(default_factory=list)


def _correct(wb: Workbench, connection: Connection, told: Sequence[dict[str, Any]]) -> int:
    """Contact data and consents that staff have corrected since; returns for how many patients."""
    if not told:
        return 0
    feed_rows.publish_alone(connection)
    feeds = {each: feed_row(wb, connection, each) for each in {row["patient_id"] for row in told}}
    changed = rows.keep_corrections(connection, told)
    for patient_id in sorted(changed):
        feed = feeds[patient_id]
        if feed is not None:
            lay_over(connection, patient_id, feed)
            key_again(wb, connection, patient_id)
    return len(changed)


def _heard(readings: Sequence[Reading]) -> tuple[Story, _Wishes]:
    story, wishes = Story(), _Wishes()
    lines: Iterator[dict[str, Any]] = heapq.merge(*readings, key=lambda line: line["at"])
    for line in lines:
        if line["k"] in ("opt_out", "opt_out_removed"):
            wishes.opt_outs.append(line["row"])
        elif line["k"] == "correction":
            wishes.corrections.append(line["row"])
        else:
            story.hear(line)
    return story, wishes


def _sources(
    restored: Restored, found: Mapping[str, tuple[Identity, Path]], read: Mapping[str, Reading]
) -> dict[str, Any]:
    """What is kept of which ledgers were asked: whether each has all it had at the backup, and how far it goes."""
    told = dict(restored.sources.get("ledgers", {}))
    for ledger_id, (identity, folder) in found.items():
        had = restored.ledgers.get(ledger_id)
        until = max(filter(None, (read[ledger_id].until, ledger.last_beat(folder))), default=None)
        told[ledger_id] = {
            "host": identity.host,
            "until": until.isoformat() if until else "",
            "is_whole": had is None or ledger.size(folder) >= had,
        }
    return told


def _follow(wb: Workbench, connection: Connection, story: Story, restored: Restored, counts: Replayed) -> None:
    merged = rows.merged_ids(connection)
    for campaign_id in [*story.tries, *(each for each in story.letters if each not in story.tries)]:
        one = _Campaign(wb, connection, story, campaign_id, merged, counts)
        if not one.is_there():
            continue
        one.take_tries()
        one.take_letters()
    for campaign_id, (status, at) in story.changes.items():
        if at >= restored.made_at and rows.change_campaign(connection, campaign_id, status, at=at):
            campaign_rows.stop_waiting(connection, campaign_id, at=at)
            counts.changed += 1


class _Campaign:
    """One campaign that the ledgers tell of."""

    def __init__(
        self,
        wb: Workbench,
        connection: Connection,
        story: Story,
        campaign_id: str,
        merged: Mapping[str, str],
        counts: Replayed,
    ) -> None:
        self._connection, self._story, self._id, self._counts = connection, story, campaign_id, counts
        self._merged = merged
        self._key = secret_key(wb.settings.home)
        self._at = wb.now()
        self._row: Any = None

    def is_there(self) -> bool:
        """Make it again when it was made after the backup. One of which no line has more than the id cannot be: then
        nobody of it waits."""
        self._row = rows.campaign_row(self._connection, self._id)
        if self._row is None and self._id in self._story.campaigns:
            told = self._story.campaigns[self._id]
            # Those of a day's introductory emails are taken up again; of others only what left is known.
            status = "completed" if told.get("kind") == INTRODUCTORY else "stopped"
            rows.make_campaign(self._connection, told, status=status, at=self._at)
            self._row = rows.campaign_row(self._connection, self._id)
            self._counts.campaigns += 1
        if self._row is not None:
            found = rows.recipients_of(self._connection, self._id)
            self._by_id = {one.recipient_id: one for one in found}
            self._by_patient = {one.patient_id: one for one in found}
        return self._row is not None

    def take_tries(self) -> None:
        """Put the recipients to the state after their last attempt."""
        tries = self._story.tries.get(self._id, {})
        for ids in batches(tries):
            there = {each: self._recipient(each, next(iter(tries[each].values())).patient_id) for each in ids}
            known = rows.attempts_of(self._connection, [one.recipient_id for one in there.values() if one])
            people = {self._today(one.patient_id) for each in ids for one in tries[each].values()}
            addresses = rows.addresses(self._connection, people)
            for each in ids:
                self._take(each, there[each], tries[each], known, addresses)

    def take_letters(self) -> None:
        """Letters that were mailed since; those that were printed may have been."""
        for recipient_id, (patient_id, state, at) in self._story.letters.get(self._id, {}).items():
            one = self._recipient(recipient_id, patient_id)
            if one is None:
                own = rows.make_recipient(self._connection, recipient_id, self._id, self._today(patient_id))
            elif one.state in ("waiting", PRINTED) or (one.state, one.reason) == ("unknown", RESTORED):
                own = one.recipient_id
            else:
                continue
            if state == MAILED:
                left = {"handed_over_at": at, "finished_at": at}
                rows.change(self._connection, own, state=MAILED, reason="", **left)
                self._counts.handed_over += 1
            elif one is None or one.state == "waiting":
                rows.change(self._connection, own, state="unknown", reason=RESTORED, finished_at=at)
                self._counts.unknown += 1

    def _today(self, patient_id: str) -> str:
        return self._merged.get(patient_id, patient_id)

    def _recipient(self, recipient_id: int, patient_id: str) -> Any:
        one = self._by_id.get(recipient_id)
        if one is not None and self._today(one.patient_id) == self._today(patient_id):
            return one
        return self._by_patient.get(patient_id) or self._by_patient.get(self._today(patient_id))

    def _take(
        self,
        told_id: int,
        one: Any,
        tries: Mapping[int, Try],
        known: Mapping[int, Mapping[int, str | None]],
        addresses: Mapping[str, tuple[str, ...]],
    ) -> None:
        is_open = one is not None and (one.state, one.reason) == ("unknown", RESTORED)
        has = known.get(one.recipient_id, {}) if one is not None else {}
        new = {n: each for n, each in tries.items() if has.get(n) is None or (is_open and has[n] == "unknown")}
        real = {number: each for number, each in new.items() if each.told or not each.is_back}
        if not real:
            if is_open and one.attempt_count in new:
                self._back(one)
            return
        patient_id = self._today(next(iter(real.values())).patient_id)
        own = one.recipient_id if one is not None else None
        if own is None:
            own = rows.make_recipient(self._connection, told_id, self._id, patient_id)
        for number, each in sorted(real.items()):
            self._keep_attempt(own, number, each, is_known=number in has)
        last = max(real)
        if one is None or last >= one.attempt_count:
            self._change(own, last, real[last], addresses.get(patient_id, ()))

    def _back(self, one: Any) -> None:
        """Claimed at the moment of the backup, and given back before anything left."""
        rows.drop_attempt(self._connection, one.recipient_id, one.attempt_count)
        values = {"state": "waiting", "reason": "", "finished_at": None, "attempt_count": one.attempt_count - 1}
        rows.change(self._connection, one.recipient_id, **values)
        self._counts.waiting_again += 1

    def _keep_attempt(self, recipient_id: int, number: int, one: Try, *, is_known: bool) -> None:
        if not 1 <= number <= MAX_ATTEMPTS:
            return
        ended = one.told
        at = ended.at if ended else one.begun_at or self._at
        rows.keep_attempt(
            self._connection,
            recipient_id,
            number,
            is_known=is_known,
            started_at=one.begun_at or at,
            ended_at=at,
            outcome=ended.outcome if ended else "unknown",
            code=ended.code if ended else "",
            reply="",
        )

    def _change(self, recipient_id: int, number: int, one: Try, addresses: Sequence[str]) -> None:
        state, reason = state_after(one)
        at = one.told.at if one.told else one.begun_at or self._at
        has_left = state in _LEFT
        is_over = state not in ("waiting", "calling")
        address = next((each for each in addresses if mark_of(self._key, each) == one.mark), None)
        name = one.told.provider_id if one.told else None
        if self._row.channel == EMAIL:
            domain = self._row.from_email.rpartition("@")[2].lower()
            name = message_id(self._key, campaign_id=self._id, recipient_id=recipient_id, domain=domain)
        values = {"attempt_count": number, "claimed_by": None, "lease_until": None, "next_at": None}
        rows.change(
            self._connection,
            recipient_id,
            state=state,
            reason=reason,
            message=one.message,
            address=address,
            message_id=name,
            handed_over_at=at if has_left and state != "calling" else None,
            finished_at=at if is_over else None,
            **values,
        )
        if has_left:
            self._counts.handed_over += 1
        elif state == "unknown":
            self._counts.unknown += 1
        else:
            self._counts.tried += 1
