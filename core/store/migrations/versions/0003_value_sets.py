"""value sets that an organisation loads under its own licence"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "value_sets",
        sa.Column("value_set", sa.String(length=128), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("loaded_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("loaded_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("value_set", name=op.f("pk_value_sets")),
    )
    op.create_table(
        "value_set_codes",
        sa.Column("value_set", sa.String(length=128), nullable=False),
        sa.Column("system", sa.String(length=255), nullable=False),
        sa.Column("code", sa.String(length=128), nullable=False),
        sa.Column("display", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["value_set"], ["value_sets.value_set"], name=op.f("fk_value_set_codes_value_set")),
        sa.PrimaryKeyConstraint("value_set", "system", "code", name=op.f("pk_value_set_codes")),
    )


def downgrade() -> None:
    op.drop_table("value_set_codes")
    op.drop_table("value_sets")
