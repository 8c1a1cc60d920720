"""Logos in SQL."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from core.store.schema import logos


@dataclass(frozen=True)
class Logo:
    """A picture with the name that staff know it by. kind is 'png', 'jpeg' or 'svg'."""

    logo_id: str
    name: str
    kind: str
    added_at: datetime
    added_by: str
    content: bytes = field(default=b"", repr=False)  # not read for a list


_ABOUT = (logos.c.logo_id, logos.c.name, logos.c.kind, logos.c.added_at, logos.c.added_by)


def add(connection: Connection, logo: Logo) -> None:
    """Keep a new one."""
    connection.execute(
        insert(logos).values(
            logo_id=logo.logo_id, name=logo.name, kind=logo.kind, content=logo.content, added_at=logo.added_at,
            added_by=logo.added_by,
        )
    )  # fmt: skip


def every(connection: Connection) -> list[Logo]:
    """All, the first one added first, without their pictures."""
    rows = connection.execute(select(*_ABOUT).order_by(logos.c.added_at, logos.c.logo_id))
    return [Logo(**row._mapping) for row in rows]


def one(connection: Connection, logo_id: str) -> Logo | None:
    """One with its picture."""
    row = connection.execute(select(*_ABOUT, logos.c.content).where(logos.c.logo_id == logo_id)).one_or_none()
    return Logo(**row._mapping) if row else None


def remove(connection: Connection, logo_id: str) -> None:
    """Throw one away."""
    connection.execute(delete(logos).where(logos.c.logo_id == logo_id))
