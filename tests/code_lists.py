"""Code lists for tests, written as files. All codes of licensed systems are invented."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.measures import concepts

SNOMED, CPT = "http://snomed.info/sct", "http://www.ama-assn.org/go/cpt"
RETINAL = concepts()["retinal_exam"].value_sets[0]
COLONOSCOPY = concepts()["colonoscopy"].value_sets[0]
ONLY_REPORTED = concepts()["palliative_treatment"].value_sets[0]
UNUSED = "2.16.840.1.999999.1"
Codes = Sequence[tuple[str, str]]


def value_set(oid: str, *codes: tuple[str, str], version: str = "20250101", **more: Any) -> dict[str, Any]:
    """A ValueSet with an expansion of (system, code)."""
    contains = [{"system": system, "code": code, "display": f"Invented {code}"} for system, code in codes]
    return {
        "resourceType": "ValueSet",
        "id": oid,
        "url": f"http://example.org/fhir/ValueSet/{oid}",
        "title": f"Invented {oid[-6:]}",
        "version": version,
        "expansion": {"total": len(codes), "contains": contains},
        **more,
    }


def concept_map(*rows: tuple[str, str], source: str = "urn:clinic:codes", equivalence: str = "equivalent") -> Any:
    """A ConceptMap of (code, concept)."""
    elements = [{"code": code, "target": [{"code": concept, "equivalence": equivalence}]} for code, concept in rows]
    return {"resourceType": "ConceptMap", "group": [{"source": source, "target": "urn:x", "element": elements}]}


def write_json(path: Path, content: Mapping[str, Any]) -> Path:
    """One JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
