"""Opt-outs as they are also written to the ledger: made ones before they are committed, removed ones afterwards.

Between the two a crash leaves a stop too many in the ledger, never one too few. A ledger that cannot be written never
keeps an opt-out from being recorded.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from core.store import ledger
from core.store.contacts import batches
from core.store.database import after_commit, before_commit
from core.store.schema import opt_outs

ADDED, REMOVED = "opt_out", "opt_out_removed"

_log = logging.getLogger(__name__)


def note_added(connection: Connection, which: ColumnElement[bool], *, at: datetime) -> None:
    """Write these to the ledger at the end of the transaction, as they are then."""
    folder = _folder(connection)
    if folder is not None:
        before_commit(connection, lambda: _write(folder, ADDED, _rows(connection, which), at))


def note_removed(connection: Connection, opt_out_ids: Collection[int], *, at: datetime) -> None:
    """Write these, which were marked as removed, to the ledger when that is committed."""
    folder = _folder(connection)
    if folder is None or not opt_out_ids:
        return
    rows = [row for ids in batches(opt_out_ids) for row in _rows(connection, opt_outs.c.opt_out_id.in_(ids))]
    after_commit(connection, lambda: _write(folder, REMOVED, rows, at))


def _rows(connection: Connection, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    rows = connection.execute(select(opt_outs).where(which)).mappings()
    return [{str(name): value for name, value in row.items()} for row in rows]


def _write(folder: Path, kind: str, rows: list[dict[str, Any]], at: datetime) -> None:
    try:
        ledger.write(folder, [{"k": kind, "row": row} for row in rows], at=at)
    except OSError as error:
        _log.error("the ledger in %s takes no opt-outs (%s): a restored backup would not know them", folder, error)


def _folder(connection: Connection) -> Path | None:
    return connection.get_execution_options().get("ledger")
