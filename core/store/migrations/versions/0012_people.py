"""people: passwords, sessions, identities, the audit log as a chain, approvals and deleted campaigns"""

import sqlalchemy as sa
from alembic import op

from core.domain.audit_line import BEGINNING, AuditLine, line_hash
from core.store.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_LONG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = UtcDateTime(timezone=True)
_REFUSAL = "the audit log is append-only"
_PIECE = 1_000
_AUDIT = sa.table(
    "audit",
    sa.column("audit_id", _LONG_ID),
    sa.column("at", _MOMENT),
    sa.column("user_id", sa.String),
    sa.column("action", sa.String),
    sa.column("subject", sa.Text),
    sa.column("details", sa.JSON),
    sa.column("position", sa.Integer),
    sa.column("hash", sa.String),
)


def upgrade() -> None:
    _sign_in()
    _chain()
    _approvals()


def _sign_in() -> None:
    users = sa.table("users", sa.column("user_id", sa.String), sa.column("roles", sa.JSON))
    op.execute(users.update().where(users.c.user_id == "patient").values(roles=[]))  # its links are its permission
    op.create_table(
        "credentials",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_credentials")),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("linked_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("ended_how", sa.String(length=16), nullable=False),
        sa.Column("id_token", sa.Text()),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "sign_in_failures",
        sa.Column("failure_id", _LONG_ID, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("name_key", sa.String(length=64), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("failure_id", name=op.f("pk_sign_in_failures")),
    )
    op.create_index("ix_sign_in_failures_name_key", "sign_in_failures", ["name_key", "at"])
    op.create_index("ix_sign_in_failures_client", "sign_in_failures", ["client", "at"])


def _chain() -> None:
    with op.batch_alter_table("audit") as batch:
        batch.add_column(sa.Column("position", sa.Integer()))
        batch.add_column(sa.Column("hash", sa.String(length=64)))
    _number()
    with op.batch_alter_table("audit") as batch:
        batch.alter_column("position", existing_type=sa.Integer(), nullable=False)
        batch.alter_column("hash", existing_type=sa.String(length=64), nullable=False)
        batch.create_unique_constraint("uq_audit_position", ["position"])
        batch.create_index("ix_audit_user_id", ["user_id", "position"])
        batch.create_index("ix_audit_subject", ["subject", "position"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
        )
        op.execute(
            "CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
        )
    else:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )


def _number() -> None:
    """The lines that are there become the beginning of the chain, in the order in which they were written."""
    connection, last, position, before = op.get_bind(), -1, 0, BEGINNING
    while True:
        question = sa.select(_AUDIT).where(_AUDIT.c.audit_id > last).order_by(_AUDIT.c.audit_id).limit(_PIECE)
        rows = connection.execute(question).all()
        if not rows:
            return
        for row in rows:
            position += 1
            before = line_hash(before, AuditLine(position, row.at, row.user_id, row.action, row.subject, row.details))
            values = {"position": position, "hash": before}
            connection.execute(sa.update(_AUDIT).where(_AUDIT.c.audit_id == row.audit_id).values(values))
        last = rows[-1].audit_id


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("approval_id", _LONG_ID, nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("approved_at", _MOMENT, nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_campaign_id", "approvals", ["campaign_id"])
    for name, kind in (
        ("asked_at", _MOMENT),
        ("asked_by", sa.String(length=64)),
        ("deleted_at", _MOMENT),
        ("deleted_by", sa.String(length=64)),
    ):
        op.add_column("campaigns", sa.Column(name, kind))


def downgrade() -> None:
    for name in ("asked_at", "asked_by", "deleted_at", "deleted_by"):
        op.drop_column("campaigns", name)
    op.drop_table("approvals")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_append_only ON audit")
        op.execute("DROP TRIGGER audit_never_emptied ON audit")
        op.execute("DROP FUNCTION audit_append_only()")
    else:
        op.execute("DROP TRIGGER audit_no_update")
        op.execute("DROP TRIGGER audit_no_delete")
    with op.batch_alter_table("audit") as batch:
        batch.drop_index("ix_audit_subject")
        batch.drop_index("ix_audit_user_id")
        batch.drop_constraint("uq_audit_position", type_="unique")
        batch.drop_column("hash")
        batch.drop_column("position")
    for table in ("sign_in_failures", "sessions", "identities", "credentials"):
        op.drop_table(table)
