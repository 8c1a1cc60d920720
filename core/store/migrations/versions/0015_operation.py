"""operation: feeds that arrive, alarms, sandbox or live, and a group's own headers"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_LONG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    _arrivals()
    _alarms()
    _live()
    _header_maps()


def _arrivals() -> None:
    op.create_table(
        "feed_arrivals",
        sa.Column("arrival_id", _LONG_ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source_system", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.PrimaryKeyConstraint("arrival_id", name=op.f("pk_feed_arrivals")),
        sa.UniqueConstraint("name", "digest", name=op.f("uq_feed_arrivals_name_digest")),
    )


def _alarms() -> None:
    op.create_table(
        "alarm_mails",
        sa.Column("alarm", sa.String(length=160), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("alarm", "user_id", name=op.f("pk_alarm_mails")),
    )


def _live() -> None:
    op.create_table(
        "home_modes",
        sa.Column("change_id", _LONG_ID, nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_home_modes")),
    )
    op.create_table(
        "generated_feeds",
        sa.Column("generator", sa.String(length=32), nullable=False),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.Column("found_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("generator", name=op.f("pk_generated_feeds")),
    )
    op.create_table(
        "live_confirmations",
        sa.Column("check_key", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", _MOMENT, nullable=False),
        sa.Column("confirmed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("check_key", name=op.f("pk_live_confirmations")),
    )
    _known_generators()


def _known_generators() -> None:
    """Homes that were loaded before this was kept: the names of the generators stand in what was loaded."""
    names = [sa.column(name, sa.String) for name in ("source_system", "format", "status")]
    loads = sa.table("loads", *names, sa.column("started_at", _MOMENT)).c
    into = sa.table("generated_feeds", sa.column("generator"), sa.column("found_at"), sa.column("found_by"))
    by_synthea = (loads.source_system == "synthea") | (loads.format == "synthea")
    for generator, found in (("sample", loads.source_system == "sample"), ("synthea", by_synthea)):
        rows = sa.select(sa.literal(generator), sa.func.min(loads.started_at), sa.literal("command-line"))
        rows = rows.where(found, loads.status.in_(("loaded", "unchanged"))).having(sa.func.count() > 0)
        op.execute(sa.insert(into).from_select(["generator", "found_at", "found_by"], rows))


def _header_maps() -> None:
    op.create_table(
        "header_maps",
        sa.Column("map_id", _LONG_ID, nullable=False),
        sa.Column("feed_table", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("saved_at", _MOMENT, nullable=False),
        sa.Column("saved_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("map_id", name=op.f("pk_header_maps")),
        sa.UniqueConstraint("feed_table", "version", name=op.f("uq_header_maps_feed_table_version")),
    )


def downgrade() -> None:
    for table in (
        "header_maps",
        "live_confirmations",
        "generated_feeds",
        "home_modes",
        "alarm_mails",
        "feed_arrivals",
    ):
        op.drop_table(table)
