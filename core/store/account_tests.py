"""Tests of the accounts in SQL: what was tried, and what came of it."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from core.domain.account_step import Step
from core.store.schema import account_tests


@dataclass(frozen=True)
class Tested:
    """A test of an account. `fingerprint` is of its settings as they were then."""

    kind: str
    at: datetime
    by: str
    is_good: bool
    steps: tuple[Step, ...]
    fingerprint: str


def add(connection: Connection, tested: Tested) -> None:
    """Keep a test."""
    values = asdict(tested) | {"steps": [asdict(step) for step in tested.steps]}
    connection.execute(insert(account_tests).values(values))


def last(connection: Connection) -> dict[str, Tested]:
    """The last test of each kind."""
    newest = select(func.max(account_tests.c.test_id)).group_by(account_tests.c.kind)
    rows = connection.execute(select(account_tests).where(account_tests.c.test_id.in_(newest)))
    return {row.kind: _tested(dict(row._mapping)) for row in rows}


def _tested(row: dict[str, object]) -> Tested:
    del row["test_id"]
    steps = row.pop("steps")
    assert isinstance(steps, list)
    return Tested(steps=tuple(Step(**step) for step in steps), **row)  # type: ignore[arg-type]
