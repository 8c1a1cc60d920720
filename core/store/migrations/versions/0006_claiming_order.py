"""an index in the order in which recipients are claimed"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_recipients_due", "recipients", ["campaign_id", "state", "next_at", "recipient_id"])
    op.drop_index("ix_recipients_campaign_id_state", "recipients")


def downgrade() -> None:
    op.create_index("ix_recipients_campaign_id_state", "recipients", ["campaign_id", "state"])
    op.drop_index("ix_recipients_due", "recipients")
