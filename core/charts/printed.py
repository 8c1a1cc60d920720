"""A Plotly figure as a chart that a PDF can draw, from the same numbers.

What figures of this package are made of is understood: bars beside each other or stacked, lines with steps, areas
between lines, points, whiskers, funnels of steps, straight lines across and notes. Anything else is a TypeError.
"""

from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go

from core.charts.inks import hex_of, ink_of
from core.charts.places import Scale, shown
from core.charts.printed_bars import bar_ink, bar_traces, bars, steps
from core.charts.printed_points import points
from core.charts.theme import INK
from core.charts.words import alt_text
from core.domain.chart import Area, Chart, Ink, Line, Mark, Note, Point

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
    before: list[Point] = []
    yield from bars(figure, x, y)
    for number, trace in enumerate(figure.data):
        if (getattr(trace, "xaxis", None) or "x") != "x":
            raise TypeError("a figure with several planes has no form on paper")
        if trace.visible is False or isinstance(trace, go.Bar):
            continue
        if isinstance(trace, go.Funnel):
            yield from steps(trace, x, y)
        elif isinstance(trace, go.Scatter):
            before = yield from points(trace, x, y, before, number)
        else:
            raise TypeError(f"a {type(trace).__name__} has no form on paper")


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
            up = {"bottom": "above", "top": "below"}.get(note.yanchor or "", "")
            aside = {"left": "right", "right": "left"}.get(note.xanchor or "", "")
            yield Note(at, text, f"{up} {aside}".strip() or "middle")


def _legend(figure: go.Figure) -> Iterator[tuple[str, Ink]]:
    """Of bars and points; a line is named at its end."""
    named = [each for each in figure.data if each.name and each.showlegend is not False]
    if figure.layout.showlegend is False or (len(named) < 2 and not figure.layout.showlegend):
        return
    beside = bar_traces(figure)
    for trace in named:
        if trace in beside:
            yield shown(trace.name), bar_ink(trace, 0, beside.index(trace) if len(beside) > 1 else 0)
        elif trace.mode == "markers":
            yield shown(trace.name), ink_of(trace.marker, 0)
