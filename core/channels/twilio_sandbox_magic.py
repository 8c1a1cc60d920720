"""Numbers that behave in a known way in the Twilio sandbox, so that every outcome can be tried without a phone.

All begin with +1500555; the table MAGIC has the other four digits. A number of MAGIC is an error that the request gets
at once, as Twilio's own test numbers do. A word is what happens later, or to the connection:

undelivered:30003   a text is taken, and comes back as undelivered with that error
busy, no-answer, failed, machine, fax, human   how a call ends, or who answers it
http:429, http:500, http:503   the request gets this status
late                taken, and answered after 30 seconds only
cut-after           taken, and the connection is cut without an answer
cut-before          the connection is cut and nothing was taken

Every other number takes texts, and is answered by somebody who listens and hangs up at the end. Any number can be told
to behave otherwise from now on (`BEHAVIOUR`), except by the words about the request.
"""

import re
from typing import NamedTuple

PREFIX = "+1500555"
TEXTS, CALLS = "texts", "calls"
FROM, TO = "From", "To"


class Magic(NamedTuple):
    """One row: what happens to texts or calls from or to the number that ends in `digits`."""

    kind: str
    side: str
    digits: str
    happens: int | str


MAGIC = (
    # Twilio's own
    Magic(TEXTS, FROM, "0001", 21212),  # not a valid number
    Magic(TEXTS, FROM, "0007", 21606),  # not a number of the account
    Magic(TEXTS, FROM, "0008", 21611),  # its queue is full
    Magic(TEXTS, TO, "0001", 21211),  # not a valid number
    Magic(TEXTS, TO, "0002", 21612),  # cannot be reached from here
    Magic(TEXTS, TO, "0003", 21408),  # in a country that is not allowed
    Magic(TEXTS, TO, "0004", 21610),  # has texted STOP
    Magic(TEXTS, TO, "0009", 21614),  # cannot take texts
    Magic(CALLS, FROM, "0001", 21212),  # not a valid number
    Magic(CALLS, TO, "0001", 21217),  # not a valid number
    Magic(CALLS, TO, "0002", 21214),  # cannot be reached
    Magic(CALLS, TO, "0003", 21215),  # in a country that is not allowed
    Magic(CALLS, TO, "0004", 21216),  # may not be called by the account
    # Ours: what becomes of a text
    Magic(TEXTS, TO, "3003", "undelivered:30003"),  # the phone is off or out of reach
    Magic(TEXTS, TO, "3004", "undelivered:30004"),  # blocked
    Magic(TEXTS, TO, "3005", "undelivered:30005"),  # no such phone
    Magic(TEXTS, TO, "3006", "undelivered:30006"),  # a landline
    Magic(TEXTS, TO, "3007", "undelivered:30007"),  # the carrier filtered it
    Magic(TEXTS, TO, "3008", "undelivered:30008"),  # the carrier does not say why
    Magic(TEXTS, TO, "3034", "undelivered:30034"),  # our number is not registered
    # Ours: what becomes of a call
    Magic(CALLS, TO, "1001", "busy"),
    Magic(CALLS, TO, "1002", "no-answer"),
    Magic(CALLS, TO, "1003", "failed"),
    Magic(CALLS, TO, "1004", "machine"),
    Magic(CALLS, TO, "1005", "fax"),
    # Ours: what becomes of the request
    *(
        Magic(kind, TO, digits, happens)
        for kind in (TEXTS, CALLS)
        for digits, happens in (
            ("4290", "http:429"),
            ("5000", "http:500"),
            ("5030", "http:503"),
            ("5040", "late"),
            ("5041", "cut-after"),
            ("5042", "cut-before"),
        )
    ),
)
_FOUND = {(row.kind, row.side, PREFIX + row.digits): row.happens for row in MAGIC}

BEHAVIOUR = re.compile(r"|busy|no-answer|failed|machine|fax|human|undelivered:\d{5}")
E164 = re.compile(r"\+(1\d{10}|[2-9]\d{6,14})")
_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")  # or a short code, or a name

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})

ERRORS = {
    # code: (HTTP status, what it says)
    20001: (400, "A parameter is not valid"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20404: (404, "The requested resource was not found"),
    20413: (413, "The request is too large"),
    20429: (429, "Too many requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "The service is unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url or Twiml is required, and has to be valid"),
    21211: (400, "The 'To' number is not a valid phone number"),
    21212: (400, "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID"),
    21213: (400, "No 'From' number is specified"),
    21214: (400, "The 'To' phone number cannot be reached"),
    21215: (400, "The account is not authorized to call this number: check its geographic permissions"),
    21216: (400, "The account is not allowed to call this number"),
    21217: (400, "The phone number does not appear to be valid"),
    21220: (400, "Invalid call state: the call is over, or nobody is there"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21408: (400, "Permission to send an SMS has not been enabled for the region of the 'To' number"),
    21602: (400, "Message body is required"),
    21603: (400, "A 'From' phone number is required"),
    21604: (400, "A 'To' phone number is required"),
    21606: (400, "The 'From' phone number is not a message-capable number of this account"),
    21609: (400, "The 'StatusCallback' URL is not a valid URL"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "The 'To' phone number is not currently reachable via SMS from this 'From' number"),
    21614: (400, "The 'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21624: (400, "The validity period is not a number of seconds from 1 to 36000"),
}

UNDELIVERED = {
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30034: "Message from an unregistered number",
}


class Refusal(Exception):
    """The request gets an error of ERRORS. `retry_after` is in seconds."""

    def __init__(self, code: int, *, retry_after: int | None = None) -> None:
        super().__init__(ERRORS[code][1])
        self.code = code
        self.retry_after = retry_after


def happens(kind: str, side: str, number: str) -> int | str | None:
    """What MAGIC says of a number: an error at once, a word, or nothing."""
    return _FOUND.get((kind, side, number))


def refuse_magic(kind: str, *, sender: str, recipient: str) -> None:
    """Raise Refusal for a number that Twilio would refuse at once, or that answers with an HTTP error."""
    for side, number in ((FROM, sender), (TO, recipient)):
        what = happens(kind, side, number)
        if isinstance(what, int):
            raise Refusal(what)
        if what is not None and what.startswith("http:"):
            code = 20000 + int(what.removeprefix("http:"))
            raise Refusal(code, retry_after=1 if code != 20500 else None)


def is_number(number: str) -> bool:
    """A telephone number as Twilio takes it: +, country, number; eleven digits in North America."""
    return E164.fullmatch(number) is not None


def is_sender(sender: str) -> bool:
    """A number, a short code or a name of up to eleven letters and digits."""
    return _SENDER.fullmatch(sender) is not None
