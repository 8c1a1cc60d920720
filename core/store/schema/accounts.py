"""Who acts, what is set, and what was done."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

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

credentials = Table(
    "credentials",
    metadata,
    # No foreign keys from here on: a user is replaced as a row, and what was done stays when a user goes.
    Column("user_id", String(64), primary_key=True),
    Column("password_hash", Text, nullable=False),  # Argon2id, with its salt and costs
    Column("must_change", Boolean, nullable=False),  # given by somebody else: good for one thing, to choose another
    Column("expires_at", UtcDateTime),  # of a password given by somebody else
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
)

identities = Table(
    "identities",
    metadata,
    # Who somebody is at an OpenID Connect provider: the subject never changes, an email address may.
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user_id", String(64), nullable=False, index=True),
    Column("linked_at", UtcDateTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", String(64), primary_key=True),  # SHA-256 of what the browser's cookie holds
    Column("user_id", String(64), nullable=False, index=True),
    Column("method", String(16), nullable=False),  # password | openid | demo
    Column("begun_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),  # when the person last did something
    Column("ended_at", UtcDateTime),
    Column("ended_how", String(16), nullable=False, default=""),  # signed_out | idle | expired | password | ended
    Column("id_token", Text),  # of OpenID Connect, for signing out there
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("failure_id", LongId, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("name_key", String(64), nullable=False),  # SHA-256 of the name that was tried: it may be a password
    Column("client", String(64), nullable=False),  # the address it came from
    Index("ix_sign_in_failures_name_key", "name_key", "at"),
    Index("ix_sign_in_failures_client", "client", "at"),
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
    Column("position", Integer, nullable=False, unique=True),  # 1, 2, 3 ... without a gap, in the order of commits
    Column("hash", String(64), nullable=False),  # of this line and the hash before it (core.domain.audit_line)
    Index("ix_audit_user_id", "user_id", "position"),
    Index("ix_audit_subject", "subject", "position"),
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
