"""Users, the organisation's settings and the audit log in SQL."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from core.domain.organisation import Organisation
from core.domain.role import ADMINISTRATOR
from core.domain.user import Scope, User
from core.errors import NotFound
from core.store import audit_rows, setting_rows
from core.store.database import reading, writing
from core.store.schema import audit, organisation_settings, users

# What acts without a person, and what it may. Patients' links and whoever is not signed in may nothing by themselves:
# the signed link, or the right password, is the permission.
SYSTEM_USERS = {
    "command-line": ("Command line", frozenset({ADMINISTRATOR})),
    "dispatcher": ("Dispatcher", frozenset({ADMINISTRATOR})),
    "patient": ("Patient by link", frozenset[str]()),
    "visitor": ("Somebody not signed in", frozenset[str]()),
}
_CLOCK = "demo_clock_shift_seconds"


def user(engine: Engine, user_id: str) -> User:
    """One active user. Raises NotFound."""
    with reading(engine) as connection:
        row = connection.execute(select(users).where(users.c.user_id == user_id, users.c.is_active)).one_or_none()
    if row is None:
        raise NotFound(f"There is no active user '{user_id}'.")
    return _user(row)


def _user(row: Row[Any]) -> User:
    scope = Scope(_ids(row.scope_groups), _ids(row.scope_providers))
    roles = frozenset([ADMINISTRATOR] if row.roles is None else row.roles)
    return User(row.user_id, row.name, row.kind, row.email, scope, roles)


def user_name(engine: Engine, user_id: str) -> str:
    """The name of a user, active or not; the id of one who is not known."""
    with reading(engine) as connection:
        name = connection.scalar(select(users.c.name).where(users.c.user_id == user_id))
    return str(name or user_id)


def user_names(engine: Engine, user_ids: Collection[str]) -> dict[str, str]:
    """The names of users, active or not, by id; without those that are not known."""
    question = select(users.c.user_id, users.c.name).where(users.c.user_id.in_(user_ids))
    with reading(engine) as connection:
        return {row.user_id: row.name for row in connection.execute(question)}


def id_for_sign_in(engine: Engine, name: str) -> str | None:
    """The active person of this id or, when only one has it, of this email address, which does not tell capital letters
    from small ones."""
    person = (users.c.kind == "person") & users.c.is_active
    with reading(engine) as connection:
        found = connection.scalar(select(users.c.user_id).where(person, users.c.user_id == name))
        if found is not None:
            return str(found)
        by_email = select(users.c.user_id).where(person, func.lower(users.c.email) == name.lower())
        same = list(connection.scalars(by_email))
    return str(same[0]) if len(same) == 1 else None


def is_known(engine: Engine, user_id: str) -> bool:
    """Whether there is such a user, active or not."""
    with reading(engine) as connection:
        return connection.execute(select(users.c.user_id).where(users.c.user_id == user_id)).first() is not None


def add_user(engine: Engine, person: User, *, at: datetime, by: str) -> None:
    """Add a user or replace the one with the same id."""
    with writing(engine) as connection:
        connection.execute(delete(users).where(users.c.user_id == person.user_id))
        keep_user_in(connection, person, at=at, by=by, new=True)


def persons(engine: Engine) -> list[tuple[User, bool]]:
    """All persons with whether they are active, by name."""
    with reading(engine) as connection:
        return persons_in(connection)


def persons_in(connection: Connection) -> list[tuple[User, bool]]:
    """The same in the caller's transaction."""
    question = select(users).where(users.c.kind == "person").order_by(users.c.name, users.c.user_id)
    return [(_user(row), row.is_active) for row in connection.execute(question)]


def person(engine: Engine, user_id: str) -> User:
    """One active person, who can have a way in; what acts without a person cannot. Raises NotFound."""
    with reading(engine) as connection:
        found, is_active = person_in(connection, user_id)
    if not is_active:
        raise NotFound(f"There is no active user '{user_id}'.")
    return found


def person_in(connection: Connection, user_id: str) -> tuple[User, bool]:
    """One person with whether they are active, in the caller's transaction. Raises NotFound."""
    question = select(users).where(users.c.kind == "person", users.c.user_id == user_id)
    row = connection.execute(question).one_or_none()
    if row is None:
        raise NotFound(f"There is no user '{user_id}'.")
    return _user(row), row.is_active


def others_with_email(connection: Connection, email: str, *, but: str) -> bool:
    """Whether another active person has this email address, whatever its capital letters."""
    same = (func.lower(users.c.email) == email.lower()) & users.c.is_active & (users.c.user_id != but)
    return connection.execute(select(users.c.user_id).where(users.c.kind == "person", same)).first() is not None


def keep_user_in(
    connection: Connection, person: User, *, is_active: bool = True, at: datetime, by: str, new: bool = False
) -> None:
    """Keep what is said of a person, in the caller's transaction."""
    groups, providers = person.scope.groups, person.scope.providers
    values = {
        "name": person.name,
        "email": person.email,
        "roles": sorted(person.roles),
        "scope_groups": None if groups is None else sorted(groups),
        "scope_providers": None if providers is None else sorted(providers),
        "is_active": is_active,
    }
    if new:
        made = {"user_id": person.user_id, "kind": person.kind, "created_at": at, "created_by": by}
        connection.execute(insert(users).values(**values, **made))
    else:
        connection.execute(update(users).where(users.c.user_id == person.user_id).values(values))


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
        name, roles = SYSTEM_USERS[user_id]
        add_user(engine, User(user_id, name, kind="system", roles=roles), at=at, by="command-line")


def organisation(engine: Engine) -> Organisation:
    """The organisation's settings; what was never set has its default."""
    with reading(engine) as connection:
        return Organisation(**setting_rows.values(connection))


def change_organisation(engine: Engine, changes: dict[str, Any], *, at: datetime, by: str) -> None:
    """Set fields of the organisation by name. Raises SettingsError, and keeps nothing, when they contradict."""
    with writing(engine) as connection:
        change_in(connection, changes, at=at, by=by)


def change_in(connection: Connection, changes: dict[str, Any], *, at: datetime, by: str) -> None:
    """The same in the caller's transaction."""
    setting_rows.write(connection, changes, at=at, by=by)


def targets(engine: Engine) -> dict[str, float]:
    """The target rate of each measure that has one, 0 to 1."""
    with reading(engine) as connection:
        return setting_rows.targets(connection)


def set_target_in(connection: Connection, measure_id: str, share: float | None, *, at: datetime, by: str) -> None:
    """Keep the target of a measure, or none, in the caller's transaction."""
    setting_rows.set_target(connection, measure_id, share, at=at, by=by)


def clock_shift(engine: Engine) -> timedelta:
    """How far the demo's clock has been moved."""
    question = select(organisation_settings.c.value).where(organisation_settings.c.key == _CLOCK)
    with reading(engine) as connection:
        return timedelta(seconds=connection.scalar(question) or 0)


def set_clock_shift(engine: Engine, shift: timedelta, *, at: datetime, by: str) -> None:
    """Move the demo's clock. Callers make sure that this is a demo."""
    with writing(engine) as connection:
        setting_rows.put(connection, _CLOCK, shift.total_seconds(), at=at, by=by)


def record(
    connection: Connection, *, at: datetime, user_id: str, action: str, subject: str = "", **details: Any
) -> None:
    """Write one line of the audit log with the caller's transaction. Details are ids and counts only."""
    audit_rows.add(connection, at=at, user_id=user_id, action=action, subject=subject, details=details)


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


def _ids(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)
