"""Addresses to which nothing more goes, in SQL."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from core.store.schema import address_states


def mark_dead(connection: Connection, address: str, *, channel: str, reason: str, at: datetime) -> bool:
    """Nothing more goes to an address (E5); False when that was known."""
    values = {"channel": channel, "address": address, "state": "bounced", "reason": reason, "since": at}
    try:
        with connection.begin_nested():
            connection.execute(insert(address_states).values(values))
    except IntegrityError:
        return False
    return True


def is_dead(connection: Connection, address: str, *, channel: str) -> bool:
    """Whether nothing more goes to an address."""
    question = select(address_states.c.address).where(
        address_states.c.channel == channel, address_states.c.address == address, address_states.c.state == "bounced"
    )
    return connection.execute(question).first() is not None


def revive(connection: Connection, address: str, *, channel: str) -> None:
    """Something may go to an address again."""
    connection.execute(
        delete(address_states).where(address_states.c.channel == channel, address_states.c.address == address)
    )
