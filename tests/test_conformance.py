"""Results of official test patients that are kept: what the Measures page shows of them."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl

from core import conformance
from core.conformance import CASES, DeckResult
from core.domain.reporting_rule import POPULATIONS
from core.workbench import Workbench
from tests.conftest import Clock


def result(measure: str = "CMS125", year: int = 2026, *, wrong: int = 1) -> DeckResult:
    """Three cases, of which so many are found in the numerator and do not belong there."""
    rows = []
    for number in range(3):
        truths = {name: name != "numerator" for name in POPULATIONS}
        found = truths | {"numerator": number < wrong}
        row: dict[str, object] = {"measure": measure, "year": year, "case": f"case-{number}", "group": "1"}
        row |= {f"expected_{name}": is_in for name, is_in in truths.items()}
        rows.append(row | {f"found_{name}": is_in for name, is_in in found.items()} | {"matches": number >= wrong})
    return DeckResult(measure, year, pl.DataFrame(rows, schema=CASES))


def test_kept_results_say_what_was_run_when_and_which_cases_differ(wb: Workbench) -> None:
    conformance.keep(wb, [result()])

    (kept,) = conformance.kept(wb)
    assert (kept.measure, kept.year, kept.measure_id) == ("CMS125", 2026, "scr-mammogram")
    assert (kept.cases.height, kept.right_count) == (3, 2)
    assert (kept.run_at, kept.run_by) == (wb.now(), "ana")
    assert kept.differing.rows() == [("case-0", "1", "numerator", False, True)]


def test_a_later_run_replaces_the_one_before_and_other_years_stay(wb: Workbench, clock: Clock) -> None:
    conformance.keep(wb, [result(), result(year=2025), result("CMS69")])
    clock.forward(days=1)

    conformance.keep(wb, [result(wrong=0)])

    kept = [(each.measure, each.year, each.right_count) for each in conformance.kept(wb)]
    assert kept == [("CMS69", 2026, 2), ("CMS125", 2026, 3), ("CMS125", 2025, 2)]
    assert conformance.kept(wb)[1].run_at == clock.at


def test_a_case_that_was_not_found_at_all_differs_in_every_population(wb: Workbench) -> None:
    lost = result(wrong=0).cases.with_columns(pl.lit(None, pl.Boolean).alias(f"found_{name}") for name in POPULATIONS)
    conformance.keep(wb, [DeckResult("CMS125", 2026, lost)])

    assert conformance.kept(wb)[0].differing.height == 3 * len(POPULATIONS)


def test_a_file_that_cannot_be_read_hides_no_other(wb: Workbench) -> None:
    conformance.keep(wb, [result()])
    (wb.settings.home / "conformance" / "CMS2-2026.parquet").write_bytes(b"half a file")

    assert [each.measure for each in conformance.kept(wb)] == ["CMS125"]


def test_before_the_first_run_nothing_is_kept(wb: Workbench) -> None:
    assert conformance.kept(wb) == []


def test_the_command_keeps_results_in_the_home_when_asked(shared_data: Path, home: Path) -> None:
    deck = shared_data / "decks" / "CMS125-2026"
    environ = {**os.environ, "CARELOOP_HOME": str(home)}

    command = [sys.executable, "-m", "core", "conformance", str(deck), "--keep"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert done.stdout.splitlines()[-1] == f"Kept in {home}"
    assert [path.name for path in (home / "conformance").iterdir()] == ["CMS125-2026.parquet"]
