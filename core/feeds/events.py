"""Typed rows of the event tables in the one form of EVENTS."""

import polars as pl

from core.domain.clinical import CODE_SYSTEMS, EVENT_KINDS, EVENTS
from core.domain.fact import is_done, numbers, status_words
from core.domain.history import STORED_EVENTS
from core.feeds.words import CODE_SYSTEM_WORDS

KIND = {
    "visits": "visit",
    "problems": "problem",
    "labs": "lab",
    "vitals": "vital",
    "immunizations": "immunization",
    "procedures": "procedure",
    "medications": "medication",
}
_STORED = {name: kind for name, kind in STORED_EVENTS.items() if isinstance(kind, pl.Categorical)}
TABLE_OF_KIND = {kind: table for table, kind in KIND.items()}
assert set(KIND.values()) == set(EVENT_KINDS)

# Columns of the layout with few different values, however many rows there are.
REPEATED = frozenset(
    [
        "code_system",
        "code",
        "text",
        "type",
        "status",
        "loinc",
        "local_code",
        "local_name",
        "unit",
        "name",
        "source",
        "cvx",
        "rxnorm",
        "provider_id",
    ]
)

_SHAPES: dict[str, dict[str, pl.Expr]] = {
    "visits": {
        "event_id": pl.col("visit_id"),
        "text": pl.col("type"),
        "on": pl.col("visit_on"),
        "end_on": pl.col("ended_on"),
        "type": pl.col("type"),
        "provider_id": pl.col("provider_id"),
    },
    "problems": {
        "event_id": pl.col("problem_id"),
        "text": pl.col("text"),
        "on": pl.coalesce("onset_on", "recorded_on"),
        "end_on": pl.col("resolved_on"),
        "recorded_on": pl.col("recorded_on"),
    },
    "labs": {
        "event_id": pl.col("lab_id"),
        "text": pl.col("local_name"),
        "on": pl.coalesce("collected_on", "resulted_on"),
        "ordered_on": pl.col("ordered_on"),
        "recorded_on": pl.col("resulted_on"),
        "value_text": pl.col("value"),
        "unit": pl.col("unit"),
    },
    "vitals": {
        "event_id": pl.col("vital_id"),
        "text": pl.col("name"),
        "on": pl.col("taken_on"),
        "value_text": pl.col("value"),
        "unit": pl.col("unit"),
    },
    "immunizations": {
        "event_id": pl.col("immunization_id"),
        "text": pl.col("name"),
        "on": pl.col("administered_on"),
        "type": pl.col("source"),
    },
    "procedures": {
        "event_id": pl.col("procedure_id"),
        "text": pl.col("text"),
        "on": pl.col("performed_on"),
        "ordered_on": pl.col("ordered_on"),
    },
    "medications": {
        "event_id": pl.col("medication_id"),
        "text": pl.col("name"),
        "on": pl.col("start_on"),
        "end_on": pl.col("stop_on"),
    },
}


def events_of(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """STORED_EVENTS columns that this table can fill, and the rows' other columns that begin with an underscore.

    rows   typed rows with source_system and received_at (UTC). The code's system is normalised; an entry without a
    code has the system TEXT and its words, in lower case, as the code.
    """
    kind = KIND[table]
    rows = rows.with_columns(status_words(rows["status"]))
    columns: dict[str, pl.Expr] = {
        name: pl.col(name) for name in ("patient_id", "source_system", "received_at", "status")
    }
    columns |= _SHAPES[table] | _coded(table, rows)
    columns |= {name: pl.col(name) for name in rows.columns if name.startswith("_")}
    events = rows.select(
        (column.cast(_STORED[name]) if name in _STORED else column).alias(name) for name, column in columns.items()
    )
    if "value_text" in events.columns:
        events = events.with_columns(numbers(events["value_text"]).alias("value"))
    has_day = pl.lit(True) if kind == "problem" else pl.col("on").is_not_null()
    return events.with_columns(
        pl.lit(kind, EVENTS["kind"]).alias("kind"), (is_done(kind, pl.col("status")) & has_day).alias("is_done")
    )


_CODES = {"labs": "loinc", "immunizations": "cvx", "medications": "rxnorm"}
_SYSTEMS = {"labs": "LOINC", "immunizations": "CVX", "medications": "RXNORM"}
_DEFAULT_SYSTEM = {"vitals": "LOINC", "visits": "LOCAL", "problems": "ICD10CM", "procedures": "LOCAL"}
_WORDS = {"labs": "local_name", "vitals": "name", "immunizations": "name", "medications": "name", "visits": "type"}
_SYSTEM = pl.Enum(CODE_SYSTEMS)


def _coded(table: str, rows: pl.DataFrame) -> dict[str, pl.Expr]:
    """The columns system and code: the code, else the practice's own code, else the words."""
    code = _CODES.get(table, "code")
    system = pl.lit(_SYSTEMS[table], _SYSTEM) if table in _SYSTEMS else _systems(rows["code_system"], table)
    if rows[code].null_count() == 0:
        return {"system": system, "code": pl.col(code)}
    local = pl.col("local_code") if table == "labs" else pl.lit(None, pl.String)
    words = pl.col(_WORDS.get(table, "text")).cast(pl.String)
    return {
        "system": pl.when(pl.col(code).is_not_null())
        .then(system)
        .when(local.is_not_null())
        .then(pl.lit("LOCAL", _SYSTEM))
        .when(words.is_not_null())
        .then(pl.lit("TEXT", _SYSTEM)),
        "code": pl.coalesce(pl.col(code).cast(pl.String), local.cast(pl.String), words.str.to_lowercase()),
    }


def _systems(named: pl.Series, table: str) -> pl.Expr:
    """The normalised code systems; mostly a table has one."""
    default = pl.lit(_DEFAULT_SYSTEM[table], _SYSTEM)
    words = named.unique().drop_nulls().cast(pl.String)
    if words.is_empty():
        return default
    known = [CODE_SYSTEM_WORDS.get(word.lower(), "OTHER") for word in words]
    if len(words) == 1 and not named.null_count():
        return pl.lit(known[0], _SYSTEM)
    column = pl.col(named.name).cast(pl.String)
    return column.replace_strict(words, known, default=None, return_dtype=pl.String).cast(_SYSTEM).fill_null(default)


def _layout_columns(table: str) -> frozenset[str]:
    codes = {_CODES.get(table, "code"), _WORDS.get(table, "text"), *(["local_code"] if table == "labs" else [])}
    systems = set() if table in _SYSTEMS else {"code_system"}
    shape = {name for column in _SHAPES[table].values() for name in column.meta.root_names()}
    return frozenset({"patient_id", "status", *codes, *systems, *shape})


# What is kept of the columns of an event table; the others are not read.
KEPT_COLUMNS = {table: _layout_columns(table) for table in KIND}
