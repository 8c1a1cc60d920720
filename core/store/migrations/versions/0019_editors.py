"""editors: everybody who has changed a campaign since it was made or last approved"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    editors = op.create_table(
        "campaign_editors",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("edited_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "user_id", name=op.f("pk_campaign_editors")),
    )
    op.execute(editors.insert().from_select(["campaign_id", "user_id", "edited_at"], _known()))


def _known() -> sa.Select[tuple[str, str, datetime]]:
    """Whoever has saved a campaign that can still go out, by the audit log and by what it says of itself."""
    campaigns = sa.table(
        "campaigns",
        sa.column("campaign_id", sa.String),
        sa.column("status", sa.String),
        sa.column("edited_at", _MOMENT),
        sa.column("edited_by", sa.String),
    )
    audit = sa.table(
        "audit",
        sa.column("subject", sa.String),
        sa.column("user_id", sa.String),
        sa.column("action", sa.String),
        sa.column("at", _MOMENT),
    )
    is_open = campaigns.c.status.in_(("inactive", "active"))
    saved = (
        sa.select(campaigns.c.campaign_id, audit.c.user_id, audit.c.at)
        .join(audit, audit.c.subject == campaigns.c.campaign_id)
        .where(is_open, audit.c.action == "campaign.saved")
    )
    last = sa.select(campaigns.c.campaign_id, campaigns.c.edited_by, campaigns.c.edited_at).where(
        is_open, campaigns.c.edited_by.is_not(None), campaigns.c.edited_at.is_not(None)
    )
    every = saved.union_all(last).subquery("every")
    campaign_id, user_id, at = every.c
    return sa.select(campaign_id, user_id, sa.func.max(at)).group_by(campaign_id, user_id)


def downgrade() -> None:
    op.drop_table("campaign_editors")
