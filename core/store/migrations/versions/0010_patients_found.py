"""finding patients: search keys, merges, corrections with their conflicts, remarks on care gaps, roles and logos"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_LONG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.add_column("users", sa.Column("roles", sa.JSON()))
    op.add_column("opt_outs", sa.Column("wish_id", sa.String(length=32)))
    op.add_column("opt_outs", sa.Column("removed_how", sa.String(length=16)))
    op.add_column("opt_outs", sa.Column("removed_note", sa.Text()))
    op.create_index(op.f("ix_opt_outs_wish_id"), "opt_outs", ["wish_id"])
    op.create_index("ix_patients_household_id", "patients", ["household_id"])
    _logos()
    _search_columns()
    _search_keys()
    _merges()
    _corrections()
    _feed_conflicts()
    _remarks()


def _logos() -> None:
    op.create_table(
        "logos",
        sa.Column("logo_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("logo_id", name=op.f("pk_logos")),
    )


def _search_columns() -> None:
    for name in ("last_confirmed_on", "last_reminded_on"):
        op.add_column("patients", sa.Column(name, sa.Date()))
    name_order = sa.String(length=96).with_variant(sa.String(length=96, collation="C"), "postgresql")
    op.add_column("patients", sa.Column("sort_name", name_order))
    op.add_column("patients", sa.Column("search_names", sa.Text()))
    looked_at = ["sort_name", "patient_id", "search_names", "phone_home", "phone_mobile"]
    looked_at += ["last_confirmed_on", "last_reminded_on", "group_id", "pcp_id"]
    op.create_index("ix_patients_sort_name", "patients", looked_at)
    for phone in ("mobile", "home"):
        op.create_index(f"ix_patients_{phone}_line", "patients", [sa.text(f"substr(phone_{phone}, 6)"), "patient_id"])
        op.drop_index(f"ix_patients_phone_{phone}", table_name="patients")
        op.create_index(f"ix_patients_phone_{phone}", "patients", [f"phone_{phone}", "patient_id"])


def _search_keys() -> None:
    op.create_table(
        "search_keys",
        sa.Column(
            "key",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("key", "patient_id", name=op.f("pk_search_keys")),
        sqlite_with_rowid=False,
    )


def _merges() -> None:
    op.create_table(
        "merges",
        sa.Column("merged_id", sa.String(length=128), nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("merged_on", sa.Date(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("merged_id", name=op.f("pk_merges")),
    )
    op.create_index(op.f("ix_merges_patient_id"), "merges", ["patient_id"])


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("correction_id", _LONG_ID, nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("feed_values", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("ended_by", sa.String(length=64)),
        sa.Column("ended_how", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_patient_id"), "corrections", ["patient_id"])


def _feed_conflicts() -> None:
    op.create_table(
        "feed_conflicts",
        sa.Column("conflict_id", _LONG_ID, nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("field", sa.String(length=32), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decided_at", _MOMENT),
        sa.Column("decided_by", sa.String(length=64)),
        sa.PrimaryKeyConstraint("conflict_id", name=op.f("pk_feed_conflicts")),
    )
    op.create_index(op.f("ix_feed_conflicts_patient_id"), "feed_conflicts", ["patient_id"])
    op.create_index("ix_feed_conflicts_decision", "feed_conflicts", ["decision", "conflict_id"])


def _remarks() -> None:
    op.create_table(
        "remarks",
        sa.Column("remark_id", _LONG_ID, nullable=False),
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("measure_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("removed_at", _MOMENT),
        sa.Column("removed_by", sa.String(length=64)),
        sa.PrimaryKeyConstraint("remark_id", name=op.f("pk_remarks")),
    )
    op.create_index(op.f("ix_remarks_patient_id"), "remarks", ["patient_id"])


def downgrade() -> None:
    for table in ("remarks", "feed_conflicts", "corrections", "merges", "search_keys", "logos"):
        op.drop_table(table)
    for phone in ("mobile", "home"):
        op.drop_index(f"ix_patients_phone_{phone}", table_name="patients")
        op.create_index(f"ix_patients_phone_{phone}", "patients", [f"phone_{phone}"])
    for name in ("ix_patients_home_line", "ix_patients_mobile_line", "ix_patients_sort_name"):
        op.drop_index(name, table_name="patients")
    for name in ("search_names", "sort_name", "last_reminded_on", "last_confirmed_on"):
        op.drop_column("patients", name)
    op.drop_index("ix_patients_household_id", table_name="patients")
    op.drop_index(op.f("ix_opt_outs_wish_id"), table_name="opt_outs")
    for column in ("wish_id", "removed_how", "removed_note"):
        op.drop_column("opt_outs", column)
    op.drop_column("users", "roles")
