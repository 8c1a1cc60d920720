"""What became of one recipient's message, from the first claim to the last word about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

# How an attempt ended, as people read it.
OUTCOMES = {
    "accepted": "taken over",
    "temporary": "refused for now",
    "permanent": "refused for good",
    "unknown": "nobody knows whether it left",
    None: "under way",
}
# What was heard of a message after it had left.
CAME_BACK, NOT_COME_BACK = "came_back", "not_come_back"  # of letters, as staff say
EVENTS = {
    "delivered": "Delivered",
    "bounced": "Came back",
    "delayed": "Still under way",
    "complained": "Called spam",
    "opted_out": "Opted out",
    "resolved": "Decided",
    "accepted": "Taken over",
    "sent": "On its way",
    "undelivered": "Could not be delivered",
    "canceled": "Given up",
    "ringing": "Ringing",
    "answered": "A person answered",
    "machine": "An answering machine answered",
    "completed": "The call ended",
    "busy": "Busy",
    "no_answer": "Nobody answered",
    "failed": "Could not be dialled",
    "key": "Pressed a key",
    "looked_up": "Asked Twilio, which did not have it",
    CAME_BACK: "The letter came back",
    NOT_COME_BACK: "The letter did not come back after all",
}


@dataclass(frozen=True)
class Attempt:
    """One try to hand the message over.

    worker   the dispatcher that claimed it: host, process and a number
    outcome  accepted, temporary, permanent or unknown; None while it runs
    code, reply   the server's code and its own words, addresses taken out
    """

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    code: str
    reply: str


@dataclass(frozen=True)
class Event:
    """Something heard of the message later: a bounce, a receipt, a person's decision. `by` is '' for the provider."""

    kind: str
    at: datetime
    by: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Communication:
    """One recipient of a campaign with attempts and events, oldest first.

    message   'campaign', or 'introductory' when that went out instead
    """

    recipient_id: int
    campaign_id: str
    patient_id: str
    state: str
    reason: str
    message: str
    address: str | None
    language: str | None
    message_id: str | None
    next_at: datetime | None
    claimed_by: str | None
    arm: str = "contact"  # which version of the message it was
    attempts: tuple[Attempt, ...] = ()
    events: tuple[Event, ...] = ()
