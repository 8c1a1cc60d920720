"""Measurements are started as their own words say: a script by its path, from any folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCRIPTS = sorted(
    path.name for path in (ROOT / "tests" / "benchmarks").glob("*.py") if "__main__" in path.read_text("utf-8")
)


@pytest.mark.long
@pytest.mark.parametrize("script", [name for name in SCRIPTS if name != "django_peer.py"])  # speaks to its peer only
def test_a_measurement_can_be_started_by_its_path(script: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb") if script == "work_list.py" else None
    command = [sys.executable, str(ROOT / "tests" / "benchmarks" / script), "--help"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert script in done.stdout
