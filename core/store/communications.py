"""The history of messages in SQL, and what is heard of them after they have left."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.domain.communication import Attempt, Communication, Event
from core.domain.message import CHANGES
from core.store.contacts import batches
from core.store.schema import attempts, message_events, recipients

COLUMNS = (
    recipients.c.recipient_id,
    recipients.c.campaign_id,
    recipients.c.patient_id,
    recipients.c.state,
    recipients.c.reason,
    recipients.c.message,
    recipients.c.address,
    recipients.c.language,
    recipients.c.message_id,
    recipients.c.next_at,
    recipients.c.claimed_by,
    recipients.c.arm,
)


def of_patients(connection: Connection, campaign_id: str, patient_ids: Collection[str]) -> list[Communication]:
    """What became of a campaign's message to these patients, with attempts and events."""
    found = []
    for ids in batches(patient_ids):
        question = select(*COLUMNS).where(recipients.c.campaign_id == campaign_id, recipients.c.patient_id.in_(ids))
        found += [Communication(**row._mapping) for row in connection.execute(question)]
    return with_history(connection, found)


def of_recipient(connection: Connection, recipient_id: int) -> Communication | None:
    """The same for one recipient; None when there is no such recipient."""
    row = connection.execute(select(*COLUMNS).where(recipients.c.recipient_id == recipient_id)).one_or_none()
    return None if row is None else with_history(connection, [Communication(**row._mapping)])[0]


def latest_to(connection: Connection, address: str, *, since: datetime) -> Communication | None:
    """The last message that left for an address; None when none did since then."""
    question = (
        select(*COLUMNS)
        .where(recipients.c.address == address, recipients.c.handed_over_at >= since)
        .order_by(recipients.c.handed_over_at.desc())
        .limit(1)
    )
    row = connection.execute(question).one_or_none()
    return None if row is None else Communication(**row._mapping)


def unknown_patients(connection: Connection, campaign_id: str) -> list[str]:
    """Patients of a campaign of whose message nobody knows whether it left."""
    question = select(recipients.c.patient_id).where(
        recipients.c.campaign_id == campaign_id, recipients.c.state == "unknown"
    )
    return list(connection.scalars(question.order_by(recipients.c.recipient_id)))


def add_event(
    connection: Connection,
    recipient_id: int | None,
    *,
    kind: str,
    source_key: str | None,
    at: datetime,
    received_at: datetime,
    details: dict[str, Any],
) -> bool:
    """Keep something heard of a message; False when it was heard before (the same `source_key`)."""
    values = {"recipient_id": recipient_id, "kind": kind, "source_key": source_key, "at": at}
    try:
        with connection.begin_nested():
            connection.execute(insert(message_events).values(**values, received_at=received_at, details=details))
    except IntegrityError:
        return False
    return True


def change_state(
    connection: Connection, recipient_id: int, state: str, *, reason: str, at: datetime | None, was: Sequence[str] = ()
) -> bool:
    """Change what became of a message when the states allow it; False when they do not (any more).

    `was`: only from these states, else from all that may become `state`. `at` is when it ended; None: it waits again.
    """
    allowed = [before for before, after in CHANGES.items() if state in after and (not was or before in was)]
    statement = update(recipients).where(recipients.c.recipient_id == recipient_id, recipients.c.state.in_(allowed))
    values: dict[str, Any] = {"state": state, "reason": reason, "lease_until": None}
    if at is None:
        values |= {"finished_at": None, "next_at": None, "claimed_by": None}
    elif state == "handed_over":
        values |= {"finished_at": at, "handed_over_at": at}
    return connection.execute(statement.values(values)).rowcount == 1


def with_history(connection: Connection, found: Sequence[Communication]) -> list[Communication]:
    """The same with their attempts and events, in two questions for all of them."""
    tried, heard = defaultdict[int, list[Attempt]](list), defaultdict[int, list[Event]](list)
    for ids in batches([each.recipient_id for each in found]):
        for recipient_id, *rest in connection.execute(_TRIED.where(attempts.c.recipient_id.in_(ids))):
            tried[recipient_id].append(Attempt(*rest))
        for row in connection.execute(_HEARD.where(message_events.c.recipient_id.in_(ids))):
            by = row.details.get("by", "")
            heard[row.recipient_id].append(Event(row.kind, row.at, by, row.details))
    return [
        replace(each, attempts=tuple(tried[each.recipient_id]), events=tuple(heard[each.recipient_id]))
        for each in found
    ]


_TRIED = select(
    attempts.c.recipient_id,
    attempts.c.number,
    attempts.c.worker,
    attempts.c.started_at,
    attempts.c.ended_at,
    attempts.c.outcome,
    attempts.c.code,
    attempts.c.reply,
).order_by(attempts.c.number)
_HEARD = select(
    message_events.c.recipient_id, message_events.c.kind, message_events.c.at, message_events.c.details
).order_by(message_events.c.event_id)
