"""The keys by which patients are found, kept equal to the patients' rows within the transaction that changes these.

What the keys of a row were made from stands in the row (search_names, sort_name), so that they can be taken away again
when the name has changed. Numbers are found by indexes, which keep themselves. A key of nobody does no harm: what it
leads to is looked at again.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl
from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from core.domain.search_key import NAME_COLUMNS, SEARCH_COLUMNS, keys_of, search_columns
from core.store.bulk import delete_rows, insert_rows, run_many
from core.store.contacts import batches
from core.store.schema import patients, search_keys

_KEY = ("key", "patient_id")
_READ = (*NAME_COLUMNS, *SEARCH_COLUMNS)
_TOGETHER = 2_000_000  # keys that are sorted and written at once: in order is quicker, and memory stays flat


def searchable(people: pl.DataFrame) -> pl.DataFrame:
    """The rows of patients with the columns that they are sorted and found by."""
    return people.with_columns(search_columns(people))


def renew(connection: Connection, patient_ids: Collection[str]) -> None:
    """Let these patients be found by what their rows say now, after a name was changed. A changed number needs nothing,
    and this does no harm. Ids that have no row any more are found by nothing; for those `forget`, before the row goes,
    is much quicker."""
    for ids in batches(patient_ids):
        rows = _rows(connection, ids)
        gone = set(ids) - set(rows["patient_id"])
        if gone:
            connection.execute(delete(search_keys).where(search_keys.c.patient_id.in_(gone)))
        _renew(connection, rows)


def forget(connection: Connection, patient_ids: Collection[str]) -> None:
    """Take away the keys of patients whose rows are about to be deleted."""
    for ids in batches(patient_ids):
        delete_rows(connection, search_keys, keys_of(_rows(connection, ids)), _KEY)


def fill(connection: Connection) -> int:
    """Make the keys of all rows that were written before there was a search. Returns how many."""
    count = 0
    while ids := list(connection.scalars(select(patients.c.patient_id).where(_unfilled()).limit(5_000))):
        renew(connection, ids)
        count += len(ids)
    return count


def is_filled(connection: Connection) -> bool:
    """Whether every patient can be found."""
    return not connection.scalar(select(exists().where(_unfilled())))


@dataclass
class NewKeys:
    """The keys of a load. Those of a first load are gathered from its shards and written in order."""

    connection: Connection
    _kept: list[pl.DataFrame] = field(default_factory=list)

    def add(self, rows: pl.DataFrame) -> None:
        """Those of patients (patient_id, SEARCH_COLUMNS) where there were none."""
        self._kept.append(keys_of(rows))
        if sum(each.height for each in self._kept) > _TOGETHER:
            self.write()

    def write(self) -> None:
        """What was gathered goes to the table."""
        insert_rows(self.connection, search_keys, pl.concat([_no_keys(), *self._kept]).sort("key"))
        self._kept.clear()

    def exchange(self, gone: pl.Series, rows: pl.DataFrame) -> None:
        """The keys of `rows`, which are about to be written, in place of those of the patients `gone`, whose rows are
        about to be deleted."""
        before = [keys_of(_rows(self.connection, ids)) for ids in batches(gone.to_list())]
        after = [keys_of(rows)] if rows.height else []
        _exchange(self.connection, pl.concat([_no_keys(), *before]), pl.concat([_no_keys(), *after]))


def _unfilled() -> ColumnElement[bool]:
    return patients.c.sort_name.is_(None)


def _rows(connection: Connection, ids: Collection[str]) -> pl.DataFrame:
    columns = [patients.c[name] for name in ("patient_id", *_READ)]
    found = connection.execute(select(*columns).where(patients.c.patient_id.in_(ids)))
    shape = dict.fromkeys(("patient_id", *_READ), pl.String)
    return pl.DataFrame([tuple(row) for row in found], schema=shape, orient="row")


def _renew(connection: Connection, rows: pl.DataFrame) -> None:
    """The keys first: what the old ones were made from is in the rows."""
    fresh = searchable(rows)
    _exchange(connection, keys_of(rows), keys_of(fresh))
    change = patients.update().where(patients.c.patient_id == bindparam("_id"))
    change = change.values({name: bindparam(f"_{name}") for name in SEARCH_COLUMNS})
    changed = fresh.join(rows, on=["patient_id", *SEARCH_COLUMNS], how="anti", nulls_equal=True)
    names = {"patient_id": "_id"} | {name: f"_{name}" for name in SEARCH_COLUMNS}
    run_many(connection, change, changed.select(*names).rename(names))


def _exchange(connection: Connection, before: pl.DataFrame, after: pl.DataFrame) -> None:
    delete_rows(connection, search_keys, before.join(after, on=_KEY, how="anti"), _KEY)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    run_many(connection, insert(search_keys).on_conflict_do_nothing(), after.join(before, on=_KEY, how="anti"))


def _no_keys() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(_KEY, pl.String))
