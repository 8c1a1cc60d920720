"""The bars of a figure as marks on paper: beside each other or stacked, flat or upright, and funnels of steps."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from core.charts.inks import ink_of, listed, of_row
from core.charts.places import Scale, shown
from core.charts.printed_points import whiskers
from core.charts.theme import PATTERNS
from core.domain.chart import Box, Ink, Mark, Note, Point

_MILLISECONDS = 86_400_000  # of a day: in these Plotly gives widths on an axis of time


def bars(figure: go.Figure, x: Scale, y: Scale) -> Iterator[Mark]:
    """The marks of all bars of a figure."""
    traces = bar_traces(figure)
    is_stacked = figure.layout.barmode in ("stack", "relative")
    room = _room(traces, x, y)
    stacked: dict[float, float] | None = {} if is_stacked else None
    for number, trace in enumerate(traces):
        whole = room * (1 - (figure.layout.bargap if figure.layout.bargap is not None else 0.2))
        whole = _own_width(trace, x, y) or whole
        parts = 1 if is_stacked or figure.layout.barmode == "overlay" else len(traces)
        begin = -whole / 2 + (whole * number / parts if parts > 1 else 0.0)
        place = number if len(traces) > 1 else 0
        yield from _bars(trace, x, y, (begin, begin + whole / parts), stacked, place)


def bar_traces(figure: go.Figure) -> list[Any]:
    """The bars of a figure that are shown."""
    return [each for each in figure.data if isinstance(each, go.Bar) and each.visible is not False]


def bar_ink(trace: Any, row: int, number: int) -> Ink:
    """How a bar is drawn; the `number`th series has a pattern, if none of its own, to be told apart without colours."""
    own = of_row(trace.marker.pattern.shape, row)
    return ink_of(trace.marker, row, pattern=own or PATTERNS[number % len(PATTERNS)])


def steps(trace: Any, x: Scale, y: Scale) -> Iterator[Mark]:
    """The marks of a funnel, as bars from the top down."""
    y.is_turned = x.from_zero = True
    x.place(0.0)
    for row, (size, place) in enumerate(zip(x.take(trace.x), y.take(trace.y), strict=True)):
        if size is not None and place is not None:
            yield Box((0.0, place - 0.35), (size, place + 0.35), ink_of(trace.marker, row))
            yield Note((size, place), shown(str(of_row(trace.text, row) or f"{size:,.0f}")), "right")


def _across(trace: Any, x: Scale, y: Scale) -> tuple[Scale, list[Any]]:
    """The axis on which the bars stand, and where."""
    return (y, listed(trace.y)) if trace.orientation == "h" else (x, listed(trace.x))


def _room(traces: Sequence[Any], x: Scale, y: Scale) -> float:
    """The least distance between two places of bars."""
    found: set[float] = set()
    for trace in traces:
        scale, names = _across(trace, x, y)
        found |= {place for place in scale.take(names) if place is not None}
    gaps = [after - before for before, after in pairwise(sorted(found))]
    return min(gaps, default=1.0)


def _own_width(trace: Any, x: Scale, y: Scale) -> float:
    scale, _ = _across(trace, x, y)
    width = float(of_row(trace.width, 0) or 0.0)
    return width / _MILLISECONDS if scale.is_time else width


def _bars(
    trace: Any, x: Scale, y: Scale, slot: tuple[float, float], stacked: dict[float, float] | None, number: int
) -> Iterator[Mark]:
    is_flat = trace.orientation == "h"
    across, names = _across(trace, x, y)
    along, values = (x, listed(trace.x)) if is_flat else (y, listed(trace.y))
    along.from_zero = True
    along.place(0.0)
    for row, (size, place) in enumerate(zip(along.take(values), across.take(names), strict=True)):
        if size is None or place is None:
            continue
        across.seen.extend(place + end for end in slot)
        begin = 0.0 if stacked is None else stacked.get(place, 0.0)
        if stacked is not None:
            stacked[place] = begin + size
            along.seen.append(begin + size)
        first, last = (begin, place + slot[0]), (begin + size, place + slot[1])
        yield Box(first if is_flat else first[::-1], last if is_flat else last[::-1], bar_ink(trace, row, number))
        end = (begin + size, place + sum(slot) / 2)
        yield from whiskers(trace, row, end if is_flat else end[::-1], x, y)
        yield from _label(trace, row, (begin, end[0]), end[1], is_stacked=stacked is not None)


def _label(trace: Any, row: int, ends: tuple[float, float], place: float, *, is_stacked: bool) -> Iterator[Note]:
    """The words of a bar: beside its end, or within it when another one stands on it."""
    text, is_flat = shown(str(of_row(trace.text, row) or "")), trace.orientation == "h"
    if text:
        at: Point = (sum(ends) / 2 if is_stacked else ends[1], place)
        yield Note(at if is_flat else at[::-1], text, "middle" if is_stacked else "right" if is_flat else "above")
