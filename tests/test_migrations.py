"""The tables that migrations make are those of the schema, on SQLite and PostgreSQL, also from an earlier version."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from core import feed_gate
from core.errors import SettingsError
from core.store import feed_rows
from core.store.database import MIGRATIONS, migrate, open_engine, writing
from core.store.schema import metadata
from core.workbench import Workbench
from tests.conftest import ROOT
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

OPEN = "import sys; from core.store.database import migrate, open_engine; migrate(open_engine(sys.argv[1]))"
NEW_IN_0003 = {"value_sets", "value_set_codes"}
NEW_IN_0004 = {"feed_quality", "feed_releases"}


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
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


@pytest.mark.long
def test_several_who_open_a_new_home_at_once_find_its_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'careloop.db'}"
    opening = [subprocess.Popen([sys.executable, "-c", OPEN, url], cwd=ROOT) for _ in range(3)]

    assert [process.wait(60) for process in opening] == [0, 0, 0]
    with new(url) as engine:
        assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_a_database_that_is_up_to_date_is_opened_while_somebody_else_writes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'careloop.db'}"
    with new(url) as engine, new(url) as other:
        migrate(engine)
        with writing(engine) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            migrate(other)


def test_a_database_of_a_newer_version_is_refused(bench: Workbench) -> None:  # noqa: F811
    with writing(bench.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SettingsError, match="newer Careloop: its tables are at version 9999"):
        migrate(bench.engine)


@contextmanager
def new(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def test_the_last_migration_by_its_file_is_where_a_migrated_database_is(bench: Workbench) -> None:  # noqa: F811
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    files = sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))

    heads = ScriptDirectory.from_config(config).get_heads()

    assert heads == [files[-1]]
    with bench.engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == files[-1]
    assert files == [f"{number:04}" for number in range(1, len(files) + 1)]


def test_opening_a_home_that_is_up_to_date_needs_no_migrations(wb: Workbench) -> None:
    script = OPEN + "; assert 'alembic' not in sys.modules"

    done = subprocess.run([sys.executable, "-c", script, str(wb.engine.url)], cwd=ROOT, check=False)

    assert done.returncode == 0
