"""What happens when rows come again: which version counts, and which moment ended an earlier one."""

from datetime import UTC, datetime

import polars as pl

from core.domain.clinical import EVENTS

# EVENTS as they are kept: columns with few different values are Categorical, a quarter of the memory and quicker.
_REPEATED = ("source_system", "code", "text", "status", "unit", "type", "provider_id")
STORED_EVENTS = pl.Schema({n: pl.Categorical() if n in _REPEATED else kind for n, kind in EVENTS.items()})
EVENT_KEY = ("kind", "source_system", "event_id")
# What a version of an event consists of: two versions that agree in all of this are the same.
_VERSION = [name for name in STORED_EVENTS if name not in ("received_at", "superseded_at")]


def new_events(rows: pl.DataFrame, *, is_unique: bool) -> pl.DataFrame:
    """The rows of a feed in the shape of STORED_EVENTS; of rows with one key the last one counts.

    is_unique   no two rows have the same key
    """
    missing = [pl.lit(None, kind).alias(name) for name, kind in STORED_EVENTS.items() if name not in rows.columns]
    once = rows if is_unique else rows.unique(EVENT_KEY, keep="last", maintain_order=True)
    return once.with_columns(missing)


def merged_events(known: pl.DataFrame, fresh: pl.DataFrame) -> tuple[pl.DataFrame, int, pl.DataFrame]:
    """All versions of all events after a feed, how many versions are new, and the events that were never there before.

    known    STORED_EVENTS of the generation before, with earlier versions
    fresh    STORED_EVENTS of the feed, one row for each key
    A version received before the one that is known does not replace it: it is kept as an earlier version.
    """
    if known.is_empty():
        return fresh, fresh.height, fresh
    key = list(EVENT_KEY)
    current = known.filter(pl.col("superseded_at").is_null())
    again = known.join(fresh, on=key, how="semi")
    fresh = _without(fresh, again.filter(pl.col("superseded_at").is_null()), _VERSION)
    fresh = _without(fresh, again, [*_VERSION, "received_at"])
    before = current.select(*key, pl.col("received_at").alias("_known_at"))
    fresh = fresh.join(before, on=key, how="left", maintain_order="left")
    is_late = pl.col("_known_at") > pl.col("received_at")
    fresh = fresh.with_columns(pl.when(is_late).then("_known_at").otherwise("superseded_at").alias("superseded_at"))
    ending = fresh.filter(pl.col("superseded_at").is_null()).select(*key, pl.col("received_at").alias("_ended_at"))
    known = known.join(ending, on=key, how="left", maintain_order="left")
    ends = pl.col("superseded_at").is_null() & pl.col("_ended_at").is_not_null()
    known = known.with_columns(pl.when(ends).then("_ended_at").otherwise("superseded_at").alias("superseded_at"))
    merged = pl.concat([known.select(*STORED_EVENTS), fresh.select(*STORED_EVENTS)])
    # What ended with an earlier feed and came back was there before.
    first = fresh.filter(pl.col("_known_at").is_null()).join(again, on=key, how="anti", maintain_order="left")
    return merged, fresh.height, first


def _without(rows: pl.DataFrame, others: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    return rows.join(others, on=columns, how="anti", nulls_equal=True, maintain_order="left")


def ended_events(
    known: pl.DataFrame, fed: pl.DataFrame, *, full: frozenset[str], source_system: str, at: datetime
) -> tuple[pl.DataFrame, int]:
    """`known` with those events ended that a full feed of their source no longer holds, and how many these are.

    fed   kind, source_system and event_id of every row of the feed
    """
    if not full or known.is_empty():
        return known, 0
    could_end = (
        pl.col("superseded_at").is_null()
        & pl.col("kind").cast(pl.String).is_in(list(full))
        & (pl.col("source_system") == source_system)
    )
    held = fed.select(EVENT_KEY).unique().with_columns(pl.lit(True).alias("_held"))
    known = known.join(held, on=list(EVENT_KEY), how="left", maintain_order="left")
    ends = could_end & pl.col("_held").is_null()
    known = known.with_columns(ends.alias("_ends"))
    count = int(known["_ends"].sum())
    ended = pl.when("_ends").then(pl.lit(at, EVENTS["superseded_at"])).otherwise("superseded_at")
    return known.with_columns(ended.alias("superseded_at")).select(*EVENTS), count


def as_known(events: pl.DataFrame, at: datetime | None) -> pl.DataFrame:
    """The current versions of STORED_EVENTS, or those that were current at a moment, by what had been received then."""
    if at is None:
        return events.filter(pl.col("superseded_at").is_null())
    moment = at.astimezone(UTC)
    was_current = pl.col("superseded_at").is_null() | (pl.col("superseded_at") > moment)
    known = events.filter(pl.col("received_at") <= moment, was_current)
    return known.with_columns(pl.lit(None, EVENTS["superseded_at"]).alias("superseded_at"))


def key_hash() -> pl.Expr:
    """A hash of an event's key, for comparing many of them within one process."""
    kind, source, own = EVENT_KEY
    return pl.col(kind).cast(pl.String).hash(1) ^ pl.col(source).cast(pl.String).hash(2) ^ pl.col(own).hash(3)


def moved_events(known: pl.DataFrame, elsewhere: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """`known` with those events ended that the feed now gives to a patient of another shard, and how many these are.

    elsewhere   key (key_hash) and received_at of the feed's rows of other shards
    """
    if known.is_empty() or elsewhere.is_empty():
        return known, 0
    known = known.with_columns(key_hash().alias("_key"))
    moves = elsewhere.join(known, left_on="key", right_on="_key", how="semi").unique("key")
    known = known.join(moves.select(_key="key", _moved_at="received_at"), on="_key", how="left", maintain_order="left")
    ends = pl.col("superseded_at").is_null() & (pl.col("_moved_at") >= pl.col("received_at"))
    known = known.with_columns(ends.fill_null(False).alias("_ends"))
    count = int(known["_ends"].sum())
    ended = pl.when("_ends").then("_moved_at").otherwise("superseded_at")
    return known.with_columns(ended.alias("superseded_at")).select(*EVENTS), count


def merged_rows(
    known: pl.DataFrame, fresh: pl.DataFrame, *, key: tuple[str, ...], is_full: bool, source_system: str
) -> tuple[pl.DataFrame, int]:
    """The rows of a small table after a feed, and how many were added, changed or have gone.

    Rows replace those with the same key, unless they were received earlier. A row that did not change keeps the moment
    it was first received. Of a full feed's source, rows that are missing from it go.
    """
    fresh = fresh if is_unique(fresh, key) else fresh.unique(key, keep="last", maintain_order=True)
    if known.is_empty():
        return fresh, fresh.height
    content = [name for name in fresh.columns if name != "received_at"]
    same = known.join(fresh, on=content, how="semi", nulls_equal=True, maintain_order="left")
    before = known.select(*key, pl.col("received_at").alias("_known_at"))
    changed = fresh.join(same, on=list(key), how="anti", nulls_equal=True, maintain_order="left")
    changed = changed.join(before, on=list(key), how="left", nulls_equal=True, maintain_order="left")
    changed = changed.filter(pl.col("_known_at").is_null() | (pl.col("_known_at") <= pl.col("received_at")))
    kept = known.join(changed, on=list(key), how="anti", nulls_equal=True, maintain_order="left")
    gone = 0
    if is_full:
        is_held = kept.join(fresh, on=list(key), how="semi", nulls_equal=True, maintain_order="left")
        others = kept.filter(pl.col("source_system") != source_system)
        gone = kept.height - pl.concat([is_held, others]).unique(key).height
        kept = pl.concat([is_held, others]).unique(key, maintain_order=True)
    return pl.concat([kept, changed.select(known.columns)]), changed.height + gone


def is_unique(rows: pl.DataFrame, key: tuple[str, ...]) -> bool:
    """Whether surely no two rows have the same key: a cheap look by hashes."""
    mixed = pl.col(key[0]).hash(1)
    for place, name in enumerate(key[1:], 2):
        mixed = mixed ^ pl.col(name).hash(place)
    return rows.height < 2 or int(rows.select(mixed.n_unique()).item()) == rows.height
