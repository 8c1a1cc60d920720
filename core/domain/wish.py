"""A wish: one thing that a patient no longer wants, as staff record it and as screens show it.

It may be kept as several opt-outs, one for each of the patient's addresses, so that it lasts under another patient id.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from core.domain.one_line import one_line
from core.domain.opt_out import PROTOCOL, TYPES, OptOut
from core.domain.person import Person
from core.errors import NotAllowed

EMAIL, MOBILE, HOME, ADULT = "email", "mobile", "home", "adult"
ADDRESS_NAMES = {
    EMAIL: "email address",
    MOBILE: "mobile number",
    HOME: "home number",
    ADULT: "number of the adult who answers for the patient",
}
# A call goes to the mobile number, and to the home number where there is none (core.domain.eligibility.Contact).
_USED_BY = {"email": (EMAIL,), "text": (MOBILE,), "phone": (MOBILE, HOME)}
_LONGEST_COMMENT = 2000
_LONGEST_TOPIC = 64

APPOINTMENTS, HEALTH, OTHER = "Appointment reminders", "Health reminders", "Other health-related information"
KINDS = (APPOINTMENTS, HEALTH, OTHER)
_OF_ALL_KINDS = {"email": ("health_email", "appt_email"), "text": ("all_text",), "phone": ("do_not_call",)}


@dataclass(frozen=True)
class Wish:
    """What is to be recorded: a type of core.domain.opt_out.TYPES, how long, and why.

    duration    'permanent', 'until' (through the date `until`) or 'days' (today and the next `days`-1); None: the
                type's preset
    protocol    for type 'protocol' the health topic
    reason      one of the type's reasons
    """

    type: str
    reason: str
    duration: str | None = None
    until: date | None = None
    days: int | None = None
    protocol: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class Shared:
    """An address of a patient that others have as well: `name` is a key of ADDRESS_NAMES. `people` are those of
    the others whom the user may see; `hidden_count` more have it."""

    name: str
    address: str
    people: tuple[Person, ...]
    hidden_count: int = 0

    @property
    def count(self) -> int:
        return len(self.people) + self.hidden_count


def check(wish: Wish) -> None:
    """Raises NotAllowed, with what to do, for a wish that does not fit the table of types."""
    kind = TYPES.get(wish.type)
    if kind is None:
        raise NotAllowed("There is no such type of opt-out. Choose one of the list.")
    if wish.reason.strip() not in kind.reasons:
        raise NotAllowed(f"'{kind.name}' needs a reason of its list: {', '.join(kind.reasons)}.")
    if wish.type == PROTOCOL and not 1 <= len(topic(wish) or "") <= _LONGEST_TOPIC:
        raise NotAllowed(
            f"Say which health topic the patient wants nothing about, in at most {_LONGEST_TOPIC} letters."
        )
    if len(wish.comment) > _LONGEST_COMMENT:
        raise NotAllowed(
            f"The comment has {len(wish.comment):,} characters; at most {_LONGEST_COMMENT:,} are possible."
        )


def topic(wish: Wish) -> str | None:
    """The health topic with single blanks, for type 'protocol' only."""
    return one_line(wish.protocol or "") if wish.type == PROTOCOL else None


def addresses_used(type_key: str) -> tuple[str, ...]:
    """Which of a patient's addresses a type is about: 'email', 'mobile', 'home'. An unknown type counts as Global."""
    channels = TYPES[type_key].channels if type_key in TYPES else TYPES["global"].channels
    return tuple(name for name in (EMAIL, MOBILE, HOME) if any(name in _USED_BY[channel] for channel in channels))


def suggested(kinds: Collection[str], forms: Collection[str]) -> list[str]:
    """The types that answer the two questions to a caller (O9): which of KINDS, and which of email, text, phone."""
    about_visits, about_health = APPOINTMENTS in kinds, bool({HEALTH, OTHER} & set(kinds))
    if about_visits and about_health:
        if set(forms) >= _USED_BY.keys():
            return ["global"]
        return [key for form in _USED_BY if form in forms for key in _OF_ALL_KINDS[form]]
    prefixes = ["appt"] * about_visits + ["health"] * about_health
    return [f"{prefix}_{form}" for prefix in prefixes for form in _USED_BY if form in forms]


def collapsed(opt_outs: Iterable[OptOut]) -> list[OptOut]:
    """One opt-out for each wish, in the order of their first rows, with all the addresses it counts for."""
    wishes: dict[object, list[OptOut]] = {}
    for opt_out in opt_outs:
        wishes.setdefault(opt_out.wish_id or opt_out.opt_out_id or opt_out, []).append(opt_out)
    return [_one(rows) for rows in wishes.values()]


def of_other(opt_out: OptOut, shared: Collection[str]) -> OptOut:
    """What may be told of an opt-out of another patient, whom the user may not see: that it counts, how long, and for
    which of the `shared` addresses; not whose it is, nor what was written about it."""
    addresses = tuple(address for address in opt_out.reaches if address in shared)
    nothing: dict[str, Any] = dict.fromkeys(("patient_id", "opt_out_id", "wish_id", "removed_by", "removed_note"))
    texts: dict[str, Any] = dict.fromkeys(("reason", "comment", "made_by"), "")
    return replace(
        opt_out, **nothing, **texts, address=next(iter(addresses), None), addresses=addresses, is_of_other=True
    )


def _one(rows: Sequence[OptOut]) -> OptOut:
    first = min(rows, key=lambda row: (row.opt_out_id or 0, row.address or ""))
    return replace(first, addresses=tuple(sorted({row.address for row in rows if row.address})))
