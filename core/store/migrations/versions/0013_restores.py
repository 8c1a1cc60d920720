"""restores of backups, and the ledgers of what has left since"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_LONG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "restores",
        sa.Column("restore_id", _LONG_ID, nullable=False),
        sa.Column("archive_id", sa.String(length=32), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("restored_at", _MOMENT, nullable=False),
        sa.Column("restored_by", sa.String(length=64), nullable=False),
        sa.Column("ledgers", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("released_at", _MOMENT),
        sa.Column("released_by", sa.String(length=64)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("restore_id", name=op.f("pk_restores")),
    )
    op.create_table(
        "ledgers",
        sa.Column("ledger_id", sa.String(length=32), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("ledger_id", name=op.f("pk_ledgers")),
    )


def downgrade() -> None:
    op.drop_table("ledgers")
    op.drop_table("restores")
