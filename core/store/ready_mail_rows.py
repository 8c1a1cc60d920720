"""The email that a print run is ready, in SQL: claimed by one worker, so that it leaves once."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_, select, update

from core.store.print_rows import Run, run
from core.store.schema import print_runs


def is_due(connection: Connection, *, at: datetime) -> bool:
    """Whether somebody is to be told."""
    return connection.execute(select(print_runs.c.run_id).where(_is_due(at)).limit(1)).first() is not None


def take(connection: Connection, *, at: datetime) -> Run | None:
    """Claim the news that a run is ready, so that one worker tells it; None when there is none."""
    found = connection.scalar(select(print_runs.c.run_id).where(_is_due(at)).order_by(print_runs.c.ready_at).limit(1))
    if found is None:
        return None
    claim = update(print_runs).where(print_runs.c.run_id == found, _is_due(at))
    values = {"mail_state": "sending", "mail_tries": print_runs.c.mail_tries + 1}
    return run(connection, found) if connection.execute(claim.values(values)).rowcount == 1 else None


def try_count(connection: Connection, run_id: str) -> int:
    """How often it was tried to tell."""
    return connection.scalar(select(print_runs.c.mail_tries).where(print_runs.c.run_id == run_id)) or 0


def _is_due(at: datetime) -> ColumnElement[bool]:
    return (print_runs.c.mail_state == "due") & or_(print_runs.c.mail_at.is_(None), print_runs.c.mail_at <= at)
