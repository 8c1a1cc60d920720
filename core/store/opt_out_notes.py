"""Opt-outs as they are also written to the ledger: made ones before they are committed, removed ones afterwards. So
are corrections of contact data and consents.

Between the two a crash leaves a stop too many in the ledger, never one too few. A ledger that cannot be written never
keeps an opt-out from being recorded.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from core.store import ledger
from core.store.contacts import batches
from core.store.database import after_commit, before_commit
from core.store.schema import corrections, opt_outs

ADDED, REMOVED, CORRECTED = "opt_out", "opt_out_removed", "correction"

_log = logging.getLogger(__name__)


def note_added(connection: Connection, which: ColumnElement[bool], *, at: datetime) -> None:
    """Write these to the ledger at the end of the transaction, as they are then."""
    folder = _folder(connection)
    if folder is not None:
        before_commit(connection, lambda: _write(folder, ADDED, _rows(connection, opt_outs, which), at))


def note_correction(connection: Connection, correction_id: int, *, at: datetime) -> None:
    """Write a correction that was made or has ended to the ledger at the end of the transaction, as it is then."""
    folder, this = _folder(connection), corrections.c.correction_id == correction_id
    if folder is not None:
        before_commit(connection, lambda: _write(folder, CORRECTED, _rows(connection, corrections, this), at))


def note_removed(connection: Connection, opt_out_ids: Collection[int], *, at: datetime) -> None:
    """Write these, which were marked as removed, to the ledger when that is committed."""
    folder = _folder(connection)
    if folder is None or not opt_out_ids:
        return
    rows = [row for ids in batches(opt_out_ids) for row in _rows(connection, opt_outs, opt_outs.c.opt_out_id.in_(ids))]
    after_commit(connection, lambda: _write(folder, REMOVED, rows, at))


def _rows(connection: Connection, table: Table, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    rows = connection.execute(select(table).where(which)).mappings()
    return [{str(name): value for name, value in row.items()} for row in rows]


def _write(folder: Path, kind: str, rows: list[dict[str, Any]], at: datetime) -> None:
    try:
        ledger.write(folder, [{"k": kind, "row": row} for row in rows], at=at)
    except OSError as error:
        _log.error("the ledger in %s takes nothing (%s): a restored backup would not know them", folder, error)


def _folder(connection: Connection) -> Path | None:
    return connection.get_execution_options().get("ledger")
