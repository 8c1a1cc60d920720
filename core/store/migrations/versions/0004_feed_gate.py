"""how good each table of a load is, and releases of the feed gate"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    long_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "feed_quality",
        sa.Column("load_id", long_id, autoincrement=False, nullable=False),
        sa.Column("feed_table", sa.String(length=32), nullable=False),
        sa.Column("source_system", sa.String(length=64), nullable=False),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("is_there", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rows_before", sa.BigInteger()),
        sa.Column("rows_median", sa.BigInteger()),
        sa.Column("latest_on", sa.Date()),
        sa.Column("received_at", UtcDateTime(timezone=True)),
        sa.Column("lag_median", sa.Integer()),
        sa.Column("lag_p90", sa.Integer()),
        sa.Column("loaded_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["loads.load_id"], name=op.f("fk_feed_quality_load_id")),
        sa.PrimaryKeyConstraint("load_id", "feed_table", name=op.f("pk_feed_quality")),
    )
    op.create_index("ix_feed_quality_feed_table_source_system", "feed_quality", ["feed_table", "source_system"])
    op.create_table(
        "feed_releases",
        sa.Column("release_id", long_id, nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("released_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_feed_releases")),
    )
    _age_of_what_is_there()


def _age_of_what_is_there() -> None:
    """The age of the patients that are there counts from the load that brought them; nothing else is known of it."""
    op.execute(
        sa.text(
            "INSERT INTO feed_quality (load_id, feed_table, source_system, is_full, is_there, rows, received_at, "
            "loaded_at) SELECT load_id, 'patients', source_system, false, true, 0, received_at, "
            "COALESCE(finished_at, started_at) FROM loads WHERE status = 'loaded' AND received_at IS NOT NULL "
            "ORDER BY load_id DESC LIMIT 1"
        )
    )


def downgrade() -> None:
    op.drop_table("feed_releases")
    op.drop_table("feed_quality")
