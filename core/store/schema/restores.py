"""Restores of backups: until one is reconciled nothing leaves. And which machines keep a ledger of what leaves."""

from sqlalchemy import JSON, Column, String, Table, Text

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

restores = Table(
    "restores",
    metadata,
    Column("restore_id", LongId, primary_key=True),
    Column("archive_id", String(32), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),  # the moment of the backup: what came later is not in it
    Column("restored_at", UtcDateTime, nullable=False),
    Column("restored_by", String(64), nullable=False),
    Column("ledgers", JSON, nullable=False),  # {id: bytes at the backup, or null}: what the time since is known from
    Column("sources", JSON, nullable=False),  # what was looked at since, see core.reconciling
    Column("released_at", UtcDateTime),  # NULL while nothing may leave
    Column("released_by", String(64)),
    Column("reason", Text, nullable=False, default=""),
    Column("counts", JSON, nullable=False),
)

ledgers = Table(
    "ledgers",
    metadata,
    Column("ledger_id", String(32), primary_key=True),
    Column("host", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)
