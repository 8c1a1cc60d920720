"""pauses, sending accounts, returned mails, introductory emails"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    long_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("campaigns", sa.Column("kind", sa.String(16), nullable=False, server_default="campaign"))
    # Of earlier campaigns nobody knows who had an appointment when they were made.
    op.add_column("campaigns", sa.Column("skip_booked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("recipients", sa.Column("appointment_at", UtcDateTime(timezone=True)))
    op.add_column("recipients", sa.Column("message", sa.String(16), nullable=False, server_default="campaign"))
    op.create_table(
        "bounce_mails",
        sa.Column("mail_id", long_id, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True)),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_bounce_mails")),
        sa.UniqueConstraint("digest", name=op.f("uq_bounce_mails_digest")),
    )
    op.create_table(
        "provider_settings",
        sa.Column("provider_id", sa.String(length=128), nullable=False),
        sa.Column("introduces", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_provider_settings")),
    )
    op.create_table(
        "sending_pauses",
        sa.Column("pause_id", long_id, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sa.String(length=64), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True)),
        sa.Column("ended_by", sa.String(length=64)),
        sa.PrimaryKeyConstraint("pause_id", name=op.f("pk_sending_pauses")),
    )
    op.create_table(
        "sending_accounts",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("failing_since", UtcDateTime(timezone=True)),
        sa.Column("paused_at", UtcDateTime(timezone=True)),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("probe_at", UtcDateTime(timezone=True)),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("refilled_at", UtcDateTime(timezone=True)),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_sending_accounts")),
    )


def downgrade() -> None:
    for table in ("sending_accounts", "sending_pauses", "provider_settings", "bounce_mails"):
        op.drop_table(table)
    for table, column in (
        ("recipients", "message"),
        ("recipients", "appointment_at"),
        ("campaigns", "skip_booked"),
        ("campaigns", "kind"),
    ):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
