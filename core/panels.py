"""The panel of today, opened once per process.

Panels are kept in this module rather than on the workbench: each page makes a workbench of its own for its user, and
what is kept is immutable, the same for every user, and named by the folder of its generation, its day and its rules.
Corrections of contact data are laid over it, so that a work list shows what sending uses.
"""

from collections import OrderedDict
from pathlib import Path
from threading import Lock

from core import loads
from core.domain.panel_frame import Panel, empty_panel, open_panel
from core.domain.panel_overlay import overlaid
from core.store import correction_rows
from core.store.clinical import Evaluation
from core.store.database import reading
from core.workbench import Workbench

_KEPT = 2  # today's and the one before, still in use while a new one is opened
_Key = tuple[Path, Evaluation]
_panels: OrderedDict[_Key, Panel] = OrderedDict()
_corrected: dict[_Key, tuple[tuple[int, int], Panel]] = {}  # by which corrections, and with them laid over
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
                _corrected.pop(_panels.popitem(last=False)[0], None)
        return _with_corrections(wb, key)


def _with_corrections(wb: Workbench, key: _Key) -> Panel:
    """Laid over anew only when a correction has begun or ended since; the panel without them is kept beside it."""
    with reading(wb.engine) as connection:
        version = correction_rows.version(connection)
        known = _corrected.get(key)
        if known is None or known[0] != version:
            people = correction_rows.corrected_people(connection)
            known = _corrected[key] = (version, overlaid(_panels[key], people) if people.height else _panels[key])
    return known[1]
