"""Where a backup is restored to: a SQLite file or a PostgreSQL database, whose old tables are put aside, never deleted.

SQLite: a new file is filled and takes the place of the old one. PostgreSQL: one transaction moves the old tables into a
schema of their own and fills new ones. In both the new state counts as a whole or not at all.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from core.errors import NotAllowed
from core.store.database import open_engine, writing
from core.store.half_restored import sync_folder
from core.store.schema import metadata

_USED = ("patients", "campaigns", "loads", "opt_outs", "users")
_ASIDE = ".before-restore-"
_IN_USE = (
    "Somebody uses the database: pages, a dispatcher, a load or another program is connected to it. Stop 'careloop "
    "serve' and every 'careloop dispatch', then restore again. Nothing was changed."
)


@dataclass(frozen=True)
class SqliteTarget:
    """A SQLite file."""

    path: Path

    def is_used(self) -> bool:
        """Whether it holds anything of somebody's. What is damaged does."""
        if not self.path.exists():
            return False
        engine = open_engine(f"sqlite:///{self.path}")
        try:
            return _is_used(engine)
        except (DatabaseError, sqlite3.DatabaseError):
            return True
        finally:
            engine.dispose()

    def earlier(self, *, is_again: bool) -> str | None:
        """The address of the database whose place will be taken; None when there is none. A restore that was
        interrupted (`is_again`) may have put it aside already."""
        if self.path.exists():
            return f"sqlite:///{self.path}"
        put_aside = sorted(self.path.parent.glob(f"{self.path.name}{_ASIDE}*[0-9]")) if is_again else []
        return f"sqlite:///{put_aside[-1]}" if put_aside else None

    def require_idle(self) -> None:
        """Raises NotAllowed while any process has it open: SQLite leaves its WAL only for the last one."""
        if not self.path.exists():
            return
        connection = sqlite3.connect(self.path, timeout=1)
        try:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            mode = "wal"
        except sqlite3.DatabaseError:  # damaged: nobody can use it
            mode = "delete"
        finally:
            connection.close()
        if mode != "delete":
            raise NotAllowed(_IN_USE)

    @contextmanager
    def replacing(self, stamp: str) -> Iterator[tuple[Connection, Callable[[], None]]]:
        """A transaction on a new, empty database; what it gives as well is to be called when everything else is ready
        to count."""
        part = self.path.with_name(f"{self.path.name}.restoring")
        _remove(part)
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        engine = open_engine(f"sqlite:///{part}")
        ready: list[bool] = []
        try:
            with writing(engine) as connection:
                yield connection, lambda: ready.append(True)
        finally:
            engine.dispose()  # the last connection moves everything into the one file
            if not ready:
                _remove(part)
        if not ready:
            return
        with part.open("rb") as file:
            os.fsync(file.fileno())
        for ending in ("", "-wal", "-shm", "-journal"):
            old = Path(f"{self.path}{ending}")
            if old.exists():
                old.rename(f"{self.path}{_ASIDE}{stamp}{ending}")
        part.rename(self.path)
        sync_folder(self.path.parent)


@dataclass(frozen=True)
class PostgresTarget:
    """A PostgreSQL database."""

    url: str

    def is_used(self) -> bool:
        """Whether it holds anything of somebody's."""
        engine = open_engine(self.url)
        try:
            return _is_used(engine)
        finally:
            engine.dispose()

    def earlier(self, *, is_again: bool) -> str | None:  # noqa: ARG002
        """See SqliteTarget."""
        return self.url

    def require_idle(self) -> None:
        """Raises NotAllowed while anybody else is connected."""
        engine = open_engine(self.url)
        others = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        try:
            with engine.connect() as connection:
                count = connection.scalar(others)
        finally:
            engine.dispose()
        if count:
            raise NotAllowed(_IN_USE)

    @contextmanager
    def replacing(self, stamp: str) -> Iterator[tuple[Connection, Callable[[], None]]]:
        """See SqliteTarget."""
        engine = open_engine(self.url)
        ready: list[bool] = []
        try:
            with suppress(_NotReady), writing(engine) as connection:
                _put_aside(connection, f"before_restore_{stamp.lower()}")
                yield connection, lambda: ready.append(True)
                if not ready:
                    raise _NotReady
        finally:
            engine.dispose()


class _NotReady(Exception):
    """The new state is not to count."""


def target_of(database_url: str) -> SqliteTarget | PostgresTarget:
    """Where an address points to."""
    address = make_url(database_url)
    if address.get_backend_name() == "sqlite":
        return SqliteTarget(Path(str(address.database)))
    return PostgresTarget(database_url)


def _is_used(engine: Engine) -> bool:
    with engine.connect() as connection:
        present = set(inspect(connection).get_table_names())
        for name in present & set(_USED):
            table = metadata.tables[name]
            question = select(func.count()).select_from(table)
            if name == "users":
                question = question.where(table.c.kind == "person")
            if connection.scalar(question):
                return True
    return False


def _put_aside(connection: Connection, schema: str) -> None:
    present = set(inspect(connection).get_table_names())
    ours = sorted(present & {*metadata.tables, "alembic_version", "sessions"})
    if not ours:
        return
    quoted = connection.dialect.identifier_preparer.quote
    connection.execute(text(f"CREATE SCHEMA {quoted(schema)}"))
    for name in ours:
        connection.execute(text(f"ALTER TABLE {quoted(name)} SET SCHEMA {quoted(schema)}"))


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
