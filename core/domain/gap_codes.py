"""How other systems name our states and remarks: the gap states, care gap reasons and care gap remarks of the HL7 guide
'Data Exchange for Quality Measures' (DEQM), Gaps in Care."""

from core.domain.near_miss import NO_VALUE, NOT_FINAL, TOO_OLD, WRONG_CODE
from core.domain.remark import kind_of

STATUS_SYSTEM = "http://hl7.org/fhir/us/davinci-deqm/CodeSystem/gaps-status"
REASON_SYSTEM = "http://hl7.org/fhir/us/davinci-deqm/CodeSystem/care-gap-reason"
REMARK_SYSTEM = "http://hl7.org/fhir/us/davinci-deqm/CodeSystem/care-gap-remark"  # of version 5.0.0

_STATUS = {
    "overdue": "open-gap",
    "out_of_range": "open-gap",
    "cannot_determine": "open-gap",
    "due_soon": "prospective-gap",
    "satisfied": "closed-gap",
    "excluded": "not-applicable",
    "not_applicable": "not-applicable",
}
# Of an open gap, by the reason of the state. What was found is said by the reason before what was nearly found.
_REASONS = {
    "above": "ValueOutOfRange",
    "lapsed": "DateOutOfRange",
    "incomplete": "CountOutOfRange",
    "no_value": "Missing",
    "sex": "Missing",
    "birth_date": "Missing",
    "condition": "Missing",
}
_NEARLY = {NOT_FINAL: "InvalidAttribute", NO_VALUE: "Missing", TOO_OLD: "DateOutOfRange", WRONG_CODE: "NotFound"}


def gap_status(state: str) -> str:
    """The gap state of a care gap's state. What our data cannot decide is open until somebody looks."""
    return _STATUS[state]


def gap_reason(state: str, reason: str, nearly: str = "") -> str:
    """The care gap reason of an open gap; '' for any other state. nearly: the kind of the latest near miss."""
    if gap_status(state) != "open-gap":
        return ""
    return _REASONS.get(reason) or _NEARLY.get(nearly, "NotFound")


def gap_remark(kind: str) -> str:
    """The care gap remark of a kind of remark (core.domain.remark.KINDS)."""
    return kind_of(kind).code
