"""A figure in words, for who does not see it: its finding, then what each bar or line shows."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import plotly.graph_objects as go

from core.charts.inks import listed, of_row
from core.charts.places import shown
from core.domain.wording import day_text

_MOST = 12  # bars or points that are told one by one


def alt_text(figure: go.Figure) -> str:
    """Some sentences: '6 of 8 patients were reached. Successful 6 (75%), Not sent 2 (25%).'"""
    title = shown(figure.layout.title.text or "")
    told = [each for trace in figure.data if trace.visible is not False and (each := _told(trace, figure))]
    return ". ".join([title, *told]) + "."


def _told(trace: Any, figure: go.Figure) -> str:
    name = f"{shown(trace.name)}: " if trace.name else ""
    if isinstance(trace, go.Bar | go.Funnel):
        return name + _enumerated(_bars(trace, figure))
    if not isinstance(trace, go.Scatter) or trace.hoverinfo == "skip" or not listed(trace.x):
        return ""
    if trace.mode == "markers" and trace.text is not None:
        return name + _enumerated(shown(str(each)) for each in _all(trace.text))
    if any(isinstance(each, str) for each in (trace.x[0], trace.y[0])) and not _is_day(trace.x[0]):
        return name + _enumerated(_points(trace, figure))
    return name + _course(trace, figure)


def _points(trace: Any, figure: go.Figure) -> Iterator[str]:
    """Points beside names, with their intervals."""
    is_flat = isinstance(trace.y[0], str)
    names, values, error = (trace.y, trace.x, trace.error_x) if is_flat else (trace.x, trace.y, trace.error_y)
    axis = figure.layout.xaxis if is_flat else figure.layout.yaxis
    for row, (name, value) in enumerate(zip(names, values, strict=True)):
        interval = ""
        if value is not None and error.array is not None:
            more = error.array[row]
            less = more if error.arrayminus is None else error.arrayminus[row]
            interval = f" ({_number(value - less, axis)} to {_number(value + more, axis)})"
        yield f"{shown(str(name))} {_number(value, axis)}{interval}"


def _bars(trace: Any, figure: go.Figure) -> Iterator[str]:
    is_flat = isinstance(trace, go.Funnel) or trace.orientation == "h"
    names, values = (trace.y, trace.x) if is_flat else (trace.x, trace.y)
    axis = figure.layout.xaxis if is_flat else figure.layout.yaxis
    own = figure.layout.yaxis if is_flat else figure.layout.xaxis
    ticks = dict(zip(listed(own.tickvals), listed(own.ticktext), strict=False))
    for row, (name, value) in enumerate(zip(listed(names), listed(values), strict=True)):
        text = of_row(trace.text, row)
        yield f"{shown(_place(ticks.get(name, name)))} {shown(str(text)) if text else _number(value, axis)}"


def _enumerated(parts: Iterator[str]) -> str:
    told = [each for each in parts if each]
    rest = f" and {len(told) - _MOST} more" if len(told) > _MOST else ""
    return ", ".join(told[:_MOST]) + rest


def _course(trace: Any, figure: go.Figure) -> str:
    points = [(x, y) for x, y in zip(trace.x, trace.y, strict=True) if x is not None and y is not None]
    if not points:
        return ""
    (first, begun), (last, ended) = points[0], points[-1]
    axis = figure.layout.yaxis
    return f"from {_number(begun, axis)} at {_place(first)} to {_number(ended, axis)} at {_place(last)}"


def _is_day(value: Any) -> bool:
    return isinstance(value, str) and value[:4].isdecimal() and value[4:5] == "-"


def _all(texts: Any) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def _number(value: Any, axis: Any) -> str:
    if value is None:
        return "unknown"
    if "%" in (axis.tickformat or ""):
        return f"{value:.1%}"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4g}"


def _place(value: Any) -> str:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, datetime):
        return f"{day_text(value.date())}, {value:%H:%M}"
    return day_text(value) if isinstance(value, date) else f"{value:,}" if isinstance(value, int) else str(value)
