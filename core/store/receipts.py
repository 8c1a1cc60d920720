"""What Twilio tells of texts and calls after it has taken them over, in SQL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.domain.message import RESTORED
from core.store.schema import attempts, campaigns, merges, message_events, patients, recipients

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True)
class Heard:
    """One thing told of a text or call. `recipient_id` is None while it is of no message that we know."""

    recipient_id: int | None
    number: int  # of the attempt; 0 when not known
    provider_id: str
    kind: str  # core.domain.communication.EVENTS
    status: str  # Twilio's word
    at: datetime
    details: dict[str, Any]

    @property
    def key(self) -> str:
        """What makes it the same thing when it is told again."""
        return f"twilio:{self.provider_id}:{self.status}"


@dataclass(frozen=True)
class Told:
    """A recipient of whom something was told, locked until the transaction ends."""

    recipient_id: int
    campaign_id: str
    campaign_status: str
    channel: str
    state: str
    reason: str
    address: str | None
    attempt_count: int
    message_id: str | None


def keep(connection: Connection, heard: Sequence[Heard], *, received_at: datetime) -> set[str]:
    """Keep what was told; returns the keys of what was not told before."""
    rows = [
        {
            "recipient_id": one.recipient_id,
            "kind": one.kind,
            "source_key": one.key,
            "provider_id": one.provider_id,
            "at": one.at,
            "received_at": received_at,
            "details": one.details | {"status": one.status, "number": one.number},
        }
        for one in {one.key: one for one in heard}.values()
    ]
    if not rows:
        return set()
    insertion: Any = _INSERT[connection.dialect.name](message_events).values(rows)
    statement = insertion.on_conflict_do_nothing(index_elements=["source_key"]).returning(message_events.c.source_key)
    return set(connection.scalars(statement))


def known(connection: Connection, recipient_ids: Collection[int]) -> set[int]:
    """Which of these recipients there are."""
    return set(
        connection.scalars(select(recipients.c.recipient_id).where(recipients.c.recipient_id.in_(recipient_ids)))
    )


def told(connection: Connection, recipient_ids: Collection[int]) -> dict[int, Told]:
    """The recipients of these ids, locked in one order, so that two workers never wait for each other."""
    question = (
        select(
            recipients.c.recipient_id,
            recipients.c.campaign_id,
            campaigns.c.status,
            campaigns.c.channel,
            recipients.c.state,
            recipients.c.reason,
            recipients.c.address,
            recipients.c.attempt_count,
            recipients.c.message_id,
        )
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(recipients.c.recipient_id.in_(recipient_ids))
        .order_by(recipients.c.recipient_id)
        .with_for_update(of=recipients, key_share=True)
    )
    return {row.recipient_id: Told(*row) for row in connection.execute(question)}


def change(connection: Connection, recipient_id: int, **values: Any) -> None:
    """Write what became of a recipient that `told` has locked."""
    statement = update(recipients).where(recipients.c.recipient_id == recipient_id)
    connection.execute(statement.values(lease_until=None, **values))


def of_recipients(connection: Connection, recipient_ids: Collection[int]) -> list[Heard]:
    """Everything told of these recipients, the earliest first."""
    return _heard(connection, message_events.c.recipient_id.in_(recipient_ids))


def join(connection: Connection, owners: Mapping[str, int]) -> None:
    """Give what was told of messages before they were known to the recipients who have them now, by their ids."""
    waiting = message_events.c.recipient_id.is_(None) & message_events.c.provider_id.in_(owners)
    for provider_id in set(connection.scalars(select(message_events.c.provider_id).where(waiting))):
        statement = update(message_events).where(waiting, message_events.c.provider_id == provider_id)
        connection.execute(statement.values(recipient_id=owners[provider_id]))


def started_at(connection: Connection, recipient_id: int) -> list[datetime]:
    """When each attempt at a recipient began, the first one first."""
    question = select(attempts.c.started_at).where(attempts.c.recipient_id == recipient_id)
    return list(connection.scalars(question.order_by(attempts.c.number)))


def home_of(connection: Connection, recipient_id: int) -> tuple[str | None, str | None]:
    """State and ZIP code of a recipient's home."""
    question = (
        select(patients.c.state, patients.c.zip)
        .select_from(recipients)
        .outerjoin(merges, merges.c.merged_id == recipients.c.patient_id)
        .join(patients, patients.c.patient_id == func.coalesce(merges.c.patient_id, recipients.c.patient_id))
        .where(recipients.c.recipient_id == recipient_id)
    )
    row = connection.execute(question).one_or_none()
    return (row[0], row[1]) if row else (None, None)


def stop_campaign(connection: Connection, campaign_id: str, *, at: datetime, by: str) -> bool:
    """Stop an active campaign for good; False when it was not active."""
    statement = update(campaigns).where(campaigns.c.campaign_id == campaign_id, campaigns.c.status == "active")
    values = {"status": "stopped", "finished_at": at, "changed_at": at, "changed_by": by}
    return connection.execute(statement.values(version=campaigns.c.version + 1, **values)).rowcount == 1


@dataclass(frozen=True)
class Open:
    """A text or call of which nobody knows whether it left, or a call of which nobody knows how it ended."""

    recipient_id: int
    number: int
    address: str
    state: str
    started_at: datetime


def unresolved(connection: Connection, channel: str, *, before: datetime, limit: int) -> list[Open]:
    """Those whose last attempt began before `before`, the oldest first."""
    question = (
        select(
            recipients.c.recipient_id,
            attempts.c.number,
            recipients.c.address,
            recipients.c.state,
            attempts.c.started_at,
        )
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .join(
            attempts,
            (attempts.c.recipient_id == recipients.c.recipient_id) & (attempts.c.number == recipients.c.attempt_count),
        )
        .where(
            campaigns.c.channel == channel,
            recipients.c.state.in_(("unknown", "calling")),
            recipients.c.address.is_not(None),
            recipients.c.reason != RESTORED,  # its attempt may be another one than the database knows
            attempts.c.started_at < before,
        )
        .order_by(attempts.c.started_at, recipients.c.recipient_id)
        .limit(limit)
    )
    return [Open(*row) for row in connection.execute(question)]


def other_owners(connection: Connection, address: str, *, than: int) -> set[str]:
    """What the provider calls the messages to an address that are other recipients'."""
    question = select(recipients.c.message_id).where(
        recipients.c.address == address, recipients.c.recipient_id != than, recipients.c.message_id.is_not(None)
    )
    return {each for each in connection.scalars(question) if each}


def add_look(connection: Connection, recipient_id: int, number: int, *, at: datetime) -> None:
    """Remember that the provider was asked for a message and did not have it."""
    values = {"recipient_id": recipient_id, "kind": "looked_up", "at": at, "received_at": at}
    connection.execute(insert(message_events).values(**values, details={"number": number}))


def looks(connection: Connection, recipient_id: int, number: int) -> list[datetime]:
    """When the provider was asked for an attempt's message and did not have it."""
    question = select(message_events.c.at, message_events.c.details).where(
        message_events.c.recipient_id == recipient_id, message_events.c.kind == "looked_up"
    )
    return sorted(row.at for row in connection.execute(question) if row.details.get("number") == number)


def _heard(connection: Connection, which: Any) -> list[Heard]:
    question = select(message_events).where(which, message_events.c.provider_id.is_not(None))
    rows = connection.execute(question.order_by(message_events.c.event_id))
    return [
        Heard(
            row.recipient_id,
            row.details.get("number", 0),
            row.provider_id,
            row.kind,
            row.details.get("status", ""),
            row.at,
            row.details,
        )
        for row in rows
    ]
