"""The SQL questions of loading: what a feed writes of patients and practice, and the loads themselves.

Rows are compared with what is there, and only those that differ are written: a nightly feed changes few.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Boolean, Connection, Date, Engine, Table, bindparam, func, insert, select

from core.domain.correction import LAYOUT_NAMES
from core.store import search_keys
from core.store.bulk import CHUNK, delete_rows, indexes_later, insert_rows, run_many
from core.store.database import UtcDateTime, reading
from core.store.schema import groups, loads, locations, open_gaps, patients, providers

_PUBLISHING = 0x7075626C697368  # the number of the lock under which what a load or a day found is published


@dataclass(frozen=True)
class LoadRow:
    """One row of the table `loads`."""

    load_id: int
    source_system: str
    format: str
    status: str
    generation: str | None
    received_at: datetime | None
    started_at: datetime
    finished_at: datetime | None
    loaded_by: str
    counts: dict[str, dict[str, int]]
    defects: list[dict[str, Any]]
    message: str


def add_load(connection: Connection, **values: Any) -> int:
    """Record a load that has ended: loaded, unchanged or failed. Returns its number."""
    key = connection.execute(insert(loads).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def load_rows(engine: Engine, *, status: str | None = None, limit: int | None = None) -> list[LoadRow]:
    """The loads, the latest first."""
    question = select(loads).order_by(loads.c.load_id.desc())
    if status:
        question = question.where(loads.c.status == status)
    if limit:
        question = question.limit(limit)
    with reading(engine) as connection:
        return [LoadRow(**row) for row in connection.execute(question).mappings()]


def last_arrivals(connection: Connection, formats: Collection[str]) -> dict[str, tuple[int, datetime]]:
    """By source system the number of its last load that went well, and when it ended."""
    good = (loads.c.status.in_(("loaded", "unchanged")), loads.c.format.in_(formats))
    last = select(func.max(loads.c.load_id)).where(*good).group_by(loads.c.source_system)
    question = select(loads.c.source_system, loads.c.load_id, loads.c.finished_at).where(loads.c.load_id.in_(last))
    return {row.source_system: (row.load_id, row.finished_at) for row in connection.execute(question)}


def generation_names(engine: Engine, *, limit: int = 2) -> list[str]:
    """The generations that were loaded last, the current one first."""
    with reading(engine) as connection:
        return _generation_names(connection, limit=limit)


def current_name(connection: Connection) -> str | None:
    """The current generation, within a transaction."""
    return next(iter(_generation_names(connection, limit=1)), None)


def _generation_names(connection: Connection, *, limit: int) -> list[str]:
    newest = (
        select(loads.c.generation)
        .where(loads.c.status == "loaded", loads.c.generation.is_not(None))
        .order_by(loads.c.load_id.desc())
        .limit(limit)
    )
    return list(connection.scalars(newest))


# ---- what a load writes --------------------------------------------------------------------------------------------
def put_practice(
    connection: Connection, *, group_rows: pl.DataFrame, location_rows: pl.DataFrame, provider_rows: pl.DataFrame
) -> None:
    """Groups, locations and providers as they are now, in the layout's columns."""
    _put(connection, groups, [group_rows], key=("group_id",))
    _put(connection, locations, [location_rows], key=("location_id",))
    named = provider_rows.with_columns(
        pl.col("active").fill_null(True).alias("is_active"),
        pl.col("is_pcp").fill_null(False),
        _display_name().alias("display_name"),
    )
    _put(connection, providers, [named], key=("provider_id",))


def put_patients(connection: Connection, shards: Iterable[pl.DataFrame]) -> None:
    """Patients as they are now: the layout's columns with next_appointment_at, next_appointment_provider_id,
    last_visit_on, last_confirmed_on and last_reminded_on. Patients who are in none of the shards are removed. What they
    are found by is made of their rows, and changes with them."""
    rows = (search_keys.searchable(shard.rename(LAYOUT_NAMES)) for shard in shards)
    keys = search_keys.NewKeys(connection)
    with nullcontext() if patient_count(connection) else indexes_later(connection, patients):
        _put(connection, patients, rows, key=("patient_id",), keys=keys)
    keys.write()


def publish_alone(connection: Connection) -> None:
    """Wait until nobody else replaces these tables, and keep others waiting until the transaction ends. SQLite has one
    writer anyway; on PostgreSQL two who replace the same rows would both add them."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_PUBLISHING)))


def put_open_gaps(connection: Connection, shards: Iterable[pl.DataFrame]) -> None:
    """patient_id and measures (ids separated by blanks) of everybody with an open care gap; others are removed."""
    _put(connection, open_gaps, shards, key=("patient_id",))


def put_evaluation(connection: Connection, shards: Iterable[pl.DataFrame]) -> None:
    """Only what changes with the day: patient_id, next_appointment_at, next_appointment_provider_id, last_visit_on."""
    _update_patients(connection, shards, ("next_appointment_at", "next_appointment_provider_id", "last_visit_on"))


def put_contacts(connection: Connection, shards: Iterable[pl.DataFrame]) -> None:
    """Only what was missing before there was a search: patient_id, last_confirmed_on, last_reminded_on."""
    _update_patients(connection, shards, ("last_confirmed_on", "last_reminded_on"))


def _update_patients(connection: Connection, shards: Iterable[pl.DataFrame], columns: tuple[str, ...]) -> None:
    before = _hashes(connection, patients, ("patient_id",), ("patient_id", *columns))
    change = patients.update().where(patients.c.patient_id == bindparam("_patient_id"))
    change = change.values({name: bindparam(f"_{name}") for name in columns})
    for shard in shards:
        rows = _shaped(patients, shard, ("patient_id", *columns))
        changed = rows.with_columns(_row_hash(rows)).join(before, on=["patient_id", "_hash"], how="anti")
        changed = changed.join(before, on="patient_id", how="semi").drop("_hash")
        run_many(connection, change, changed.rename({name: f"_{name}" for name in changed.columns}))


def patient_count(connection: Connection) -> int:
    """How many patients the database has."""
    return int(connection.scalar(select(func.count()).select_from(patients)) or 0)


# ---- comparing and writing -----------------------------------------------------------------------------------------
def _put(
    connection: Connection,
    table: Table,
    shards: Iterable[pl.DataFrame],
    *,
    key: tuple[str, ...],
    keys: search_keys.NewKeys | None = None,
) -> None:
    """Make the table hold exactly the rows of the shards; with `keys`, those of a search go with them."""
    names = tuple(column.name for column in table.columns)
    before = _hashes(connection, table, key, names)
    left = before
    for shard in shards:
        rows = _shaped(table, shard, names)
        if before.is_empty():
            insert_rows(connection, table, rows)
            if keys:
                keys.add(rows)
            continue
        hashed = rows.with_columns(_row_hash(rows))
        changed = hashed.join(before, on=[*key, "_hash"], how="anti", maintain_order="left").drop("_hash")
        replaced = changed.join(before, on=list(key), how="semi")
        if keys:
            keys.exchange(replaced["patient_id"], changed)
        delete_rows(connection, table, replaced, key)
        insert_rows(connection, table, changed)
        left = left.join(rows, on=list(key), how="anti")
    if not before.is_empty():
        if keys:
            keys.exchange(left["patient_id"], left.clear())
        delete_rows(connection, table, left, key)


def _hashes(connection: Connection, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> pl.DataFrame:
    """The keys in the table with a hash of each row, read in pieces."""
    shape = _shape(table, names)
    found = [shape.to_frame().select(*key, pl.lit(0, pl.UInt64).alias("_hash"))]
    question = select(*(table.c[name] for name in names)).execution_options(yield_per=CHUNK)
    for part in connection.execute(question).partitions():
        rows = pl.DataFrame([tuple(row) for row in part], schema=shape, orient="row")
        found.append(rows.select(*key, _row_hash(rows)))
    return pl.concat(found)


def _row_hash(rows: pl.DataFrame) -> pl.Series:
    return rows.hash_rows(seed=11).alias("_hash")


def _shape(table: Table, names: Sequence[str]) -> pl.Schema:
    return pl.Schema({name: _kind(table, name) for name in names})


def _kind(table: Table, name: str) -> pl.DataType:
    kind = table.c[name].type
    if isinstance(kind, UtcDateTime):
        return pl.Datetime("us", "UTC")
    return pl.Date() if isinstance(kind, Date) else pl.Boolean() if isinstance(kind, Boolean) else pl.String()


def _shaped(table: Table, rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    return rows.select(names).cast(_shape(table, names))


def _display_name() -> pl.Expr:
    """As patients read it, where the feed has none: 'Dr. Maria Example' or 'Maria Example, NP'."""
    person = pl.concat_str(["first", "last"], separator=" ", ignore_nulls=True)
    is_doctor = pl.col("credential").str.contains(r"(?i)^\s*(m\.?d|d\.?o|mbbs|d\.?p\.?m|md phd)\b")
    titled = pl.when(is_doctor.fill_null(False)).then(pl.lit("Dr. ") + person)
    return pl.coalesce("display_name", titled, pl.concat_str([person, "credential"], separator=", ", ignore_nulls=True))
