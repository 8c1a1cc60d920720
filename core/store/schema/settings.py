"""What was changed in the organisation's settings, and how its accounts were tested."""

from sqlalchemy import JSON, Boolean, Column, Index, String, Table, Text

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

setting_changes = Table(
    "setting_changes",
    metadata,
    Column("change_id", LongId, primary_key=True),
    Column("key", String(64), nullable=False),  # as in organisation_settings
    Column("was", JSON, nullable=False),  # what counted before, be it the default
    Column("now", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Index("ix_setting_changes_key", "key", "change_id"),
)

account_tests = Table(
    "account_tests",
    metadata,
    Column("test_id", LongId, primary_key=True),
    Column("kind", String(16), nullable=False),  # smtp | mailbox | twilio
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(64), nullable=False),
    Column("is_good", Boolean, nullable=False),
    Column("steps", JSON, nullable=False),  # what was tried, in words, without secrets
    Column("fingerprint", String(64), nullable=False),  # of the account's settings as they were tested
    Index("ix_account_tests_kind", "kind", "test_id"),
)
