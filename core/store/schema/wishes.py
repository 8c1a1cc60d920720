"""What patients want and staff know of them: opt-outs, dead addresses, corrections, and remarks on care gaps."""

from sqlalchemy import JSON, Column, Date, Index, String, Table, Text, UniqueConstraint

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("opt_out_id", LongId, primary_key=True),
    Column("wish_id", String(32), index=True),  # rows of one wish, on several addresses, are one on screens
    Column("patient_id", String(128), index=True),  # either or both of patient and address
    Column("address", Text, index=True),  # a normalised email address or E.164 number: counts for all who share it
    Column("type", String(32), nullable=False),  # core.domain.opt_out.TYPES
    Column("protocol", String(64)),  # for type 'protocol': which one
    Column("starts_on", Date, nullable=False),
    Column("until", Date),  # counts through that day; NULL = permanent
    Column("reason", Text, nullable=False),
    Column("comment", Text, nullable=False, default=""),
    Column("source", String(16), nullable=False),  # link | feed | staff | stop | key | complaint
    Column("source_key", String(128)),  # the feed's own id, so that loading again adds nothing
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("removed_at", UtcDateTime),
    Column("removed_by", String(64)),
    Column("removed_how", String(16)),  # staff | agreed (the patient, who had made it) | start | undo
    Column("removed_note", Text),
    UniqueConstraint("source", "source_key"),
)

address_states = Table(
    "address_states",
    metadata,
    Column("channel", String(8), primary_key=True),
    Column("address", String(320), primary_key=True),
    Column("state", String(16), nullable=False),  # bounced: nothing more goes there; for numbers with the reason
    Column("reason", Text, nullable=False, default=""),
    Column("since", UtcDateTime, nullable=False),
)

corrections = Table(
    "corrections",
    metadata,
    Column("correction_id", LongId, primary_key=True),
    Column("patient_id", String(128), nullable=False, index=True),
    Column("field", String(32), nullable=False),  # a key of core.domain.correction.FIELDS
    Column("values", JSON, nullable=False),  # {column of patients: value}: what staff say
    Column("feed_values", JSON, nullable=False),  # what the feed said then: that again is nothing new
    Column("reason", Text, nullable=False, default=""),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("ended_at", UtcDateTime),  # NULL while it counts
    Column("ended_by", String(64)),
    Column("ended_how", String(16), nullable=False, default=""),  # replaced | withdrawn | feed
)

feed_conflicts = Table(
    "feed_conflicts",
    metadata,
    Column("conflict_id", LongId, primary_key=True),
    Column("patient_id", String(128), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # correction: a newer value; consent: a yes after a stop
    Column("field", String(32), nullable=False),  # which value, or the channel of the consent
    Column("details", JSON, nullable=False),  # what the feed says now
    Column("found_at", UtcDateTime, nullable=False),
    Column("decision", String(16), nullable=False, default=""),  # '' waits | kept | feed
    Column("decided_at", UtcDateTime),
    Column("decided_by", String(64)),
    Index("ix_feed_conflicts_decision", "decision", "conflict_id"),
)

remarks = Table(
    "remarks",
    metadata,
    Column("remark_id", LongId, primary_key=True),
    Column("patient_id", String(128), nullable=False, index=True),
    Column("measure_id", String(64), nullable=False),
    Column("kind", String(32), nullable=False),  # a key of core.domain.remark.KINDS
    Column("starts_on", Date, nullable=False),
    Column("until", Date),  # counts through that day; NULL = until it is removed
    Column("comment", Text, nullable=False, default=""),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("removed_at", UtcDateTime),
    Column("removed_by", String(64)),
)
