"""calls are kept under the moment when they began, as keys come before the end; roll-ups count who is held out"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_BEGAN = "SELECT MAX(a.started_at) FROM attempts a WHERE a.recipient_id = recipients.recipient_id"


def upgrade() -> None:
    op.add_column("roll_ups", sa.Column("held_out", sa.Integer(), nullable=False, server_default="0"))
    op.execute("INSERT INTO campaign_changes (campaign_id) SELECT campaign_id FROM campaigns")
    op.execute(
        f"UPDATE recipients SET handed_over_at = ({_BEGAN}) "  # noqa: S608  # nosec B608 # constants
        "WHERE state = 'delivered' AND handed_over_at IS NOT NULL "
        "AND campaign_id IN (SELECT campaign_id FROM campaigns WHERE channel = 'phone') "
        f"AND handed_over_at > ({_BEGAN})"
    )


def downgrade() -> None:
    """The moment when a call ended stays in finished_at."""
    op.drop_column("roll_ups", "held_out")
    op.execute(
        "UPDATE recipients SET handed_over_at = finished_at WHERE state = 'delivered' AND handed_over_at IS NOT NULL "
        "AND finished_at IS NOT NULL "
        "AND campaign_id IN (SELECT campaign_id FROM campaigns WHERE channel = 'phone')"
    )
