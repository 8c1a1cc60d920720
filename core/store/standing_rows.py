"""How people stand in SQL, before and after a restore, and which ledgers were in use. What was before is asked of a
database as it is found: of an earlier or later version, of a restore that is not released, or of none that can be read.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from core.domain.role import ADMINISTRATOR
from core.domain.standing import Difference, Standing, differences
from core.store import restore_rows
from core.store.accounts import SYSTEM_USERS
from core.store.database import open_engine, reading
from core.store.schema import credentials, identities, ledgers, users


@dataclass(frozen=True)
class Before:
    """Who was in the home before a restore.

    people  how each stood, by id; None where that is not known. Before a restore that takes the place of one that is
            not released: as before that one
    off     the ids of those who were switched off
    ledgers by id when each ledger was last known to be written, also of a machine that began after the backup was made
    """

    people: Mapping[str, Standing] | None = None
    off: frozenset[str] = frozenset()
    ledgers: Mapping[str, datetime] = field(default_factory=dict)


def before(url: str | None) -> Before:
    """Who is in a database that a restore will put aside; nobody is known where there is none (None), it cannot be
    read, or it has no people yet."""
    if url is None:
        return Before()
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            people = standings(connection)
            written = _ledgers(connection)
            if not people:
                return Before(ledgers=written)
            return Before(_before_the_first(connection, people), _off(people), written)
    except (SQLAlchemyError, sqlite3.Error):
        return Before()
    finally:
        engine.dispose()


def standings(connection: Connection) -> dict[str, Standing]:
    """How everybody stands except what acts without a person, by id."""
    columns = ("user_id", "name", "kind", "email", "is_active", "roles", "scope_groups", "scope_providers")
    passwords = _passwords(connection)
    links = _links(connection)
    found = {}
    for row in connection.execute(select(*(users.c[name] for name in columns))):
        if row.user_id not in SYSTEM_USERS:
            found[row.user_id] = Standing(
                row.name,
                row.kind,
                bool(row.is_active),
                row.email or "",
                (ADMINISTRATOR,) if row.roles is None else _ids(row.roles) or (),
                _ids(row.scope_groups),
                _ids(row.scope_providers),
                passwords.get(row.user_id, ""),
                links.get(row.user_id, ""),
            )
    return found


def settle_people(connection: Connection, was: Before) -> dict[str, Any]:
    """In a restored database: whoever was switched off before stays off, and what acts without a person may what this
    program says. Returns what is kept of it with the restore: 'before' and 'differences' (see `kept_people`)."""
    _settle_system_users(connection)
    restored = standings(connection)
    found = [] if was.people is None else differences(was.people, restored)
    connection.execute(update(users).where(users.c.user_id.in_(was.off & restored.keys())).values(is_active=False))
    kept = None if was.people is None else {user_id: each.as_json() for user_id, each in was.people.items()}
    return {"before": kept, "differences": [[each.user_id, each.name, list(each.what)] for each in found]}


def kept_people(sources: Mapping[str, Any]) -> list[Difference] | None:
    """Who differs, as it was kept with a restore; None where people could not be compared."""
    kept = sources.get("people", {})
    if kept.get("before") is None:
        return None
    return [Difference(user_id, name, tuple(what)) for user_id, name, what in kept["differences"]]


def _before_the_first(connection: Connection, now: Mapping[str, Standing]) -> Mapping[str, Standing] | None:
    """A restore that nobody has released yet was not looked at: what was before it counts."""
    if not inspect(connection).has_table("restores"):
        return now
    restored = restore_rows.open_restore(connection)
    if restored is None:
        return now
    kept = restored.sources.get("people", {}).get("before")
    if kept is None:
        return None
    earlier = {user_id: Standing.of_json(each) for user_id, each in kept.items()}
    off = _off(now)
    return {
        user_id: replace(each, is_active=each.is_active and user_id not in off) for user_id, each in earlier.items()
    }


def _ledgers(connection: Connection) -> dict[str, datetime]:
    if not inspect(connection).has_table("ledgers"):
        return {}
    return {row.ledger_id: row.seen_at for row in connection.execute(select(ledgers.c.ledger_id, ledgers.c.seen_at))}


def _settle_system_users(connection: Connection) -> None:
    for table in (credentials, identities):
        connection.execute(delete(table).where(table.c.user_id.in_(SYSTEM_USERS)))
    for user_id, (name, roles) in SYSTEM_USERS.items():
        values = {"name": name, "kind": "system", "email": None, "roles": sorted(roles), "is_active": True}
        values |= {"scope_groups": None, "scope_providers": None}
        connection.execute(update(users).where(users.c.user_id == user_id).values(values))


def _off(people: Mapping[str, Standing]) -> frozenset[str]:
    return frozenset(user_id for user_id, each in people.items() if not each.is_active)


def _passwords(connection: Connection) -> dict[str, str]:
    if not inspect(connection).has_table(credentials.name):
        return {}
    rows = connection.execute(select(credentials.c.user_id, credentials.c.password_hash))
    return {row.user_id: _digest(row.password_hash) for row in rows}


def _links(connection: Connection) -> dict[str, str]:
    if not inspect(connection).has_table(identities.name):
        return {}
    of: dict[str, list[str]] = {}
    for row in connection.execute(select(identities.c.user_id, identities.c.issuer, identities.c.subject)):
        of.setdefault(row.user_id, []).append(f"{row.issuer} {row.subject}")
    return {user_id: _digest("\n".join(sorted(each))) for user_id, each in of.items()}


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _ids(kept: Any) -> tuple[str, ...] | None:
    """A list of ids; what an archive has in its place stays to be seen as a text."""
    if kept is None:
        return None
    return tuple(sorted(map(str, kept if isinstance(kept, list) else [kept])))
