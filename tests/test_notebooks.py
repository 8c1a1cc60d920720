"""The notebooks run from top to bottom on a small loaded sample, and are kept without what they printed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core import loads
from core.sample import write_sample
from core.settings import read_settings
from core.workbench import open_workbench
from tests.late import late

read_notebook = late("nbformat", "read")
NotebookClient = late("nbclient", "NotebookClient")

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.fixture
def loaded_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(home)}))
    write_sample(tmp_path / "feed", patients=400, seed=3, as_of=wb.today())
    loads.load(wb, tmp_path / "feed")
    wb.engine.dispose()
    return home


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_runs_on_the_sample(path: Path, loaded_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARELOOP_HOME", str(loaded_home))
    notebook = read_notebook(path, as_version=4)
    started_at = datetime.now(UTC)

    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(path.parent)}}).execute()

    assert (datetime.now(UTC) - started_at).total_seconds() < 60
    assert count_of(notebook, "application/vnd.plotly.v1+json") >= 3
    assert "Overdue" in printed(notebook)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_is_kept_without_outputs_and_opens_with_what_it_answers(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]

    assert cells[0]["cell_type"] == "markdown"
    assert "This notebook answers" in "".join(cells[0]["source"])
    assert all(
        cell["outputs"] == [] and cell["execution_count"] is None for cell in cells if cell["cell_type"] == "code"
    )


def count_of(notebook: Any, mime: str) -> int:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum(mime in output.get("data", {}) for output in outputs)


def printed(notebook: Any) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)
