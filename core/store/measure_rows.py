"""The SQL questions of rules: versions that the organisation published, and which rules are on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select

from core.store.database import reading
from core.store.schema import measure_rules, measure_switches


@dataclass(frozen=True)
class Published:
    """A version of a rule that the organisation published, as YAML."""

    measure_id: str
    version: int
    text: str


@dataclass(frozen=True)
class Signed(Published):
    """The same with who published it, when and why."""

    note: str
    at: datetime
    by: str


_TEXT = (measure_rules.c.measure_id, measure_rules.c.version, measure_rules.c.text)
_SIGNED = (*_TEXT, measure_rules.c.note, measure_rules.c.published_at, measure_rules.c.published_by)


def published(engine: Engine) -> tuple[Published, ...]:
    """The latest published version of each rule, by id."""
    newest = select(func.max(measure_rules.c.rule_id)).group_by(measure_rules.c.measure_id)
    question = select(*_TEXT).where(measure_rules.c.rule_id.in_(newest)).order_by(measure_rules.c.measure_id)
    with reading(engine) as connection:
        return tuple(Published(*row) for row in connection.execute(question))


def versions(engine: Engine, measure_id: str) -> tuple[Signed, ...]:
    """Every published version of a rule, the first one first."""
    question = select(*_SIGNED).where(measure_rules.c.measure_id == measure_id).order_by(measure_rules.c.rule_id)
    with reading(engine) as connection:
        return tuple(Signed(*row) for row in connection.execute(question))


def latest_version(connection: Connection, measure_id: str) -> int | None:
    """The number of the latest published version; None when the organisation published none."""
    question = select(func.max(measure_rules.c.version)).where(measure_rules.c.measure_id == measure_id)
    number: int | None = connection.scalar(question)
    return number


def publish(connection: Connection, rule: Published, *, note: str, at: datetime, by: str) -> None:
    """Add a version. Earlier ones stay. Raises IntegrityError when somebody else just added this one."""
    values = {"measure_id": rule.measure_id, "version": rule.version, "text": rule.text, "note": note}
    connection.execute(insert(measure_rules).values(**values, published_at=at, published_by=by))


def switched(engine: Engine) -> tuple[tuple[str, bool], ...]:
    """(measure id, is it on) of the rules that somebody turned on or off."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(measure_switches.c.measure_id, measure_switches.c.is_on).order_by(measure_switches.c.measure_id)
        )
        return tuple((row.measure_id, row.is_on) for row in rows)


def switch(connection: Connection, measure_id: str, *, is_on: bool, at: datetime, by: str) -> None:
    """Turn a rule on or off."""
    connection.execute(delete(measure_switches).where(measure_switches.c.measure_id == measure_id))
    values = {"measure_id": measure_id, "is_on": is_on, "changed_at": at, "changed_by": by}
    connection.execute(insert(measure_switches).values(**values))
