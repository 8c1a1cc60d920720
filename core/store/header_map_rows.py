"""Header maps in SQL: every version of each, with who saved it and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from core.store.schema import header_maps as table


@dataclass(frozen=True)
class MapVersion:
    """One version. `content` is empty when the map was removed by it."""

    feed_table: str
    version: int
    content: dict[str, Any]
    saved_at: datetime
    saved_by: str


def latest(connection: Connection) -> list[MapVersion]:
    """The last version of each table's map, removed ones among them."""
    newest = select(func.max(table.c.map_id)).group_by(table.c.feed_table)
    rows = connection.execute(select(table).where(table.c.map_id.in_(newest)).order_by(table.c.feed_table))
    return [_version(row) for row in rows]


def versions(connection: Connection, feed_table: str) -> list[MapVersion]:
    """Every version of one table's map, the last one first."""
    rows = connection.execute(select(table).where(table.c.feed_table == feed_table).order_by(table.c.version.desc()))
    return [_version(row) for row in rows]


def add(connection: Connection, feed_table: str, content: dict[str, Any], *, at: datetime, by: str) -> int:
    """Keep a further version; returns its number. Two who save at once: the second raises IntegrityError."""
    last = connection.scalar(select(func.max(table.c.version)).where(table.c.feed_table == feed_table)) or 0
    values = {"feed_table": feed_table, "version": last + 1, "content": content, "saved_at": at, "saved_by": by}
    connection.execute(insert(table).values(values))
    return last + 1


def _version(row: Any) -> MapVersion:
    return MapVersion(row.feed_table, row.version, row.content, row.saved_at, row.saved_by)
