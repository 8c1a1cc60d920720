"""The lines and points of a figure as marks on paper: steps, bands between lines, intervals and holes."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

from core.charts.inks import hex_of, ink_of, listed, of_row
from core.charts.places import Scale, shown
from core.charts.theme import INK, SERIES
from core.domain.chart import Area, Dot, Ink, Line, Mark, Note, Point

_Row = tuple[int, Point]


def points(trace: Any, x: Scale, y: Scale, before: list[Point], number: int) -> Generator[Mark, None, list[Point]]:
    """The marks of a trace, the `number`th of its figure; what is returned are the points of its line, to which the
    next one may be filled."""
    pieces = _pieces(x.take(listed(trace.x)), y.take(listed(trace.y)))
    lines = [list(_stepped([point for _, point in piece], trace.line.shape)) for piece in pieces]
    whole = [point for line in lines for point in line]
    if trace.fill in ("tonexty", "toself", "tozeroy") and whole:
        base = {"tonexty": before[::-1], "tozeroy": [(whole[-1][0], 0.0), (whole[0][0], 0.0)]}.get(trace.fill, [])
        yield Area((*whole, *base), Ink(hex_of(trace.fillcolor or trace.line.color or INK)))
    mode, colour = trace.mode or "lines+markers", trace.line.color or SERIES[number % len(SERIES)]
    if "lines" in mode:
        yield from _lines(trace, lines, colour)
    for row, point in (each for piece in pieces for each in piece):
        yield from whiskers(trace, row, point, x, y)
        if "markers" in mode:
            form = str(of_row(trace.marker.symbol, row) or "circle")
            yield Dot(point, ink_of(trace.marker, row, otherwise=colour), form)
        if "text" in mode and (text := shown(str(of_row(trace.text, row) or ""))):
            yield Note(point, text, _side(str(of_row(trace.textposition, row) or "middle center")))
    return whole


def whiskers(trace: Any, row: int, at: Point, x: Scale, y: Scale) -> Iterator[Line]:
    """The interval around a point or the end of a bar."""
    for error, scale, turned in ((trace.error_x, x, False), (trace.error_y, y, True)):
        more, less = of_row(error.array, row), of_row(error.arrayminus, row)
        if error.visible is False or more is None:
            continue
        middle = at[1] if turned else at[0]
        ends = [middle - float(more if less is None else less), middle + float(more)]
        scale.take(ends)
        places = tuple((at[0], end) if turned else (end, at[1]) for end in ends)
        yield Line(places, Ink(hex_of(error.color or INK)), 1.0)


def _pieces(lefts: Sequence[float | None], ups: Sequence[float | None]) -> list[list[_Row]]:
    """Rows with their points, parted where one has none."""
    pieces: list[list[_Row]] = [[]]
    for row, (left, up) in enumerate(zip(lefts, ups, strict=True)):
        if left is None or up is None:
            pieces.append([])
        else:
            pieces[-1].append((row, (left, up)))
    return [piece for piece in pieces if piece]


def _lines(trace: Any, lines: Sequence[Sequence[Point]], colour: str) -> Iterator[Line]:
    width = 2 if trace.line.width is None else trace.line.width
    name = "" if trace.showlegend is False else shown(trace.name or "")
    for number, line in enumerate(lines, start=1):
        if width:
            ink = Ink(hex_of(colour), trace.line.dash or "solid")
            yield Line(tuple(line), ink, 0.75 * width, name if number == len(lines) else "")


def _stepped(places: Sequence[Point], shape: str | None) -> Iterator[Point]:
    for number, point in enumerate(places):
        if number and shape == "hv":
            yield (point[0], places[number - 1][1])
        elif number and shape == "vh":
            yield (places[number - 1][0], point[1])
        yield point


def _side(position: str) -> str:
    """Of a note, by Plotly's words such as 'top center'."""
    up, _, aside = position.partition(" ")
    if up == "middle":
        return aside if aside in ("left", "right") else "middle"
    return {"top": "above", "bottom": "below"}[up]
