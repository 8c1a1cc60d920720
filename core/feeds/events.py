"""Typed rows of the event tables in the one form of EVENTS."""

import polars as pl

from core.domain.clinical import CODE_SYSTEMS, EVENT_KINDS, EVENTS
from core.domain.fact import is_done, numbers, status_words
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
TABLE_OF_KIND = {kind: table for table, kind in KIND.items()}
assert set(KIND.values()) == set(EVENT_KINDS)

# What a version of an event consists of: two versions that agree in all of this are the same.
_CONTENT = [
    c for c in EVENTS if c not in ("received_at", "superseded_at", "row_hash", "source_system", "event_id", "kind")
]
_SEED = 20261

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
    """EVENTS columns that this table can fill, and the rows' other columns that begin with an underscore.

    rows   typed rows with source_system and received_at (UTC). The code's system is normalised; an entry without a
    code has the system TEXT and its words, in lower case, as the code.
    """
    kind = KIND[table]
    shape = _SHAPES[table]
    extra = [c for c in rows.columns if c.startswith("_")]
    events = rows.select(
        "patient_id",
        **shape,
        source_system="source_system",
        received_at="received_at",
        **_coded(table),
        status=status_words(pl.col("status")),
        **{c: pl.col(c) for c in extra},
    )
    if "value_text" in shape:
        events = events.with_columns(numbers(events["value_text"]).alias("value"))
    has_day = pl.lit(True) if kind == "problem" else pl.col("on").is_not_null()
    return events.with_columns(
        pl.lit(kind, EVENTS["kind"]).alias("kind"), (is_done(kind, pl.col("status")) & has_day).alias("is_done")
    )


def with_row_hash(events: pl.DataFrame) -> pl.DataFrame:
    """EVENTS with row_hash: equal for equal contents on one machine and version of Polars (see core.store.hashing)."""
    mixed: pl.Expr = pl.lit(0, pl.UInt64)
    for place, name in enumerate(c for c in _CONTENT if c in events.columns):
        mixed = mixed ^ (pl.col(name).hash(_SEED + place))
    return events.with_columns(mixed.alias("row_hash"))


def _coded(table: str) -> dict[str, pl.Expr]:
    """The columns system and code."""
    if table == "labs":
        loinc, local, words = pl.col("loinc"), pl.col("local_code"), pl.col("local_name")
        system = pl.when(loinc.is_not_null()).then(pl.lit("LOINC")).when(local.is_not_null()).then(pl.lit("LOCAL"))
        return _or_text(system, pl.coalesce(loinc, local), words)
    if table == "immunizations":
        return _or_text(pl.when(pl.col("cvx").is_not_null()).then(pl.lit("CVX")), pl.col("cvx"), pl.col("name"))
    if table == "medications":
        return _or_text(
            pl.when(pl.col("rxnorm").is_not_null()).then(pl.lit("RXNORM")), pl.col("rxnorm"), pl.col("name")
        )
    default = {"vitals": "LOINC", "visits": "LOCAL", "problems": "ICD10CM", "procedures": "LOCAL"}[table]
    words = pl.col({"vitals": "name", "visits": "type"}.get(table, "text"))
    named = pl.col("code_system").str.to_lowercase()
    known = named.replace_strict(CODE_SYSTEM_WORDS, default="OTHER", return_dtype=pl.String)
    written = pl.when(named.is_null()).then(pl.lit(default)).otherwise(known)
    return _or_text(pl.when(pl.col("code").is_not_null()).then(written), pl.col("code"), words)


def _or_text(system: pl.Expr, code: pl.Expr, words: pl.Expr) -> dict[str, pl.Expr]:
    has_code = code.is_not_null()
    is_text = ~has_code & words.is_not_null()
    return {
        "system": pl.when(is_text).then(pl.lit("TEXT")).otherwise(system).cast(pl.Enum(CODE_SYSTEMS)),
        "code": pl.when(is_text).then(words.str.to_lowercase()).otherwise(code),
    }
