"""Restores of backups in SQL: whether one holds everything back, and what is known of the time since the backup."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.store.schema import ledgers, restores

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
# Whether a restore holds everything back: a part of the questions that let messages leave.
HOLDS = select(restores.c.restore_id).where(restores.c.released_at.is_(None)).exists()


@dataclass(frozen=True)
class Restored:
    """A restore that is not reconciled.

    ledgers  by id how many bytes each ledger had at the backup, None where that is not known: those that must be asked
    sources  what was found in the restored state ('people', 'audit') and what was asked since: 'ledgers', 'twilio',
             'mail_logs'
    """

    restore_id: int
    archive_id: str
    made_at: datetime
    restored_at: datetime
    ledgers: Mapping[str, int | None]
    sources: Mapping[str, Any]


def open_restore(connection: Connection) -> Restored | None:
    """The last restore that holds everything back; None when none does."""
    columns = [restores.c[name] for name in Restored.__dataclass_fields__]
    question = select(*columns).where(restores.c.released_at.is_(None)).order_by(restores.c.restore_id.desc())
    row = connection.execute(question.limit(1)).one_or_none()
    return Restored(*row) if row else None


def unreconciled(connection: Connection) -> bool:
    """Whether a restore holds everything back."""
    return bool(connection.scalar(select(HOLDS)))


def add(
    connection: Connection,
    *,
    archive_id: str,
    made_at: datetime,
    restored_at: datetime,
    by: str,
    ledgers: Mapping[str, int | None],
    sources: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """A backup was restored: nothing leaves until it is released."""
    connection.execute(
        insert(restores).values(
            archive_id=archive_id,
            made_at=made_at,
            restored_at=restored_at,
            restored_by=by,
            ledgers=dict(ledgers),
            sources=dict(sources),
            reason="",
            counts={},
        )
    )


def keep_sources(connection: Connection, restore_id: int, sources: Mapping[str, Any]) -> None:
    """What was asked about the time since the backup."""
    connection.execute(update(restores).where(restores.c.restore_id == restore_id).values(sources=dict(sources)))


def keep_found(connection: Connection, found: Mapping[str, Any]) -> None:
    """What was found in the state that came back, with the restore that holds everything back."""
    restored = open_restore(connection)
    if restored:
        keep_sources(connection, restored.restore_id, {**restored.sources, **found})


def release(connection: Connection, *, at: datetime, by: str, reason: str, counts: Mapping[str, Any]) -> int:
    """Messages may leave again; returns how many restores held them back."""
    statement = update(restores).where(restores.c.released_at.is_(None))
    return connection.execute(
        statement.values(released_at=at, released_by=by, reason=reason, counts=dict(counts))
    ).rowcount


def keep_ledger(connection: Connection, ledger_id: str, *, host: str, at: datetime) -> None:
    """A dispatcher writes this ledger: after a restore it must be asked."""
    statement = update(ledgers).where(ledgers.c.ledger_id == ledger_id)
    if not connection.execute(statement.values(seen_at=at, host=host)).rowcount:
        insertion: Any = _INSERT[connection.dialect.name](ledgers).values(ledger_id=ledger_id, host=host, seen_at=at)
        connection.execute(insertion.on_conflict_do_nothing())  # another one of the machine begins just now


def known_ledgers(connection: Connection, *, since: datetime) -> dict[str, str]:
    """The machines of the ledgers that dispatchers have written since then, by the ledger's id."""
    question = select(ledgers.c.ledger_id, ledgers.c.host).where(ledgers.c.seen_at >= since)
    return {row.ledger_id: row.host for row in connection.execute(question)}
