"""Alembic runs this inside the transaction that `core.store.database.migrate` opened."""

from alembic import context

from core.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
    # The transaction is the caller's: all migrations and their record, or nothing.
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
