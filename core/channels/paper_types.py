"""The table of a form in which a patient says which messages should stop, and for how long."""

from collections.abc import Mapping, Sequence

from core.channels.paper_kit import DARK, TICK, Kit
from core.domain.opt_out import DAYS, PERMANENT, PROTOCOL, UNTIL
from core.domain.paper_form import TypeRow

_COLUMNS = {PERMANENT: 72.0, UNTIL: 92.0, DAYS: 80.0}
_TITLE, _ABOUT, _HEAD = 9.5, 8.0, 8.5
_PAD = 5.0


def draw_types(
    kit: Kit, rows: Sequence[TypeRow], words: Mapping[str, str], x: float, y: float, width: float, *, air: float
) -> float:
    """Draw it from the top y on; returns the bottom. `words` are those of the heads and 'topics'."""
    what = width - sum(_COLUMNS.values())
    y = _head(kit, words, x, y, what)
    for row in rows:
        y = _row(kit, row, words, x, y, what, air=air)
    return y


def _head(kit: Kit, words: Mapping[str, str], x: float, y: float, what: float) -> float:
    heads = [(words["what"], what), *((words[name], width) for name, width in _COLUMNS.items())]
    lines = max(len(kit.wrapped(text, width - 2 * _PAD, _HEAD, bold=True)) for text, width in heads)
    height = lines * _HEAD * 1.3 + 6
    for text, width in heads:
        kit.frame(x, y, width, height, is_shaded=True)
        with kit.part("P"):
            kit.text_block(x + _PAD, y + 2.5, text, width - 2 * _PAD, _HEAD, bold=True)
        x += width
    return y + height


def _row(kit: Kit, row: TypeRow, words: Mapping[str, str], x: float, y: float, what: float, *, air: float) -> float:
    with kit.part("P"):
        top = kit.text_block(x + _PAD, y + 3 * air, row.title, what - 2 * _PAD, _TITLE, bold=True)
        about = f"{row.about} [{row.name}]".strip()
        bottom = kit.text_block(x + _PAD, top, about, what - 2 * _PAD, _ABOUT)
    if row.key == PROTOCOL:
        bottom = _topics(kit, words["topics"], x + _PAD, bottom + 3, what - 2 * _PAD)
    height = bottom + 3 * air - y
    kit.frame(x, y, what, height)
    x += what
    for duration, width in _COLUMNS.items():
        kit.frame(x, y, width, height)
        _cell(kit, row, duration, f"{row.title}: {words[duration]}", x, y, width, height)
        x += width
    return y + height


def _topics(kit: Kit, label: str, x: float, y: float, width: float) -> float:
    kit.write_box(x, y, width, 25, name="topics", label=label)
    return y + 25


def _cell(kit: Kit, row: TypeRow, duration: str, label: str, x: float, y: float, width: float, height: float) -> None:
    name = f"{row.key}_{duration}"
    if duration not in row.durations:
        with kit.part("P"):
            kit.line_of(x + width / 2 - 2, y + height / 2 + 3, "–", 9, grey=DARK)
    elif duration == PERMANENT:
        kit.check_box(x + (width - TICK) / 2, y + (height - TICK) / 2, name=name, label=label)
    elif kit.ink:
        kit.text_box(name, label, x + 2, y + 2, width - 4, height - 4, many_lines=False)
