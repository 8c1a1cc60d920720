"""The tables that migrations make are those of the schema, on SQLite and PostgreSQL, also from an earlier version."""

from datetime import timedelta

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from core import feed_gate
from core.store import feed_rows
from core.store.database import MIGRATIONS, migrate, writing
from core.store.schema import metadata
from core.workbench import Workbench
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

NEW_IN_0003 = {"value_sets", "value_set_codes"}
NEW_IN_0004 = {"feed_quality", "feed_releases"}


def test_the_migrations_make_the_tables_of_the_schema(bench: Workbench) -> None:  # noqa: F811
    with bench.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert [
        each for each in differences if each[0] in ("add_table", "remove_table", "add_column", "remove_column")
    ] == []


def test_a_database_of_the_version_before_gets_the_tables_of_value_sets(bench: Workbench) -> None:  # noqa: F811
    to(bench.engine, "0002")
    assert not NEW_IN_0003 & set(inspect(bench.engine).get_table_names())

    migrate(bench.engine)

    assert set(inspect(bench.engine).get_table_names()) >= NEW_IN_0003
    migrate(bench.engine)


def test_a_database_of_the_version_before_gets_the_feed_gate_with_the_age_of_what_is_there(
    bench: Workbench,  # noqa: F811
) -> None:
    to(bench.engine, "0003")
    assert not NEW_IN_0004 & set(inspect(bench.engine).get_table_names())
    at = bench.now()
    with writing(bench.engine) as connection:
        for days, status in ((9, "loaded"), (1, "failed")):
            feed_rows.add_load(
                connection,
                source_system="ehr",
                format="careloop",
                status=status,
                received_at=at - timedelta(days=days) if status == "loaded" else None,
                started_at=at,
                finished_at=at,
                loaded_by="ana",
                counts={},
                defects=[],
            )

    migrate(bench.engine)

    found = feed_gate.gate(bench)
    assert [(each.kind, each.feed_table, each.source_system) for each in found.problems] == [
        ("stale", "patients", "ehr")
    ]


def to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
