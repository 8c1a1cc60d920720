"""Passwords, sessions and failed sign-ins in SQL."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from core.store.schema import credentials, identities, sessions, sign_in_failures, users

_MANAGING = 0x6D616E61676572  # the number of the lock under which it is looked whether a manager of users is left


def credential(connection: Connection, user_id: str) -> Row[Any] | None:
    """The password of a user as it is kept; None for who has none."""
    return connection.execute(select(credentials).where(credentials.c.user_id == user_id)).one_or_none()


def keep_credential(connection: Connection, user_id: str, **values: Any) -> None:
    """Keep a password hash in place of the one before."""
    connection.execute(delete(credentials).where(credentials.c.user_id == user_id))
    connection.execute(insert(credentials).values(user_id=user_id, **values))


def with_way_in(connection: Connection, *, by_password: bool, issuer: str) -> set[str]:
    """The ids of active persons who can sign in: with a password, where passwords count, or as somebody at the OpenID
    Connect provider that is set up ('' for none)."""
    at_provider = select(identities.c.user_id).where(identities.c.issuer == issuer)
    known = at_provider.union(select(credentials.c.user_id)) if by_password else at_provider
    question = select(users.c.user_id).where(users.c.is_active, users.c.kind == "person", users.c.user_id.in_(known))
    return set(connection.scalars(question))


def one_at_a_time(connection: Connection) -> None:
    """Until the end of the transaction nobody else changes who can sign in and manage users. On SQLite writers wait for
    each other anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_MANAGING)))


def add_session(connection: Connection, **values: Any) -> None:
    """Keep a new session."""
    connection.execute(insert(sessions).values(**values))


def session(connection: Connection, session_id: str) -> Row[Any] | None:
    """A session that nobody has ended, whether it ran out or not."""
    question = select(sessions).where(sessions.c.session_id == session_id, sessions.c.ended_at.is_(None))
    return connection.execute(question).one_or_none()


def ended_how(connection: Connection, session_id: str) -> str:
    """How a session ended; '' for one that has not, or that there never was."""
    question = select(sessions.c.ended_how).where(sessions.c.session_id == session_id)
    return connection.scalar(question) or ""


def seen(connection: Connection, session_id: str, *, at: datetime) -> None:
    """The person has done something."""
    connection.execute(update(sessions).where(sessions.c.session_id == session_id).values(seen_at=at))


def end_session(connection: Connection, session_id: str, *, at: datetime, how: str) -> bool:
    """End one session; False when it had ended."""
    question = update(sessions).where(sessions.c.session_id == session_id, sessions.c.ended_at.is_(None))
    return connection.execute(question.values(ended_at=at, ended_how=how, id_token=None)).rowcount > 0


def end_all(connection: Connection, user_id: str | None, *, at: datetime, how: str) -> int:
    """End every session of a user, or of everybody; returns how many."""
    question = update(sessions).where(sessions.c.ended_at.is_(None))
    if user_id is not None:
        question = question.where(sessions.c.user_id == user_id)
    return connection.execute(question.values(ended_at=at, ended_how=how, id_token=None)).rowcount


def last_seen(connection: Connection, user_ids: Collection[str]) -> dict[str, datetime]:
    """When each of these users was last here; who never was is left out."""
    question = select(sessions.c.user_id, func.max(sessions.c.seen_at).label("at"))
    rows = connection.execute(question.where(sessions.c.user_id.in_(user_ids)).group_by(sessions.c.user_id))
    return {row.user_id: row.at for row in rows}


def add_failure(connection: Connection, *, at: datetime, name_key: str, client: str) -> None:
    """Somebody failed to sign in."""
    connection.execute(insert(sign_in_failures).values(at=at, name_key=name_key, client=client))


def forget_failures(connection: Connection, *, before: datetime, name_key: str = "", client: str = "") -> None:
    """Forget old failures, and those of a name from a client that has signed in now."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.at < before))
    if name_key:
        ours = (sign_in_failures.c.name_key == name_key) & (sign_in_failures.c.client == client)
        connection.execute(delete(sign_in_failures).where(ours))


def failures(connection: Connection, *, since: datetime, name_key: str, client: str) -> dict[str, list[datetime]]:
    """When sign-ins failed after that: of this name from this client ('both'), of the name, and of the client."""
    table = sign_in_failures.c
    question = select(table.at, table.name_key, table.client).where(table.at > since)
    rows = connection.execute(question.where((table.name_key == name_key) | (table.client == client))).all()
    return {
        "both": [row.at for row in rows if (row.name_key, row.client) == (name_key, client)],
        "name": [row.at for row in rows if row.name_key == name_key],
        "client": [row.at for row in rows if row.client == client],
    }
