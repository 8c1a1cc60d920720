"""The panel of today, opened once per process.

Panels are kept in this module rather than on the workbench: each page makes a workbench of its own for its user, and
what is kept is immutable, the same for every user, and named by the folder of its generation, its day and its rules.
"""

from collections import OrderedDict
from pathlib import Path
from threading import Lock

from core import loads
from core.domain.panel_frame import Panel, empty_panel, open_panel
from core.store.clinical import Evaluation
from core.workbench import Workbench

_KEPT = 2  # today's and the one before, still in use while a new one is opened
_panels: OrderedDict[tuple[Path, Evaluation], Panel] = OrderedDict()
_lock = Lock()


def panel(wb: Workbench) -> Panel:
    """The panel of the last good load as of today; without a row when nothing was loaded yet.

    When the generation has no panel of today yet, it is made, which takes as long as evaluating every care gap.
    """
    try:
        return _panel(wb)
    except FileNotFoundError:  # a load ended just now and took the older generation away
        return _panel(wb)


def _panel(wb: Workbench) -> Panel:
    today = wb.today()
    generation = loads.current(wb)
    if generation is None:
        return empty_panel(as_of=today)
    evaluation = loads.today(wb).evaluation
    key = (generation.folder, evaluation)
    with _lock:
        if key not in _panels:
            loads.refresh(wb)
            frame, vocabularies = generation.panel(evaluation).collect(), generation.vocabularies(evaluation)
            _panels[key] = open_panel(frame, vocabularies, as_of=today)
            while len(_panels) > _KEPT:
                _panels.popitem(last=False)
        return _panels[key]
