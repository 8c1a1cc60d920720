"""Tables of a letter: columns as wide as their words ask for, room to write by hand in empty cells, lines around all.

A row stays on one page where that is possible; the head is repeated on the next page. A table with more columns than
there is room for becomes lines of text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.channels.letter_boxes import PALE, QUIET, Bar, Box, Mark, Part, Setter, Type
from core.channels.letter_html import Block, Cell, Paragraph, Run, Table
from core.channels.letter_lines import RTL_LANGUAGES, lines_of

_PAD, _HAIR = 5.0, 0.5
_NARROWEST, _TALL_ENOUGH = 34.0, 24.0
_TO_WRITE_IN, _LIKED, _WIDEST = 64.0, 130.0, 230.0  # of an empty cell at least and better, and of one with text
_SIZES = (0.91, 0.82, 0.73)  # of the text around it


@dataclass(frozen=True, slots=True)
class _Placed:
    """A cell with its place in the grid."""

    cell: Cell
    row: int
    column: int


def table_boxes(setter: Setter, table: Table, kind: Type, *, x: float, width: float, gap: float) -> list[Box]:
    """The boxes of a table, one a row."""
    placed, count = _grid(table)
    for share in _SIZES:
        its = kind.of(kind.size * share)
        widths = _widths(setter, placed, count, its, width)
        if widths:
            return _rows(setter, table, placed, widths, its, x, gap)
    return _as_text(setter, table, kind, x, width, gap)


def _grid(table: Table) -> tuple[list[_Placed], int]:
    """Where each cell stands, beside those that reach down from above; and how many columns there are."""
    taken: set[tuple[int, int]] = set()
    placed = []
    for row, cells in enumerate(table.rows):
        column = 0
        for cell in cells:
            while (row, column) in taken:
                column += 1
            down = min(cell.rows, len(table.rows) - row)
            cell = replace(cell, rows=down)
            taken |= {(row + r, column + c) for r in range(down) for c in range(cell.columns)}
            placed.append(_Placed(cell, row, column))
            column += cell.columns
    return placed, max((column for _, column in taken), default=-1) + 1


def _widths(setter: Setter, placed: Sequence[_Placed], count: int, kind: Type, width: float) -> list[float]:
    """The width of each column; none when there is too little room."""
    least, most = [_NARROWEST] * count, [_NARROWEST] * count
    for each in sorted(placed, key=lambda one: one.cell.columns):
        low, high = _asked(setter, each.cell, kind)
        span = range(each.column, each.column + each.cell.columns)
        for wish, asked in ((least, low), (most, high)):
            more = (asked - sum(wish[column] for column in span)) / len(span)
            if more > 0:
                for column in span:
                    wish[column] += more
    if sum(least) > width:
        return []
    most = [max(pair) for pair in zip(least, most, strict=True)]
    spare, wanted = width - sum(least), sum(most) - sum(least)
    if wanted > spare:
        return [low + (high - low) * spare / wanted for low, high in zip(least, most, strict=True)]
    left = (width - sum(most)) / sum(most)
    return [high * (1 + left) for high in most]


def _asked(setter: Setter, cell: Cell, kind: Type) -> tuple[float, float]:
    """What a cell asks for at least, so that no word is broken, and at most."""
    if not cell.blocks:
        return _TO_WRITE_IN, _LIKED * cell.columns
    low = high = 0.0
    for block in cell.blocks:
        if not isinstance(block, Paragraph):
            low, high = max(low, 3 * _NARROWEST), max(high, _WIDEST)
            continue
        inner = 2 * _PAD + 18.0 * block.indent + 16.0 * block.quotes
        for line in lines_of(setter.typesetter, block.runs, width=1e6, size=kind.size, language=kind.language):
            high = max(high, inner + sum(atom.word.width + 0.26 for atom in line) * kind.size)
            low = max(low, inner + max((atom.word.width for atom in line), default=0) * kind.size)
    return min(low, 150.0) + 0.5, min(high, _WIDEST) + 0.5


def _rows(
    setter: Setter, table: Table, placed: Sequence[_Placed], widths: Sequence[float], kind: Type, x: float, gap: float
) -> list[Box]:
    if kind.language in RTL_LANGUAGES:
        placed = [replace(each, column=len(widths) - each.column - each.cell.columns) for each in placed]
        widths = widths[::-1]
    starts = [x + sum(widths[:column]) for column in range(len(widths) + 1)]
    setter_of_cells = setter.inside(2 * _PAD)
    inner = {
        each: setter_of_cells.boxes(
            each.cell.blocks, kind, x=starts[each.column] + _PAD,
            width=starts[each.column + each.cell.columns] - starts[each.column] - 2 * _PAD,
        )
        for each in placed
    }  # fmt: skip
    heights = _heights(inner, len(table.rows), kind)
    part = ("Table", setter.number())
    joined = {row for each in placed for row in range(each.row, each.row + each.cell.rows - 1)}
    if _highest(heights, joined) > setter.deepest:
        return _parted(setter, inner, starts, heights, part, gap)
    made = [
        _row_box(setter, row, {one: boxes for one, boxes in inner.items() if one.row == row}, starts, heights, part)
        for row in range(len(table.rows))
    ]
    head = tuple(made[: table.heads])
    if sum(box.height for box in head) > setter.deepest / 3:
        head = ()
    return [
        replace(
            box,
            gap=gap if row == 0 else 0.0,
            keeps=row in joined or row < table.heads or row == len(made) - 2 > table.heads,
            head=() if row < table.heads else head,
        )
        for row, box in enumerate(made)
    ]


def _heights(inner: dict[_Placed, list[Box]], count: int, kind: Type) -> list[float]:
    heights = [kind.leading + 2 * _PAD - 1] * count
    for each, boxes in sorted(inner.items(), key=lambda item: item[0].cell.rows):
        needed = max(_stacked(boxes) + 2 * _PAD - 1, 0.0 if boxes or each.cell.is_head else _TALL_ENOUGH)
        span = range(each.row, each.row + each.cell.rows)
        short = needed - sum(heights[row] for row in span)
        if short > 0:
            heights[span[-1]] += short
    return heights


def _highest(heights: Sequence[float], joined: set[int]) -> float:
    """The height of the rows that must stay together."""
    highest = height = 0.0
    for row, each in enumerate(heights):
        height = height + each if row - 1 in joined else each
        highest = max(highest, height)
    return highest


def _stacked(boxes: Sequence[Box]) -> float:
    return sum(box.height + box.gap for box in boxes)


def _row_box(
    setter: Setter,
    row: int,
    cells: dict[_Placed, list[Box]],
    starts: Sequence[float],
    heights: Sequence[float],
    table: Part,
) -> Box:
    marks: list[tuple[Part, tuple[Mark, ...]]] = []
    for each, boxes in cells.items():
        left, right = starts[each.column], starts[each.column + each.cell.columns]
        height = sum(heights[row : row + each.cell.rows])
        marks.append((("Artifact", 0), tuple(_frame(left, right, height, is_shaded=each.cell.is_head))))
        part = ("TH" if each.cell.is_head else "TD", setter.number())
        marks.append((part, tuple(_moved(boxes))))
    return Box(heights[row], tuple(marks), around=(table, ("TR", setter.number())))


def _frame(left: float, right: float, height: float, *, is_shaded: bool) -> Iterator[Bar]:
    if is_shaded:
        yield Bar(left, 0, right - left, height, PALE)
    for y in (0.0, height):
        yield Bar(left - _HAIR / 2, y - _HAIR / 2, right - left + _HAIR, _HAIR, QUIET)
    for x in (left, right):
        yield Bar(x - _HAIR / 2, 0, _HAIR, height, QUIET)


def _moved(boxes: Sequence[Box]) -> Iterator[Mark]:
    y = _PAD - 0.5
    for box in boxes:
        y += box.gap
        for _, marks in box.marks:
            for mark in marks:
                yield replace(mark, y=mark.y + y)
        y += box.height


def _parted(
    setter: Setter,
    inner: dict[_Placed, list[Box]],
    starts: Sequence[float],
    heights: Sequence[float],
    table: Part,
    gap: float,
) -> list[Box]:
    """Rows of which one is higher than a page: cells that reach down do not, and rows are parted between lines."""
    made: list[Box] = []
    for row in range(len(heights)):
        cells = {
            replace(each, cell=replace(each.cell, rows=1)): boxes for each, boxes in inner.items() if each.row == row
        }
        while cells:
            fitting = {each: _fitting(boxes, setter.deepest - 2 * _PAD) for each, boxes in cells.items()}
            height = max((_stacked(boxes) for boxes in fitting.values()), default=0.0) + 2 * _PAD - 1
            height = max(height, _TALL_ENOUGH)
            made.append(_row_box(setter, row, fitting, starts, [height] * len(heights), table))
            rest = {each: boxes[len(fitting[each]) :] for each, boxes in cells.items()}
            cells = rest if any(rest.values()) else {}
    return [replace(made[0], gap=gap), *made[1:]]


def _fitting(boxes: Sequence[Box], room: float) -> list[Box]:
    """As many as fit, one at least, which needs no room above it."""
    taken: list[Box] = []
    for box in boxes:
        box = box if taken else replace(box, gap=0.0)
        room -= box.height + box.gap
        if taken and room < 0:
            break
        taken.append(box)
    return taken


def _as_text(setter: Setter, table: Table, kind: Type, x: float, width: float, gap: float) -> list[Box]:
    """Row by row, the cells one after the other."""
    blocks: list[Block] = []
    for cells in table.rows:
        runs: list[Run] = []
        for cell in cells:
            for block in cell.blocks:
                if isinstance(block, Paragraph):
                    runs.extend((Run(" · "), *block.runs) if runs else block.runs)
                else:
                    blocks.append(block)
        if runs:
            blocks.append(Paragraph(tuple(runs)))
    boxes = setter.boxes(blocks, kind, x=x, width=width)
    return [replace(boxes[0], gap=gap), *boxes[1:]] if boxes else []
