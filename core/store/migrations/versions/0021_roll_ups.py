"""roll-ups: what campaigns have come to, added up by day, and which have changed since"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from core.store.database import UtcDateTime
from core.store.schema.base import LongId

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_COUNTS = (
    "selected", "eligible", "handed_over", "delivered", "answered", "booked", "kept", "closed", "followed", "waiting",
    "failed", "opt_outs", "gaps_closed", "segments", "call_minutes", "letters",
)  # fmt: skip
# Whose change counts: of a row alone on SQLite (NEW), of all rows of a statement on PostgreSQL (new_rows).
_EVENTS = "('key', 'completed')"
_SOURCES = "('link', 'stop', 'key', 'complaint')"
_OF_RECIPIENT = "SELECT campaign_id FROM recipients WHERE recipient_id = NEW.recipient_id"
_OF_OPT_OUT = (
    "SELECT campaign_id FROM recipients WHERE handed_over_at >= datetime(NEW.made_at, '-15 days') "
    "AND (patient_id = NEW.patient_id OR address = NEW.address)"
)
_IS_OTHER = (  # who waits and who is claimed count the same
    "((NEW.state IS NOT OLD.state"
    " AND NOT (NEW.state IN ('waiting', 'claimed') AND OLD.state IN ('waiting', 'claimed')))"
    " OR NEW.handed_over_at IS NOT OLD.handed_over_at OR NEW.arm IS NOT OLD.arm OR NEW.message IS NOT OLD.message"
    " OR NEW.patient_id IS NOT OLD.patient_id)"
)
_OF_ROW = {  # name: when, on which condition, and which row has the campaign
    "recipients_added": ("INSERT ON recipients", "1", "NEW"),
    "recipients_changed": ("UPDATE OF state, arm, handed_over_at, patient_id ON recipients", _IS_OTHER, "NEW"),
    "recipients_deleted": ("DELETE ON recipients", "1", "OLD"),
    "outcomes_added": ("INSERT ON outcomes", "1", "NEW"),
    "outcomes_changed": ("UPDATE ON outcomes", "1", "NEW"),
    "outcomes_deleted": ("DELETE ON outcomes", "1", "OLD"),
    "campaigns_changed": ("UPDATE OF start_on, channel, messages, variant ON campaigns", "1", "NEW"),
}
_OF_OTHERS = {  # name: when, on which condition, and which campaigns
    "events_added": ("INSERT ON message_events", f"NEW.kind IN {_EVENTS}", _OF_RECIPIENT),
    "events_changed": ("UPDATE OF recipient_id ON message_events", f"NEW.kind IN {_EVENTS}", _OF_RECIPIENT),
    "replies_added": ("INSERT ON replies", "1", _OF_RECIPIENT),
    "replies_changed": ("UPDATE OF recipient_id ON replies", "1", _OF_RECIPIENT),
    "opt_outs_added": ("INSERT ON opt_outs", f"NEW.source IN {_SOURCES}", _OF_OPT_OUT),
    "opt_outs_changed": ("UPDATE OF removed_how ON opt_outs", f"NEW.source IN {_SOURCES}", _OF_OPT_OUT),
    "loads_added": ("INSERT ON loads", "NEW.status = 'loaded'", "SELECT campaign_id FROM campaigns"),
}
_OF_NEW_RECIPIENTS = "SELECT r.campaign_id FROM new_rows n JOIN recipients r ON r.recipient_id = n.recipient_id"
_OF_NEW_OPT_OUTS = (
    "SELECT r.campaign_id FROM new_rows n JOIN recipients r "
    "ON (r.patient_id = n.patient_id OR r.address = n.address) "
    "AND r.handed_over_at >= n.made_at - interval '15 days' "
    "WHERE n.source IN ('link', 'stop', 'key', 'complaint')"
)
_POSTGRESQL = {  # name: table, change, and which campaigns
    "recipients_added": ("recipients", "INSERT", "SELECT campaign_id FROM new_rows"),
    "recipients_changed": (
        "recipients",
        "UPDATE",
        "SELECT n.campaign_id FROM new_rows n JOIN old_rows o ON o.recipient_id = n.recipient_id "
        "WHERE (n.arm, n.handed_over_at, n.message, n.patient_id) "
        "IS DISTINCT FROM (o.arm, o.handed_over_at, o.message, o.patient_id) "
        "OR (n.state <> o.state AND NOT (n.state IN ('waiting', 'claimed') AND o.state IN ('waiting', 'claimed')))",
    ),
    "recipients_deleted": ("recipients", "DELETE", "SELECT campaign_id FROM old_rows"),
    "events_added": ("message_events", "INSERT", f"{_OF_NEW_RECIPIENTS} WHERE n.kind IN {_EVENTS}"),
    "events_changed": ("message_events", "UPDATE", f"{_OF_NEW_RECIPIENTS} WHERE n.kind IN {_EVENTS}"),
    "replies_added": ("replies", "INSERT", _OF_NEW_RECIPIENTS),
    "replies_changed": ("replies", "UPDATE", _OF_NEW_RECIPIENTS),
    "opt_outs_added": ("opt_outs", "INSERT", _OF_NEW_OPT_OUTS),
    "opt_outs_changed": ("opt_outs", "UPDATE", _OF_NEW_OPT_OUTS),
    "outcomes_added": ("outcomes", "INSERT", "SELECT campaign_id FROM new_rows"),
    "outcomes_changed": ("outcomes", "UPDATE", "SELECT campaign_id FROM new_rows"),
    "outcomes_deleted": ("outcomes", "DELETE", "SELECT campaign_id FROM old_rows"),
    "campaigns_changed": (
        "campaigns",
        "UPDATE",
        "SELECT n.campaign_id FROM new_rows n JOIN old_rows o ON o.campaign_id = n.campaign_id "
        "WHERE n.start_on <> o.start_on OR n.channel <> o.channel "
        "OR n.messages::text <> o.messages::text OR n.variant::text <> o.variant::text",
    ),
    "loads_added": (
        "loads",
        "INSERT",
        "SELECT campaign_id FROM campaigns WHERE EXISTS (SELECT 1 FROM new_rows WHERE status = 'loaded')",
    ),
}
_ROWS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
}


def upgrade() -> None:
    _tables()
    op.execute("INSERT INTO campaign_changes (campaign_id) SELECT campaign_id FROM campaigns")
    for statement in _on_postgresql() if op.get_bind().dialect.name == "postgresql" else _on_sqlite():
        op.execute(sa.text(statement.replace(":", r"\:")))


def _tables() -> None:
    op.create_table(
        "roll_ups",
        sa.Column("dimension", sa.String(length=16), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("group_id", sa.String(length=128), nullable=False),
        sa.Column("provider_id", sa.String(length=128), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint(
            "dimension", "campaign_id", "on", "group_id", "provider_id", "value", name=op.f("pk_roll_ups")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "campaign_changes",
        sa.Column("change_id", LongId, nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("taken_by", sa.String(length=32)),
        sa.Column("taken_at", UtcDateTime(timezone=True)),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_campaign_changes")),
    )
    op.create_index("ix_campaign_changes_campaign_id", "campaign_changes", ["campaign_id", "taken_by"])


def _on_sqlite() -> Iterator[str]:
    """A row for each change of a row, unless one is there that nobody has taken: there is one writer at a time. Looking
    whether one is there is part of the condition, since a trigger that begins costs a message more than that."""
    for name, (change, condition, row) in _OF_ROW.items():
        yield (
            f"CREATE TRIGGER roll_up_{name} AFTER {change} WHEN {condition} AND NOT EXISTS (SELECT 1 "  # noqa: S608  # nosec B608 # constants
            f"FROM campaign_changes WHERE campaign_id = {row}.campaign_id AND taken_by IS NULL) "
            f"BEGIN INSERT INTO campaign_changes (campaign_id) VALUES ({row}.campaign_id); END"
        )
    for name, (change, condition, which) in _OF_OTHERS.items():
        yield (
            f"CREATE TRIGGER roll_up_{name} AFTER {change} WHEN {condition} BEGIN "  # noqa: S608  # nosec B608 # constants
            f"INSERT INTO campaign_changes (campaign_id) SELECT DISTINCT one.campaign_id FROM ({which}) AS one "
            "WHERE NOT EXISTS (SELECT 1 FROM campaign_changes c "
            "WHERE c.campaign_id = one.campaign_id AND c.taken_by IS NULL); END"
        )


def _on_postgresql() -> Iterator[str]:
    """Rows for each statement that changed any, always new ones: whoever looked whether one is there would not see
    that it is just being taken, and two workers must never wait for each other's."""
    for name, (table, change, which) in _POSTGRESQL.items():
        yield (
            f"CREATE OR REPLACE FUNCTION roll_up_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608  # nosec B608 # constants
            f"INSERT INTO campaign_changes (campaign_id) SELECT DISTINCT one.campaign_id FROM ({which}) AS one; "
            "RETURN NULL; END $$"
        )
        yield (
            f"CREATE TRIGGER roll_up_{name} AFTER {change} ON {table} {_ROWS[change]} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION roll_up_{name}()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name, (table, _, _) in _POSTGRESQL.items():
            op.execute(f"DROP TRIGGER roll_up_{name} ON {table}")
            op.execute(f"DROP FUNCTION roll_up_{name}")
    else:
        for name in (*_OF_ROW, *_OF_OTHERS):
            op.execute(f"DROP TRIGGER roll_up_{name}")
    op.drop_table("campaign_changes")
    op.drop_table("roll_ups")
