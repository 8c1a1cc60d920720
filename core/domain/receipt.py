"""What Twilio tells of a text or call later, and what follows for the message (T7, P3).

Statuses come in any order and more than once. A text's state only goes forward: taken over, then came back or
delivered. Of a call only how it ended counts, and a line that was busy or that nobody answered is tried again: at least
two hours later and at most twice on one day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.domain.message import MAX_ATTEMPTS, RETRIES_EXCEEDED, Verdict
from core.domain.organisation import PHONE, Organisation
from core.domain.quiet_hours import LocalHours, next_try
from core.domain.twilio_errors import error_of

CALL_AGAIN = timedelta(hours=2)
CALLS_A_DAY = 2

# How far a text is. What is not here (waiting to be sent, decided by a person) is before all of them.
RANKS = {
    "unknown": 0,
    "waiting": 0,
    "unsuccessful": 0,
    "unconfirmed": 1,
    "handed_over": 1,
    "returned": 2,
    "delivered": 3,
}


@dataclass(frozen=True)
class Follows:
    """What a status means: the kind of event, the message's state ('' for none yet), why, and what follows beyond it
    (core.domain.twilio_errors)."""

    kind: str
    state: str = ""
    reason: str = ""
    more: str = ""


_TEXTS = {
    "sent": Follows("sent", "handed_over"),
    "delivered": Follows("delivered", "delivered"),
    "read": Follows("delivered", "delivered"),
    "canceled": Follows("canceled", "returned", "too_late_to_arrive"),
}
_ON_ITS_WAY = Follows("accepted", "handed_over")
_ENDED_CALLS = {
    "busy": Follows("busy", "waiting", "busy"),
    "no-answer": Follows("no_answer", "waiting", "no_answer"),
    "canceled": Follows("canceled", "unsuccessful", "call_canceled"),
}
_RINGING = Follows("ringing", "calling")


def text_follows(status: str, error: int | None) -> Follows:
    """What a text's status means. One that is not known says that Twilio has the text."""
    if status in ("undelivered", "failed"):
        known = error_of(error)
        return Follows("undelivered", "returned", known.reason, known.follows)
    return _TEXTS.get(status, _ON_ITS_WAY)


def call_follows(status: str, error: int | None, *, answered_by: str = "") -> Follows:
    """What a call's status means. `answered_by` is Twilio's word: human, machine_..., fax or unknown."""
    if status == "completed":
        reason = "answering_machine" if answered_by.startswith("machine") else "live_response"
        return Follows("completed", "delivered", reason) if answered_by != "fax" else _fax()
    if status == "failed":
        known = error_of(error) if error else None
        return Follows(
            "failed", "unsuccessful", known.reason if known else "dial_error", known.follows if known else ""
        )
    return _ENDED_CALLS.get(status, _RINGING)


def goes_forward(state: str, to: str) -> bool:
    """Whether a text in `state` may become `to`: only forward, and only what has left or may have."""
    return state in RANKS and RANKS[to] > RANKS[state]


def call_again(
    organisation: Organisation,
    started_at: Sequence[datetime],
    *,
    reason: str,
    at: datetime,
    hours: frozenset[LocalHours] | None = None,
) -> Verdict:
    """What follows a call that nobody took: tried again in a window at least two hours later, on the next day when
    there were two today, or given up after five. `started_at` are all attempts, the last one included; `hours` those
    of the patient's home."""
    if len(started_at) >= MAX_ATTEMPTS:
        return Verdict("unsuccessful", RETRIES_EXCEEDED)
    zone = ZoneInfo(organisation.time_zone)
    earliest = at + CALL_AGAIN
    while sum(each.astimezone(zone).date() == earliest.astimezone(zone).date() for each in started_at) >= CALLS_A_DAY:
        day = earliest.astimezone(zone).date() + timedelta(days=1)
        earliest = datetime.combine(day, time.min, zone)
    return Verdict("waiting", reason, next_try(organisation, PHONE, earliest, hours))


def _fax() -> Follows:
    return Follows("failed", "unsuccessful", "dial_error")
