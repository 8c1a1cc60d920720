"""The rules of measures that the organisation keeps."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text, UniqueConstraint

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

measure_rules = Table(
    "measure_rules",
    metadata,
    Column("rule_id", LongId, primary_key=True),
    Column("measure_id", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),  # the YAML
    Column("note", Text, nullable=False, default=""),
    Column("published_at", UtcDateTime, nullable=False),
    Column("published_by", String(64), nullable=False),
    UniqueConstraint("measure_id", "version"),
)

measure_switches = Table(
    "measure_switches",
    metadata,
    Column("measure_id", String(64), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
)
