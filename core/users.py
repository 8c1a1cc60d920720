"""The people who work here: who they are, what they may, whose patients they see, and how they get in."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from core import sign_in
from core.audit import record, record_in
from core.domain.address import is_email
from core.domain.role import EXTRA, MANAGE_USERS, ROLES
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store import session_rows as rows
from core.store.database import reading, writing
from core.store.scope import group_ids, practice_names, provider_ids
from core.workbench import Workbench, needs

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@dataclass(frozen=True)
class Person:
    """A user as administrators see one.

    has_way_in  a password or an identity elsewhere is kept, so that this person can sign in
    seen_at     when the person last did something here
    """

    user: User
    is_active: bool
    has_way_in: bool
    seen_at: datetime | None


@needs(MANAGE_USERS)
def add(wb: Workbench, person: User) -> None:
    """Add a person, or replace the one with the same id, who is signed out everywhere. For tools; `invite` checks what
    people type. Raises NotAllowed for the id of what acts here without a person."""
    if person.user_id in accounts.SYSTEM_USERS:
        raise NotAllowed(f"'{person.user_id}' is what Careloop itself acts as. Choose another name.")
    with writing(wb.engine) as connection:
        rows.end_all(connection, person.user_id, at=wb.now(), how="ended")
    accounts.add_user(wb.engine, person, at=wb.now(), by=wb.user.user_id)
    record(wb, "user.added", person.user_id)


@needs(MANAGE_USERS)
def persons(wb: Workbench) -> list[Person]:
    """All persons, by name."""
    found = accounts.persons(wb.engine)
    with reading(wb.engine) as connection:
        ways = with_way_in(wb, connection)
        seen = rows.last_seen(connection, [user.user_id for user, _ in found])
    return [Person(user, active, user.user_id in ways, seen.get(user.user_id)) for user, active in found]


@needs(MANAGE_USERS)
def invite(
    wb: Workbench,
    user_id: str,
    name: str,
    *,
    email: str = "",
    roles: Collection[str],
    scope: Scope = Scope(),  # noqa: B008 (frozen)
    password: bool = True,
) -> str:
    """Add a person; returns the password for the first sign-in, shown nowhere again ('' without `password`, for who
    signs in with OpenID Connect, and where no password counts).

    Raises NotAllowed for an id that is taken or cannot be one and for wrong roles, NotFound for a group or provider
    that is in no feed; before the first feed any is taken.
    """
    person = User(user_id.strip().lower(), " ".join(name.split()), email=email.strip() or None, scope=scope)
    person = replace(person, roles=frozenset(roles))
    _check(person)
    with writing(wb.engine) as connection:
        if accounts.is_known(wb.engine, person.user_id):
            raise NotAllowed(f"There is a user '{person.user_id}' already. Choose another name for signing in.")
        _check_email(connection, person)
        _check_limits(connection, person.scope, was=Scope())
        accounts.keep_user_in(connection, person, at=wb.now(), by=wb.user.user_id, new=True)
        record_in(wb, connection, "user.added", person.user_id, roles=sorted(person.roles), **_limits(person))
    return sign_in.give_password(wb, person.user_id) if password and wb.settings.local_accounts else ""


@needs(MANAGE_USERS)
def change(
    wb: Workbench,
    user_id: str,
    *,
    name: str | None = None,
    email: str | None = None,
    roles: Collection[str] | None = None,
    scope: Scope | None = None,
    is_active: bool | None = None,
) -> None:
    """Change what is said of a person; what is None stays. Whoever is made inactive, or has other roles or patients
    than before, is signed out everywhere: an open page goes on with what its person was allowed when it was drawn.

    Raises NotFound, also for a group or provider that is in no feed, and NotAllowed when nobody would be left who can
    sign in and manage users.
    """
    with writing(wb.engine) as connection:
        rows.one_at_a_time(connection)
        was, was_active = accounts.person_in(connection, user_id)
        could_manage = was_active and was.may(MANAGE_USERS) and user_id in with_way_in(wb, connection)
        changed = replace(
            was,
            name=was.name if name is None else " ".join(name.split()),
            email=was.email if email is None else email.strip() or None,
            roles=was.roles if roles is None else frozenset(roles),
            scope=was.scope if scope is None else scope,
        )
        active = was_active if is_active is None else is_active
        _check(changed)
        _check_email(connection, changed)
        _check_limits(connection, changed.scope, was=was.scope)
        accounts.keep_user_in(connection, changed, is_active=active, at=wb.now(), by=wb.user.user_id)
        if could_manage:
            _check_somebody_is_left(wb, connection)
        is_other = (changed.roles, changed.scope) != (was.roles, was.scope)
        ended = rows.end_all(connection, user_id, at=wb.now(), how="ended") if is_other or not active else 0
        details = {"roles": sorted(changed.roles), "is_active": active, "sessions_ended": ended, **_limits(changed)}
        record_in(wb, connection, "user.changed", user_id, **details)


@needs(MANAGE_USERS)
def reset_password(wb: Workbench, user_id: str) -> str:
    """Give a person a new password for once, shown nowhere again; ends the person's sessions. Raises NotAllowed where
    no password counts."""
    return sign_in.give_password(wb, user_id)


@needs(MANAGE_USERS)
def end_sessions(wb: Workbench, user_id: str | None = None) -> int:
    """Sign a person, or everybody, out everywhere; returns how many sessions ended."""
    with writing(wb.engine) as connection:
        ended = rows.end_all(connection, user_id, at=wb.now(), how="ended")
        record_in(wb, connection, "sessions.ended", user_id or "everybody", sessions_ended=ended)
    return ended


@needs(MANAGE_USERS)
def scopes(wb: Workbench) -> tuple[dict[str, str], dict[str, str]]:
    """The groups and the PCPs that a user can be limited to: what people call them, by id."""
    with reading(wb.engine) as connection:
        return practice_names(connection)


def name_of(wb: Workbench, user_id: str) -> str:
    """What people call a user, also one who is inactive; the id of one who is not known."""
    return accounts.user_name(wb.engine, user_id)


def names_of(wb: Workbench, user_ids: Collection[str]) -> dict[str, str]:
    """The same of several users, by id."""
    wanted = set(user_ids)
    return {each: each for each in wanted} | accounts.user_names(wb.engine, wanted)


def can_anybody_sign_in(wb: Workbench) -> bool:
    """Whether there is any active person with a way in; a new home has none. With an OpenID Connect provider an email
    address is one."""
    if wb.settings.oidc_issuer and any(active and user.email for user, active in accounts.persons(wb.engine)):
        return True
    with reading(wb.engine) as connection:
        return bool(with_way_in(wb, connection))


def with_way_in(wb: Workbench, connection: Connection) -> set[str]:
    """The ids of the active people who can sign in as this home is set up."""
    return rows.with_way_in(connection, by_password=wb.settings.local_accounts, issuer=wb.settings.oidc_issuer)


def _check(person: User) -> None:
    if not _ID.fullmatch(person.user_id):
        raise NotAllowed(
            "The name for signing in has 2 to 40 small letters, digits, dots, dashes or underlines and begins with a "
            "letter or digit, such as ana.reyes."
        )
    if not person.name:
        raise NotAllowed("The name is missing: it stands beside what this person does.")
    if person.email and not is_email(person.email):
        raise NotAllowed("The email address is not one. Correct it, or leave it empty.")
    if unknown := person.roles - ROLES.keys():
        raise NotAllowed(f"There is no role {', '.join(sorted(unknown))}. The roles are {', '.join(ROLES)}.")
    if not person.roles - {EXTRA}:
        raise NotAllowed(f"Choose a role; '{ROLES[EXTRA].name}' is given beside another one.")


def _check_email(connection: Connection, person: User) -> None:
    if person.email and accounts.others_with_email(connection, person.email, but=person.user_id):
        raise NotAllowed("Another user has this email address, and people can sign in with it. Use their own one.")


def _check_limits(connection: Connection, scope: Scope, *, was: Scope) -> None:
    """A group that was mistyped would have no patients, and nobody would see why."""
    for what, limits, had, known in (
        ("group", scope.groups, was.groups, group_ids(connection)),
        ("provider", scope.providers, was.providers, provider_ids(connection)),
    ):
        unknown = (limits or frozenset()) - (had or frozenset()) - known
        if known and unknown:
            raise NotFound(
                f"There is no {what} with the id {', '.join(sorted(unknown))} in the data. The page Users offers those "
                "there are; nothing was changed."
            )


def _check_somebody_is_left(wb: Workbench, connection: Connection) -> None:
    can = with_way_in(wb, connection)
    if not any(accounts.person_in(connection, each)[0].may(MANAGE_USERS) for each in can):
        raise NotAllowed(
            "Nobody would be left who can sign in and manage users. Make somebody else administrator first, who has a "
            "way in."
        )


def _limits(person: User) -> dict[str, int | None]:
    groups, providers = person.scope.groups, person.scope.providers
    return {
        "groups": None if groups is None else len(groups),
        "providers": None if providers is None else len(providers),
    }
