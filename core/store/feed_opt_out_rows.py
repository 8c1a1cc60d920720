"""The opt-outs that came from feeds, in SQL: what is known of each, and adding more."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, bindparam, select

from core.domain.opt_out import FEED, OptOut
from core.store.bulk import insert_rows, run_many
from core.store.contacts import batches
from core.store.opt_out_notes import note_added
from core.store.schema import opt_outs

_COLUMNS = (
    "opt_out_id", "source_key", "wish_id", "patient_id", "address", "type", "protocol", "starts_on", "until",
    "removed_at",
)  # fmt: skip
_ADDED = ("wish_id", "patient_id", "address", "type", "protocol", "starts_on", "until", "reason")


@dataclass(frozen=True)
class Known:
    """One row that came from a feed, also when it was taken back since."""

    opt_out_id: int
    source_key: str
    wish_id: str | None
    patient_id: str | None
    address: str | None
    type: str
    protocol: str | None
    starts_on: date
    until: date | None
    removed_at: datetime | None


def known(connection: Connection) -> list[Known]:
    """All of them."""
    columns = (opt_outs.c[name] for name in _COLUMNS)
    return [Known(*row) for row in connection.execute(select(*columns).where(opt_outs.c.source == FEED))]


def present(connection: Connection, keys: Collection[str]) -> set[str]:
    """Which of these keys a row came with, also when it was taken back since."""
    found: set[str] = set()
    for some in batches(keys):
        question = select(opt_outs.c.source_key).where(opt_outs.c.source == FEED, opt_outs.c.source_key.in_(some))
        found |= set(connection.scalars(question))
    return found


def add(connection: Connection, by_key: Mapping[str, OptOut], *, at: datetime, by: str) -> int:
    """Add one row for each key; returns how many."""
    rows = [{"source_key": key} | {name: getattr(each, name) for name in _ADDED} for key, each in by_key.items()]
    shape: dict[str, Any] = dict.fromkeys(("source_key", *_ADDED), pl.String)
    frame = pl.DataFrame(rows, schema=shape | {"starts_on": pl.Date, "until": pl.Date})
    more = {"source": pl.lit(FEED), "comment": pl.lit(""), "made_at": pl.lit(at), "made_by": pl.lit(by)}
    insert_rows(connection, opt_outs, frame.with_columns(**more))
    for keys in batches(by_key):
        note_added(connection, (opt_outs.c.source == FEED) & opt_outs.c.source_key.in_(keys), at=at)
    return frame.height


def name_wishes(connection: Connection, wish_ids: Mapping[int, str]) -> None:
    """Say of rows to which wish they belong, by their ids."""
    change = opt_outs.update().where(opt_outs.c.opt_out_id == bindparam("_id")).values(wish_id=bindparam("_wish"))
    run_many(connection, change, pl.DataFrame({"_id": list(wish_ids), "_wish": list(wish_ids.values())}))
