"""rules that an organisation publishes, which rules are on, and the open care gaps of a patient in one row"""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measure_rules",
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("measure_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", name=op.f("pk_measure_rules")),
        sa.UniqueConstraint("measure_id", "version", name=op.f("uq_measure_rules_measure_id")),
    )
    op.create_table(
        "measure_switches",
        sa.Column("measure_id", sa.String(length=64), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("measure_id", name=op.f("pk_measure_switches")),
    )
    _one_row_per_patient()


def _one_row_per_patient() -> None:
    """Sending looks at open care gaps at any moment, so those that are known are carried over."""
    connection = op.get_bind()
    known = sa.table("open_gaps", *(sa.column(name) for name in ("patient_id", "measure_id", "state")))
    opened = sa.select(known.c.patient_id, known.c.measure_id).where(known.c.state.in_(["overdue", "out_of_range"]))
    by_patient = defaultdict(list)
    for patient_id, measure_id in connection.execute(opened.order_by(known.c.patient_id, known.c.measure_id)):
        by_patient[patient_id].append(measure_id)
    op.drop_table("open_gaps")
    table = op.create_table(
        "open_gaps",
        sa.Column("patient_id", sa.String(length=128), nullable=False),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_open_gaps")),
    )
    assert table is not None
    rows = [{"patient_id": patient_id, "measures": " ".join(ids)} for patient_id, ids in by_patient.items()]
    for start in range(0, len(rows), 5_000):
        connection.execute(sa.insert(table), rows[start : start + 5_000])
