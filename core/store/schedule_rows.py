"""Reports that are sent by email again and again, in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from core.domain.report_schedule import Schedule
from core.store.schema import report_schedules as table

_LEAVING = 0x43_4C_52_53  # of the lock; another number than that of sending


def one_at_a_time(connection: Connection) -> None:
    """Whoever changes who gets a report does so after everybody else has: until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LEAVING)))


def every(connection: Connection) -> list[Schedule]:
    """All that were not removed, in the order in which they were made."""
    question = select(table).where(table.c.removed_at.is_(None)).order_by(table.c.made_at, table.c.schedule_id)
    return [_schedule(row) for row in connection.execute(question)]


def add(connection: Connection, made: Schedule) -> None:
    """Keep a new one."""
    values = {
        name: getattr(made, name) for name in ("schedule_id", "report", "every", "day", "is_on", "since", "made_by")
    }
    connection.execute(insert(table).values(**values, recipients=list(made.recipients), made_at=made.since))


def turn(connection: Connection, schedule_id: str, *, is_on: bool, at: datetime) -> None:
    """Turn one on or off; what was due while it was off stays undone."""
    connection.execute(update(table).where(table.c.schedule_id == schedule_id).values(is_on=is_on, since=at))


def give(connection: Connection, schedule_id: str, user_id: str) -> None:
    """Let this user answer for it."""
    connection.execute(update(table).where(table.c.schedule_id == schedule_id).values(made_by=user_id))


def send_to(connection: Connection, schedule_id: str, recipients: Sequence[str]) -> None:
    """Let it go to these people."""
    connection.execute(update(table).where(table.c.schedule_id == schedule_id).values(recipients=list(recipients)))


def remove(connection: Connection, schedule_id: str, *, at: datetime) -> None:
    """Let it be sent no more."""
    connection.execute(update(table).where(table.c.schedule_id == schedule_id).values(removed_at=at))


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        schedule_id=row.schedule_id,
        report=row.report,
        every=row.every,
        day=row.day,
        recipients=tuple(row.recipients),
        is_on=row.is_on,
        since=row.since,
        made_by=row.made_by,
    )
