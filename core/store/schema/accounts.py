"""Who acts, what is set, and what was done."""

from sqlalchemy import JSON, Boolean, Column, LargeBinary, String, Table, Text

from core.store.database import UtcDateTime
from core.store.schema.base import LongId, metadata

users = Table(
    "users",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),  # person | system
    Column("email", Text),
    Column("roles", JSON),  # list of keys of core.domain.role.ROLES; NULL = administrator
    Column("scope_groups", JSON),  # list of group ids; NULL = all
    Column("scope_providers", JSON),  # list of provider ids; NULL = all
    Column("is_active", Boolean, nullable=False, default=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", String(64), nullable=False),
)

organisation_settings = Table(
    "organisation_settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", LongId, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("user_id", String(64), nullable=False),
    Column("action", String(64), nullable=False),  # 'campaign.activated', 'opt_out.added' ...
    Column("subject", Text, nullable=False, default=""),  # the id of what it was done to
    Column("details", JSON, nullable=False),  # ids and counts, never names or addresses
)

logos = Table(
    "logos",
    metadata,
    Column("logo_id", String(32), primary_key=True),
    Column("name", Text, nullable=False),  # whose it is, as staff read it
    Column("kind", String(8), nullable=False),  # png | jpeg | svg
    Column("content", LargeBinary, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("added_by", String(64), nullable=False),
)
