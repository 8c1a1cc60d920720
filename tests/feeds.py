"""Small feeds for tests, written as files."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from core.measures import measures
from core.store import measure_rows
from core.store.database import writing
from core.workbench import Workbench

PATIENT = "patient_id,first,last,birth_date,sex,status"
ANN = "P1,Ann,Example,1960-05-01,F,active"
BOB = "P2,Bob,Example,1970-06-02,M,active"
LAB = "lab_id,patient_id,loinc,value,unit,status,collected_on"


def write_feed(folder: Path, *, manifest: Mapping[str, Any] | None = None, **tables: Iterable[str]) -> Path:
    """A feed of our own layout: each table given as its lines, the header first."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if manifest is not None:
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """A feed given as its files, by their names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_bundle(path: Path, *resources: Mapping[str, Any], kind: str = "transaction") -> Path:
    """One FHIR bundle."""
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = [{"fullUrl": f"urn:uuid:{resource.get('id')}", "resource": resource} for resource in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}), encoding="utf-8")
    return path


def write_ndjson(path: Path, *resources: Mapping[str, Any] | str) -> Path:
    """One FHIR NDJSON file; a text stands for itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [resource if isinstance(resource, str) else json.dumps(resource) for resource in resources]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def without_rules(wb: Workbench, *, but: Collection[str] = ()) -> None:
    """Turn every rule off, `but` some: for tests of what a load keeps, whatever it finds. Rules take half its time."""
    with writing(wb.engine) as connection:
        for measure_id in set(measures()) - set(but):
            measure_rows.switch(connection, measure_id, is_on=False, at=wb.now(), by="command-line")
