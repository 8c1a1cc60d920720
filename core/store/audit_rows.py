"""The audit log in SQL: append-only, one chain of hashes in the order of commits.

Lines that a transaction writes are kept until it commits and added then, all together. So the lock that puts the lines
of all transactions in one order is the last thing each of them takes, and no two can wait for each other.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, Text, cast, func, insert, or_, select, text

from core.domain.audit_line import BEGINNING, AuditLine, line_hash, plain
from core.store.database import reading
from core.store.schema.accounts import audit

_WAITING = "careloop_audit_lines"  # in Connection.info
_LOCK = 4_017_700_101  # of PostgreSQL: an arbitrary number, the same for every Careloop
_PIECE = 5_000  # lines read at once
EXPORT = {
    "position": pl.Int64,
    "at": pl.String,
    "user_id": pl.String,
    "action": pl.String,
    "subject": pl.String,
    "details": pl.String,
    "hash": pl.String,
}


def add(connection: Connection, *, at: datetime, user_id: str, action: str, subject: str, details: Any) -> None:
    """Let the line be added when the caller's transaction commits."""
    line = AuditLine(0, at, user_id, action, subject, plain(details))
    connection.info.setdefault(_WAITING, []).append(line)


@contextmanager
def appending(connection: Connection) -> Iterator[None]:
    """Adds the lines of a transaction at its end; none when it fails."""
    connection.info.pop(_WAITING, None)
    try:
        yield
        if lines := connection.info.get(_WAITING):
            _append(connection, lines)
    finally:
        connection.info.pop(_WAITING, None)


def lines(engine: Engine, *, after: int = 0) -> Iterator[AuditLine]:
    """All lines after a position, in their order, read in pieces."""
    question = select(audit).order_by(audit.c.position).limit(_PIECE)
    while True:
        with reading(engine) as connection:
            rows = connection.execute(question.where(audit.c.position > after)).all()
        if not rows:
            return
        for row in rows:
            yield _line(row)
        after = rows[-1].position


def head(connection: Connection) -> tuple[int, str]:
    """Position and hash of the last line."""
    row = connection.execute(select(audit.c.position, audit.c.hash).order_by(audit.c.position.desc()).limit(1)).first()
    return (row.position, row.hash) if row else (0, BEGINNING)


def hold(connection: Connection) -> None:
    """Until the transaction ends nobody else adds lines: what is counted stays true. Only for a transaction that waits
    for nothing else. On SQLite writers wait for each other anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _append(connection: Connection, waiting: list[AuditLine]) -> None:
    hold(connection)
    position, before = head(connection)
    rows = []
    for line in waiting:
        position += 1
        placed = AuditLine(position, line.at, line.user_id, line.action, line.subject, line.details)
        before = line_hash(before, placed)
        rows.append({**vars(placed), "hash": before})
    connection.execute(insert(audit), rows)


def _line(row: Any) -> AuditLine:
    return AuditLine(row.position, row.at, row.user_id, row.action, row.subject, row.details, row.hash)


def found(connection: Connection, *, limit: int | None, before: int | None = None, **bounds: Any) -> list[AuditLine]:
    """The lines within the bounds, the last one first."""
    question = select(audit).where(*_within(**bounds)).order_by(audit.c.position.desc())
    if before is not None:
        question = question.where(audit.c.position < before)
    return [_line(row) for row in connection.execute(question.limit(limit))]


def before_of(connection: Connection, *, skip: int, **bounds: Any) -> int:
    """The position before which the lines after the first `skip` ones lie; 0 when there are none."""
    question = select(audit.c.position).where(*_within(**bounds)).order_by(audit.c.position.desc())
    return int(connection.scalar(question.offset(skip - 1).limit(1)) or 0)


def count(connection: Connection, **bounds: Any) -> int:
    """How many lines lie within the bounds."""
    question = select(func.count()).select_from(audit).where(*_within(**bounds))
    return int(connection.scalar(question) or 0)


def actions(connection: Connection) -> list[str]:
    """Every action there is."""
    return sorted(connection.scalars(select(audit.c.action).distinct()))


def as_row(line: AuditLine) -> dict[str, Any]:
    """A line as it is exported."""
    return {**vars(line), "at": line.at.isoformat(), "details": json.dumps(line.details, sort_keys=True)}


def _within(
    *,
    user_id: str,
    action: str,
    subject: str,
    first_at: datetime | None,
    before_at: datetime | None,
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if user_id:
        conditions.append(audit.c.user_id == user_id)
    if action:
        conditions.append(audit.c.action.startswith(action, autoescape=True))
    if subject:
        # A patient's id also stands among those that were shown, as JSON with its quotes.
        among = cast(audit.c.details, Text).contains(json.dumps(subject), autoescape=True)
        conditions.append(or_(audit.c.subject == subject, among))
    if first_at:
        conditions.append(audit.c.at >= first_at)
    if before_at:
        conditions.append(audit.c.at < before_at)
    return conditions
