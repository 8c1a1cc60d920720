"""Who was told of which alarm or campaign that waits for approval, or got which report, in SQL: each once of each."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.store.schema import alarm_mails as table


def add(connection: Connection, alarm: str, user_ids: Collection[str], *, at: datetime) -> None:
    """Say that these are to be told; who was told, or is to be, stays as they are."""
    if not user_ids:
        return
    rows = [{"alarm": alarm, "user_id": each, "state": "due", "tries": 0, "next_at": at} for each in user_ids]
    connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def has_all(connection: Connection, alarm: str, user_ids: Collection[str]) -> bool:
    """Whether all of these were told, or are to be, so that nothing is left to add."""
    known = select(table.c.user_id).where(table.c.alarm == alarm)
    return set(user_ids) <= set(connection.scalars(known))


def is_due(connection: Connection, alarms: Collection[str], *, at: datetime) -> bool:
    """Whether an email about one of these is to be sent."""
    return connection.execute(select(table.c.alarm).where(_is_due(alarms, at)).limit(1)).first() is not None


def take(connection: Connection, alarms: Collection[str], *, at: datetime) -> tuple[str, str, int] | None:
    """Claim one email that is due, so that one worker sends it: alarm, user and which try it is. None: there is none.

    Only of these alarms: one that is over meanwhile is told to nobody."""
    due = _is_due(alarms, at)
    found = connection.execute(select(table.c.alarm, table.c.user_id, table.c.tries).where(due).limit(1)).first()
    if found is None:
        return None
    mine = (table.c.alarm == found.alarm) & (table.c.user_id == found.user_id)
    claim = update(table).where(mine, due).values(state="sending", tries=found.tries + 1)
    is_ours = connection.execute(claim).rowcount == 1
    return (found.alarm, found.user_id, found.tries + 1) if is_ours else None


def change(connection: Connection, alarm: str, user_id: str, **values: object) -> None:
    """Set columns of one email."""
    connection.execute(update(table).where(table.c.alarm == alarm, table.c.user_id == user_id).values(**values))


def _is_due(alarms: Collection[str], at: datetime) -> ColumnElement[bool]:
    return (table.c.state == "due") & (table.c.next_at <= at) & table.c.alarm.in_(alarms)


def _insert(connection: Connection, into: Table) -> "postgresql.Insert | sqlite.Insert":
    return postgresql.insert(into) if connection.dialect.name == "postgresql" else sqlite.insert(into)
