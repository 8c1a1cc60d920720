"""Contact data that counts: what the feed says, with the corrections of staff laid over it.

The clinical store keeps what feeds say; the table `patients`, which sending reads, holds what counts. Whoever changes
a correction holds the lock of publishing (`core.store.feed_rows.publish_alone`): no load overwrites it half-way.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection

from core.domain.correction import COLUMNS, FIELDS, LAYOUT_NAMES, Correction, in_effect
from core.store import correction_rows as rows
from core.store import feed_rows, search_keys
from core.workbench import Workbench

_LAYOUT = {name: layout for layout, name in LAYOUT_NAMES.items()}
_FEED = [_LAYOUT.get(column, column) for column in COLUMNS]  # COLUMNS by their names in the feed's layout


@dataclass
class Overlay:
    """The corrections that count, for one load. `feed`: what the feed says of each corrected patient it holds, by the
    columns of `patients`; complete when `laid_over` has come to its end."""

    corrections: dict[str, list[Correction]]
    feed: dict[str, dict[str, Any]] = field(default_factory=dict)

    @staticmethod
    def read(connection: Connection) -> "Overlay":
        """Everybody's."""
        return Overlay(rows.standing(connection))

    def laid_over(self, shards: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The shards of patients, in the layout's columns, with the corrections laid over."""
        corrected = pl.Series("patient_id", list(self.corrections), pl.String)
        for shard in shards:
            said = shard.select("patient_id", *_FEED).filter(pl.col("patient_id").is_in(corrected.implode()))
            yield self._over(shard, said) if said.height else shard

    def _over(self, shard: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
        feed = {row["patient_id"]: _named(row) for row in said.iter_rows(named=True)}
        self.feed |= feed
        counting = [
            {"patient_id": each, **_as_layout(in_effect(values, self.corrections[each]))}
            for each, values in feed.items()
        ]
        fixed = pl.DataFrame(counting, schema=said.schema)
        return shard.update(fixed, on="patient_id", include_nulls=True)


def feed_row(wb: Workbench, connection: Connection, patient_id: str) -> dict[str, Any] | None:
    """What the feed says of a patient now, by COLUMNS; None for a patient whom the database does not have.

    Without clinical data of the patient (there is no feed, or it was put into the database otherwise) it is what is on
    file, and for what staff corrected what was there before.
    """
    on_file = rows.contact_row(connection, patient_id)
    if on_file is None:
        return None
    name = feed_rows.current_name(connection)
    if name is not None:
        generation = wb.clinical.generation(name)
        patients = generation.table("patients", generation.shard_of(patient_id))
        found = patients.filter(pl.col("patient_id") == patient_id).select(_FEED).collect()
        if found.height:
            return _named(found.row(0, named=True))
    for correction in rows.standing(connection, [patient_id]).get(patient_id, []):
        before = {
            column: (correction.feed_values or ({},))[0].get(column) for column in FIELDS[correction.field].columns
        }
        on_file |= {column: _typed(column, value) for column, value in before.items()}
    return on_file


def lay_over(connection: Connection, patient_id: str, feed: Mapping[str, Any]) -> None:
    """Let sending use what counts of a patient from now on, in the caller's transaction; a corrected number is found,
    the wrong one not any more."""
    standing = rows.standing(connection, [patient_id]).get(patient_id, [])
    rows.put_contact_row(connection, patient_id, in_effect(feed, standing))
    search_keys.renew(connection, [patient_id])


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column: row[layout] for column, layout in zip(COLUMNS, _FEED, strict=True)}


def _as_layout(row: Mapping[str, Any]) -> dict[str, Any]:
    return {layout: row[column] for column, layout in zip(COLUMNS, _FEED, strict=True)}


def _typed(column: str, value: str | None) -> Any:
    """What a correction keeps, as the table `patients` has it."""
    is_day = column.endswith("_on")
    return date.fromisoformat(value) if is_day and value else value
