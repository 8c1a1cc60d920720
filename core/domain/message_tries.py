"""What is shown of a campaign's message to a patient: its status and what became of each attempt (F3, F4)."""

from core.domain.communication import Attempt, Communication
from core.domain.message import NOT_ARRIVED, RETRIES_EXCEEDED, STATES, reason_sentence
from core.domain.organisation import EMAIL, PHONE, TEXT
from core.domain.patient_communication import UNKNOWN_OUTCOME, Try
from core.domain.receipt import text_follows

_STATUSES = {
    "Successful": "successful",
    "Introductory Email": "successful",
    "Waiting": "under_way",
    "Unknown": "unknown",
}
# What the provider told of an attempt. The first that was told counts.
_TOLD = {
    "busy": "Busy",
    "no_answer": "No answer",
    "failed": "Dial error",
    "canceled": "Canceled before it arrived",
    "completed": "Live response",
    "delivered": "Delivered",
}
_ENDED = {
    "live_response": "Live response",
    "answering_machine": "Answering machine",
    "busy": "Busy",
    "no_answer": "No answer",
    "dial_error": "Dial error",
    "hung_up": "Hung up before the message",
}
_ATTEMPTS = {
    "accepted": {EMAIL: "Sent", TEXT: "Sent", PHONE: "Called"},
    "temporary": dict.fromkeys((EMAIL, TEXT, PHONE), "Could not be sent at that time"),
    "permanent": dict.fromkeys((EMAIL, TEXT, PHONE), "Refused"),
    None: dict.fromkeys((EMAIL, TEXT, PHONE), "Under way"),
}


def message_status(found: Communication, channel: str) -> str:
    """A key of core.domain.patient_communication.STATUSES; '' for what has no row: nothing was tried, or an email did
    not arrive. Whatever is not sent any more counts by what was tried before."""
    if not found.attempts:
        return ""
    status = _STATUSES.get(STATES[found.state].result)
    if status:
        return status
    is_over = STATES[found.state].result == "Not sent"
    if is_over and any(each.outcome == "unknown" for each in found.attempts):
        return "unknown"  # a person let it be sent again, and then it was not: the first may have arrived
    return "" if channel == EMAIL else "unsuccessful"


def message_tries(found: Communication, channel: str) -> tuple[Try, ...]:
    """Its attempts, the first one first."""
    last = found.attempts[-1] if found.attempts else None
    return tuple(
        Try(each.number, channel, each.started_at, _outcome(found, each, channel, is_last=each is last))
        for each in found.attempts
    )


def _outcome(found: Communication, attempt: Attempt, channel: str, *, is_last: bool) -> str:
    own = _told(found, attempt) or _of_attempt(attempt, channel)
    return (_ended(found, channel) or own) if is_last else own


def _ended(found: Communication, channel: str) -> str:
    """What is known of the message as a whole, and so of its last attempt; '' when the attempt itself says more."""
    if found.reason in _ENDED:
        return _ENDED[found.reason]
    why = reason_sentence(found.reason, channel)
    match found.state:
        case "delivered":
            return "Delivered"
        case "handed_over" | "introductory":
            return _counted_as_sent(found) or ("Sent" if channel == EMAIL else "Sent; no receipt has come yet")
        case "unconfirmed":
            return "Called; how it ended was not told" if channel == PHONE else "Sent; no receipt came"
        case "calling":
            return "Ringing"
        case "returned":
            return f"Undelivered: {why}"
        case "unsuccessful" if found.reason not in (RETRIES_EXCEEDED, ""):
            return f"{'Not arrived' if found.reason == NOT_ARRIVED else 'Failed'}: {why}"
        case "unknown":
            return f"{UNKNOWN_OUTCOME}: {why}" if why else UNKNOWN_OUTCOME
    return ""


def _counted_as_sent(found: Communication) -> str:
    """A person's word about a message of which nobody knew whether it had left."""
    is_decided = any(one.kind == "resolved" and one.details.get("decision") == "arrived" for one in found.events)
    return "Counted as sent by a person" if is_decided else ""


def _told(found: Communication, attempt: Attempt) -> str:
    """What the provider told of this attempt."""
    for event in found.events:
        if event.details.get("number") != attempt.number:
            continue
        if event.kind == "undelivered":
            why = reason_sentence(text_follows("undelivered", event.details.get("error")).reason, TEXT)
            return f"Undelivered: {why}"
        if event.kind == "completed" and str(event.details.get("answered_by") or "").startswith("machine"):
            return _ENDED["answering_machine"]
        if event.kind in _TOLD:
            return _TOLD[event.kind]
    return ""


def _of_attempt(attempt: Attempt, channel: str) -> str:
    return _ATTEMPTS.get(attempt.outcome, {}).get(channel, UNKNOWN_OUTCOME)
