"""Support requests of the people who work here, and the mails about them."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

support_cases = Table(
    "support_cases",
    metadata,
    Column("case_number", String(16), primary_key=True),  # 2026-483920: the year and a number drawn at random
    Column("opened_at", UtcDateTime, nullable=False, index=True),
    Column("opened_by", String(64), nullable=False),  # a user, or 'visitor'
    Column("client_key", String(64), nullable=False),  # whoever asked, as a keyed hash: for slowing down alone
    Column("email_key", String(64), nullable=False),  # likewise the email address
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("practice", Text, nullable=False),
    Column("synopsis", Text, nullable=False),
    Column("message_id", Text, nullable=False),  # of a message of ours, in place of who got it
    Column("state", String(16), nullable=False),  # open | resolved
    Column("resolution", Text, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("resolved_by", String(64)),
    Index("ix_support_cases_client_key", "client_key", "opened_at"),
    Index("ix_support_cases_email_key", "email_key", "opened_at"),
)

support_mails = Table(
    "support_mails",
    metadata,
    Column("mail_id", LongId, primary_key=True),
    Column("case_number", String(16), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # opened: to who asked | arrived: to support | resolved: to who asked
    Column("state", String(16), nullable=False, index=True),  # due | sending | sent | failed
    Column("tries", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
)
