"""How long a change on the work list takes in a real browser with 100,000 patients: a page, a mark, a filter.

    .venv/bin/python tests/benchmarks/browser.py [patients]

Prints JSON lines. A time is taken in the browser, from the press until the page's run has ended and the next frame is
drawn; what else runs on the machine is in it.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a script finds what lies beside it only

from core import loads
from core.sample import write_sample
from core.settings import read_settings
from core.workbench import open_workbench

sys.path.insert(0, str(Path(__file__).parents[2]))  # so that it also runs as a file
from tests import signed_in
from tests.browser import COUNT_RUNS, Page, browser, choose, click, mark_row, open_page, running

PATIENTS = 100_000
ROUNDS = 9
TARGET = 0.5  # seconds
_STOPWATCH = """
window.careloopPressed = 0; window.careloopTook = 0;
for (const kind of ['pointerup', 'keydown'])
  addEventListener(kind, () => { window.careloopPressed = performance.now() }, true);
new MutationObserver((changes) => { for (const change of changes)
  if (change.target.dataset.testScriptState === 'notRunning')
    requestAnimationFrame(() => { window.careloopTook = performance.now() - window.careloopPressed });
}).observe(document, { subtree: true, attributeFilter: ['data-test-script-state'] });
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("patients", type=int, nargs="?", default=PATIENTS)
    patients = parser.parse_args().patients
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _fill(home, patients)
        with running(home, "serve") as server, browser() as opened:
            context = opened.new_context(viewport={"width": 1280, "height": 900})
            context.add_init_script(COUNT_RUNS)
            context.add_init_script(_STOPWATCH)
            _measure(context.new_page(), f"{server.address}/work_list")


def _fill(home: Path, patients: int) -> None:
    feed = home.with_name("feed")
    write_sample(feed, patients=patients, seed=1, as_of=datetime.now(UTC).date())
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(home)}))
    signed_in.ensure(wb)
    loads.load(wb, feed)
    wb.engine.dispose()


def _measure(page: Page, address: str) -> None:
    page.set_default_timeout(60_000)
    begun = time.perf_counter()
    open_page(page, address)
    _print("worklist_first_load_seconds", [time.perf_counter() - begun])
    click(page, "Add filter")
    choose(page, "Value", "Scr: Mammogram Overdue")
    actions: dict[str, list[Callable[[], None]]] = {
        "page": [lambda: click(page, "Next page"), lambda: click(page, "Previous page")],
        "mark": [lambda: mark_row(page, 1)],
        "filter": [lambda: choose(page, "Action", "does not contain"), lambda: choose(page, "Action", "contains")],
    }
    times: list[float] = []
    for name, steps in actions.items():
        mine = [_timed(page, steps[number % len(steps)]) for number in range(ROUNDS)]
        _print(f"worklist_{name}_seconds", mine)
        times += mine
    _print("worklist_rerun_seconds", times)


def _timed(page: Page, step: Callable[[], None]) -> float:
    page.evaluate("() => { window.careloopTook = 0 }")
    step()
    page.wait_for_function("() => window.careloopTook > 0")
    return float(page.evaluate("() => window.careloopTook")) / 1000


def _print(name: str, times: list[float]) -> None:
    line = {"name": name, "value": round(statistics.median(times), 3), "unit": "s", "target": TARGET}
    print(json.dumps(line if name == "worklist_rerun_seconds" else {**line, "target": None}), flush=True)


if __name__ == "__main__":
    main()
