"""a call that was answered is kept under the moment when it began, as keys are pressed before it ends"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_BEGAN = "SELECT MAX(a.started_at) FROM attempts a WHERE a.recipient_id = recipients.recipient_id"


def upgrade() -> None:
    """What is changed notes its campaign to be added up anew (migration 0021)."""
    op.execute(
        f"UPDATE recipients SET handed_over_at = ({_BEGAN}) "  # noqa: S608  # nosec B608 # constants
        "WHERE state = 'delivered' AND handed_over_at IS NOT NULL "
        "AND campaign_id IN (SELECT campaign_id FROM campaigns WHERE channel = 'phone') "
        f"AND handed_over_at > ({_BEGAN})"
    )


def downgrade() -> None:
    """The moment when a call ended stays in finished_at."""
    op.execute(
        "UPDATE recipients SET handed_over_at = finished_at WHERE state = 'delivered' AND handed_over_at IS NOT NULL "
        "AND finished_at IS NOT NULL "
        "AND campaign_id IN (SELECT campaign_id FROM campaigns WHERE channel = 'phone')"
    )
