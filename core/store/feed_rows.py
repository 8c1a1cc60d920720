"""The SQL questions of loading: what a feed writes of patients and practice, the loads themselves, and the code map.

Rows are compared with what is there, and only those that differ are written: a nightly feed changes few.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import polars.selectors as cs
from sqlalchemy import Boolean, Connection, Date, Engine, Table, bindparam, delete, func, insert, select

from core.store.database import UtcDateTime, reading
from core.store.schema import code_map, groups, loads, locations, open_gaps, opt_outs, patients, providers

_CHUNK = 5_000
_FEED = "feed"


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


# ---- code map ------------------------------------------------------------------------------------------------------
def own_codes(engine: Engine) -> pl.DataFrame:
    """The practice's own mapping: source_system ('' = every feed), system, code, concept."""
    columns = (code_map.c.source_system, code_map.c.system, code_map.c.code, code_map.c.concept)
    with reading(engine) as connection:
        rows = connection.execute(select(*columns)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema={c.name: pl.String for c in columns}, orient="row")


def put_codes(connection: Connection, rows: pl.DataFrame, *, at: datetime, by: str) -> None:
    """Add rows (source_system, system, code, concept, text). They replace what these codes meant before."""
    key = ("source_system", "system", "code")
    _delete(connection, code_map, rows.select(key).unique(), key)
    _insert(connection, code_map, rows.with_columns(loaded_at=pl.lit(at), loaded_by=pl.lit(by)))


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
    """Patients as they are now: the layout's columns with next_appointment_at, next_appointment_provider_id and
    last_visit_on. Patients who are in none of the shards are removed."""
    renamed = {
        "sms_consent": "text_consent",
        "sms_consent_on": "text_consent_on",
        "sms_consent_source": "text_consent_source",
        "voice_consent": "phone_consent",
    }
    _put(connection, patients, (shard.rename(renamed) for shard in shards), key=("patient_id",))


def put_open_gaps(connection: Connection, shards: Iterable[pl.DataFrame]) -> None:
    """patient_id and measures (ids separated by blanks) of everybody with an open care gap; others are removed."""
    _put(connection, open_gaps, shards, key=("patient_id",))


def put_evaluation(connection: Connection, shards: Iterable[pl.DataFrame]) -> None:
    """Only what changes with the day: patient_id, next_appointment_at, next_appointment_provider_id, last_visit_on."""
    columns = ("next_appointment_at", "next_appointment_provider_id", "last_visit_on")
    before = _hashes(connection, patients, ("patient_id",), ("patient_id", *columns))
    change = patients.update().where(patients.c.patient_id == bindparam("_patient_id"))
    change = change.values({name: bindparam(f"_{name}") for name in columns})
    for shard in shards:
        rows = _shaped(patients, shard, ("patient_id", *columns))
        changed = rows.with_columns(_row_hash(rows)).join(before, on=["patient_id", "_hash"], how="anti")
        changed = changed.join(before, on="patient_id", how="semi").drop("_hash")
        _many(connection, change, changed.rename({name: f"_{name}" for name in changed.columns}))


def add_opt_outs(connection: Connection, rows: pl.DataFrame, *, at: datetime, by: str) -> int:
    """Add the feed's opt-outs that are not there yet, by source_key; never change or remove one. Returns how many.

    rows   source_key, patient_id, address, type, protocol, starts_on, until, reason
    """
    known = connection.scalars(select(opt_outs.c.source_key).where(opt_outs.c.source == _FEED))
    present = pl.DataFrame({"source_key": list(known)}, schema={"source_key": pl.String})
    new = rows.unique("source_key", keep="last", maintain_order=True).join(present, on="source_key", how="anti")
    new = new.with_columns(source=pl.lit(_FEED), comment=pl.lit(""), made_at=pl.lit(at), made_by=pl.lit(by))
    _insert(connection, opt_outs, new)
    return new.height


def patient_count(connection: Connection) -> int:
    """How many patients the database has."""
    return int(connection.scalar(select(func.count()).select_from(patients)) or 0)


# ---- comparing and writing -----------------------------------------------------------------------------------------
def _put(connection: Connection, table: Table, shards: Iterable[pl.DataFrame], *, key: tuple[str, ...]) -> None:
    """Make the table hold exactly the rows of the shards."""
    names = tuple(column.name for column in table.columns)
    before = _hashes(connection, table, key, names)
    left = before
    for shard in shards:
        rows = _shaped(table, shard, names)
        if before.is_empty():
            _insert(connection, table, rows)
            continue
        hashed = rows.with_columns(_row_hash(rows))
        changed = hashed.join(before, on=[*key, "_hash"], how="anti", maintain_order="left").drop("_hash")
        _delete(connection, table, changed.join(before, on=list(key), how="semi"), key)
        _insert(connection, table, changed)
        left = left.join(rows, on=list(key), how="anti")
    if not before.is_empty():
        _delete(connection, table, left, key)


def _hashes(connection: Connection, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> pl.DataFrame:
    """The keys in the table with a hash of each row, read in pieces."""
    shape = _shape(table, names)
    found = [shape.to_frame().select(*key, pl.lit(0, pl.UInt64).alias("_hash"))]
    question = select(*(table.c[name] for name in names)).execution_options(yield_per=_CHUNK)
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


def _insert(connection: Connection, table: Table, rows: pl.DataFrame) -> None:
    """Add rows by the fastest way the database has: a load of many patients spends most of its time here."""
    if rows.is_empty():
        return
    rows = rows.select(name for name in rows.columns if name in table.c and rows[name].null_count() < rows.height)
    if connection.dialect.name == "sqlite":
        _insert_sqlite(connection, table, rows)
    elif connection.dialect.name == "postgresql":
        _copy_postgresql(connection, table, rows)
    else:
        _many(connection, insert(table), rows)


def _insert_sqlite(connection: Connection, table: Table, rows: pl.DataFrame) -> None:
    """Dates and moments go as the texts that SQLAlchemy writes, made for a whole column at once. In the order of the
    key, which is quicker for the index."""
    rows = rows.sort([column.name for column in table.primary_key if column.name in rows.columns] or rows.columns[0])
    names, places = ", ".join(rows.columns), ", ".join("?" * rows.width)
    written = rows.with_columns(
        cs.datetime().dt.strftime("%Y-%m-%d %H:%M:%S.%6f"),
        cs.date().dt.strftime("%Y-%m-%d"),
        cs.boolean().cast(pl.Int8),
    )
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({places})"  # noqa: S608 - names of our own schema
    for piece in written.iter_slices(_CHUNK):
        connection.exec_driver_sql(statement, piece.rows())


def _copy_postgresql(connection: Connection, table: Table, rows: pl.DataFrame) -> None:
    """COPY: an empty value is NULL, an empty text is written in quotes."""
    statement = f"COPY {table.name} ({', '.join(rows.columns)}) FROM STDIN (FORMAT csv)"
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in rows.iter_slices(_CHUNK):
            copy.write(piece.write_csv(include_header=False).encode())


def _delete(connection: Connection, table: Table, rows: pl.DataFrame, key: Sequence[str]) -> None:
    question = delete(table)
    for name in key:
        question = question.where(table.c[name] == bindparam(f"_{name}"))
    _many(connection, question, rows.select(pl.col(name).alias(f"_{name}") for name in key))


def _many(connection: Connection, statement: Any, rows: pl.DataFrame) -> None:
    for piece in rows.iter_slices(_CHUNK):
        if piece.height:
            connection.execute(statement, piece.to_dicts())


def _display_name() -> pl.Expr:
    """As patients read it, where the feed has none: 'Dr. Maria Example' or 'Maria Example, NP'."""
    person = pl.concat_str(["first", "last"], separator=" ", ignore_nulls=True)
    is_doctor = pl.col("credential").str.contains(r"(?i)^\s*(m\.?d|d\.?o|mbbs|d\.?p\.?m|md phd)\b")
    titled = pl.when(is_doctor.fill_null(False)).then(pl.lit("Dr. ") + person)
    return pl.coalesce("display_name", titled, pl.concat_str([person, "credential"], separator=", ", ignore_nulls=True))
