"""Making and removing databases of a PostgreSQL server, over one connection that stays: a new one takes a tenth of a
second to get going."""

from functools import cache

from sqlalchemy import URL, Engine, create_engine, text


def run(server: URL, statement: str) -> None:
    """Run a statement outside any transaction; `server` is the address of one of its databases."""
    with _connected(server.set(database="postgres")).connect() as connection:
        connection.execute(text(statement))


def leave(server: URL) -> None:
    """Close the connection, before the server ends."""
    _connected(server.set(database="postgres")).dispose()


@cache
def _connected(address: URL) -> Engine:
    return create_engine(address, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
