"""audit: on SQLite a line cannot be put in the place of another either"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # INSERT OR REPLACE takes a line away without a DELETE that a trigger would see. PostgreSQL has no such statement:
    # its ON CONFLICT DO UPDATE is an UPDATE.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
            "WHEN EXISTS (SELECT 1 FROM audit WHERE audit_id = NEW.audit_id) "
            "OR EXISTS (SELECT 1 FROM audit WHERE position = NEW.position) "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_replace")
