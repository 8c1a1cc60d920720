"""Users, the organisation's settings and the audit log in SQL."""

from dataclasses import asdict, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select

from core.domain.organisation import ExpectedFeed, FeedRule, Organisation, ReturnAddress, Window
from core.domain.role import ADMINISTRATOR
from core.domain.user import Scope, User
from core.errors import NotFound
from core.store.database import reading, writing
from core.store.schema import audit, organisation_settings, users

SYSTEM_USERS = {"command-line": "Command line", "dispatcher": "Dispatcher", "patient": "Patient by link"}
_CLOCK = "demo_clock_shift_seconds"
_TARGET = "target:"  # followed by the id of a measure


def user(engine: Engine, user_id: str) -> User:
    """One active user. Raises NotFound."""
    with reading(engine) as connection:
        row = connection.execute(select(users).where(users.c.user_id == user_id, users.c.is_active)).one_or_none()
    if row is None:
        raise NotFound(f"There is no active user '{user_id}'.")
    scope = Scope(_ids(row.scope_groups), _ids(row.scope_providers))
    roles = frozenset([ADMINISTRATOR] if row.roles is None else row.roles)
    return User(row.user_id, row.name, row.kind, row.email, scope, roles)


def user_name(engine: Engine, user_id: str) -> str:
    """The name of a user, active or not; the id of one who is not known."""
    with reading(engine) as connection:
        name = connection.scalar(select(users.c.name).where(users.c.user_id == user_id))
    return str(name or user_id)


def is_known(engine: Engine, user_id: str) -> bool:
    """Whether there is such a user, active or not."""
    with reading(engine) as connection:
        return connection.execute(select(users.c.user_id).where(users.c.user_id == user_id)).first() is not None


def add_user(engine: Engine, person: User, *, at: datetime, by: str) -> None:
    """Add a user or replace the one with the same id."""
    groups, providers = person.scope.groups, person.scope.providers
    with writing(engine) as connection:
        connection.execute(delete(users).where(users.c.user_id == person.user_id))
        connection.execute(
            insert(users).values(
                user_id=person.user_id,
                name=person.name,
                kind=person.kind,
                email=person.email,
                roles=sorted(person.roles),
                scope_groups=None if groups is None else sorted(groups),
                scope_providers=None if providers is None else sorted(providers),
                is_active=True,
                created_at=at,
                created_by=by,
            )
        )


def administrators(connection: Connection) -> list[User]:
    """The active people who administer and have an email address."""
    question = select(users).where(users.c.is_active, users.c.kind == "person", users.c.email.is_not(None))
    return [
        User(row.user_id, row.name, row.kind, row.email, Scope(_ids(row.scope_groups), _ids(row.scope_providers)))
        for row in connection.execute(question.order_by(users.c.user_id))
        if row.email and (row.roles is None or ADMINISTRATOR in row.roles)
    ]


def ensure_system_users(engine: Engine, *, at: datetime) -> None:
    """The command line, the dispatcher and the patient's own links act under names of their own."""
    with reading(engine) as connection:
        present = set(connection.scalars(select(users.c.user_id).where(users.c.user_id.in_(SYSTEM_USERS))))
    for user_id in SYSTEM_USERS.keys() - present:
        add_user(engine, User(user_id, SYSTEM_USERS[user_id], kind="system"), at=at, by="command-line")


def organisation(engine: Engine) -> Organisation:
    """The organisation's settings; what was never set has its default."""
    with reading(engine) as connection:
        return Organisation(**_settings(connection))


def change_organisation(engine: Engine, changes: dict[str, Any], *, at: datetime, by: str) -> None:
    """Set fields of the organisation by name. Raises SettingsError, and keeps nothing, when they contradict."""
    with writing(engine) as connection:
        change_in(connection, changes, at=at, by=by)


def change_in(connection: Connection, changes: dict[str, Any], *, at: datetime, by: str) -> None:
    """The same in the caller's transaction."""
    Organisation(**(_settings(connection) | changes))
    for key, value in changes.items():
        _put(connection, key, _to_json(value), at=at, by=by)


def targets(engine: Engine) -> dict[str, float]:
    """The target rate of each measure that has one, 0 to 1."""
    question = select(organisation_settings.c.key, organisation_settings.c.value)
    with reading(engine) as connection:
        rows = connection.execute(question.where(organisation_settings.c.key.startswith(_TARGET, autoescape=True)))
        return {row.key.removeprefix(_TARGET): float(row.value) for row in rows}


def set_target_in(connection: Connection, measure_id: str, share: float | None, *, at: datetime, by: str) -> None:
    """Keep the target of a measure, or none, in the caller's transaction. One row a measure: two people who set
    targets of two measures at once do not undo each other."""
    if share is None:
        connection.execute(delete(organisation_settings).where(organisation_settings.c.key == _TARGET + measure_id))
    else:
        _put(connection, _TARGET + measure_id, share, at=at, by=by)


def clock_shift(engine: Engine) -> timedelta:
    """How far the demo's clock has been moved."""
    question = select(organisation_settings.c.value).where(organisation_settings.c.key == _CLOCK)
    with reading(engine) as connection:
        return timedelta(seconds=connection.scalar(question) or 0)


def set_clock_shift(engine: Engine, shift: timedelta, *, at: datetime, by: str) -> None:
    """Move the demo's clock. Callers make sure that this is a demo."""
    with writing(engine) as connection:
        _put(connection, _CLOCK, shift.total_seconds(), at=at, by=by)


def record(
    connection: Connection, *, at: datetime, user_id: str, action: str, subject: str = "", **details: Any
) -> None:
    """Write one line of the audit log in the caller's transaction. Details are ids and counts only."""
    connection.execute(insert(audit).values(at=at, user_id=user_id, action=action, subject=subject, details=details))


def _settings(connection: Connection) -> dict[str, Any]:
    known = {f.name for f in fields(Organisation)}
    rows = connection.execute(select(organisation_settings.c.key, organisation_settings.c.value)).all()
    return {row.key: _from_json(row.key, row.value) for row in rows if row.key in known}


def recorded(engine: Engine, action: str, subject: str) -> list[dict[str, Any]]:
    """The details of every line of the audit log that says this, the first one first."""
    question = select(audit.c.details).where(audit.c.action == action, audit.c.subject == subject)
    with reading(engine) as connection:
        return list(connection.scalars(question.order_by(audit.c.audit_id)))


def latest_subjects(connection: Connection, action: str, *, user_id: str, limit: int) -> list[str]:
    """What a user did this to last, the latest first, each once; only the last few hundred lines are looked at."""
    question = select(audit.c.subject).where(audit.c.action == action, audit.c.user_id == user_id)
    found = connection.scalars(question.order_by(audit.c.audit_id.desc()).limit(300))
    return list(dict.fromkeys(found))[:limit]


def _put(connection: Connection, key: str, value: Any, *, at: datetime, by: str) -> None:
    connection.execute(delete(organisation_settings).where(organisation_settings.c.key == key))
    connection.execute(insert(organisation_settings).values(key=key, value=value, changed_at=at, changed_by=by))


def _ids(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _to_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, Window):
        return [value.opens.isoformat(), value.closes.isoformat()]
    if isinstance(value, FeedRule | ReturnAddress | ExpectedFeed):
        return asdict(value)
    return value.isoformat() if isinstance(value, date | time) else value


def _from_json(key: str, value: Any) -> Any:
    if key.endswith("_windows"):
        return tuple(Window(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in value)
    if key in ("quiet_from", "quiet_until"):
        return time.fromisoformat(value)
    if key == "feed_rules":
        return tuple(FeedRule(**rule) for rule in value)
    if key == "expected_feeds":
        return tuple(ExpectedFeed(**each) for each in value)
    if key == "return_addresses":
        return tuple(ReturnAddress(each["key"], each["name"], tuple(each["lines"])) for each in value)
    if key in ("ended_sources", "opt_out_topics"):
        return tuple(value)
    return tuple(date.fromisoformat(day) for day in value) if key == "extra_holidays" else value
