"""A Plotly figure as a chart that a PDF can draw, from the same numbers.

What figures of this package are made of is understood: bars beside each other or stacked, lines with steps, areas
between lines, points, whiskers, funnels of steps, straight lines across and notes. Anything else is a TypeError.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts.places import Scale, shown
from core.charts.theme import INK, SERIES
from core.charts.words import alt_text
from core.domain.chart import Area, Box, Chart, Dot, Ink, Line, Mark, Note, Point

_POINTS = 0.72  # points of paper for a pixel of the screen


def printed(figure: go.Figure) -> Chart:
    """The chart. Raises TypeError for a figure with a kind of trace that has no form on paper, or several planes."""
    x, y = Scale(figure.layout.xaxis), Scale(figure.layout.yaxis)
    marks = [*_traces(figure, x, y)]
    marks = [*_shapes(figure, x, y), *marks, *_notes(figure, x, y)]
    return Chart(
        title=shown(figure.layout.title.text or ""),
        x=x.axis(),
        y=y.axis(),
        marks=tuple(marks),
        height=_POINTS * ((figure.layout.height or 320) - 60),
        legend=tuple(_legend(figure)),
        words=alt_text(figure),
    )


def _traces(figure: go.Figure, x: Scale, y: Scale) -> Iterator[Mark]:
    bars = [each for each in figure.data if isinstance(each, go.Bar)]
    stacked: dict[float, float] = {}
    before: list[Point] = []
    for number, trace in enumerate(figure.data):
        if (getattr(trace, "xaxis", None) or "x") != "x":
            raise TypeError("a figure with several planes has no form on paper")
        if trace.visible is False:
            continue
        if isinstance(trace, go.Bar):
            slot = _slot(figure, bars.index(trace), len(bars))
            yield from _bars(trace, x, y, slot, stacked if figure.layout.barmode in ("stack", "relative") else None)
        elif isinstance(trace, go.Funnel):
            yield from _steps(trace, x, y)
        elif isinstance(trace, go.Scatter):
            before = yield from _scatter(trace, x, y, before, number)
        else:
            raise TypeError(f"a {type(trace).__name__} has no form on paper")


def _slot(figure: go.Figure, number: int, count: int) -> tuple[float, float]:
    """From where to where around its place a bar goes."""
    width = 1 - (figure.layout.bargap if figure.layout.bargap is not None else 0.2)
    if figure.layout.barmode in ("stack", "relative", "overlay"):
        return -width / 2, width / 2
    return -width / 2 + width * number / count, -width / 2 + width * (number + 1) / count


def _bars(
    trace: Any, x: Scale, y: Scale, slot: tuple[float, float], stacked: dict[float, float] | None
) -> Iterator[Mark]:
    is_flat = trace.orientation == "h"
    along, across = (x, y) if is_flat else (y, x)
    values, names = (trace.x, trace.y) if is_flat else (trace.y, trace.x)
    sizes, places = along.take(values), across.take(names)
    along.place(0.0)
    along.from_zero = True
    for row, (size, place) in enumerate(zip(sizes, places, strict=True)):
        if size is None or place is None:
            continue
        begin = 0.0 if stacked is None else stacked.get(place, 0.0)
        if stacked is not None:
            stacked[place] = begin + size
            along.place(begin + size)
        ends = [(begin, place + slot[0]), (begin + size, place + slot[1])]
        middle = (begin + size, place + (slot[0] + slot[1]) / 2)
        first, last = ends if is_flat else [(there, here) for here, there in ends]
        yield Box(first, last, _ink(trace.marker, row, pattern=_at(trace.marker.pattern.shape, row) or ""))
        end = middle if is_flat else (middle[1], middle[0])
        yield from _whiskers(trace, row, end, x, y)
        if text := shown(str(_at(trace.text, row) or "")):
            inner = (begin + size / 2, middle[1]) if stacked is not None else middle
            at = inner if is_flat else (inner[1], inner[0])
            yield Note(at, text, "middle" if stacked is not None else "right" if is_flat else "above")


def _steps(trace: Any, x: Scale, y: Scale) -> Iterator[Mark]:
    y.is_turned = True
    for row, (size, place) in enumerate(zip(x.take(trace.x), y.take(trace.y), strict=True)):
        if size is not None and place is not None:
            yield Box((0.0, place - 0.35), (size, place + 0.35), _ink(trace.marker, row))
            yield Note((size, place), shown(str(_at(trace.text, row) or f"{size:,.0f}")), "right")
    x.place(0.0)
    x.from_zero = True


def _scatter(trace: Any, x: Scale, y: Scale, before: list[Point], number: int) -> Generator[Mark, None, list[Point]]:
    """The marks; what is returned are the points of its line, to which the next one may be filled."""
    places = zip(x.take(trace.x), y.take(trace.y), strict=True)
    rows = [(row, (left, up)) for row, (left, up) in enumerate(places) if left is not None and up is not None]
    points: list[Point] = [point for _, point in rows]
    line = list(_stepped(points, trace.line.shape))
    mode = trace.mode or "lines+markers"
    if trace.fill in ("tonexty", "toself", "tozeroy") and line:
        base = {"tonexty": before[::-1], "tozeroy": [(line[-1][0], 0.0), (line[0][0], 0.0)]}.get(trace.fill, [])
        yield Area((*line, *base), Ink(hex_of(trace.fillcolor or trace.line.color or INK)))
    width = 2 if trace.line.width is None else trace.line.width
    if "lines" in mode and width and line:
        ink = Ink(hex_of(trace.line.color or SERIES[number % len(SERIES)]), trace.line.dash or "solid")
        yield Line(tuple(line), ink, 0.75 * width, _end(trace))
    for row, point in rows:
        yield from _whiskers(trace, row, point, x, y)
        if "markers" in mode:
            yield Dot(point, _ink(trace.marker, row), str(_at(trace.marker.symbol, row) or "circle"))
        if "text" in mode and (text := shown(str(_at(trace.text, row) or ""))):
            yield Note(point, text, _side(str(_at(trace.textposition, row) or "middle center")))
    return line


def _end(trace: Any) -> str:
    return "" if trace.showlegend is False else shown(trace.name or "")


def _stepped(points: Sequence[Point], shape: str | None) -> Iterator[Point]:
    for place, point in enumerate(points):
        if place and shape == "hv":
            yield (point[0], points[place - 1][1])
        elif place and shape == "vh":
            yield (points[place - 1][0], point[1])
        yield point


def _whiskers(trace: Any, row: int, at: Point, x: Scale, y: Scale) -> Iterator[Line]:
    for error, scale, turned in ((trace.error_x, x, False), (trace.error_y, y, True)):
        more, less = _at(error.array, row), _at(error.arrayminus, row)
        if error.visible is False or more is None:
            continue
        middle = at[1] if turned else at[0]
        ends = [middle - float(more if less is None else less), middle + float(more)]
        scale.take(ends)
        points = tuple((at[0], end) if turned else (end, at[1]) for end in ends)
        yield Line(points, Ink(hex_of(error.color or INK)), 1.0)


def _shapes(figure: go.Figure, x: Scale, y: Scale) -> Iterator[Mark]:
    """Straight lines and shaded parts; one that is given in parts of the plane goes from edge to edge."""
    for shape in figure.layout.shapes:
        first = (_edge(x, shape.x0, shape.xref, 0), _edge(y, shape.y0, shape.yref, 0))
        last = (_edge(x, shape.x1, shape.xref, 1), _edge(y, shape.y1, shape.yref, 1))
        ink = Ink(hex_of(shape.line.color or shape.fillcolor or INK), shape.line.dash or "solid")
        if shape.type == "line":
            yield Line((first, last), ink, 0.75 * (shape.line.width or 1))
        else:
            yield Area((first, (last[0], first[1]), last, (first[0], last[1])), Ink(hex_of(shape.fillcolor or INK)))


def _edge(scale: Scale, value: Any, ref: str | None, end: int) -> float:
    if ref == "paper" or (ref or "").endswith("domain"):
        axis = scale.axis()
        return (axis.low, axis.high)[end] if value in (0, 1) else axis.low + (axis.high - axis.low) * float(value)
    place = scale.place(value)
    assert place is not None
    return place


def _notes(figure: go.Figure, x: Scale, y: Scale) -> Iterator[Note]:
    for note in figure.layout.annotations:
        at = (_edge(x, note.x, note.xref, int(note.x == 1)), _edge(y, note.y, note.yref, int(note.y == 1)))
        if text := shown(note.text or ""):
            sides = {"bottom": "above", "top": "below"}
            side = {"left": "right", "right": "left"}.get(note.xanchor or "", sides.get(note.yanchor or "", "middle"))
            yield Note(at, text, side)


def _side(position: str) -> str:
    up, _, aside = position.partition(" ")
    return (
        aside
        if aside in ("left", "right") and up == "middle"
        else {"top": "above", "bottom": "below"}.get(up, "middle")
    )


def _legend(figure: go.Figure) -> Iterator[tuple[str, Ink]]:
    """Of bars and points; a line is named at its end."""
    named = [each for each in figure.data if each.name and each.showlegend is not False]
    if figure.layout.showlegend is False or (len(named) < 2 and not figure.layout.showlegend):
        return
    for trace in named:
        if isinstance(trace, go.Bar) or trace.mode == "markers":
            pattern = _at(trace.marker.pattern.shape, 0) if isinstance(trace, go.Bar) else ""
            yield shown(trace.name), _ink(trace.marker, 0, pattern=pattern or "")


def _ink(marker: Any, row: int, *, pattern: str = "") -> Ink:
    colour = hex_of(str(_at(marker.color, row) or SERIES[0]), float(_at(marker.opacity, row) or 1.0))
    return Ink(colour, pattern=pattern)


def _at(values: Any, row: int) -> Any:
    """The value of a row where each row has one, else the one for all."""
    if values is None or isinstance(values, str | int | float):
        return values
    return values[row] if row < len(values) else None


def hex_of(colour: str, opacity: float = 1.0) -> str:
    """A colour as it looks on white paper."""
    if colour.startswith("#"):
        parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    elif found := re.findall(r"[\d.]+", colour):
        parts = [int(float(each)) for each in found[:3]]
        opacity *= float(found[3]) if len(found) > 3 else 1.0
    else:
        parts = {"white": [255] * 3, "black": [0] * 3}.get(colour, [116, 128, 131])
    return "#" + "".join(f"{round(255 - (255 - each) * opacity):02x}" for each in parts)
