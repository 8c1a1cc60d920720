"""What the value[x] of a FHIR Observation says, as bounds of a number where it is one."""

import math
import re
from typing import Any

from core.feeds.fhir_values import Resource, number_of, part, text
from core.feeds.words import UNIT_WORDS

_MEASURES = {"valueRange": ("low", "high"), "valueRatio": ("numerator", "denominator")}
_ANNOTATION = re.compile(r"\{[^}]*\}")  # what stands in braces in UCUM changes no unit


def result_of(resource: Resource) -> dict[str, Any]:
    """has_value, number_least, number_most and unit of RECORDS, of an Observation or one of its components."""
    quantity = part(resource, "valueQuantity")
    least, most = _number(quantity)
    if least is None:
        least = most = number_of(resource, "valueInteger")
    return {
        "has_value": any(key.startswith("value") and _is_said(key, value) for key, value in resource.items()),
        "number_least": least,
        "number_most": most,
        "unit": _unit(text(quantity.get("code")) or text(quantity.get("unit"))),
    }


def _number(quantity: Resource) -> tuple[float | None, float | None]:
    """The bounds between which the number of a Quantity lies: '<9' is below 9, and nobody knows by how much."""
    number = number_of(quantity)
    if number is None:
        return None, None
    bounds = {
        None: (number, number),
        "<": (-math.inf, math.nextafter(number, -math.inf)),
        "<=": (-math.inf, number),
        ">": (math.nextafter(number, math.inf), math.inf),
        ">=": (number, math.inf),
    }
    return bounds.get(text(quantity.get("comparator")), (-math.inf, math.inf))


def _is_said(key: str, value: Any) -> bool:
    """Whether a value[x] is more than a shell: a unit or a comparator alone says nothing."""
    if not isinstance(value, dict):
        return value not in (None, "", [])
    if key == "valueQuantity":
        return number_of(value) is not None
    if key in _MEASURES:
        return any(number_of(part(value, each)) is not None for each in _MEASURES[key])
    return bool(value.keys() - {"id", "extension"})


def _unit(word: str | None) -> str | None:
    """'percent' and '%{Hb}' are '%'."""
    bare = _ANNOTATION.sub("", word or "").strip()
    return UNIT_WORDS.get(bare.lower(), bare) or None
