"""Opt-outs: what a patient no longer wants, and which communications that stops.

An opt-out is keyed on a patient, on an address (an email address or a number), or on both. One on an address counts
for everybody who shares the address.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.errors import NotAllowed

CAMPAIGN = "campaign"
HEALTH_REMINDER = "health_reminder"
APPOINTMENT_REMINDER = "appointment_reminder"
PRODUCTS = frozenset({CAMPAIGN, HEALTH_REMINDER, APPOINTMENT_REMINDER})

PERMANENT = "permanent"
UNTIL = "until"  # through a date
DAYS = "days"

PROTOCOL = "protocol"
GLOBAL = "global"
HEALTH_EMAIL = "health_email"
ALL_TEXT = "all_text"
DO_NOT_CALL = "do_not_call"

_HEALTH = frozenset({CAMPAIGN, HEALTH_REMINDER})
_ELECTRONIC = frozenset({"email", "text", "phone"})

_MESSAGE_REASONS = ("Too many messages", "Not useful to me", "Privacy", "Prefers another way", "Other")
_VISIT_REASONS = ("Does not need reminders", "Privacy", "Prefers another way", "Other")
_GLOBAL_REASONS = ("Asked for no contact", "Left the practice", "Complaint", "Other")
_TOPIC_REASONS = ("Gets this care elsewhere", "Not useful to me", "Privacy", "Other")


@dataclass(frozen=True)
class OptOutType:
    """One row of the table of types: what it stops, how long it may last (preset first), and why people ask for it."""

    key: str
    name: str
    products: frozenset[str]
    channels: frozenset[str]
    durations: tuple[str, ...]
    reasons: tuple[str, ...]


_ANY_TIME = (PERMANENT, UNTIL, DAYS)
_ROWS = (
    OptOutType(GLOBAL, "Global", PRODUCTS, _ELECTRONIC, (PERMANENT,), _GLOBAL_REASONS),
    OptOutType(
        "health_phone", "Health Reminders - Phone", _HEALTH, frozenset({"phone"}), (UNTIL, DAYS), _MESSAGE_REASONS
    ),
    OptOutType(HEALTH_EMAIL, "Health Reminders - Email", _HEALTH, frozenset({"email"}), _ANY_TIME, _MESSAGE_REASONS),
    OptOutType("health_text", "Health Reminders - Text", _HEALTH, frozenset({"text"}), _ANY_TIME, _MESSAGE_REASONS),
    # A protocol's own reminders, and the campaigns that are tagged with it.
    OptOutType(PROTOCOL, "Health topic", _HEALTH, _ELECTRONIC, _ANY_TIME, _TOPIC_REASONS),
    OptOutType(ALL_TEXT, "All Text", PRODUCTS, frozenset({"text"}), _ANY_TIME, _MESSAGE_REASONS),
    OptOutType(
        "appt_email",
        "Appt Conf - Email",
        frozenset({APPOINTMENT_REMINDER}),
        frozenset({"email"}),
        _ANY_TIME,
        _VISIT_REASONS,
    ),
    OptOutType(
        "appt_text",
        "Appt Conf - Text",
        frozenset({APPOINTMENT_REMINDER}),
        frozenset({"text"}),
        _ANY_TIME,
        _VISIT_REASONS,
    ),
    OptOutType(
        "appt_phone",
        "Appt Conf - Phone",
        frozenset({APPOINTMENT_REMINDER}),
        frozenset({"phone"}),
        _ANY_TIME,
        _VISIT_REASONS,
    ),
    # What a key pressed during a call records for the number.
    OptOutType(DO_NOT_CALL, "Do Not Call", PRODUCTS, frozenset({"phone"}), (PERMANENT,), _GLOBAL_REASONS),
)
TYPES: dict[str, OptOutType] = {row.key: row for row in _ROWS}


@dataclass(frozen=True)
class OptOut:
    """One opt-out. `until` is the last day it counts, None for good; `protocol` only for type 'protocol'."""

    type: str
    starts_on: date
    until: date | None = None
    protocol: str | None = None
    patient_id: str | None = None
    address: str | None = None
    opt_out_id: int | None = None
    reason: str = ""
    comment: str = ""
    source: str = ""
    made_at: datetime | None = None
    made_by: str = ""

    @property
    def name(self) -> str:
        """What staff read: the type's name, with the topic of a protocol."""
        kind = TYPES.get(self.type, TYPES[GLOBAL])
        return f"{kind.name}: {self.protocol}" if self.type == PROTOCOL and self.protocol else kind.name


def covers(opt_out: OptOut, *, product: str, channel: str, on: date, protocols: Iterable[str] = frozenset()) -> bool:
    """Whether the opt-out stops a communication of `product` by `channel` on that day.

    `protocols` are the tags of a campaign or the protocol of a reminder, in any case. A type that is not in the table
    (an older or newer feed's) counts as Global: an unknown word stops more rather than less.
    """
    kind = TYPES.get(opt_out.type, TYPES[GLOBAL])
    if on < opt_out.starts_on or (opt_out.until is not None and on > opt_out.until):
        return False
    if product not in kind.products or channel not in kind.channels:
        return False
    if kind.key != PROTOCOL:
        return True
    return (opt_out.protocol or "").casefold() in {protocol.casefold() for protocol in protocols}


def last_day(
    type_key: str, *, on: date, duration: str, until: date | None = None, days: int | None = None
) -> date | None:
    """The last day an opt-out of this type counts when it is made `on` that day; None for good.

    A date counts through that day; N days are that day and the next N-1. Raises NotAllowed for a duration that the
    type does not have, a date that has passed or a number of days below one.
    """
    kind = TYPES[type_key]
    if duration not in kind.durations:
        allowed = ", ".join(_DURATION_NAMES[name] for name in kind.durations)
        raise NotAllowed(f"'{kind.name}' cannot last that way. Choose one of: {allowed}.")
    if duration == PERMANENT:
        return None
    if duration == DAYS and days is not None and 1 <= days <= _MOST_DAYS:
        return on + timedelta(days=days - 1)
    if duration == UNTIL and until is not None and until >= on:
        return until
    raise NotAllowed(f"Give a last day from today on, or a number of days between 1 and {_MOST_DAYS}.")


_MOST_DAYS = 3650
_DURATION_NAMES = {PERMANENT: "permanent", UNTIL: "through a date", DAYS: "a number of days"}
