"""Who did what: one line for each thing a user does, written in the same transaction as the thing itself."""

from typing import Any

from sqlalchemy import Connection

from core.store import accounts
from core.store.database import writing
from core.workbench import Workbench


def record(wb: Workbench, action: str, subject: str = "", **details: Any) -> None:
    """Record an action of its own, such as an export. Details hold ids and counts, never names or addresses."""
    with writing(wb.engine) as connection:
        record_in(wb, connection, action, subject, **details)


def record_in(wb: Workbench, connection: Connection, action: str, subject: str = "", **details: Any) -> None:
    """Record within a transaction, so that the change and its line are kept together or not at all."""
    accounts.record(connection, at=wb.now(), user_id=wb.user.user_id, action=action, subject=subject, **details)
