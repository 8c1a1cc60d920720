"""A load that is killed: the last good state stays, and the next load clears what was left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core import loads, merges
from core.workbench import Workbench
from tests.feeds import ANN, BOB, PATIENT, write_feed

pytestmark = pytest.mark.long

_KILLED_AT = """
import os, signal, sys
from pathlib import Path
from core import loads
from core.settings import Settings
from core.workbench import open_workbench

home, feed, place = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
wb = open_workbench(Settings(home=home, database_url=f"sqlite:///{home / 'careloop.db'}"))

def progress(what, share):
    if what.startswith(place):
        os.kill(os.getpid(), signal.SIGKILL)

loads.load(wb, feed, progress=progress)
"""


@pytest.mark.parametrize("place", ["Reading", "Merging", "Writing"])
def test_a_load_that_is_killed_leaves_the_last_good_state(wb: Workbench, tmp_path: Path, place: str) -> None:
    loads.load(wb, write_feed(tmp_path / "one", patients=[PATIENT, ANN]))
    second = write_feed(tmp_path / "two", patients=[PATIENT, ANN, BOB])
    command = [sys.executable, "-c", _KILLED_AT, str(wb.settings.home), str(second), place]

    killed = subprocess.run(command, check=False, capture_output=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())})

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    generation = loads.current(wb)
    assert generation is not None
    assert generation.table("patients").collect()["patient_id"].to_list() == ["P1"]
    assert len(_folders(wb)) == 2

    assert loads.load(wb, second).status == "loaded"
    assert len(_folders(wb)) == 2  # the current one and the one before
    assert [row.status for row in loads.history(wb)] == ["loaded", "loaded"]


@pytest.mark.long
@pytest.mark.parametrize("place", ["Reading", "Merging", "Writing"])
def test_a_load_that_is_killed_merges_nobody(wb: Workbench, tmp_path: Path, place: str) -> None:
    loads.load(wb, write_feed(tmp_path / "one", patients=[PATIENT, ANN, BOB]))
    second = write_feed(tmp_path / "two", merges=["merged_id,patient_id", "P1,P2"])
    command = [sys.executable, "-c", _KILLED_AT, str(wb.settings.home), str(second), place]

    subprocess.run(command, check=False, capture_output=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())})

    generation = loads.current(wb)
    assert generation is not None
    assert generation.table("patients").collect()["patient_id"].sort().to_list() == ["P1", "P2"]
    assert merges.survivor(wb, "P1") == "P1"
    assert loads.load(wb, second).status == "loaded"
    assert merges.survivor(wb, "P1") == "P2"


def _folders(wb: Workbench) -> list[Path]:
    return [path for path in wb.clinical.folder.iterdir() if path.is_dir()]
