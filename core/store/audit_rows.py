"""The audit log in SQL: append-only, one chain of hashes in the order of commits.

Lines that a transaction writes are kept until it commits and added then, all together. So the lock that puts the lines
of all transactions in one order is the last thing each of them takes, and no two can wait for each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, text

from core.domain.audit_line import BEGINNING, AuditLine, line_hash, plain
from core.store.schema.accounts import audit

_WAITING = "careloop_audit_lines"  # in Connection.info
_LOCK = 4_017_700_101  # of PostgreSQL: an arbitrary number, the same for every Careloop
_PIECE = 5_000  # lines read at once


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
        with engine.connect().execution_options(reads_only=True) as connection:
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


def _append(connection: Connection, waiting: list[AuditLine]) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
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
