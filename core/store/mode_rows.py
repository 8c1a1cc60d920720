"""Whether the home is live, in SQL, and what is known of it for good."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from core.store.schema import attempts, campaigns, generated_feeds, home_modes, live_confirmations

LIVE, SANDBOX = "live", "sandbox"


@dataclass(frozen=True)
class Mode:
    """change_id: the same as long as nobody changes the mode; 0 before the first change. was_live: now or ever."""

    change_id: int = 0
    is_live: bool = False
    was_live: bool = False
    at: datetime | None = None
    by: str = ""
    reason: str = ""


def mode(connection: Connection) -> Mode:
    """The mode that counts now."""
    row = connection.execute(select(home_modes).order_by(home_modes.c.change_id.desc()).limit(1)).one_or_none()
    if row is None:
        return Mode()
    # The first change can only have been to live.
    return Mode(row.change_id, row.mode == LIVE, True, row.changed_at, row.changed_by, row.reason)


def add_mode(connection: Connection, to: str, *, at: datetime, by: str, reason: str, warnings: list[str]) -> None:
    """From now on the home is live, or a sandbox."""
    connection.execute(
        insert(home_modes).values(mode=to, changed_at=at, changed_by=by, reason=reason, warnings=warnings)
    )


def generators(connection: Connection) -> list[str]:
    """Who invented patients that were ever loaded here."""
    return list(connection.scalars(select(generated_feeds.c.generator).order_by(generated_feeds.c.generator)))


def add_generator(connection: Connection, generator: str, *, at: datetime, by: str) -> None:
    """Keep for good that invented patients are here."""
    values = {"generator": generator, "found_at": at, "found_by": by}
    connection.execute(_insert(connection, generated_feeds).on_conflict_do_nothing(), values)


def confirmed(connection: Connection, check: str) -> tuple[str, datetime, str] | None:
    """What somebody has looked at last: its digest, when and who."""
    row = connection.execute(select(live_confirmations).where(live_confirmations.c.check_key == check)).one_or_none()
    return (row.digest, row.confirmed_at, row.confirmed_by) if row else None


def confirm(connection: Connection, check: str, digest: str, *, at: datetime, by: str) -> None:
    """Keep that somebody has looked at it as it is."""
    connection.execute(delete(live_confirmations).where(live_confirmations.c.check_key == check))
    values = {"check_key": check, "digest": digest, "confirmed_at": at, "confirmed_by": by}
    connection.execute(insert(live_confirmations).values(values))


def handed_over_count(connection: Connection) -> int:
    """How many messages the providers, or their stand-ins, have ever taken over, letters left out."""
    question = select(func.count()).select_from(attempts).where(attempts.c.outcome == "accepted")
    return int(connection.scalar(question) or 0)


def active_senders(connection: Connection) -> list[str]:
    """The From Email Addresses of active email campaigns."""
    question = select(campaigns.c.from_email).where(campaigns.c.status == "active", campaigns.c.channel == "email")
    return sorted(set(connection.scalars(question)))


def _insert(connection: Connection, into: Table) -> "postgresql.Insert | sqlite.Insert":
    return postgresql.insert(into) if connection.dialect.name == "postgresql" else sqlite.insert(into)
