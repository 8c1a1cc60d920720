"""Stopping all texts to a number, and taking that back: for whoever holds the phone, whose patient it may be (O8, T6).

The opt-out is on the number alone, so it counts for every patient with it, also for those who come later.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.opt_out import ALL_TEXT, STOP, OptOut
from core.store import opt_outs as rows
from core.workbench import Workbench

BY_TEXT = "Answered STOP to a text"
AT_PROVIDER = "Stopped texts with the provider"
BY_READING = "A text was read as a wish to get no more"


def stop_number(wb: Workbench, connection: Connection, number: str, *, reason: str = BY_TEXT, **details: int) -> bool:
    """Stop all texts to a number for good, in the caller's transaction; False when they are stopped this way already.

    What staff or a feed have recorded for the number does not count as that: when they take theirs back, the wish of
    whoever has the phone still stands.
    """
    if stopped_numbers(connection, [number]):
        return False
    opt_out = OptOut(type=ALL_TEXT, starts_on=wb.today(), address=number, reason=reason, source=STOP)
    opt_out_id = rows.add(connection, opt_out, at=wb.now(), by=wb.user.user_id)
    record_in(wb, connection, "opt_out.added", str(opt_out_id), type=ALL_TEXT, source=STOP, **details)
    return True


def restore_number(wb: Workbench, connection: Connection, number: str, **details: int) -> int:
    """Take back what stopped texts to a number this way; returns how many. Those of staff and feeds stay."""
    return _removed(
        wb,
        connection,
        rows.lift(connection, number, source=STOP, at=wb.now(), by=wb.user.user_id, how="start"),
        details,
    )


def take_back_stop(wb: Workbench, connection: Connection, number: str, *, at: datetime, **details: int) -> int:
    """Take back what was stopped this way at one moment, as when somebody undoes that; returns how many."""
    those = rows.made(connection, number, source=STOP, at=at)
    removed = rows.remove(connection, those, at=wb.now(), by=wb.user.user_id, how="undo")
    return _removed(wb, connection, removed, details)


def stopped_numbers(connection: Connection, numbers: Collection[str]) -> set[str]:
    """To which of these numbers texts are stopped this way."""
    return rows.stopped(connection, numbers, source=STOP)


def _removed(wb: Workbench, connection: Connection, opt_out_ids: list[int], details: dict[str, int]) -> int:
    for opt_out_id in opt_out_ids:
        record_in(wb, connection, "opt_out.removed", str(opt_out_id), source=STOP, **details)
    return len(opt_out_ids)
