"""Tables of a report: columns as wide as their words, texts wrapped, heads repeated on the next page."""

from collections.abc import Callable, Sequence

from core.channels.paper_kit import DARK, Kit
from core.channels.report_chart import cut
from core.domain.report_document import Table

_SIZE, _LEADING, _PAD, _GAP = 8.5, 11.0, 3.5, 10.0
_MOST_LINES = 4
_NARROWEST = 60.0


class TableSetter:
    """Sets a table of a document. `room` gives the y at which a part of this height begins, on a new page where it
    does not fit, and whether a page was begun."""

    def __init__(self, kit: Kit, table: Table, x: float, width: float) -> None:
        self.kit, self.table, self.x = kit, table, x
        self.widths = _widths(kit, table, width)

    def draw(self, y: float, room: Callable[[float, float], tuple[float, bool]]) -> float:
        """Draw all rows from y on; returns the bottom."""
        heads, lines = self._lines(self.table.heads, bold=True), []
        lines = [self._lines(row, bold=self._is_total(number)) for number, row in enumerate(self.table.rows)]
        head_height, first = _height(heads), _height(lines[0]) if lines else 0.0
        with self.kit.group("Table"):
            y, _ = room(y, head_height + first)
            y = self._row(y, heads, is_head=True)
            for number, row in enumerate(lines):
                y, is_new = room(y, _height(row))
                if is_new:
                    y = self._row(y, heads, is_head=True, is_repeated=True)
                y = self._row(y, row, is_total=self._is_total(number))
        return y

    def _is_total(self, number: int) -> bool:
        return self.table.has_total and number == len(self.table.rows) - 1

    def _lines(self, cells: Sequence[str], *, bold: bool) -> list[list[str]]:
        columns = zip(cells, self.widths, self.table.is_number, strict=True)
        return [[text] if is_number else self._wrapped(text, width, bold=bold) for text, width, is_number in columns]

    def _wrapped(self, text: str, width: float, *, bold: bool) -> list[str]:
        lines = self.kit.wrapped(text, width - _GAP, _SIZE, bold=bold)
        if len(lines) <= _MOST_LINES:
            return lines
        rest = " ".join(lines[_MOST_LINES - 1 :])
        return [*lines[: _MOST_LINES - 1], cut(self.kit, rest, width - _GAP, _SIZE, bold=bold)]

    def _row(
        self,
        y: float,
        cells: list[list[str]],
        *,
        is_head: bool = False,
        is_total: bool = False,
        is_repeated: bool = False,
    ) -> float:
        height = _height(cells)
        if is_total:
            self.kit.rule(self.x, y, sum(self.widths))
        if is_repeated:
            with self.kit.part("Artifact"):
                self._cells(y, cells, bold=True)
        else:
            with self.kit.group("TR"):
                self._tagged(y, cells, is_head=is_head, bold=is_head or is_total)
        if is_head:
            self.kit.rule(self.x, y + height, sum(self.widths))
        return y + height

    def _tagged(self, y: float, cells: list[list[str]], *, is_head: bool, bold: bool) -> None:
        for column, lines in enumerate(cells):
            with self.kit.part("TH" if is_head else "TD"):
                self._cell(column, y, lines, bold=bold, grey=DARK if is_head else 0)

    def _cells(self, y: float, cells: list[list[str]], *, bold: bool) -> None:
        for column, lines in enumerate(cells):
            self._cell(column, y, lines, bold=bold, grey=DARK)

    def _cell(self, column: int, y: float, lines: list[str], *, bold: bool, grey: int) -> None:
        left = self.x + sum(self.widths[:column])
        for number, line in enumerate(lines):
            x = left
            if self.table.is_number[column]:
                x = left + self.widths[column] - _GAP - self.kit.width_of(line, _SIZE, bold=bold)
            self.kit.line_of(x, y + _PAD + 8 + number * _LEADING, line, _SIZE, bold=bold, grey=grey)


def _height(cells: Sequence[Sequence[str]]) -> float:
    return max(len(lines) for lines in cells) * _LEADING + 2 * _PAD


def _widths(kit: Kit, table: Table, width: float) -> list[float]:
    """Numbers get what they need; texts share the rest by what they ask for."""
    rows = [(table.heads, True), *((row, False) for row in table.rows)]
    wanted = [
        max(kit.width_of(row[column], _SIZE, bold=bold or table.has_total) for row, bold in rows) + _GAP
        for column in range(len(table.heads))
    ]
    texts = [column for column, is_number in enumerate(table.is_number) if not is_number]
    spare = width - sum(wanted)
    if spare >= 0:
        if texts:
            wanted[max(texts, key=lambda each: wanted[each])] += spare
        return wanted
    for column in sorted(texts, key=lambda each: -wanted[each]):
        less = min(-spare, max(0.0, wanted[column] - max(_NARROWEST, wanted[column] + spare)))
        wanted[column] -= less
        spare += less
    return wanted if spare >= -0.01 else [each * width / sum(wanted) for each in wanted]
