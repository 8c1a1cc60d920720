"""What keeps messages from leaving, and who sends them."""

from sqlalchemy import Boolean, Column, Float, Integer, String, Table, Text

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

sending_pauses = Table(
    "sending_pauses",
    metadata,
    Column("pause_id", LongId, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("paused_at", UtcDateTime, nullable=False),
    Column("paused_by", String(64), nullable=False),
    Column("ended_at", UtcDateTime),  # NULL while nothing may leave
    Column("ended_by", String(64)),
)

sending_accounts = Table(
    "sending_accounts",
    metadata,
    Column("account", String(64), primary_key=True),  # where messages are handed over: 'email'
    Column("failures", Integer, nullable=False, default=0),  # in a row, about the account and not about one message
    Column("reason", String(64), nullable=False, default=""),  # of the last one, and the server's words
    Column("reply", Text, nullable=False, default=""),
    Column("failing_since", UtcDateTime),
    Column("paused_at", UtcDateTime),
    Column("needs_person", Boolean, nullable=False, default=False),  # trying again by itself would make it worse
    Column("probe_at", UtcDateTime),  # while paused: when one worker tries again
    Column("tokens", Float, nullable=False, default=0.0),  # messages that may leave now, for all workers together
    Column("refilled_at", UtcDateTime),
)

dispatchers = Table(
    "dispatchers",
    metadata,
    Column("worker", String(128), primary_key=True),
    Column("host", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("is_idle", Boolean, nullable=False, default=True),
)
