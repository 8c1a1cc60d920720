"""Feeds that arrived in a watched folder, in SQL: each once, by its name and what is in it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from core.store.schema import feed_arrivals as table

ENDED = ("loaded", "unchanged", "failed")


@dataclass(frozen=True)
class Arrival:
    """One row. state: loading, waiting (another load was running), loaded, unchanged (it said nothing new), failed, or
    again (failed, and to be tried again).

    source_system  of one that failed as its files say, '' when they do not
    """

    arrival_id: int
    name: str
    digest: str
    stamp: str
    state: str
    source_system: str
    reason: str
    tries: int
    started_at: datetime
    finished_at: datetime | None


def latest(connection: Connection, *, limit: int | None = None) -> list[Arrival]:
    """The arrivals, the latest first."""
    question = select(table).order_by(table.c.started_at.desc(), table.c.arrival_id.desc()).limit(limit)
    return [Arrival(**row) for row in connection.execute(question).mappings()]


def ended_since(connection: Connection, since: datetime) -> list[Arrival]:
    """The arrivals that were loaded, said nothing new or failed since then, the latest to arrive first."""
    recent = table.c.state.in_(ENDED) & (table.c.finished_at >= since)
    question = select(table).where(recent).order_by(table.c.started_at.desc(), table.c.arrival_id.desc())
    return [Arrival(**row) for row in connection.execute(question).mappings()]


def ended_stamps(connection: Connection) -> set[tuple[str, str]]:
    """Name and stamp of what is done with: loaded, or failed and not to be tried again as it is."""
    question = select(table.c.name, table.c.stamp).where(table.c.state.in_(ENDED))
    return {(row.name, row.stamp) for row in connection.execute(question)}


def of(connection: Connection, name: str, digest: str) -> Arrival | None:
    """The arrival of this name with this content."""
    question = select(table).where(table.c.name == name, table.c.digest == digest)
    row = connection.execute(question).mappings().one_or_none()
    return Arrival(**row) if row else None


def begin(connection: Connection, name: str, digest: str, *, stamp: str, at: datetime) -> int:
    """Keep that it is being loaded; returns its id."""
    known = of(connection, name, digest)
    values = {"stamp": stamp, "state": "loading", "reason": "", "started_at": at, "finished_at": None}
    if known is None:
        key = connection.execute(insert(table).values(name=name, digest=digest, tries=1, source_system="", **values))
        assert key.inserted_primary_key is not None
        return int(key.inserted_primary_key[0])
    tries = 1 if known.state == "again" else known.tries + (known.state != "waiting")
    change(connection, known.arrival_id, tries=tries, **values)
    return known.arrival_id


def change(connection: Connection, arrival_id: int, **values: object) -> None:
    """Set columns of one arrival."""
    connection.execute(update(table).where(table.c.arrival_id == arrival_id).values(**values))


def try_again(connection: Connection, arrival_ids: Collection[int] | None = None) -> int:
    """Let what failed be tried once more, all of it or some; returns how many."""
    again = update(table).where(table.c.state == "failed").values(state="again")
    if arrival_ids is not None:
        again = again.where(table.c.arrival_id.in_(arrival_ids))
    return connection.execute(again).rowcount


def sources(connection: Connection) -> set[str]:
    """The source systems of which a feed came through a watched folder."""
    question = select(table.c.source_system).where(table.c.state.in_(("loaded", "unchanged"))).distinct()
    return set(connection.scalars(question))
