"""Opening the database: one way for SQLite and PostgreSQL, and its migrations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import local
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    TypeDecorator,
    column,
    create_engine,
    event,
    inspect,
    select,
    table,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from core.errors import SettingsError

MIGRATIONS = Path(__file__).parent / "migrations"
_WAITS = "careloop_waits"  # option of a connection: milliseconds that it waits for others
_BUSY = "PRAGMA busy_timeout=60000"  # milliseconds
_PUT_OFF = "careloop_put_off"  # in what SQLAlchemy keeps with a connection
_VERSIONS = table("alembic_version", column("version_num"))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, kept as UTC on every database. A moment without a zone is a bug, so it is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_engine(url: str, *, ledger: Path | None = None) -> Engine:
    """An engine on `url`, with the folder of the ledger that opt-outs are also written to (core.store.ledger).

    Statements in error texts hide their parameters: those may be patients' data.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "CARELOOP_DATABASE is not a database address. Examples: sqlite:////var/lib/careloop/careloop.db or "
            "postgresql+psycopg://careloop@/careloop. Change it in the environment."
        ) from None
    if address.get_backend_name() == "sqlite":
        if not address.database or address.database == ":memory:":
            raise SettingsError("CARELOOP_DATABASE must name a file: SQLite in memory loses messages.")
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        Path(address.database).touch(mode=0o600)  # what SQLite puts beside it gets the same rights
    engine = create_engine(
        address,
        hide_parameters=True,
        execution_options={"ledger": ledger},
        **_options(address.get_backend_name()),
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


class _Open(local):
    """The connection of the block that is open in this thread, by engine. docs/decisions/one-connection-a-thread.md"""

    def __init__(self) -> None:
        self.by_engine: dict[Engine, Connection] = {}


_open = _Open()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for questions only: on SQLite it never waits for a writer.

    Within another block of this thread and engine it is the connection of that block, so that nobody waits for a second
    one while holding the first; a question then sees what the block's transaction has written.
    """
    if (connection := _open.by_engine.get(engine)) is not None:
        yield connection
        return
    with engine.connect().execution_options(reads_only=True) as connection, _block(engine, connection):
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection for questions that are all answered as of one moment, whatever is written meanwhile. It begins in no
    other block."""
    _check_outside(engine)
    options: dict[str, Any] = {"reads_only": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, _block(engine, connection):
        yield connection


@contextmanager
def writing(engine: Engine, *, seconds: float | None = None) -> Iterator[Connection]:
    """A transaction: committed when the block ends, rolled back when it raises. What was put off by `before_commit`
    and `after_commit` is done then, and the audit log's lines are added as its last step. It begins in no other block.

    seconds   how long it waits at most for others that write; None: as long as a writer does. Raises OperationalError.
    """
    from core.store.audit_rows import appending  # whose table needs what is here

    _check_outside(engine)
    with _connected(engine, seconds) as connection, _block(engine, connection), appending(connection):
        before: list[Callable[[], None]] = []
        after: list[Callable[[], None]] = []
        connection.info[_PUT_OFF] = (before, after)
        try:
            yield connection
            for each in before:
                each()
        finally:
            connection.info.pop(_PUT_OFF, None)
    for each in after:
        each()


@contextmanager
def _connected(engine: Engine, seconds: float | None) -> Iterator[Connection]:
    """A connection in a transaction that waits so long for others."""
    options = {} if seconds is None else {_WAITS: max(1, round(1000 * seconds))}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        if options and engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {options[_WAITS]}")
        yield connection


@contextmanager
def _block(engine: Engine, connection: Connection) -> Iterator[None]:
    _open.by_engine[engine] = connection
    try:
        yield
    finally:
        del _open.by_engine[engine]


def _check_outside(engine: Engine) -> None:
    if engine in _open.by_engine:
        raise RuntimeError(
            "A transaction or snapshot was begun inside another block of its thread, which would hold two connections. "
            "End the other block first, or pass its connection on."
        )


def before_commit(connection: Connection, do: Callable[[], None]) -> None:
    """Do something at the end of a transaction of `writing`, when everything else in it is done; at once in others."""
    put_off = connection.info.get(_PUT_OFF)
    if put_off is None:
        do()
    else:
        put_off[0].append(do)


def after_commit(connection: Connection, do: Callable[[], None]) -> None:
    """Do something when a transaction of `writing` is committed; at once in others."""
    put_off = connection.info.get(_PUT_OFF)
    if put_off is None:
        do()
    else:
        put_off[1].append(do)


def migrate(engine: Engine) -> None:
    """Create the tables or bring them up to date. Safe to call at every start: where nothing is to be done, nothing
    is locked. Raises SettingsError for the tables of a newer version."""
    found = version(engine)
    if found == _newest():
        return
    if found is not None and found > _newest():
        raise SettingsError(
            f"The database was made or opened by a newer Careloop: its tables are at version {found}, this one knows "
            f"them up to {_newest()}. Nothing was changed. Start the newer Careloop, or restore a backup from before."
        )
    with engine.begin() as connection:
        migrate_to(connection)


def migrate_to(connection: Connection, revision: str = "head") -> None:
    """Bring the tables forward to a revision, in the caller's transaction."""
    from alembic import command  # a tenth of a dispatcher's memory, which it seldom needs
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def newest_version() -> str:
    """The version of the tables that this program knows."""
    return _newest()


def version(engine: Engine) -> str | None:
    """What the database says it is at, in the table that Alembic keeps; None for a new one."""
    with reading(engine) as connection:
        if not inspect(connection).has_table(_VERSIONS.name):
            return None
        found = connection.scalars(select(_VERSIONS.c.version_num)).all()
        return found[0] if len(found) == 1 else None


@cache
def _newest() -> str:
    """The last migration: they are numbered, one after the other (tests/test_migrations.py)."""
    return max(path.name for path in MIGRATIONS.glob("versions/[0-9]*.py")).partition("_")[0]


def _options(backend: str) -> dict[str, Any]:
    if backend == "sqlite":
        return {"connect_args": {"timeout": 60, "isolation_level": None}}
    return {"connect_args": {"connect_timeout": 10}, "pool_pre_ping": True}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # FULL: an attempt must be on the disk before its message leaves.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-4096",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(_BUSY)
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    """BEGIN IMMEDIATE for writers, so that two of them wait for each other instead of failing in the middle."""
    options = connection.get_execution_options()
    if options.get("isolation_level") == "AUTOCOMMIT":
        return
    if _WAITS not in options:
        connection.exec_driver_sql("BEGIN" if options.get("reads_only", False) else "BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={options[_WAITS]}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(_BUSY)
