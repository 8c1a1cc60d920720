"""Dispatchers in SQL: which are alive, and by which channel they send."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from core.store.schema import dispatchers

_FORGOTTEN_AFTER = timedelta(days=1)


def beat(connection: Connection, *, worker: str, host: str, at: datetime, is_idle: bool) -> None:
    """Say that a dispatcher is alive, and forget those that were not seen for a day."""
    seen = {"seen_at": at, "is_idle": is_idle}
    if not connection.execute(update(dispatchers).where(dispatchers.c.worker == worker).values(seen)).rowcount:
        connection.execute(insert(dispatchers).values(worker=worker, host=host, started_at=at, **seen))
    connection.execute(delete(dispatchers).where(dispatchers.c.seen_at < at - _FORGOTTEN_AFTER))


def workers(connection: Connection, *, channel: str, since: datetime) -> list[str]:
    """The dispatchers that may send by a channel: those that were seen since then."""
    question = select(dispatchers.c.worker).where(
        dispatchers.c.worker.endswith(f":{channel}", autoescape=True), dispatchers.c.seen_at >= since
    )
    return list(connection.scalars(question))


def leave(connection: Connection, worker: str) -> None:
    """A dispatcher ended in good order."""
    connection.execute(delete(dispatchers).where(dispatchers.c.worker == worker))


def last_beat(connection: Connection) -> datetime | None:
    """When any dispatcher was last seen; None when none is there."""
    question = select(dispatchers.c.seen_at).order_by(dispatchers.c.seen_at.desc()).limit(1)
    return connection.scalar(question)
