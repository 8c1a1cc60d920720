"""The statements that run for every message, straight to the driver: SQLAlchemy's way with the parameters of each row
costs more than the database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Update


def run_each(connection: Connection, statement: Update | Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement, made once, for each of a few hundred rows. They name all of its parameters that have no value
    of their own."""
    if rows:
        prepared = _prepared(statement, connection.dialect)
        connection.exec_driver_sql(prepared.text, [prepared.parameters(row) for row in rows])


@dataclass(frozen=True)
class _Prepared:
    """A statement as the driver takes it.

    order   the parameters in their order; None where the driver takes them by name
    made    what makes the driver's value of a row's, None: nothing has to
    fixed   the values that never change
    """

    text: str
    order: tuple[str, ...] | None
    made: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    fixed: dict[str, Any]

    def parameters(self, row: Mapping[str, Any]) -> Any:
        values = self.fixed | {name: make(row[name]) if make else row[name] for name, make in self.made}
        return values if self.order is None else tuple([values[name] for name in self.order])


@lru_cache(maxsize=64)
def _prepared(statement: Update | Insert, dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    makers = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
    fixed = {
        name: make(bind.value) if (make := makers[name]) else bind.value
        for name, bind in compiled.binds.items()
        if not bind.required
    }
    made = tuple((name, make) for name, make in makers.items() if name not in fixed)
    return _Prepared(str(compiled), tuple(compiled.positiontup or ()) if compiled.positional else None, made, fixed)
