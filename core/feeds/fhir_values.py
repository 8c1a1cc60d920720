"""Reading pieces of FHIR resources: references, codes, moments, values. Nothing here raises on odd content."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.feeds.words import CODE_SYSTEM_WORDS

Resource = Mapping[str, Any]
MAP_SYSTEMS = {"ICD10CM": 0, "LOINC": 0, "CVX": 0, "RXNORM": 0, "HCPCS": 1, "ICD10PCS": 1, "CPT": 2, "SNOMED": 3}


@dataclass
class References:
    """What references of a feed or bundle lead to: full addresses of entries, identifiers, and whole medications."""

    by_url: dict[str, str] = field(default_factory=dict)
    by_identifier: dict[str, str] = field(default_factory=dict)
    medications: dict[str, Resource] = field(default_factory=dict)

    def id_of(self, reference: Any) -> str | None:
        """The id that a Reference leads to: urn:uuid:..., Patient/1, an absolute address, or by identifier."""
        if not isinstance(reference, Mapping):
            return None
        text = reference.get("reference")
        if not isinstance(text, str) or not text:
            value = part(reference, "identifier").get("value")
            return self.by_identifier.get(str(value), None) if value else None
        if text.startswith("#"):
            return None
        text = text.partition("/_history/")[0]
        if text in self.by_url:
            return self.by_url[text]
        if "?" in text:
            value = text.rpartition("|")[2] if "|" in text else text.rpartition("=")[2]
            return self.by_identifier.get(value, value)
        if text.startswith("urn:"):
            return text.rpartition(":")[2]
        return text.rstrip("/").rpartition("/")[2]

    def learn(self, url: str | None, resource: Resource) -> None:
        """Remember what others may refer to. url: the full address of the entry, where there is one."""
        kind, own = resource.get("resourceType"), text(resource.get("id"))
        if own and url:
            self.by_url[url.partition("/_history/")[0]] = own
        if own and kind in ("Practitioner", "Organization", "Location"):
            for identifier in parts(resource, "identifier"):
                self.by_identifier[str(identifier.get("value"))] = own
        if own and kind == "Medication":
            self.medications[own] = resource

    def medication_of(self, order: Resource) -> Resource:
        """The medication that an order refers to, contained in it or a resource of its own; empty: none."""
        reference = part(order, "medicationReference")
        target = str(reference.get("reference", ""))
        if target.startswith("#"):
            return next((each for each in parts(order, "contained") if each.get("id") == target[1:]), {})
        return self.medications.get(self.id_of(reference) or "", {})


def part(resource: Resource, key: str) -> Resource:
    """The object under a key, or an empty one."""
    value = resource.get(key)
    return value if isinstance(value, Mapping) else {}


def parts(resource: Resource, key: str) -> list[Resource]:
    """The objects of the list under a key; one object counts as a list of one."""
    value = resource.get(key)
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, Mapping)]


def number_of(quantity: Resource, key: str = "value") -> float | None:
    """The number under a key, of a Quantity its value; None when there is none or it is beyond all measure."""
    value: Any = quantity.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def text(value: Any) -> str | None:
    """A simple value as text."""
    if value is None or isinstance(value, Mapping | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def kind_of(reference: Any) -> str:
    """The type that a relative or absolute reference names, or ''."""
    steps = str(reference.get("reference", "")).partition("/_history/")[0].split("/")
    return str(reference.get("type") or (steps[-2] if len(steps) > 1 else ""))


def is_of(reference: Any, kind: str, known: Iterable[str] = ()) -> bool:
    """Whether a reference may lead to a resource of this type."""
    named = kind_of(reference)
    return named == kind or (not named and str(reference.get("reference", "")) in known)


def coded(concept: Resource) -> tuple[str | None, str | None, str | None]:
    """(system, code, words) of a CodeableConcept: of several codings the one of a free system, then SNOMED."""
    codings = [coding for coding in parts(concept, "coding") if text(coding.get("code"))]
    words = text(concept.get("text")) or next(
        (d for c in parts(concept, "coding") if (d := text(c.get("display")))), None
    )
    if not codings:
        return None, None, words
    best = min(codings, key=lambda coding: MAP_SYSTEMS.get(system_of(coding), 9))
    return system_of(best), text(best.get("code")), words


def system_of(coding: Resource) -> str:
    """The normalised code system of a Coding."""
    named = str(coding.get("system") or "").strip().lower()
    return CODE_SYSTEM_WORDS.get(named, "OTHER" if named else "LOCAL")


def code_in(concepts: Sequence[Resource], system: str) -> str | None:
    """The first code of this system."""
    codings = [coding for concept in concepts for coding in parts(concept, "coding")]
    return next((text(coding.get("code")) for coding in codings if system_of(coding) == system), None)


def words_of(concept: Any) -> str | None:
    """A CodeableConcept, Coding or text in words."""
    if isinstance(concept, Mapping):
        return coded(concept)[2] or coded(concept)[1] or text(concept.get("display")) or text(concept.get("code"))
    return text(concept)


def code_word(value: Any) -> str | None:
    """A status: a code as text, or the first code of a CodeableConcept."""
    return (coded(value)[1] or coded(value)[2]) if isinstance(value, Mapping) else text(value)


def moment(resource: Resource, name: str, *, last: bool = False) -> str | None:
    """A choice such as effective[x]: a moment, an instant, or the first (or last) moment of a period."""
    for ending in ("DateTime", "Instant", "Date", "String"):
        if value := text(resource.get(name + ending)):
            return value
    period = part(resource, f"{name}Period")
    first, end = text(period.get("start")), text(period.get("end"))
    if first or end:
        return (end or first) if last else (first or end)
    timing = part(resource, f"{name}Timing").get("event")
    return text(timing[0]) if isinstance(timing, list) and timing else None


def value_of(resource: Resource) -> tuple[str | None, str | None]:
    """(value, unit) of an Observation or one of its components, in words where it is no quantity."""
    quantity = part(resource, "valueQuantity")
    if quantity:
        value = text(quantity.get("value"))
        sign = text(quantity.get("comparator")) or ""
        return (sign + value if value else None), text(quantity.get("unit")) or text(quantity.get("code"))
    if "valueCodeableConcept" in resource:
        return words_of(resource["valueCodeableConcept"]), None
    ranged = part(resource, "valueRange") or part(resource, "valueRatio")
    if ranged:
        ends = [part(ranged, key).get("value") for key in ("low", "high", "numerator", "denominator")]
        return "-".join(str(end) for end in ends if end is not None), None
    for ending in ("String", "Integer", "Boolean", "DateTime", "Time"):
        if (value := text(resource.get(f"value{ending}"))) is not None:
            return value, None
    return None, None
