"""life cycle: who changed what a campaign says last, and which edit voided an approval"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("edited_at", _MOMENT))
    op.add_column("campaigns", sa.Column("edited_by", sa.String(length=64)))
    op.add_column("approvals", sa.Column("voided_at", _MOMENT))
    op.add_column("approvals", sa.Column("voided_by", sa.String(length=64)))
    # Who changed a campaign last may have changed its words: nobody approves them alone.
    campaigns = sa.table(
        "campaigns",
        sa.column("edited_at", _MOMENT),
        sa.column("edited_by", sa.String),
        sa.column("changed_at", _MOMENT),
        sa.column("changed_by", sa.String),
        sa.column("version", sa.Integer),
        sa.column("status", sa.String),
    )
    changed = campaigns.update().where(campaigns.c.version > 1, campaigns.c.status.in_(("inactive", "active")))
    op.execute(changed.values(edited_at=campaigns.c.changed_at, edited_by=campaigns.c.changed_by))


def downgrade() -> None:
    for table, name in (("approvals", "voided_by"), ("approvals", "voided_at"), ("campaigns", "edited_by"),
                        ("campaigns", "edited_at")):  # fmt: skip
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)
