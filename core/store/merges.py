"""Two ids that became one, in SQL: what is known of it, and what follows for everything that names a patient."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, text, update

from core.domain.effects.allocation import HOLD_OUT
from core.domain.merge import LEFT, MERGED, of_two
from core.domain.user import Scope
from core.store import search_keys
from core.store.contacts import batches
from core.store.correction_rows import CORRECTION, MOOT
from core.store.messages import one_at_a_time
from core.store.people import visible_ids
from core.store.schema import corrections, feed_conflicts, merges, open_gaps, opt_outs, patients, recipients, remarks

# What is a patient's and simply becomes the survivor's. Recipients follow rules of their own; of corrections those that
# do not count have ended before (core.merged_corrections).
FOLLOW = (opt_outs, remarks, feed_conflicts, corrections)


@dataclass(frozen=True)
class Merge:
    """One id that is no more: whose it became, on which day, and who or what said so ('feed' or 'staff')."""

    merged_id: str
    patient_id: str
    source: str
    merged_on: date


def known(connection: Connection) -> dict[str, str]:
    """Every id that is no more, with its survivor; a survivor is never itself merged."""
    return {
        row.merged_id: row.patient_id for row in connection.execute(select(merges.c.merged_id, merges.c.patient_id))
    }


def survivors(connection: Connection, patient_ids: Collection[str]) -> dict[str, str]:
    """Of these ids those that are no more, each with its survivor."""
    found: dict[str, str] = {}
    for ids in batches(patient_ids):
        found |= {row.merged_id: row.patient_id for row in connection.execute(_SURVIVORS, {"ids": ids})}
    return found


def survivor(connection: Connection, patient_id: str) -> str:
    """Whose an id has become; the id itself when it was never merged."""
    return survivors(connection, [patient_id]).get(patient_id, patient_id)


def merged_ids(connection: Connection, patient_id: str) -> list[str]:
    """The ids that became this patient's."""
    question = select(merges.c.merged_id).where(merges.c.patient_id == patient_id)
    return list(connection.scalars(question.order_by(merges.c.merged_on, merges.c.merged_id)))


def of_patient(connection: Connection, patient_id: str) -> list[Merge]:
    """The same with when and by whom."""
    columns = (merges.c.merged_id, merges.c.patient_id, merges.c.source, merges.c.merged_on)
    question = select(*columns).where(merges.c.patient_id == patient_id)
    return [Merge(*row) for row in connection.execute(question.order_by(merges.c.merged_on, merges.c.merged_id))]


def visible(connection: Connection, patient_ids: Collection[str], scope: Scope) -> set[str]:
    """Which of these ids are of patients within the scope, those that are no more by their survivors."""
    now = survivors(connection, patient_ids)
    seen = visible_ids(connection, {now.get(each, each) for each in patient_ids}, scope)
    return {each for each in patient_ids if now.get(each, each) in seen}


@dataclass(frozen=True)
class Sibling:
    """What a campaign holds of a patient's merged ids.

    is_merged    the id itself is no more: nothing goes out under it
    has_left     a message under a merged id has left, or may have
    is_leaving   one is about to, and nobody knows yet what becomes of it
    is_held_out  under a merged id the patient was chosen not to be contacted by the campaign
    """

    is_merged: bool = False
    has_left: bool = False
    is_leaving: bool = False
    is_held_out: bool = False


def siblings(
    connection: Connection, campaign_id: str, patient_ids: Collection[str], *, own: Collection[int]
) -> dict[str, Sibling]:
    """A Sibling for those of these recipients to whom a merge happened. `own`: ids of recipients that are decided
    together with them, of whom nothing has left."""
    merged: set[str] = set()
    held_out: set[str] = set()
    states: dict[str, set[str]] = {}
    for ids in batches(patient_ids):
        for row in connection.execute(_SIBLINGS, {"ids": ids, "campaign_id": campaign_id}):
            merged.add(row.merged_id)
            if row.arm == HOLD_OUT:
                held_out.add(row.patient_id)
            if row.recipient_id is not None and row.recipient_id not in own:
                states.setdefault(row.patient_id, set()).add(row.state)
    found = {patient_id: Sibling(is_merged=True) for patient_id in merged}
    for patient_id in held_out | states.keys():
        seen = states.get(patient_id, set())
        found[patient_id] = Sibling(
            has_left=bool(seen & (LEFT - {"claimed", "calling"})),
            is_leaving=bool(seen & {"claimed", "calling"}),
            is_held_out=patient_id in held_out,
        )
    return found


def keep(
    connection: Connection, made: Sequence[Merge], *, led_on: Mapping[str, str], at: datetime, by: str
) -> dict[str, int]:
    """Keep new merges, and let what was said of or by a merged id be the survivor's; returns how many rows of each kind
    changed. `led_on`: ids that were merged before into one that is merged now, with the survivor."""
    connection.execute(insert(merges), [{**vars(each), "made_at": at, "made_by": by} for each in made])
    _rename(connection, merges, "merged_id", led_on)
    names = {each.merged_id: each.patient_id for each in made}
    closed = _close_questions(connection, names, at=at, by=by)
    return {table.name: _rename(connection, table, "patient_id", names) for table in FOLLOW} | {"not_asked": closed}


def follow(connection: Connection, names: Mapping[str, str], *, at: datetime) -> dict[str, int]:
    """Let the messages of merged ids be the survivors', and no row of `patients` be theirs any more; returns how many
    recipients changed. Until the transaction ends nobody else claims or changes recipients."""
    counts = _recipients(connection, names, at=at)
    _rename(connection, patients, "guarantor_id", names)
    search_keys.forget(connection, names)
    for table in (open_gaps, patients):
        for ids in batches(names):
            connection.execute(delete(table).where(table.c.patient_id.in_(ids)))
    return dict(counts)


# ---- what follows --------------------------------------------------------------------------------------------------
def _rename(connection: Connection, table: Any, column: str, names: Mapping[str, str]) -> int:
    """Rows whose `column` is one of the names: of `merges` that of the survivor changes, else the column itself."""
    changes = "patient_id" if table is merges else column
    count = 0
    for ids in batches(names):
        present = set(connection.scalars(select(table.c[column]).where(table.c[column].in_(ids)).distinct()))
        for each in sorted(present):
            statement = update(table).where(table.c[column] == each).values({changes: names[each]})
            count += connection.execute(statement).rowcount
    return count


def _close_questions(connection: Connection, names: Mapping[str, str], *, at: datetime, by: str) -> int:
    """What was asked about corrections of merged ids compares with rows that count no more: it is asked anew of the
    survivor where the load finds something to ask."""
    count = 0
    for ids in batches(names):
        theirs = (feed_conflicts.c.patient_id.in_(ids)) & (feed_conflicts.c.decision == "")
        statement = update(feed_conflicts).where(theirs, feed_conflicts.c.kind == CORRECTION)
        count += connection.execute(statement.values(decision=MOOT, decided_at=at, decided_by=by)).rowcount
    return count


@dataclass
class _Recipients:
    """Which recipient is to get which patient's id, and who is not sent to, as merges are looked at one by one."""

    of: dict[tuple[str, str], Any]
    names: dict[int, str]
    not_sent: list[int]

    def merge(self, row: Any, patient_id: str) -> None:
        """A recipient whose id has become the patient's."""
        place = (row.campaign_id, patient_id)
        own = self.of.get(place)
        if own is None:
            self._give(place, row, patient_id)
            return
        kept = of_two(row.state, own.state)
        if kept.not_sent:
            self.not_sent.append((row if kept.not_sent == "merged" else own).recipient_id)
        if kept.swaps:
            self.names[own.recipient_id] = row.patient_id
            self._give(place, row, patient_id)

    def _give(self, place: tuple[str, str], row: Any, patient_id: str) -> None:
        self.names[row.recipient_id] = patient_id
        self.of[place] = row


def _recipients(connection: Connection, names: Mapping[str, str], *, at: datetime) -> Counter[str]:
    """Let the recipients of merged ids be the survivors'. Where both are in one campaign both rows stay, so that its
    counts add up, and of_two decides whose is whose."""
    counts: Counter[str] = Counter(recipients=0, not_sent=0)
    if not any(_has_recipients(connection, ids) for ids in batches(names)):
        return counts
    _hold(connection)
    merged = _rows(connection, names)
    concerned = {names[row.patient_id] for row in merged}
    table = {(row.campaign_id, row.patient_id): row for row in _rows(connection, concerned)}
    found = _Recipients(table, {}, [])
    for row in merged:
        found.merge(row, names[row.patient_id])
    _give_names(connection, found.names)
    for ids in batches(found.not_sent):
        waiting = (recipients.c.recipient_id.in_(ids)) & (recipients.c.state == "waiting")
        values = {"state": "not_sent", "reason": MERGED, "next_at": None, "finished_at": at}
        counts["not_sent"] += connection.execute(update(recipients).where(waiting).values(values)).rowcount
    counts["recipients"] = len(found.names)
    return counts


def _give_names(connection: Connection, names: Mapping[int, str]) -> None:
    """No patient is twice in a campaign at any moment: first everybody gets a name that nobody has."""
    if not names:
        return
    statement = update(recipients).where(recipients.c.recipient_id == bindparam("b_id"))
    statement = statement.values(patient_id=bindparam("b_name"))
    connection.execute(statement, [{"b_id": each, "b_name": f"\x1f{each}"} for each in names])
    connection.execute(statement, [{"b_id": each, "b_name": name} for each, name in names.items()])


def _has_recipients(connection: Connection, ids: list[str]) -> bool:
    return connection.execute(_OF_PATIENTS.limit(1), {"ids": ids}).first() is not None


def _rows(connection: Connection, patient_ids: Collection[str]) -> list[Any]:
    found: list[Any] = []
    for ids in batches(sorted(patient_ids)):
        found += connection.execute(_OF_PATIENTS, {"ids": ids}).all()
    return sorted(found, key=lambda row: row.recipient_id)


def _hold(connection: Connection) -> None:
    """Nobody claims or changes recipients until the transaction ends. In the order of whoever claims: first the lock
    of claims, then the table. SQLite has one writer anyway."""
    one_at_a_time(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE recipients IN SHARE ROW EXCLUSIVE MODE"))


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SURVIVORS = select(merges.c.merged_id, merges.c.patient_id).where(merges.c.merged_id.in_(_IDS))
_OF_PATIENTS = select(
    recipients.c.recipient_id, recipients.c.campaign_id, recipients.c.patient_id, recipients.c.state
).where(recipients.c.patient_id.in_(_IDS))
_SIBLINGS = (
    select(merges.c.merged_id, merges.c.patient_id, recipients.c.recipient_id, recipients.c.state, recipients.c.arm)
    .outerjoin(
        recipients,
        (recipients.c.patient_id == merges.c.merged_id) & (recipients.c.campaign_id == bindparam("campaign_id")),
    )
    .where(merges.c.patient_id.in_(_IDS) | merges.c.merged_id.in_(_IDS))
)
