"""Data sets that nobody here made: they load, and the counts agree with their files."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from core import loads
from core.workbench import Workbench

KIND_OF = {"Condition": "problem", "Immunization": "immunization", "Procedure": "procedure", "Encounter": "visit"}


def test_synthea_tables_agree_with_their_files(wb: Workbench, shared_data: Path) -> None:
    folder = shared_data / "data" / "synthea-csv"

    report = loads.load(wb, folder)

    for name in ("patients", "conditions", "immunizations", "observations", "procedures", "encounters", "medications"):
        with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
            rows = sum(1 for _ in csv.reader(stream)) - 1
        counts = report.counts[f"{name}.csv"]
        assert (counts.read, counts.kept) == (rows, rows), name


@pytest.mark.parametrize("name", ["data/fhir-r4", "decks/CMS125-2026/patients", "decks/CMS122-2026/patients"])
def test_fhir_bundles_agree_with_their_files(wb: Workbench, shared_data: Path, name: str) -> None:
    folder = shared_data / name
    resources: Counter[str] = Counter()
    for path in folder.glob("*.json"):
        entries = json.loads(path.read_text(encoding="utf-8"))["entry"]
        resources.update(entry["resource"]["resourceType"] for entry in entries)

    report = loads.load(wb, folder)

    for kind in ("Patient", "Condition", "Immunization", "Observation", "Procedure", "Encounter"):
        if resources[kind]:
            assert report.counts[kind].read == resources[kind], kind
            assert report.counts[kind].kept + report.counts[kind].rejected == resources[kind], kind
    generation = loads.current(wb)
    assert generation is not None
    kept = dict(generation.events().collect().group_by("kind").len().rows())
    assert {kind: kept.get(ours, 0) for kind, ours in KIND_OF.items()} == {
        kind: report.counts[kind].kept if kind in report.counts else 0 for kind in KIND_OF
    }
    assert set(report.skipped) <= set(resources)
    assert generation.panel(loads.today(wb).evaluation).collect().height == report.counts["Patient"].kept


def test_loading_a_real_set_again_changes_nothing(wb: Workbench, shared_data: Path) -> None:
    loads.load(wb, shared_data / "data" / "fhir-r4")

    assert loads.load(wb, shared_data / "data" / "fhir-r4").status == "unchanged"
