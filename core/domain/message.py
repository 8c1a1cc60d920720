"""The life of one message: its states, the result people read for each, and what follows an attempt (S3, S4, R1).

waiting -> claimed -> handed_over -> delivered | returned | unsuccessful
                   -> calling -> delivered | waiting (busy, nobody answered) | unsuccessful
                   -> waiting (refused for now, fewer than five attempts) | unsuccessful | unknown
                   -> introductory (that email went out first) -> returned
waiting -> not_sent | hold_out              decided when it would be sent
waiting -> stopped                          the campaign was
waiting -> printed -> mailed -> returned    a letter: its file is made, people mail it and say so
unknown -> any of these by a bounce, the provider's word or a person; back to waiting only with proof that nothing left
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.eligibility import sentence
from core.domain.introduction import INTRODUCTORY
from core.domain.mailing import RETURN_REASONS
from core.domain.organisation import EMAIL, LETTER, PHONE
from core.domain.twilio_errors import REASONS as TWILIO_REASONS

MAX_ATTEMPTS = 5
# How long to wait after the first, second ... failed attempt.
BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
JITTER = 0.2  # a fifth more at most, so that a batch refused together does not come back together
RETRIES_EXCEEDED = "retries_exceeded"
STOPPED = "stopped"
WORKER_LOST = "worker_lost"
UNCONFIRMED = "unconfirmed"
RETURNED = "returned"
RETURNED_FOR_NOW = "returned_for_now"
NOT_ARRIVED = "not_arrived"
RESTORED = "restored"
NO_SERVER = "no_server_set"
UNCONFIRMED_AFTER = timedelta(hours=72)
CANNOT_BE_WRITTEN = "cannot_be_written"
PRINTED, MAILED = "printed", "mailed"

RESULTS = ("Successful", "Returned", "Unsuccessful", "Introductory Email", "Not sent", "Waiting", "Unknown")
CONTACTED = frozenset(RESULTS) - {"Not sent", "Waiting"}  # something was sent, or may have been


@dataclass(frozen=True)
class State:
    """What a state means: its result in reports, its icon (a Material symbol), whether nothing follows by itself."""

    result: str
    icon: str
    is_finished: bool


# The one table: what a state means in reports, its icon, and whether the campaign may count as finished with it.
STATES: dict[str, State] = {
    "waiting": State("Waiting", "schedule", False),
    "claimed": State("Waiting", "schedule", False),
    "calling": State("Waiting", "schedule", False),  # Twilio has the call and has not said how it ended
    "handed_over": State("Successful", "check_circle", True),
    "delivered": State("Successful", "check_circle", True),
    "unconfirmed": State("Successful", "check_circle", True),  # a text without a receipt for UNCONFIRMED_AFTER
    "returned": State("Returned", "undo", True),
    "unsuccessful": State("Unsuccessful", "error", True),
    "introductory": State("Introductory Email", "waving_hand", True),
    "not_sent": State("Not sent", "block", True),
    "stopped": State("Not sent", "block", True),  # the campaign was stopped first
    "hold_out": State("Not sent", "block", True),  # chosen at random not to be contacted
    "printed": State("Waiting", "schedule", True),  # a letter: nothing follows but a person's word that it was mailed
    "mailed": State("Successful", "check_circle", True),
    "unknown": State("Unknown", "help", True),  # may have left: nothing follows but a person's or provider's word
}
UNFINISHED = tuple(name for name, state in STATES.items() if not state.is_finished)
ICONS = {state.result: state.icon for state in STATES.values()}

# From a state to those it may change to. An event of the provider may still come for what was handed over or unknown.
CHANGES: dict[str, tuple[str, ...]] = {
    "waiting": ("claimed", "not_sent", "hold_out", "stopped", "printed"),
    "printed": ("mailed", "returned"),
    "mailed": ("returned",),
    "claimed": ("waiting", "handed_over", "calling", "introductory", "unsuccessful", "unknown", "not_sent", "hold_out"),
    "calling": ("delivered", "waiting", "stopped", "unsuccessful", "unconfirmed"),
    "handed_over": ("delivered", "unconfirmed", "returned", "unsuccessful"),
    "delivered": ("returned",),  # an email came back after all
    "unconfirmed": ("delivered", "returned", "unsuccessful"),
    # Back to waiting with proof that nothing left, or when a person has decided to send it again.
    "unknown": ("handed_over", "calling", "introductory", "delivered", "returned", "unsuccessful", "waiting"),
    "returned": (),
    "unsuccessful": (),
    "introductory": ("returned",),
    "not_sent": (),
    "stopped": (),
    "hold_out": (),
}

# Why a message was unsuccessful or is unknown. Reasons for not sent are those of core.domain.eligibility.
REASONS: dict[str, str] = {
    RETRIES_EXCEEDED: "Communication Retries Exceeded",
    "address_refused": "the mail server refused the address",
    "sender_refused": "the mail server refused the sender",
    "message_refused": "the mail server refused the message",
    "no_connection": "the mail server cannot be reached",
    "connection_broke": "the connection to the mail server broke",
    "server_busy": "the mail server took no messages",
    "no_tls": "the mail server offered no safe connection",
    "login_refused": "the mail server refused the login",
    "no_ledger": "this machine's disk takes no ledger, without which nothing may leave",
    NO_SERVER: "no server is set for this mode",
    "no_journal": "this machine's disk takes no journal, without which nothing may leave",
    "reply_unclear": "the mail server's reply was not clear; the message may have arrived",
    "connection_lost": "the connection was lost after the message had been sent; it may have arrived",
    WORKER_LOST: "the dispatcher ended while it was sending; the message may have left",
    UNCONFIRMED: "no receipt came",
    RESTORED: "a backup was restored, and the message may have left after it was made",
    RETURNED: "it came back: the address does not exist any more",
    RETURNED_FOR_NOW: "it came back: it could not be delivered at that time",
    NOT_ARRIVED: "somebody has looked and decided that it did not arrive",
    CANNOT_BE_WRITTEN: "the message cannot be filled in for this patient",
    STOPPED: "the campaign was stopped before the patient was contacted",
    **{key: f"it came back: {words}" for key, words in RETURN_REASONS.items()},
    **TWILIO_REASONS,
}


@dataclass(frozen=True)
class Verdict:
    """What follows an attempt: the recipient's next state, why, and before when not to try again."""

    state: str
    reason: str = ""
    next_at: datetime | None = None


def after_attempt(
    outcome: str,
    *,
    reason: str,
    attempt_number: int,
    at: datetime,
    jitter: float,
    message: str = "campaign",
    channel: str = "email",
) -> Verdict:
    """What follows an attempt that ended 'accepted', 'temporary', 'permanent' or 'unknown'.

    `attempt_number` counts from 1; `jitter` between 0 and 1 spreads the next tries; `message` is 'introductory' when
    that went out instead of the campaign's. A word that is not known is 'unknown': such a message is never sent again
    by itself.
    """
    if outcome == "accepted" and channel == PHONE:
        return Verdict("calling")
    if outcome == "accepted":
        return Verdict("introductory" if message == INTRODUCTORY else "handed_over")
    if outcome == "permanent":
        return Verdict("unsuccessful", reason)
    if outcome != "temporary":
        return Verdict("unknown", reason)
    if attempt_number >= MAX_ATTEMPTS:
        return Verdict("unsuccessful", RETRIES_EXCEEDED)
    return Verdict("waiting", reason, at + BACKOFF[attempt_number - 1] * (1 + JITTER * jitter))


def words_of(state: str, reason: str, channel: str = EMAIL) -> str:
    """What people read beside the result: the reason, or what is going on just now."""
    return reason_sentence(reason, channel) or _GOING_ON.get(state, "")


_GOING_ON = {"calling": "ringing", PRINTED: "printed, not mailed yet"}


def reason_sentence(key: str, channel: str = EMAIL) -> str:
    """What people read for a reason kept with a recipient; empty for none. Texts and calls go through Twilio."""
    found = REASONS.get(key) or (sentence(key) if key else "")
    return found if channel in (EMAIL, LETTER) else found.replace("the mail server", "Twilio")
