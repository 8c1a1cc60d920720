"""Which events of a chart usually carry the codes of a concept, by the kind of both.

A code may mean a concept of another kind: a mammogram comes as a procedure, or as a result of radiology. What is
unusual is therefore not refused but asked about: a laboratory code that shall mean a vaccine is mostly a slip.
"""

from collections.abc import Iterable

# kind of a concept -> kinds of events (core.domain.clinical.EVENT_KINDS) in which its codes are usual
_USUAL = {
    "condition": ("problem", "visit"),
    "lab": ("lab",),
    "vital": ("vital", "lab"),
    "immunization": ("immunization", "procedure"),
    "procedure": ("procedure", "lab", "visit"),
    "visit": ("visit", "procedure"),
    "medication": ("medication",),
}
_EVENTS = {
    "problem": "problems",
    "visit": "visits",
    "lab": "lab results",
    "vital": "vital signs",
    "immunization": "vaccines",
    "procedure": "procedures",
    "medication": "medicines",
}
_CONCEPTS = {
    "condition": "a condition",
    "lab": "a lab test",
    "vital": "a vital sign",
    "immunization": "a vaccine",
    "procedure": "a procedure",
    "visit": "a visit",
    "medication": "a medicine",
}


def doubt(code: str, event_kinds: Iterable[str], name: str, concept_kind: str) -> str:
    """'MMR-T stands in lab results, but MMR vaccine is a vaccine.'; '' when nothing about it is unusual.

    event_kinds   those of the events with the code; a finding may stand anywhere
    """
    usual = _USUAL.get(concept_kind)
    strange = [kind for kind in sorted(event_kinds) if usual is not None and kind not in usual]
    if not strange:
        return ""
    places = " and ".join(_EVENTS.get(kind, kind) for kind in strange)
    return f"{code} stands in {places}, but {name} is {_CONCEPTS[concept_kind]}."
