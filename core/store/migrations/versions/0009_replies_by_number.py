"""replies: the last text to a number, and the children whose texts go to a guarantor's number, are found by an index"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_recipients_address", "recipients", ["address", "handed_over_at"])
    op.create_index("ix_patients_guarantor_id", "patients", ["guarantor_id"])


def downgrade() -> None:
    op.drop_index("ix_patients_guarantor_id", table_name="patients")
    op.drop_index("ix_recipients_address", table_name="recipients")
