"""The organisation's settings in SQL: one row for each that was ever set, and one for each change of any."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text

from core.domain.organisation import Organisation
from core.store.schema import organisation_settings, setting_changes
from core.store.setting_values import from_json, to_json

_DEFAULTS = {each.name: each.default for each in fields(Organisation)}
_TARGET = "target:"  # followed by the id of a measure


@dataclass(frozen=True)
class Change:
    """One change of one setting. `was` and `now` are values as in Organisation; of a target a rate or None."""

    change_id: int
    key: str
    was: Any
    now: Any
    at: datetime
    by: str
    note: str


def lock(connection: Connection) -> None:
    """Until the end of the transaction nobody else changes settings: what is checked together is kept together. On
    SQLite writers wait for each other anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE organisation_settings IN SHARE ROW EXCLUSIVE MODE"))


def values(connection: Connection) -> dict[str, Any]:
    """Every setting of Organisation as it counts now, the defaults among them."""
    rows = connection.execute(select(organisation_settings.c.key, organisation_settings.c.value)).all()
    return _DEFAULTS | {row.key: from_json(row.key, row.value) for row in rows if row.key in _DEFAULTS}


def write(
    connection: Connection, changes: Mapping[str, Any], *, at: datetime, by: str, note: str = ""
) -> tuple[str, ...]:
    """Set fields of Organisation by name and keep each change; returns the keys whose values are others now.

    Raises SettingsError, before anything is written, when the settings together contradict themselves.
    """
    lock(connection)
    kept = values(connection)
    Organisation(**(kept | dict(changes)))
    changed = tuple(key for key, value in changes.items() if kept[key] != value)
    for key in changed:
        put(connection, key, to_json(changes[key]), at=at, by=by)
        _remember(connection, key, to_json(kept[key]), to_json(changes[key]), at=at, by=by, note=note)
    return changed


def targets(connection: Connection) -> dict[str, float]:
    """The target rate of each measure that has one, 0 to 1."""
    question = select(organisation_settings.c.key, organisation_settings.c.value)
    rows = connection.execute(question.where(organisation_settings.c.key.startswith(_TARGET, autoescape=True)))
    return {row.key.removeprefix(_TARGET): float(row.value) for row in rows}


def set_target(connection: Connection, measure_id: str, share: float | None, *, at: datetime, by: str) -> None:
    """Keep the target of a measure, or none. One row a measure: two people who set targets of two measures at once do
    not undo each other."""
    lock(connection)
    key, was = _TARGET + measure_id, targets(connection).get(measure_id)
    if was == share:
        return
    if share is None:
        connection.execute(delete(organisation_settings).where(organisation_settings.c.key == key))
    else:
        put(connection, key, share, at=at, by=by)
    _remember(connection, key, was, share, at=at, by=by, note="")


def put(connection: Connection, key: str, value: Any, *, at: datetime, by: str) -> None:
    """Set one row, whatever it is."""
    connection.execute(delete(organisation_settings).where(organisation_settings.c.key == key))
    connection.execute(insert(organisation_settings).values(key=key, value=value, changed_at=at, changed_by=by))


def changes(connection: Connection, keys: Collection[str] | None = None, *, limit: int) -> list[Change]:
    """The last changes, of these settings or of all and of targets, the newest first."""
    question = select(setting_changes).order_by(setting_changes.c.change_id.desc()).limit(limit)
    if keys is not None:
        question = question.where(setting_changes.c.key.in_(keys))
    return [_change(row) for row in connection.execute(question)]


def change(connection: Connection, change_id: int) -> Change | None:
    """One change."""
    row = connection.execute(select(setting_changes).where(setting_changes.c.change_id == change_id)).one_or_none()
    return _change(row) if row else None


def _change(row: Any) -> Change:
    was, now = row.was, row.now
    if row.key in _DEFAULTS:
        was, now = from_json(row.key, was), from_json(row.key, now)
    return Change(row.change_id, row.key, was, now, row.at, row.by, row.note)


def _remember(connection: Connection, key: str, was: Any, now: Any, *, at: datetime, by: str, note: str) -> None:
    connection.execute(insert(setting_changes).values(key=key, was=was, now=now, at=at, by=by, note=note))
