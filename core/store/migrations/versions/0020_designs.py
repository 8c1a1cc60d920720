"""designs: who is contacted and who is not, decided by chance, and what became of both"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime
from core.store.schema.base import LongId

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("design", sa.String(length=16), nullable=False, server_default="everyone"),
        sa.Column("delay_weeks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("variant", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("allocated_at", _MOMENT, nullable=True),
    ):
        op.add_column("campaigns", column)
    op.add_column("recipients", sa.Column("household", sa.String(length=128), nullable=False, server_default=""))
    op.create_table(
        "outcomes",
        sa.Column("recipient_id", LongId, autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("gap_count", "closed_30", "closed_60", "closed_90")
        ),
        *(sa.Column(name, sa.Date(), nullable=True) for name in ("closed_on", "booked_on", "kept_on")),
        sa.Column("followed_through", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.recipient_id"], name=op.f("fk_outcomes_recipient_id_recipients")
        ),
        sa.PrimaryKeyConstraint("recipient_id", name=op.f("pk_outcomes")),
    )
    op.create_index("ix_outcomes_campaign_id", "outcomes", ["campaign_id"])
    op.create_table(
        "follow_ups",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("allocated_on", sa.Date(), nullable=False),
        sa.Column("known_through", sa.Date(), nullable=False),
        sa.Column("lag_days", sa.Integer(), nullable=False),
        sa.Column("generation", sa.String(length=64), nullable=False),
        sa.Column("evaluated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_follow_ups")),
    )


def downgrade() -> None:
    op.drop_table("follow_ups")
    op.drop_index("ix_outcomes_campaign_id", table_name="outcomes")
    op.drop_table("outcomes")
    op.drop_column("recipients", "household")
    for name in ("allocated_at", "variant", "delay_weeks", "design"):
        op.drop_column("campaigns", name)
