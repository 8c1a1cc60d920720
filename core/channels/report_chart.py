"""Draws a chart into a PDF, as lines and areas that stay sharp at every size.

On a printer without colours bars are told apart by their words and patterns, lines by their dashes and the names at
their ends. Lengths are in points from the top left.
"""

from collections.abc import Sequence

from core.channels.paper_kit import DARK, Kit
from core.channels.report_marks import corners_of, dash_of, fill, hatch
from core.domain.chart import Area, Axis, Box, Chart, Dot, Ink, Line, Note, Point

_SIZE, _SMALL = 8.0, 7.5
_WIDEST_NAME = 150.0
_LEADER = Ink("#b9c0c2")  # from the end of a line to its name
_TITLE = 15.0  # room for the title of the upright axis
_LEAST_GAP = 9.5  # between the names of two lines


def chart_height(chart: Chart) -> float:
    """How much room the chart needs below its title."""
    return chart.height + (14 if chart.legend else 0) + (12 if chart.x.title else 0) + 16 if chart.marks else 0.0


def draw_chart(kit: Kit, chart: Chart, x: float, y: float, width: float) -> float:
    """Draw the chart, without its title, with its top at y; returns its bottom. One without marks draws nothing."""
    if not chart.marks:
        return y
    with kit.part("Figure", alt=chart.words):
        if kit.ink:
            _Plane(kit, chart, x, y, width).draw()
    return y + chart_height(chart)


class _Plane:
    """A chart on its way to paper: the part of the page within the axes."""

    def __init__(self, kit: Kit, chart: Chart, x: float, y: float, width: float) -> None:
        self.kit, self.chart = kit, chart
        self.edge, self.end = x, x + width
        self.left = x + self._left_room()
        self.right = x + width - self._right_room()
        self.top = y + (14 if chart.legend else 0) + (_TITLE if chart.y.title else 0)
        self.bottom = y + chart.height + (14 if chart.legend else 0)

    def draw(self) -> None:
        """Everything, the grid first."""
        self._legend()
        self._ticks()
        self._clip()
        for mark in self.chart.marks:
            match mark:
                case Area(points, ink):
                    self._area(points, ink)
                case Box(first, last, ink):
                    self._box(first, last, ink)
        for mark in self.chart.marks:
            if isinstance(mark, Line):
                self._line([self._at(point) for point in mark.points], mark.ink, mark.width)
        self.kit._out("Q")
        for mark in self.chart.marks:
            match mark:
                case Dot(at, ink, form):
                    self._dot(*self._at(at), ink, form)
                case Note(at, text, side):
                    self._note(*self._at(at), text, side)
        self._ends()

    def _clip(self) -> None:
        """Until the next Q nothing is drawn beyond the axes; a line along an edge is."""
        left, low = self.left - 1, self.kit.h - self.bottom - 1
        wide, high = self.right - self.left + 2, self.bottom - self.top + 2
        self.kit._out(f"q {left:.2f} {low:.2f} {wide:.2f} {high:.2f} re W n")

    # ---- room and places ---------------------------------------------------------------------------------------------
    def _left_room(self) -> float:
        widths = [self.kit.width_of(words, _SIZE) for _, words in self.chart.y.ticks]
        return min(max(widths, default=0.0), _WIDEST_NAME) + 8

    def _right_room(self) -> float:
        ends = [self.kit.width_of(mark.end, _SMALL) for mark in self.chart.marks if isinstance(mark, Line) and mark.end]
        return min(max(ends, default=0.0), _WIDEST_NAME) + (8 if ends else 14)

    def _at(self, point: Point) -> Point:
        return self._across(point[0]), self._down(point[1])

    def _across(self, value: float) -> float:
        return self.left + (self.right - self.left) * _share(value, self.chart.x)

    def _down(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * _share(value, self.chart.y)

    # ---- words -------------------------------------------------------------------------------------------------------
    def _words(self, x: float, y: float, text: str, size: float = _SIZE, *, side: str = "right", grey: int = 0) -> None:
        width = self.kit.width_of(text, size)
        x -= {"right": 0.0, "middle": width / 2, "left": width}[side]
        self.kit.line_of(min(max(x, self.edge), self.end - width), y, text, size, grey=grey)

    def _ticks(self) -> None:
        last = -1e9
        for value, words in self.chart.x.ticks:
            x, half = self._across(value), self.kit.width_of(words, _SMALL) / 2
            if self.chart.x.has_grid:
                self._rule((x, self.top), (x, self.bottom))
            if x - half > last + 4:
                self._words(x, self.bottom + 11, words, _SMALL, side="middle", grey=DARK)
                last = x + half
        for value, words in self.chart.y.ticks:
            y = self._down(value)
            if self.chart.y.has_grid:
                self._rule((self.left, y), (self.right, y))
            shown = cut(self.kit, words, _WIDEST_NAME, _SIZE)
            self._words(self.left - 6, y + 2.8, shown, _SIZE, side="left", grey=0)
        if self.chart.x.title:
            self._words(
                (self.left + self.right) / 2, self.bottom + 23, self.chart.x.title, _SMALL, side="middle", grey=DARK
            )
        if self.chart.y.title:
            self._words(self.edge, self.top - 8, self.chart.y.title, _SMALL, grey=DARK)

    def _note(self, x: float, y: float, text: str, side: str) -> None:
        up = -4.0 if "above" in side else 10.0 if "below" in side else 2.8
        room = 4.0 if side in ("left", "right") else 0.0
        if "left" in side:
            self._words(x - room, y + up, text, side="left")
        else:
            self._words(x + room, y + up, text, side="right" if "right" in side else "middle")

    def _ends(self) -> None:
        """The names of lines at their ends, moved apart where they would lie over each other."""
        ends = [(self._at(mark.points[-1]), mark) for mark in self.chart.marks if isinstance(mark, Line) and mark.end]
        ends.sort(key=lambda each: each[0][1])
        places = _apart([y for (_, y), _ in ends], self.bottom)
        for ((x, y), mark), place in zip(ends, places, strict=True):
            self._line([(x + 1, y), (self.right + 3, place)], _LEADER, 0.4)
            self._words(self.right + 5, place + 2.6, cut(self.kit, mark.end, _WIDEST_NAME, _SMALL), _SMALL)

    def _legend(self) -> None:
        x, y = self.left, self.top - (_TITLE if self.chart.y.title else 0) - 12
        for name, ink in self.chart.legend:
            self._filled([(x, y), (x + 12, y), (x + 12, y + 7), (x, y + 7)], ink)
            self._words(x + 16, y + 6.5, name, _SMALL)
            x += 16 + self.kit.width_of(name, _SMALL) + 14

    # ---- marks -------------------------------------------------------------------------------------------------------
    def _box(self, first: Point, last: Point, ink: Ink) -> None:
        (x0, y0), (x1, y1) = self._at(first), self._at(last)
        self._filled([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], ink)

    def _filled(self, corners: Sequence[Point], ink: Ink) -> None:
        """A bar: its colour, its pattern over it, and a thin border that is seen on every printer."""
        path = self._path(corners) + " h"
        self._out(f"{fill(ink.colour)} {path} f")
        if ink.pattern:
            dash = dash_of("dot" if ink.pattern == "." else "solid")
            self._out(f"{path} W n 1 1 1 RG 1.1 w {dash} {' '.join(hatch(corners, ink.pattern, self.kit.h))} S")
        self._out(f"0.25 G 0.4 w {path} S")

    def _area(self, points: Sequence[Point], ink: Ink) -> None:
        self._out(f"{fill(ink.colour)} {self._path([self._at(each) for each in points])} h f")

    def _rule(self, first: Point, last: Point) -> None:
        self._out(f"0.85 G 0.4 w {self._path([first, last])} S")

    def _line(self, places: Sequence[Point], ink: Ink, width: float) -> None:
        self._out(f"{fill(ink.colour).upper()} {width:.2f} w {dash_of(ink.dash)} 1 j {self._path(places)} S")

    def _dot(self, x: float, y: float, ink: Ink, form: str) -> None:
        corners = [(x + 3.4 * dx, y + 3.4 * dy) for dx, dy in corners_of(form.removesuffix("-open"))]
        if form.startswith("x"):
            pairs = [(corners[0], corners[2]), (corners[1], corners[3])]
            self._out(f"{fill(ink.colour).upper()} 1.4 w {' '.join(self._path(pair) for pair in pairs)} S")
            return
        inside = "1 g" if form.endswith("-open") else fill(ink.colour)
        self._out(f"{inside} {fill(ink.colour).upper()} 1 w {self._path(corners)} h B")

    def _path(self, places: Sequence[Point]) -> str:
        return " ".join(f"{x:.2f} {self.kit.h - y:.2f} {'l' if place else 'm'}" for place, (x, y) in enumerate(places))

    def _out(self, operators: str) -> None:
        self.kit._out(f"q {operators} Q")


def cut(kit: Kit, text: str, width: float, size: float, *, bold: bool = False) -> str:
    """As much of a line as fits, with an ellipsis for the rest."""
    while text and kit.width_of(text, size, bold=bold) > width:
        text = text[:-2].rstrip() + "…" if len(text) > 2 else ""
    return text


def _apart(places: Sequence[float], bottom: float) -> list[float]:
    """Places in their order with room between them, none below the bottom."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + _LEAST_GAP) if moved else place)
    for number in reversed(range(len(moved))):
        below = moved[number + 1] - _LEAST_GAP if number + 1 < len(moved) else bottom
        moved[number] = min(moved[number], below)
    return moved


def _share(value: float, axis: Axis) -> float:
    return (value - axis.low) / (axis.high - axis.low) if axis.high != axis.low else 0.5
