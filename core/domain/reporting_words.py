"""The short words of reporting rules and what they stand for: points in time, comparisons, sets of statuses."""

import re
from collections.abc import Mapping

from core.domain.reporting_rule import Comparison, Point, SameId

# Sets of words under one word, so that a rule reads as its guideline does.
SETS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "status": {
        "reported": ("final", "amended", "corrected"),
        "performed": ("finished",),
        "ordered": ("active", "completed"),
    },
    "intent": {"order": ("order", "original-order", "reflex-order", "filler-order", "instance-order")},
    "clinical": {"ongoing": ("active", "recurrence", "relapse")},
}
# What these words stood for until 2025: visits that had only begun counted, other kinds of orders did not.
SETS_UNTIL_2025: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    **SETS,
    "status": {**SETS["status"], "performed": ("finished", "arrived", "triaged", "in-progress", "onleave")},
    "intent": {"order": ("order",)},
}
VERIFIED_SINCE = 2026  # before, a diagnosis counted even if it was refuted
# The words that FHIR R4 has for the kinds of records that rules ask for.
KNOWN_WORDS: Mapping[str, frozenset[str]] = {
    "status": frozenset(
        {
            "accepted",
            "active",
            "amended",
            "arrived",
            "cancelled",
            "completed",
            "corrected",
            "draft",
            "ended",
            "entered-in-error",
            "failed",
            "final",
            "finished",
            "in-progress",
            "not-done",
            "on-hold",
            "onleave",
            "planned",
            "preliminary",
            "preparation",
            "ready",
            "received",
            "registered",
            "rejected",
            "requested",
            "revoked",
            "stopped",
            "suspended",
            "triaged",
            "unknown",
        }
    ),
    "intent": frozenset(
        {
            "directive",
            "filler-order",
            "instance-order",
            "option",
            "order",
            "original-order",
            "plan",
            "proposal",
            "reflex-order",
            "unknown",
        }
    ),
    "clinical": frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"}),
}


def words_of(kind: str, word: str, year: int) -> tuple[str, ...]:
    """What a word for a status, an intent or a clinical status stands for in a reporting year: a set, or itself."""
    sets = SETS if year > 2025 else SETS_UNTIL_2025
    return sets[kind].get(word, (word,))


WHENS: Mapping[str, tuple[str, ...]] = {
    "during period": ("start >= period start", "end <= period end"),
    "overlaps period": ("start <= period end", "end >= period start"),
    "begun by period end": ("start <= period end",),
    "ended by period end": ("end <= period end",),
    "latest in period": ("latest >= period start", "latest <= period end"),
    "during their": ("start >= their start", "end <= their end"),
}
_NAMES = "start|end|latest|authored|issued"
_COMPARISON = re.compile(
    rf"(?P<left>{_NAMES})(?P<exact>_at)? (?P<operator>>=|<=|>|<|=) "
    rf"(?:(?P<of>their|period) (?P<right>{_NAMES})(?P<right_exact>_at)?|(?P<birth>birth))"
    r"(?: (?P<sign>[+-]) (?P<count>\d+) (?P<unit>day|month|year)s?)?"
)
_SAME_ID = re.compile(
    r"(own_id|encounter_id|focus_id) = their (own_id|encounter_id|focus_id)"
    r"|(part_of) = their (record)|(record) = their (part_of)"
)
_AGE_AT = re.compile(rf"period (start|end)|({_NAMES})")
_MONTHS = {"month": 1, "year": 12}


def comparison(text: str) -> Comparison | SameId | None:
    """What a line such as 'end >= period start - 15 months' says; None when it is none."""
    if same := _SAME_ID.fullmatch(text):
        left, right = (name for name in same.groups() if name)
        return SameId(left, right)
    found = _COMPARISON.fullmatch(text)
    if found is None or (found["of"] == "period" and found["right"] not in ("start", "end")):
        return None
    exact = found["exact"] is not None
    if exact != (found["right_exact"] is not None) and not found["birth"]:
        return None
    right = Point("birth", "start") if found["birth"] else Point(found["of"], found["right"], exact)
    count = int(found["count"] or 0) * (-1 if found["sign"] == "-" else 1)
    months = count * _MONTHS.get(found["unit"] or "", 0)
    return Comparison(
        Point("own", found["left"], exact), found["operator"], right, days=0 if months else count, months=months
    )


def age_point(text: str) -> Point | None:
    """'period end' or a point of the record, such as 'latest'; None when it is neither."""
    found = _AGE_AT.fullmatch(text)
    if found is None:
        return None
    return Point("period", found[1]) if found[1] else Point("own", found[2])
