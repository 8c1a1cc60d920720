"""The SQL questions of rules: versions that the organisation published, and which rules are on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select

from core.store.database import reading
from core.store.schema import measure_rules, measure_switches


@dataclass(frozen=True)
class Published:
    """The latest version of a rule that the organisation published, as YAML."""

    measure_id: str
    version: int
    text: str


def published(engine: Engine) -> tuple[Published, ...]:
    """The latest published version of each rule, by id."""
    newest = select(func.max(measure_rules.c.rule_id)).group_by(measure_rules.c.measure_id)
    question = (
        select(measure_rules.c.measure_id, measure_rules.c.version, measure_rules.c.text)
        .where(measure_rules.c.rule_id.in_(newest))
        .order_by(measure_rules.c.measure_id)
    )
    with reading(engine) as connection:
        return tuple(Published(*row) for row in connection.execute(question))


def publish(connection: Connection, rule: Published, *, note: str, at: datetime, by: str) -> None:
    """Add a version. Earlier ones stay."""
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
