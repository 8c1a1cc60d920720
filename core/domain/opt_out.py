"""Opt-outs: what a patient no longer wants, and which communications that stops.

An opt-out is keyed on a patient, on an address (an email address or a number), or on both. One on an address counts
for everybody who shares the address. None is ever deleted, so that the state on any day can be asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class OptOutType:
    """One row of the table of types: what it stops, how long it may last (preset first), and why people ask for it."""

    key: str
    name: str
    products: frozenset[str]
    channels: frozenset[str]
    durations: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def preset(self) -> str:
        """How long it lasts unless somebody says otherwise."""
        return self.durations[0]


_EVERY = PRODUCTS
_HEALTH = frozenset({CAMPAIGN, HEALTH_REMINDER})
_VISIT = frozenset({APPOINTMENT_REMINDER})
_E, _T, _P = frozenset({"email"}), frozenset({"text"}), frozenset({"phone"})
_ANY = (PERMANENT, UNTIL, DAYS)
_ENDS = (UNTIL, DAYS)
_NEVER_ENDS = (PERMANENT,)
_OF_MESSAGES = ("Too many messages", "Not useful to me", "Privacy", "Prefers another way", "Other")
_OF_VISITS = ("Does not need reminders", "Privacy", "Prefers another way", "Other")
_OF_ALL = ("Asked for no contact", "Left the practice", "Complaint", "Other")
_OF_TOPICS = ("Gets this care elsewhere", "Not useful to me", "Privacy", "Other")

# O1. Letters are in no row: they go on (see `letter_notice`). A protocol's row stops its own reminders and the
# campaigns that are tagged with it. 'Do Not Call' is what a key pressed during a call records for the number (O8).
_ROWS = (
    # key            name                        products channels      durations     reasons
    (GLOBAL,         "Global",                   _EVERY,  _E | _T | _P, _NEVER_ENDS,  _OF_ALL),
    ("health_phone", "Health Reminders - Phone", _HEALTH, _P,           _ENDS,        _OF_MESSAGES),
    (HEALTH_EMAIL,   "Health Reminders - Email", _HEALTH, _E,           _ANY,         _OF_MESSAGES),
    ("health_text",  "Health Reminders - Text",  _HEALTH, _T,           _ANY,         _OF_MESSAGES),
    (PROTOCOL,       "Health topic",             _HEALTH, _E | _T | _P, _ANY,         _OF_TOPICS),
    (ALL_TEXT,       "All Text",                 _EVERY,  _T,           _ANY,         _OF_MESSAGES),
    ("appt_email",   "Appt Conf - Email",        _VISIT,  _E,           _ANY,         _OF_VISITS),
    ("appt_text",    "Appt Conf - Text",         _VISIT,  _T,           _ANY,         _OF_VISITS),
    ("appt_phone",   "Appt Conf - Phone",        _VISIT,  _P,           _ANY,         _OF_VISITS),
    (DO_NOT_CALL,    "Do Not Call",              _EVERY,  _P,           _NEVER_ENDS,  _OF_ALL),
)  # fmt: skip
TYPES: dict[str, OptOutType] = {row[0]: OptOutType(*row) for row in _ROWS}
_PLACES = {key: place for place, key in enumerate(TYPES)}

STAFF, FEED, STOP, LINK, KEY, COMPLAINT = "staff", "feed", "stop", "link", "key", "complaint"
BY_PATIENT = frozenset({STOP, LINK, KEY, COMPLAINT})  # the ways by which patients stop something themselves


@dataclass(frozen=True)
class OptOut:
    """One opt-out.

    starts_on, until   the first and the last day it counts; `until` None: for good
    protocol           only for type 'protocol': the health topic
    made_at, made_by   when it came to us: it may count since before that
    removed_on         the organisation's day on which it was taken back, from which on it does not count
    removed_how        'staff', or 'agreed' when the patient had made it and agreed again; else how it was undone
    wish_id            the same for all rows of one wish; None: a wish of one row
    addresses          of a wish of several rows all addresses it counts for (core.domain.wish.collapsed)
    is_of_other        made for another patient, of whom no more is told (core.domain.wish.of_other)
    """

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
    removed_on: date | None = None
    removed_at: datetime | None = None
    removed_by: str | None = None
    removed_how: str | None = None
    removed_note: str | None = None
    wish_id: str | None = field(default=None, compare=False)
    addresses: tuple[str, ...] = field(default=(), compare=False)
    is_of_other: bool = field(default=False, compare=False)

    @property
    def kind(self) -> OptOutType:
        """Its row of the table. A type that is not in it (an older or newer feed's) counts as Global: an unknown word
        stops more rather than less."""
        return TYPES.get(self.type, TYPES[GLOBAL])

    @property
    def name(self) -> str:
        """What staff read: the type's name, with the topic of a protocol."""
        return f"{self.kind.name}: {self.protocol}" if self.type == PROTOCOL and self.protocol else self.kind.name

    @property
    def reaches(self) -> tuple[str, ...]:
        """The addresses it counts for, whoever has them."""
        return self.addresses or ((self.address,) if self.address else ())

    def counts(self, on: date) -> bool:
        """Whether it is in force on that day, which may have passed: one that was taken back counts before that."""
        return (
            self.starts_on <= on
            and (self.until is None or on <= self.until)
            and (self.removed_on is None or on < self.removed_on)
        )


def covers(opt_out: OptOut, *, product: str, channel: str, on: date, protocols: Iterable[str] = frozenset()) -> bool:
    """Whether the opt-out stops a communication of `product` by `channel` on that day.

    `protocols` are the tags of a campaign or the protocol of a reminder, in any case. A feed's opt-out of a topic that
    does not say which one stops those of all topics.
    """
    kind = opt_out.kind
    if not opt_out.counts(on) or product not in kind.products or channel not in kind.channels:
        return False
    if kind.key != PROTOCOL or not _same_word(opt_out.protocol):
        return True
    return _same_word(opt_out.protocol) in {_same_word(protocol) for protocol in protocols}


def against(
    opt_outs: Iterable[OptOut], *, product: str, channel: str, on: date, protocols: Iterable[str] = frozenset()
) -> OptOut | None:
    """May a patient with these opt-outs get this message on that day? None: yes. Else the one that staff should see.

    Of several that is the one first in the table of types (Global before the others), then the one that lasts longest,
    then the earliest: the same whatever the order they come in.
    """
    tags = tuple(protocols)
    found = [each for each in opt_outs if covers(each, product=product, channel=channel, on=on, protocols=tags)]
    return min(found, key=_rank) if found else None


def in_force(opt_outs: Iterable[OptOut], *, on: date) -> list[OptOut]:
    """Those that count on that day, the one staff should see first."""
    return sorted((each for each in opt_outs if each.counts(on)), key=_rank)


def letter_notice(opt_outs: Iterable[OptOut], *, on: date) -> OptOut | None:
    """No opt-out stops a letter; but before letters are made staff see who wants no contact at all (O1)."""
    return next((each for each in in_force(opt_outs, on=on) if each.kind.key == GLOBAL), None)


def last_day(
    type_key: str, *, on: date, duration: str, until: date | None = None, days: int | None = None
) -> date | None:
    """The last day an opt-out of this type counts when it is made `on` that day; None for good.

    A date counts through that day; N days are that day and the next N-1. Raises NotAllowed for a duration that the
    type does not have, a date that has passed or a number of days below one.
    """
    kind = TYPES[type_key]
    if duration not in kind.durations:
        allowed = ", ".join(DURATION_NAMES[name].lower() for name in kind.durations)
        raise NotAllowed(f"'{kind.name}' cannot last that way. Choose one of: {allowed}.")
    if duration == PERMANENT:
        return None
    if duration == DAYS and days is not None and 1 <= days <= MOST_DAYS:
        return on + timedelta(days=days - 1)
    if duration == UNTIL and until is not None and until >= on:
        return until
    raise NotAllowed(f"Give a last day from today on, or a number of days between 1 and {MOST_DAYS}.")


def _rank(opt_out: OptOut) -> tuple[int, date, date, str, int]:
    until = opt_out.until or date.max
    longest = date.fromordinal(date.max.toordinal() - until.toordinal() + 1)
    return (
        _PLACES[opt_out.kind.key], longest, opt_out.starts_on, _same_word(opt_out.protocol), opt_out.opt_out_id or 0
    )  # fmt: skip


def _same_word(protocol: str | None) -> str:
    return " ".join((protocol or "").casefold().split())


MOST_DAYS = 3650
DURATION_NAMES = {PERMANENT: "Permanent", UNTIL: "Through a date", DAYS: "A number of days"}
