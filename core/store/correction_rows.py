"""Corrections of contact data and questions to a person, in SQL. Nothing is ever deleted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, insert, select, update

from core.domain.correction import COLUMNS, Correction, Values
from core.domain.user import Scope
from core.store.contacts import batches
from core.store.opt_out_notes import note_correction
from core.store.schema import corrections, feed_conflicts, patients
from core.store.scope import in_scope

CORRECTION, CONSENT = "correction", "consent"
KEPT, FEED, MOOT = "kept", "feed", "moot"
PANEL_COLUMNS = ("patient_id", "email", "phone_mobile", "phone_home", "language", "zip")


@dataclass(frozen=True)
class ConflictRow:
    """One row of feed_conflicts."""

    conflict_id: int
    patient_id: str
    kind: str  # CORRECTION | CONSENT
    field: str
    details: dict[str, Any]  # what the feed says now
    found_at: datetime
    decision: str


# ---- corrections -----------------------------------------------------------------------------------------------------
def add(
    connection: Connection,
    *,
    patient_id: str,
    field: str,
    values: Values,
    feed_values: Collection[Values],
    reason: str,
    at: datetime,
    by: str,
) -> int:
    """Keep a correction; returns its number."""
    said: dict[str, Any] = {"field": field, "values": values, "feed_values": list(feed_values), "reason": reason}
    question = insert(corrections).values(patient_id=patient_id, made_at=at, made_by=by, **said)
    correction_id = int(connection.execute(question.returning(corrections.c.correction_id)).scalar_one())
    note_correction(connection, correction_id, at=at)
    return correction_id


def standing(connection: Connection, patient_ids: Collection[str] | None = None) -> dict[str, list[Correction]]:
    """Those that count now, by patient; of everybody unless patients are given."""
    counting = select(corrections).where(corrections.c.ended_at.is_(None))
    found: dict[str, list[Correction]] = {}
    parts = (
        [counting]
        if patient_ids is None
        else [counting.where(corrections.c.patient_id.in_(ids)) for ids in batches(patient_ids)]
    )
    for part in parts:
        for row in connection.execute(part.order_by(corrections.c.correction_id)):
            found.setdefault(row.patient_id, []).append(_correction(row._mapping))
    return found


def of_patient(connection: Connection, patient_id: str) -> list[Correction]:
    """All of a patient, the newest first."""
    question = select(corrections).where(corrections.c.patient_id == patient_id)
    rows = connection.execute(question.order_by(corrections.c.correction_id.desc()))
    return [_correction(row._mapping) for row in rows]


def end(connection: Connection, correction_id: int, *, how: str, at: datetime, by: str) -> None:
    """It counts no longer."""
    values = {"ended_at": at, "ended_by": by, "ended_how": how}
    connection.execute(update(corrections).where(corrections.c.correction_id == correction_id).values(values))
    note_correction(connection, correction_id, at=at)


def remember(connection: Connection, correction: Correction, feed: Values) -> None:
    """What the feed says is nothing new from now on."""
    known = [*correction.feed_values, feed]
    connection.execute(
        update(corrections).where(corrections.c.correction_id == correction.correction_id).values(feed_values=known)
    )


def version(connection: Connection) -> tuple[int, int]:
    """Changes whenever a correction begins or ends."""
    row = connection.execute(select(func.max(corrections.c.correction_id), func.count(corrections.c.ended_at))).one()
    return row[0] or 0, row[1]


def corrected_people(connection: Connection) -> pl.DataFrame:
    """PANEL_COLUMNS of the patients who have a correction that counts, as sending uses them."""
    corrected = select(corrections.c.patient_id).where(corrections.c.ended_at.is_(None))
    question = select(*(patients.c[name] for name in PANEL_COLUMNS)).where(patients.c.patient_id.in_(corrected))
    rows = [tuple(row) for row in connection.execute(question)]
    return pl.DataFrame(rows, schema=dict.fromkeys(PANEL_COLUMNS, pl.String), orient="row")


# ---- the rows of patients ------------------------------------------------------------------------------------------
def contact_row(connection: Connection, patient_id: str) -> dict[str, Any] | None:
    """COLUMNS of a patient as sending uses them; None when there is no such patient."""
    question = select(*(patients.c[name] for name in COLUMNS)).where(patients.c.patient_id == patient_id)
    row = connection.execute(question).mappings().one_or_none()
    return dict(row) if row else None


def put_contact_row(connection: Connection, patient_id: str, values: Mapping[str, Any]) -> None:
    """Let sending use these values of COLUMNS from now on."""
    connection.execute(update(patients).where(patients.c.patient_id == patient_id).values(dict(values)))


# ---- what a person is asked ----------------------------------------------------------------------------------------
def add_conflict(
    connection: Connection, *, patient_id: str, kind: str, field: str, details: Mapping[str, Any], at: datetime
) -> None:
    """Ask a person."""
    said: dict[str, Any] = {"kind": kind, "field": field, "details": dict(details), "decision": ""}
    connection.execute(insert(feed_conflicts).values(patient_id=patient_id, found_at=at, **said))


def change_conflict(connection: Connection, conflict_id: int, details: Mapping[str, Any], *, at: datetime) -> None:
    """The feed says something else again, before anybody decided."""
    values = {"details": dict(details), "found_at": at}
    connection.execute(update(feed_conflicts).where(feed_conflicts.c.conflict_id == conflict_id).values(values))


def decide(connection: Connection, conflict_id: int, decision: str, *, at: datetime, by: str) -> bool:
    """Close it; False when that was done before."""
    open_one = (feed_conflicts.c.conflict_id == conflict_id) & (feed_conflicts.c.decision == "")
    values = {"decision": decision, "decided_at": at, "decided_by": by}
    return bool(connection.execute(update(feed_conflicts).where(open_one).values(values)).rowcount)


def open_conflicts(
    connection: Connection, *, kind: str | None = None, patient_ids: Collection[str] | None = None
) -> list[ConflictRow]:
    """Those that wait for a decision, of whoever they are, the oldest first."""
    question = _CONFLICTS.where(feed_conflicts.c.decision == "")
    if kind:
        question = question.where(feed_conflicts.c.kind == kind)
    if patient_ids is None:
        return _conflict_rows(connection, question)
    return [
        row
        for ids in batches(patient_ids)
        for row in _conflict_rows(connection, question.where(feed_conflicts.c.patient_id.in_(ids)))
    ]


def conflict(connection: Connection, conflict_id: int) -> ConflictRow | None:
    """One of them, decided or not."""
    return next(iter(_conflict_rows(connection, _CONFLICTS.where(feed_conflicts.c.conflict_id == conflict_id))), None)


def consent_conflicts(connection: Connection) -> list[ConflictRow]:
    """Every question about a consent, decided or not."""
    return _conflict_rows(connection, _CONFLICTS.where(feed_conflicts.c.kind == CONSENT))


def conflicts_in_scope(connection: Connection, scope: Scope) -> list[ConflictRow]:
    """Those that wait for a decision, of patients who are in the records and within the scope; the oldest first."""
    question = _CONFLICTS.join(patients, patients.c.patient_id == feed_conflicts.c.patient_id)
    return _conflict_rows(connection, question.where(feed_conflicts.c.decision == "", in_scope(scope)))


_CONFLICTS = select(
    feed_conflicts.c.conflict_id,
    feed_conflicts.c.patient_id,
    feed_conflicts.c.kind,
    feed_conflicts.c.field,
    feed_conflicts.c.details,
    feed_conflicts.c.found_at,
    feed_conflicts.c.decision,
).order_by(feed_conflicts.c.conflict_id)


def _conflict_rows(connection: Connection, question: Any) -> list[ConflictRow]:
    return [ConflictRow(**row._mapping) for row in connection.execute(question)]


def _correction(row: Any) -> Correction:
    return Correction(**{**row, "feed_values": tuple(row["feed_values"])})
