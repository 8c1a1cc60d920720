"""Twilio's error numbers that mean something for a message, and what follows from each: the one table.

The numbers come with a refusal at once or later with a message's or call's status. Their meaning is Twilio's own
(its 'Error and Warning Dictionary'); what follows is ours. A number that is not here is about one message only.
"""

from dataclasses import dataclass

# What follows, beyond the message itself.
OPTED_OUT = "opted_out"  # the owner of the number has stopped texts with Twilio: no more texts to it
UNUSABLE = "unusable"  # no text can arrive at the number: none is tried again
STOP_CAMPAIGN = "stop_campaign"  # carriers refuse the campaign itself: every further text would make that worse
ACCOUNT = "account"  # about our account, so the next message would fail as well
TOO_FAST = "too_fast"  # never processed: the same message may be handed over again


@dataclass(frozen=True)
class TwilioError:
    """What a number means: the key of a reason in core.domain.message.REASONS, and what follows ('' for nothing)."""

    reason: str
    follows: str = ""


ERRORS: dict[int, TwilioError] = {
    # the account
    20003: TwilioError("login_refused", ACCOUNT),
    20005: TwilioError("account_suspended", ACCOUNT),
    20008: TwilioError("login_refused", ACCOUNT),  # test credentials
    10001: TwilioError("account_suspended", ACCOUNT),
    21203: TwilioError("account_suspended", ACCOUNT),
    30002: TwilioError("account_suspended", ACCOUNT),
    21210: TwilioError("sender_number_refused", ACCOUNT),  # calls: the caller id is not verified
    21212: TwilioError("sender_number_refused", ACCOUNT),
    21603: TwilioError("sender_number_refused", ACCOUNT),
    21606: TwilioError("sender_number_refused", ACCOUNT),
    21659: TwilioError("sender_number_refused", ACCOUNT),
    21701: TwilioError("sender_number_refused", ACCOUNT),
    21703: TwilioError("sender_number_refused", ACCOUNT),
    21704: TwilioError("sender_number_refused", ACCOUNT),
    21705: TwilioError("sender_number_refused", ACCOUNT),
    21611: TwilioError("queue_full", ACCOUNT),
    30001: TwilioError("queue_full"),
    # too fast
    14107: TwilioError("too_fast", TOO_FAST),
    20429: TwilioError("too_fast", TOO_FAST),
    # the number
    21610: TwilioError("stopped_at_provider", OPTED_OUT),
    21211: TwilioError("number_invalid", UNUSABLE),
    21217: TwilioError("number_invalid", UNUSABLE),  # calls
    21614: TwilioError("not_a_mobile", UNUSABLE),
    30003: TwilioError("handset_unreachable", UNUSABLE),
    30004: TwilioError("texts_blocked", UNUSABLE),
    30005: TwilioError("handset_unknown", UNUSABLE),
    30006: TwilioError("landline", UNUSABLE),
    21214: TwilioError("number_unreachable"),  # calls
    21612: TwilioError("number_unreachable"),
    30008: TwilioError("delivery_failed"),
    21215: TwilioError("country_not_allowed"),
    21216: TwilioError("country_not_allowed"),
    21408: TwilioError("country_not_allowed"),
    13224: TwilioError("number_invalid", UNUSABLE),
    # the campaign
    30007: TwilioError("filtered", STOP_CAMPAIGN),
    30034: TwilioError("unregistered_sender", STOP_CAMPAIGN),
    # the message
    21602: TwilioError("message_refused"),
    21605: TwilioError("message_refused"),
    21617: TwilioError("message_refused"),
    30019: TwilioError("message_refused"),
    30036: TwilioError("too_late_to_arrive"),  # its validity period was over
}
_UNKNOWN_NUMBER = TwilioError("message_refused")
_UNEXPLAINED = TwilioError("delivery_failed")

CARRIERS_REFUSE = tuple(sorted({one.reason for one in ERRORS.values() if one.follows == STOP_CAMPAIGN}))

# What people read for the reasons of texts and calls; core.domain.message.REASONS holds them too.
REASONS: dict[str, str] = {
    "account_suspended": "Twilio has suspended the account",
    "sender_number_refused": "Twilio does not let this account send from the number or messaging service that is set",
    "queue_full": "Twilio's queue for the sending number is full",
    "too_fast": "Twilio was handed messages faster than it takes them",
    "provider_error": "Twilio's answer was an error of its own; the message may have left",
    "no_answer_from_provider": "Twilio did not answer in time; the message may have left",
    "not_at_provider": "Twilio does not have the message: it did not leave",
    "stopped_at_provider": "the number has stopped texts",
    "number_invalid": "there is no such number",
    "not_a_mobile": "the number cannot get texts",
    "handset_unreachable": "the phone could not be reached",
    "texts_blocked": "the number or its carrier blocks the text",
    "handset_unknown": "the number is not in service",
    "landline": "the number is a landline or cannot get texts",
    "number_unreachable": "the number cannot be reached from the sending number",
    "delivery_failed": "it could not be delivered, and the carrier does not say why",
    "country_not_allowed": "the account may not send to the number's country",
    "filtered": "carriers filtered the text as unwanted; the campaign was stopped",
    "unregistered_sender": "the sending number is not registered with the carriers; the campaign was stopped",
    "too_late_to_arrive": "it could not be delivered before the window closed",
    "live_response": "a person answered",
    "answering_machine": "an answering machine took the message",
    "hung_up": "the call ended before the message",
    "busy": "the line was busy",
    "no_answer": "nobody answered",
    "dial_error": "the number could not be dialled",
    "call_canceled": "the call was ended before it began",
}


def error_of(code: int | None) -> TwilioError:
    """What an error number means; None: a failure without one. One that is not in the table is about one message."""
    return _UNEXPLAINED if code is None else ERRORS.get(code, _UNKNOWN_NUMBER)


def outcome_of(code: int) -> str:
    """How an attempt ended by the number alone, as a journal keeps it: an HTTP status or an error number of Twilio."""
    if 200 <= code < 300:
        return "accepted"
    if 500 <= code < 600 or code < 200:
        return "unknown"
    return "temporary" if code == 429 or error_of(code).follows in (TOO_FAST, ACCOUNT) else "permanent"
