"""texts and calls: replies, events before their message is known, campaigns of other modes with the same patients"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    long_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("campaigns", sa.Column("family_id", sa.String(length=32)))
    op.add_column("message_events", sa.Column("provider_id", sa.String(length=64)))
    op.create_index(op.f("ix_message_events_provider_id"), "message_events", ["provider_id"])
    op.create_table(
        "replies",
        sa.Column("reply_id", long_id, nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("from_number", sa.String(length=20), nullable=False),
        sa.Column("to_number", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("recipient_id", long_id),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decided_at", UtcDateTime(timezone=True)),
        sa.Column("decided_by", sa.String(length=64)),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.recipient_id"], name=op.f("fk_replies_recipient_id_recipients")
        ),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("pk_replies")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_replies_provider_id")),
    )
    op.create_index(op.f("ix_replies_from_number"), "replies", ["from_number"])
    op.create_index("ix_replies_status", "replies", ["status", "reply_id"])


def downgrade() -> None:
    op.drop_table("replies")
    op.drop_index(op.f("ix_message_events_provider_id"), table_name="message_events")
    op.drop_column("message_events", "provider_id")
    op.drop_column("campaigns", "family_id")
