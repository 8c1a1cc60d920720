"""letters: print runs with their plan, files to download"""

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_LONG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = UtcDateTime(timezone=True)


def upgrade() -> None:
    _print_runs()
    _print_letters()
    _print_decisions()
    _downloads()


def _print_runs() -> None:
    op.create_table(
        "print_runs",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("has_letters", sa.Boolean(), nullable=False),
        sa.Column("has_labels", sa.Boolean(), nullable=False),
        sa.Column("frozen", sa.JSON(), nullable=False),
        sa.Column("logo", sa.LargeBinary()),
        sa.Column("letter_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("planned_at", _MOMENT, nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("claimed_by", sa.String(length=128)),
        sa.Column("lease_until", _MOMENT),
        sa.Column("try_count", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("ready_at", _MOMENT),
        sa.Column("mail_state", sa.String(length=16), nullable=False),
        sa.Column("mail_tries", sa.Integer(), nullable=False),
        sa.Column("mail_at", _MOMENT),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.campaign_id"], name=op.f("fk_print_runs_campaign_id_campaigns")
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_print_runs")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("uq_print_runs_campaign_id_number")),
    )
    op.create_index("ix_print_runs_state", "print_runs", ["state", "asked_at"])
    op.create_index("ix_print_runs_mail_state", "print_runs", ["mail_state", "mail_at"])


def _print_letters() -> None:
    op.create_table(
        "print_letters",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("addressee", sa.JSON(), nullable=False),
        sa.Column("greeting", sa.Text(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["print_runs.run_id"], name=op.f("fk_print_letters_run_id_print_runs")),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_print_letters")),
    )


def _print_decisions() -> None:
    op.create_table(
        "print_decisions",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("recipient_id", _LONG_ID, nullable=False),
        sa.Column("position", sa.Integer()),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["print_runs.run_id"], name=op.f("fk_print_decisions_run_id_print_runs")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.recipient_id"], name=op.f("fk_print_decisions_recipient_id_recipients")
        ),
        sa.PrimaryKeyConstraint("run_id", "recipient_id", name=op.f("pk_print_decisions")),
    )
    op.create_index("ix_print_decisions_position", "print_decisions", ["run_id", "position"])
    op.create_index(op.f("ix_print_decisions_recipient_id"), "print_decisions", ["recipient_id"])


def _downloads() -> None:
    op.create_table(
        "downloads",
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("mime", sa.String(length=128), nullable=False),
        sa.Column("campaign_id", sa.String(length=32)),
        sa.Column("run_id", sa.String(length=32)),
        sa.Column("live_key", sa.String(length=96)),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("is_outdated", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", _MOMENT),
        sa.Column("deleted_by", sa.String(length=64), nullable=False),
        sa.Column("deleted_how", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.campaign_id"], name=op.f("fk_downloads_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["print_runs.run_id"], name=op.f("fk_downloads_run_id_print_runs")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_downloads")),
        sa.UniqueConstraint("live_key", name=op.f("uq_downloads_live_key")),
    )
    for column in ("campaign_id", "run_id", "expires_at"):
        op.create_index(op.f(f"ix_downloads_{column}"), "downloads", [column])


def downgrade() -> None:
    for table in ("downloads", "print_decisions", "print_letters", "print_runs"):
        op.drop_table(table)
