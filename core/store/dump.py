"""The tables as lines of JSON that either database can take again: one array for each row, exact in every type.

What a column holds is kept with the table, so that an older archive goes into the tables of its own version: nothing
here asks the present schema when rows come back.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    cast,
    delete,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from core.store.database import UtcDateTime
from core.store.schema import metadata

# Who is at work and who is signed in just now is no part of a backup; nor is what is added up from the other tables:
# filling those says, by triggers, that it is to be added up anew.
NOT_KEPT = frozenset({"dispatchers", "sessions", "roll_ups", "campaign_changes"})
_AT_ONCE, _AT_ONCE_WITH_FILES = 2000, 20  # rows in memory


@dataclass(frozen=True)
class Shape:
    """A table of an archive: its name, and of each column the name, what it holds and whether that may be missing."""

    name: str
    columns: tuple[tuple[str, str, bool], ...]

    @property
    def at_once(self) -> int:
        """How many rows may be in memory."""
        return _AT_ONCE_WITH_FILES if any(kind == "bytes" for _, kind, _ in self.columns) else _AT_ONCE


def shapes() -> list[Shape]:
    """The tables to be kept, each after those that it refers to."""
    own = [table for table in metadata.sorted_tables if table.name not in NOT_KEPT]
    return [Shape(table.name, tuple((c.name, _kind(c), bool(c.nullable)) for c in table.c)) for table in own]


def lines(connection: Connection, shape: Shape) -> Iterator[bytes]:
    """The rows of a table, each as a line, in the order of its key."""
    table = metadata.tables[shape.name]
    columns = [cast(c, Text).label(c.name) if _kind(c) == "json" else c for c in table.c]
    question = select(*columns).order_by(*table.primary_key.columns)
    question = question.execution_options(yield_per=shape.at_once)
    files = [place for place, (_, kind, _) in enumerate(shape.columns) if kind == "bytes"]
    for row in connection.execute(question):
        values = list(row)
        for place in files:
            values[place] = None if values[place] is None else b64encode(values[place]).decode("ascii")
        yield orjson.dumps(values) + b"\n"


def fill(connection: Connection, shape: Shape, rows: Iterable[bytes]) -> int:
    """Put lines into an empty table of the same version; returns how many."""
    table = _table(shape)
    is_postgresql = connection.dialect.name == "postgresql"
    readers = [(name, _reader(kind, without_nul=is_postgresql)) for name, kind, _ in shape.columns]
    count, some = 0, []
    statement = insert(table)
    for line in rows:
        values = orjson.loads(line)
        some.append({name: read(value) for (name, read), value in zip(readers, values, strict=True)})
        if len(some) == shape.at_once:
            count += _put(connection, statement, some)
    return count + _put(connection, statement, some)


def clear(connection: Connection, found: Sequence[Shape]) -> None:
    """Take out what migrations have put in."""
    for shape in reversed(found):
        connection.execute(delete(_table(shape)))


def set_sequences(connection: Connection) -> None:
    """Let new rows have numbers after those of the rows that are there."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        if len(keys) != 1 or not isinstance(keys[0].type, Integer):
            continue
        name = connection.scalar(select(func.pg_get_serial_sequence(table.name, keys[0].name)))
        if name:
            highest = int(connection.scalar(select(func.coalesce(func.max(keys[0]), 0))) or 0)
            connection.execute(text("SELECT setval(:name, :next, false)"), {"name": name, "next": highest + 1})


def highest_ids(connection: Connection) -> dict[str, int]:
    """The highest number in each table that numbers its rows."""
    found = {}
    for table in metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        if table.name not in NOT_KEPT and len(keys) == 1 and isinstance(keys[0].type, Integer):
            found[table.name] = int(connection.scalar(select(func.coalesce(func.max(keys[0]), 0))) or 0)
    return found


def _put(connection: Connection, statement: Any, some: list[dict[str, Any]]) -> int:
    count = len(some)
    if some:
        connection.execute(statement, some)
        some.clear()
    return count


def _kind(column: Column[Any]) -> str:
    kind = column.type
    own = kind.impl if isinstance(kind, TypeDecorator) and not isinstance(kind, UtcDateTime) else kind
    for name, of in _KINDS:
        if isinstance(own, of):
            return name
    raise TypeError(f"no way to keep {column.table.name}.{column.name}")


_KINDS: tuple[tuple[str, type[TypeEngine[Any]]], ...] = (
    ("moment", UtcDateTime),
    ("date", Date),
    ("bytes", LargeBinary),
    ("json", JSON),
    ("bool", Boolean),
    ("int", Integer),
    ("float", Float),
    ("text", String),
)
_TYPES: dict[str, Callable[[], TypeEngine[Any]]] = {
    "moment": UtcDateTime,
    "date": Date,
    "bytes": LargeBinary,
    "json": lambda: JSON(none_as_null=True),
    "bool": Boolean,
    "int": BigInteger,
    "float": Float,
    "text": Text,
}
KINDS = frozenset(_TYPES)


def _table(shape: Shape) -> Table:
    return Table(shape.name, MetaData(), *(Column(name, _TYPES[kind]()) for name, kind, _ in shape.columns))


def _reader(kind: str, *, without_nul: bool) -> Callable[[Any], Any]:
    if kind == "text" and without_nul:
        return lambda value: None if value is None else value.replace("\0", "")
    return _READERS.get(kind, lambda value: value)


def _json(value: str | None) -> Any:
    if value is None:
        return None
    found = json.loads(value)
    return JSON.NULL if found is None else found


_READERS: dict[str, Callable[[Any], Any]] = {
    "moment": lambda value: None if value is None else datetime.fromisoformat(value),
    "date": lambda value: None if value is None else date.fromisoformat(value),
    "bytes": lambda value: None if value is None else b64decode(value),
    "json": _json,
}
