"""settings: every change of the organisation's settings, and tests of its accounts"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_LONG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "setting_changes",
        sa.Column("change_id", _LONG_ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.Column("now", sa.JSON(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_setting_changes")),
    )
    op.create_index("ix_setting_changes_key", "setting_changes", ["key", "change_id"])
    op.create_table(
        "account_tests",
        sa.Column("test_id", _LONG_ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("test_id", name=op.f("pk_account_tests")),
    )
    op.create_index("ix_account_tests_kind", "account_tests", ["kind", "test_id"])


def downgrade() -> None:
    op.drop_table("account_tests")
    op.drop_table("setting_changes")
