"""Who somebody is at an OpenID Connect provider, in SQL."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from core.store.schema import identities, users


def user_id(connection: Connection, *, issuer: str, subject: str) -> str | None:
    """Whose identity this is; None when nobody's."""
    ours = (identities.c.issuer == issuer) & (identities.c.subject == subject)
    return connection.scalar(select(identities.c.user_id).where(ours))


def free_with_email(connection: Connection, email: str, *, issuer: str) -> list[str]:
    """The active persons with this email address, whatever its capital letters. Whoever has an identity of the issuer
    stands with an empty id: the address is taken. Locked until the caller's transaction ends."""
    same = (users.c.kind == "person") & users.c.is_active & (func.lower(users.c.email) == email.lower())
    found = list(connection.scalars(select(users.c.user_id).where(same).with_for_update()))
    taken = set(connection.scalars(select(identities.c.user_id).where(identities.c.issuer == issuer)))
    return ["" if each in taken else each for each in found]


def link(connection: Connection, user: str, *, issuer: str, subject: str, at: datetime) -> None:
    """Keep that this identity is this user's."""
    connection.execute(insert(identities).values(issuer=issuer, subject=subject, user_id=user, linked_at=at))


def unlink(connection: Connection, user: str) -> int:
    """Forget every identity of a user; returns how many there were."""
    return connection.execute(delete(identities).where(identities.c.user_id == user)).rowcount


def linked(connection: Connection) -> dict[str, datetime]:
    """When each user with an identity was linked, the latest."""
    question = select(identities.c.user_id, func.max(identities.c.linked_at).label("at")).group_by(identities.c.user_id)
    return {row.user_id: row.at for row in connection.execute(question)}


def is_linked(connection: Connection, user: str, *, issuer: str) -> bool:
    """Whether a user has an identity of this issuer."""
    ours = (identities.c.issuer == issuer) & (identities.c.user_id == user)
    return connection.execute(select(identities.c.subject).where(ours)).first() is not None
