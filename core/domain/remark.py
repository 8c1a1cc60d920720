"""Remarks on care gaps: what staff know of one that our data does not show, and whether we still write about it.

A remark never changes a measure: states, rates and A&R stay what the rule finds (docs/decisions/remarks.md).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.domain.kept_text import kept_text
from core.domain.wording import day_text
from core.errors import NotAllowed

LONGEST_COMMENT = 2000
MOST_DAYS = 3650


@dataclass(frozen=True)
class Kind:
    """One row of the table of kinds.

    code            of REMARK_SYSTEM (core.domain.gap_codes)
    about           what it says, for whoever chooses it
    stops_outreach  whether patients are no longer contacted about the measure while it counts
    days            how long it counts unless somebody says otherwise
    longest         the most days it may count; None: also until somebody removes it
    needs_comment   whether somebody who reads it later could do nothing with it alone
    why_not         why nothing is sent, continuing 'Not sent: ...'; '' where outreach goes on
    """

    key: str
    name: str
    code: str
    about: str
    stops_outreach: bool
    days: int
    longest: int | None
    needs_comment: bool = False
    why_not: str = ""


SUPPRESSED = "suppressed"
_ROWS = (
    Kind(
        "order_placed",
        "Order placed",
        "order-placed",
        "An order or referral that would close the gap is made.",
        stops_outreach=True,
        days=90,
        longest=365,
        why_not="an order that would close the care gap is placed",
    ),
    Kind(
        "patient_refused",
        "Patient refused",
        "patient-refused",
        "The patient has said no to it.",
        stops_outreach=True,
        days=365,
        longest=None,
        why_not="the patient refused what the message is about",
    ),
    Kind(
        "documented_elsewhere",
        "Documented elsewhere",
        "satisfied-in-EHR",
        "It was done, and the record of it does not reach us. Say where it is, so that it can be fetched.",
        stops_outreach=True,
        days=365,
        longest=MOST_DAYS,  # a colonoscopy counts ten years
        needs_comment=True,
        why_not="what the message is about was done, as documented elsewhere",
    ),
    Kind(
        "rejected",
        "Rejected by the provider",
        "rejected",
        "The provider decided that it is not right for this patient at this time. Say why.",
        stops_outreach=True,
        days=365,
        longest=None,
        needs_comment=True,
        why_not="the provider decided against what the message is about",
    ),
    Kind(
        SUPPRESSED,
        "Suppressed",
        "suppressed",
        "It shall not be brought up for now, for example during a hospital stay. Say why.",
        stops_outreach=True,
        days=90,
        longest=365,
        needs_comment=True,
        why_not="the care gap that the message is about is suppressed for now",
    ),
    Kind(
        "out_of_range",
        "Known to be out of range",
        "out-of-range",
        "The value is out of range and the care team knows; the patient still needs to be seen.",
        stops_outreach=False,
        days=90,
        longest=None,
    ),
    Kind(
        "not_assessed",
        "Not assessed",
        "not-assessed",
        "Somebody has seen the gap, and nothing was done about it yet.",
        stops_outreach=False,
        days=90,
        longest=None,
    ),
    Kind(
        "not_ingested",
        "Could not be taken over",
        "not-ingested",
        "A report on the gap has come that our system could not take over.",
        stops_outreach=False,
        days=90,
        longest=None,
    ),
)
KINDS: dict[str, Kind] = {row.key: row for row in _ROWS}


@dataclass(frozen=True)
class Remark:
    """One remark. `until` is the last day it counts, None until it is removed; from `removed_on` on it counts no more.

    `made_by` and `removed_by` are ids of users, `made_by_name` and `removed_by_name` what staff read.
    """

    measure_id: str
    kind: str
    starts_on: date
    until: date | None = None
    removed_on: date | None = None
    patient_id: str = ""
    remark_id: int | None = None
    comment: str = ""
    made_at: datetime | None = None
    made_by: str = ""
    made_by_name: str = ""
    removed_at: datetime | None = None
    removed_by: str | None = None
    removed_by_name: str = ""


def kind_of(key: str) -> Kind:
    """The kind of a key. One that is not in the table (a newer version's) stops outreach: more rather than less."""
    return KINDS.get(key, KINDS[SUPPRESSED])


def in_force(remark: Remark, on: date) -> bool:
    """Whether the remark counts on that day, its first and its last included."""
    has_ended = remark.until is not None and on > remark.until
    is_removed = remark.removed_on is not None and on >= remark.removed_on
    return remark.starts_on <= on and not has_ended and not is_removed


def stopping(remarks: Iterable[Remark], measure_ids: Collection[str], on: date) -> dict[str, str]:
    """Those of the measures about which nobody is contacted on that day, each with the kind that says so.

    Of several kinds on one measure it is the first of the table.
    """
    places = list(KINDS)
    found: dict[str, str] = {}
    for remark in remarks:
        kind = kind_of(remark.kind)
        if not kind.stops_outreach or remark.measure_id not in measure_ids or not in_force(remark, on):
            continue
        known = found.get(remark.measure_id)
        if known is None or places.index(kind.key) < places.index(known):
            found[remark.measure_id] = kind.key
    return found


def last_day(
    kind_key: str, *, on: date, until: date | None = None, days: int | None = None, is_endless: bool = False
) -> date | None:
    """The last day that a remark made `on` that day counts; None until it is removed.

    N days are that day and the next N-1; without any of the three it is the kind's own number. Raises NotAllowed for
    several of them, a day that has passed, and more than the kind may last.
    """
    kind = KINDS[kind_key]
    if sum((until is not None, days is not None, is_endless)) > 1:
        raise NotAllowed("Give a last day or a number of days, not both.")
    if is_endless and kind.longest is None:
        return None
    asked = kind.days if days is None else days
    if until is not None:
        asked = (until - on).days + 1
    most = kind.longest or MOST_DAYS
    if is_endless or not 1 <= asked <= most:
        must = f"'{kind.name}' must end. " if kind.longest else ""
        raise NotAllowed(f"{must}Give a last day from today on, or a number of days between 1 and {most:,}.")
    return on + timedelta(days=asked - 1)


def checked_comment(kind_key: str, comment: str) -> str:
    """The comment as it is kept. Raises NotAllowed for one that is too long, or missing where the kind needs one."""
    kept = kept_text(comment)
    if len(kept) > LONGEST_COMMENT:
        raise NotAllowed(f"The comment has {len(kept):,} characters; at most {LONGEST_COMMENT:,} are possible.")
    if not kept and KINDS[kind_key].needs_comment:
        raise NotAllowed(
            f"'{KINDS[kind_key].name}' needs a comment: whoever reads it later must know what to do with it."
        )
    return kept


def how_long(remark: Remark) -> str:
    """'until Sun 6 Jun 2027' or 'until it is removed'."""
    return f"until {day_text(remark.until)}" if remark.until else "until it is removed"


def consequence(remark: Remark) -> str:
    """What follows while it counts, in a sentence for staff."""
    if kind_of(remark.kind).stops_outreach:
        return "No outreach about this meanwhile; the measure still counts the gap as it is."
    return "Outreach about this goes on; the measure still counts the gap as it is."
