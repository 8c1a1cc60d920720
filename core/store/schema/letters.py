"""Letters that were printed, and the files that people download."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

print_runs = Table(
    "print_runs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("campaign_id", String(32), ForeignKey("campaigns.campaign_id"), nullable=False),
    Column("number", Integer, nullable=False),  # of the campaign's runs, from 1: the last one counts
    Column("state", String(16), nullable=False),  # waiting | making | ready | failed | stopped | superseded
    Column("has_letters", Boolean, nullable=False),
    Column("has_labels", Boolean, nullable=False),
    Column("frozen", JSON, nullable=False),  # what is the same on all letters (core.frozen_letters)
    Column("logo", LargeBinary),  # the letterhead's logo as it was then
    Column("letter_count", Integer, nullable=False),
    Column("digest", String(64), nullable=False),  # of names, addresses and their order
    Column("version", Integer, nullable=False),  # of the campaign when it was planned
    Column("planned_at", UtcDateTime, nullable=False),  # stands in the files as the moment they were made
    Column("asked_at", UtcDateTime, nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("claimed_by", String(128)),
    Column("lease_until", UtcDateTime),
    Column("try_count", Integer, nullable=False, default=0),
    Column("problem", Text, nullable=False, default=""),  # why it failed, as people read it
    Column("ready_at", UtcDateTime),
    Column("mail_state", String(16), nullable=False, default=""),  # '' | due | sending | sent | failed
    Column("mail_tries", Integer, nullable=False, default=0),
    Column("mail_at", UtcDateTime),  # not before this moment
    UniqueConstraint("campaign_id", "number"),
    Index("ix_print_runs_state", "state", "asked_at"),
    Index("ix_print_runs_mail_state", "mail_state", "mail_at"),
)

print_letters = Table(
    "print_letters",
    metadata,
    Column("run_id", String(32), ForeignKey("print_runs.run_id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),  # from 1: the order in files and on labels
    Column("language", String(8), nullable=False),
    Column("addressee", JSON, nullable=False),  # the lines, the name first
    Column("greeting", Text, nullable=False),
    Column("values", JSON, nullable=False),  # of the merge fields that the body uses
    Column("address_key", Text, nullable=False),  # core.domain.postal.Postal.key
)

print_decisions = Table(
    "print_decisions",
    metadata,
    Column("run_id", String(32), ForeignKey("print_runs.run_id"), primary_key=True),
    Column("recipient_id", LongId, ForeignKey("recipients.recipient_id"), primary_key=True),
    Column("position", Integer),  # of the letter the recipient is on; NULL: none, for the reason
    Column("reason", String(64), nullable=False, default=""),
    Index("ix_print_decisions_position", "run_id", "position"),
    Index("ix_print_decisions_recipient_id", "recipient_id"),
)

downloads = Table(
    "downloads",
    metadata,
    Column("file_id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),  # letters | labels | document
    Column("name", Text, nullable=False),  # of the file: nothing personal in it
    Column("about", Text, nullable=False, default=""),
    Column("mime", String(128), nullable=False),
    Column("campaign_id", String(32), ForeignKey("campaigns.campaign_id"), index=True),
    Column("run_id", String(32), ForeignKey("print_runs.run_id"), index=True),
    Column("live_key", String(96), unique=True),  # which file of a run it is, while it can be downloaded
    Column("part", Integer, nullable=False, default=1),
    Column("parts", Integer, nullable=False, default=1),
    Column("first", Integer, nullable=False, default=1),  # position of its first letter
    Column("count", Integer, nullable=False, default=0),
    Column("pages", Integer, nullable=False, default=0),
    Column("size", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content", LargeBinary),  # NULL once it is deleted or expired
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("expires_at", UtcDateTime, index=True),
    Column("is_outdated", Boolean, nullable=False, default=False),
    Column("deleted_at", UtcDateTime),
    Column("deleted_by", String(64), nullable=False, default=""),
    Column("deleted_how", String(16), nullable=False, default=""),  # deleted | expired | outdated | stopped
)
