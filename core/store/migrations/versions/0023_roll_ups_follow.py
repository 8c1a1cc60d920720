"""roll-ups follow patients, merges and the time zone; all are counted anew, as steps are counted differently now"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# What campaigns are added up by, of a patient.
_COLUMNS = ("language", "birth_date", "sex", "race", "payer", "pcp_id", "group_id")
_ALL = "SELECT campaign_id FROM campaigns"
_OF_PATIENT = (
    "SELECT campaign_id FROM recipients WHERE patient_id = NEW.patient_id "
    "OR patient_id IN (SELECT merged_id FROM merges WHERE patient_id = NEW.patient_id)"
)
_OF_MERGED = "SELECT campaign_id FROM recipients WHERE patient_id = {row}.merged_id"
_ZONE = "{row}.key = 'time_zone'"


def _triggers(is_other: str) -> Iterator[tuple[str, str, str, str]]:
    """Name, when, on which condition, and which campaigns; `is_other` compares two columns that may be null."""
    changed = " OR ".join(is_other.format(name=name) for name in _COLUMNS)
    yield "patients_changed", f"UPDATE OF {', '.join(_COLUMNS)} ON patients", changed, _OF_PATIENT
    yield "merges_added", "INSERT ON merges", "", _OF_MERGED.format(row="NEW")
    yield "merges_changed", "UPDATE ON merges", "", _OF_MERGED.format(row="NEW")
    yield "merges_deleted", "DELETE ON merges", "", _OF_MERGED.format(row="OLD")
    yield "zone_set", "INSERT ON organisation_settings", _ZONE.format(row="NEW"), _ALL
    yield "zone_changed", "UPDATE ON organisation_settings", _ZONE.format(row="NEW"), _ALL
    yield "zone_unset", "DELETE ON organisation_settings", _ZONE.format(row="OLD"), _ALL


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def upgrade() -> None:
    op.execute(f"INSERT INTO campaign_changes (campaign_id) {_ALL}")
    for statement in _on_postgresql() if _is_postgresql() else _on_sqlite():
        op.execute(sa.text(statement))


def _on_sqlite() -> Iterator[str]:
    for name, change, condition, which in _triggers("NEW.{name} IS NOT OLD.{name}"):
        when = f" WHEN {condition}" if condition else ""
        yield (
            f"CREATE TRIGGER roll_up_{name} AFTER {change}{when} BEGIN "  # noqa: S608  # nosec B608 # constants
            f"INSERT INTO campaign_changes (campaign_id) SELECT DISTINCT one.campaign_id FROM ({which}) AS one "
            "WHERE NOT EXISTS (SELECT 1 FROM campaign_changes c "
            "WHERE c.campaign_id = one.campaign_id AND c.taken_by IS NULL); END"
        )


def _on_postgresql() -> Iterator[str]:
    """For each row: these are few, and a row of which nothing counts costs no more than the comparison."""
    for name, change, condition, which in _triggers("NEW.{name} IS DISTINCT FROM OLD.{name}"):
        when = f" WHEN ({condition})" if condition else ""
        yield (
            f"CREATE OR REPLACE FUNCTION roll_up_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608  # nosec B608 # constants
            f"INSERT INTO campaign_changes (campaign_id) SELECT DISTINCT one.campaign_id FROM ({which}) AS one; "
            "RETURN NULL; END $$"
        )
        yield f"CREATE TRIGGER roll_up_{name} AFTER {change} FOR EACH ROW{when} EXECUTE FUNCTION roll_up_{name}()"


def downgrade() -> None:
    for name, change, _, _ in _triggers(""):
        if _is_postgresql():
            op.execute(f"DROP TRIGGER roll_up_{name} ON {change.rpartition(' ')[2]}")
            op.execute(f"DROP FUNCTION roll_up_{name}")
        else:
            op.execute(f"DROP TRIGGER roll_up_{name}")
