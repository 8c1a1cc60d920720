"""Feeds and the codes they are read with."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

loads = Table(
    "loads",
    metadata,
    Column("load_id", LongId, primary_key=True),
    Column("source_system", String(64), nullable=False),
    Column("format", String(16), nullable=False),
    Column("status", String(16), nullable=False),  # loaded | unchanged | failed
    Column("generation", String(64)),  # the folder of the clinical store that this load made
    Column("received_at", UtcDateTime),  # when the feed was made, by its manifest
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("loaded_by", String(64), nullable=False),
    Column("counts", JSON, nullable=False),  # {source name: {"read": n, "kept": n, "rejected": n, "new": n, ...}}
    Column("defects", JSON, nullable=False),  # [{"defect": key, "sentence": str, "patients": n}]
    Column("message", Text, nullable=False, default=""),
)

feed_quality = Table(
    "feed_quality",
    metadata,
    Column("load_id", LongId, ForeignKey("loads.load_id"), primary_key=True, autoincrement=False),
    Column("feed_table", String(32), primary_key=True),
    Column("source_system", String(64), nullable=False),
    Column("is_full", Boolean, nullable=False),
    Column("is_there", Boolean, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("rows_before", BigInteger),
    Column("rows_median", BigInteger),
    Column("latest_on", Date),
    Column("received_at", UtcDateTime),
    Column("lag_median", Integer),  # days
    Column("lag_p90", Integer),
    Column("loaded_at", UtcDateTime, nullable=False),
    Index("ix_feed_quality_feed_table_source_system", "feed_table", "source_system"),
)

feed_releases = Table(
    "feed_releases",
    metadata,
    Column("release_id", LongId, primary_key=True),
    Column("problems", JSON, nullable=False),  # core.domain.feed_gate.Problem.key of what was released
    Column("released_at", UtcDateTime, nullable=False),
    Column("released_by", String(64), nullable=False),
    Column("reason", Text, nullable=False),
)

code_map = Table(
    "code_map",
    metadata,
    Column("source_system", String(64), primary_key=True, default=""),  # '' = every feed
    Column("system", String(64), primary_key=True),
    Column("code", String(128), primary_key=True),
    Column("concept", String(64), primary_key=True),
    Column("text", Text, nullable=False, default=""),
    Column("loaded_at", UtcDateTime, nullable=False),
    Column("loaded_by", String(64), nullable=False),
)

value_sets = Table(
    "value_sets",
    metadata,
    Column("value_set", String(128), primary_key=True),  # its OID
    Column("title", Text, nullable=False, default=""),
    Column("version", String(64), nullable=False, default=""),
    Column("loaded_at", UtcDateTime, nullable=False),
    Column("loaded_by", String(64), nullable=False),
)

value_set_codes = Table(
    "value_set_codes",
    metadata,
    Column("value_set", String(128), ForeignKey("value_sets.value_set"), primary_key=True),
    Column("system", String(255), primary_key=True),  # our word, or the address where there is none
    Column("code", String(128), primary_key=True),
    Column("display", Text, nullable=False, default=""),
)
