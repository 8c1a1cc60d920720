"""The statements that run for every message: one for all messages of a batch, or straight to the driver. SQLAlchemy's
way with the parameters of each row costs more than the database."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    Connection,
    Dialect,
    Insert,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.sql.visitors import replacement_traverse

Row = Mapping[str, Any]


def insert_each(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add a few hundred rows, all with values for the same columns; the others get the database's defaults."""
    if rows:
        _run(connection, _insertion(table, tuple(rows[0])), rows)


def update_each(connection: Connection, statement: Update, rows: Sequence[Row]) -> None:
    """Run a statement, made once, for each of a few hundred rows. They name all of its parameters that have no value
    of their own. Each row is about records that no other row is about."""
    if rows:
        _run(connection, statement, rows)


def _run(connection: Connection, statement: Insert | Update, rows: Sequence[Row]) -> None:
    if connection.dialect.name == "postgresql":  # which reads, plans and answers a statement of each row on its own
        text = json.dumps([dict(row) for row in rows], default=_iso)
        connection.execute(_of_all_rows(statement), {"rows": text})
    else:
        prepared = _prepared(statement, connection.dialect)
        connection.exec_driver_sql(prepared.text, [prepared.parameters(row) for row in rows])


@lru_cache(maxsize=16)
def _insertion(table: Table, names: tuple[str, ...]) -> Insert:
    return insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in names})


# ---- one statement for all rows --------------------------------------------------------------------------------------
@lru_cache(maxsize=16)
def _of_all_rows(statement: Insert | Update) -> Insert | Update:
    """The same, with the rows as a table made of one parameter, a list in JSON."""
    binds = {bind.key: bind for bind in _binds(statement)}
    given = cast(bindparam("rows", type_=Text()), JSON)
    rows = func.json_to_recordset(given).table_valued(*(column(name, bind.type) for name, bind in binds.items()))
    rows = rows.render_derived(name="given", with_types=True)
    if isinstance(statement, Insert):
        return insert(statement.table).from_select(list(binds), select(*(rows.c[name] for name in binds)))
    traverse: Callable[..., Update] = replacement_traverse  # its types leave out statements
    return traverse(statement, {}, lambda part, **_: _cell(part, rows))


def _cell(part: Any, rows: TableValuedAlias) -> Any:
    return rows.c[part.key] if isinstance(part, BindParameter) and part.required else None


def _binds(statement: Insert | Update) -> list[BindParameter[Any]]:
    return [bind for bind in statement.compile().binds.values() if bind.required]


def _iso(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


# ---- a statement for each row, straight to the driver ----------------------------------------------------------------
@dataclass(frozen=True)
class _Prepared:
    """A statement as the driver takes it.

    order   the parameters in their order
    made    what makes the driver's value of a row's, None: nothing has to
    fixed   the values that never change
    """

    text: str
    order: tuple[str, ...]
    made: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    fixed: dict[str, Any]

    def parameters(self, row: Row) -> tuple[Any, ...]:
        values = self.fixed | {name: make(row[name]) if make else row[name] for name, make in self.made}
        return tuple([values[name] for name in self.order])


@lru_cache(maxsize=64)
def _prepared(statement: Insert | Update, dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    makers = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
    fixed = {
        name: make(bind.value) if (make := makers[name]) else bind.value
        for name, bind in compiled.binds.items()
        if not bind.required
    }
    made = tuple((name, make) for name, make in makers.items() if name not in fixed)
    return _Prepared(str(compiled), tuple(compiled.positiontup or ()), made, fixed)
