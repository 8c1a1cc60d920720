"""The SQL questions of feed quality and of the feed gate."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields

from sqlalchemy import Connection, Select, func, insert, select

from core.domain.feed_gate import Release
from core.domain.feed_quality import TableQuality
from core.store.schema import campaigns, feed_quality, feed_releases, recipients

_COLUMNS = [feed_quality.c[each.name] for each in fields(TableQuality)]


def add(connection: Connection, rows: Sequence[TableQuality]) -> None:
    """Keep the tables of one load."""
    if rows:
        connection.execute(insert(feed_quality), [asdict(row) for row in rows])


def last_rows(connection: Connection, tables: Collection[str] | None = None) -> list[TableQuality]:
    """Of each source and table the last one, the last that was there and the last full one, maybe some others.

    tables   only these; None: all
    """
    c = feed_quality.c
    newest = select(func.max(c.load_id).label("load_id"), c.feed_table).group_by(
        c.feed_table, c.source_system, c.is_full, c.is_there
    )
    if tables is not None:
        newest = newest.where(c.feed_table.in_(list(tables)))
    last = newest.subquery()
    question = select(*_COLUMNS).join(last, (last.c.load_id == c.load_id) & (last.c.feed_table == c.feed_table))
    return _rows(connection, question)


def rows_before(connection: Connection, source_system: str, *, count: int = 5) -> list[TableQuality]:
    """Of each table that this source had, the last loads that had it, full ones and others apart; the latest first."""
    c = feed_quality.c
    place = func.row_number().over(partition_by=(c.feed_table, c.is_full), order_by=c.load_id.desc()).label("place")
    found = select(*_COLUMNS, place).where(c.source_system == source_system, c.is_there).subquery()
    columns = [found.c[column.name] for column in _COLUMNS]
    return _rows(connection, select(*columns).where(found.c.place <= count).order_by(found.c.load_id.desc()))


def add_release(connection: Connection, release: Release) -> None:
    """Keep a release."""
    connection.execute(
        insert(feed_releases).values(
            problems=sorted(release.keys), released_at=release.at, released_by=release.by, reason=release.reason
        )
    )


def releases(connection: Connection, *, limit: int = 100) -> list[Release]:
    """The releases that may still count, the latest first."""
    question = select(feed_releases).order_by(feed_releases.c.release_id.desc()).limit(limit)
    return [
        Release(frozenset(row.problems), row.released_at, row.released_by, row.reason)
        for row in connection.execute(question)
    ]


def waiting_count(connection: Connection) -> int:
    """How many messages wait in active campaigns."""
    question = (
        select(func.count())
        .select_from(recipients)
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(campaigns.c.status == "active", recipients.c.state == "waiting")
    )
    return int(connection.scalar(question) or 0)


def _rows(connection: Connection, question: Select[tuple[object, ...]]) -> list[TableQuality]:
    return [TableQuality(**row) for row in connection.execute(question).mappings()]
