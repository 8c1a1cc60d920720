"""support: requests and the mails about them"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_LONG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "support_cases",
        sa.Column("case_number", sa.String(length=16), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("opened_by", sa.String(length=64), nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        sa.Column("email_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("practice", sa.Text(), nullable=False),
        sa.Column("synopsis", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("resolved_at", _MOMENT),
        sa.Column("resolved_by", sa.String(length=64)),
        sa.PrimaryKeyConstraint("case_number", name=op.f("pk_support_cases")),
    )
    op.create_index("ix_support_cases_opened_at", "support_cases", ["opened_at"])
    op.create_index("ix_support_cases_client_key", "support_cases", ["client_key", "opened_at"])
    op.create_index("ix_support_cases_email_key", "support_cases", ["email_key", "opened_at"])
    op.create_table(
        "support_mails",
        sa.Column("mail_id", _LONG_ID, nullable=False),
        sa.Column("case_number", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_support_mails")),
    )
    op.create_index("ix_support_mails_case_number", "support_mails", ["case_number"])
    op.create_index("ix_support_mails_state", "support_mails", ["state"])


def downgrade() -> None:
    op.drop_table("support_mails")
    op.drop_table("support_cases")
