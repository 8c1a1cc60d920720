"""Plotly figures about all campaigns: volumes, the steps of a contact by language and the like, load on call lines.

Frames in, figures out, as in core.charts. Bars of volumes carry the place of their row in the frame as `customdata`.
"""

from datetime import date, timedelta
from typing import Any

import plotly.graph_objects as go
import polars as pl

from core.charts.theme import DASHES, GRID, INK, SERIES, dressed, short_name
from core.domain.organisation import MODES
from core.domain.roll_up import STEPS
from core.domain.wording import day_text

MODE_COLOURS = {"email": "#3d8bd4", "text": "#2a9d8f", "phone": "#d9a400", "letter": "#cc79a7"}
MODE_NAMES = {"email": "Email", "text": "Text", "phone": "Phone", "letter": "Letter"}
_OF_THOSE = {"selected": "To contact"}  # nobody whom chance held out
_MARKS = ("circle", "square", "diamond", "triangle-up", "x", "star", "pentagon", "hexagon")
_MOST = min(len(SERIES), len(DASHES))
_FULL = 0.999  # a line that is full for the whole hour; the rounding of a pace is left out


def volumes(frame: pl.DataFrame, *, is_weekly: bool) -> go.Figure:
    """How many patients were handed a message, by mode and day or week (core.overview.VOLUMES)."""
    rows, figure = frame.with_row_index("place"), go.Figure()
    for mode in MODES:
        mine = rows.filter(pl.col("channel") == mode)
        if not mine.is_empty():
            figure.add_bar(
                x=mine["on"].to_list(),
                y=mine["handed_over"].to_list(),
                name=MODE_NAMES[mode],
                marker_color=MODE_COLOURS[mode],
                customdata=mine["place"].to_list(),
                width=(6 if is_weekly else 0.8) * timedelta(days=1) / timedelta(milliseconds=1),
                hovertemplate=f"{'Week of ' if is_weekly else ''}%{{x|%a %e %b %Y}}: %{{y:,}} by {mode}<extra></extra>",
            )
    _axes(figure, "Patients")
    if not frame.is_empty():
        figure.update_xaxes(range=_span(frame["on"].to_list()), tickformat="%-d %b")
        figure.update_xaxes(**_ticks(frame["on"].to_list(), step=7 if is_weekly else 1))
    figure.update_layout(barmode="stack", showlegend=len(figure.data) > 1, legend={"orientation": "h", "y": -0.2})
    return dressed(figure, title=_volumes_title(frame, is_weekly=is_weekly), height=300)


def equity_steps(equity: pl.DataFrame, *, noun: str) -> go.Figure:
    """The share of those to contact who came to each step, a line for each value of one dimension (core.equity.EQUITY);
    the largest few. Where too few are behind a share, the line has a hole."""
    names = equity["name"].unique(maintain_order=True).to_list()[:_MOST]
    figure = go.Figure()
    for place, name in enumerate(names):
        mine = equity.filter(pl.col("name") == name)
        figure.add_scatter(
            x=[_OF_THOSE.get(step, STEPS[step]) for step in mine["step"]],
            y=mine["rate"].to_list(),
            name=short_name(name),
            mode="lines+markers",
            line={"color": SERIES[place], "width": 2, "dash": DASHES[place]},
            marker={"symbol": _MARKS[place], "size": 8},
            text=[_told(row) for row in mine.iter_rows(named=True)],
            hovertemplate="%{text}<extra></extra>",
        )
    _axes(figure, "")
    figure.update_yaxes(tickformat=".0%", range=[0, 1.03])
    figure.update_layout(showlegend=len(names) > 1, legend={"orientation": "h", "y": -0.28})
    return dressed(figure, title=_steps_title(equity, noun), height=360)


def calls(frame: pl.DataFrame) -> go.Figure:
    """Planned calls by hour against what the lines take (core.coming.CALLS)."""
    hours = frame["at"].to_list()
    most = f"{max(frame['most'], default=0):,}"
    figure = go.Figure()
    figure.add_bar(
        x=hours,
        y=frame["planned"].to_list(),
        marker_color=MODE_COLOURS["phone"],
        name="Planned calls",
        hovertemplate="%{x|%a %e %b, %H:%M}: %{y:,} calls<extra></extra>",
    )
    figure.add_hline(
        y=max(frame["most"], default=0),
        line={"color": INK, "width": 1.2, "dash": "dash"},
        annotation={"text": f"{most} an hour at most", "font": {"color": INK}},
        annotation_position="top left",
    )
    _axes(figure, "Calls an hour")
    figure.update_yaxes(range=[0, 1.2 * max([*frame["planned"], *frame["most"]], default=1)])
    figure.update_layout(showlegend=False)
    return dressed(figure, title=_calls_title(frame), height=280)


def _span(days: list[date]) -> tuple[date, date]:
    """Three weeks at least, so that a bar is as wide as its days."""
    first, last = min(days), max(days)
    return min(first, last - timedelta(days=20)) - timedelta(days=4), last + timedelta(days=4)


def _ticks(days: list[date], *, step: int) -> dict[str, Any]:
    """Ticks on days that have a bar, or could: at most eight, as many days apart as `step` or some times that."""
    first, last = min(days), max(days)
    apart = step * max(1, -(-(last - first).days // (8 * step)))
    return {"tick0": first, "dtick": apart * timedelta(days=1) / timedelta(milliseconds=1)}


def _axes(figure: go.Figure, title: str) -> None:
    figure.update_xaxes(gridcolor=GRID, tickfont_color=INK)
    figure.update_yaxes(gridcolor=GRID, tickfont_color=INK, rangemode="tozero", zeroline=False, title_text=title)


def _volumes_title(frame: pl.DataFrame, *, is_weekly: bool) -> str:
    if frame.is_empty():
        return "Nobody was contacted"
    every = frame.group_by("on").agg(pl.col("handed_over").sum()).sort("handed_over", "on", descending=[True, False])
    total, (on, most) = frame["handed_over"].sum(), every.row(0)
    contacts = f"{total:,} contact{'' if total == 1 else 's'}"
    if every.height == 1:
        return f"{contacts} {_when(on, is_weekly=is_weekly)}"
    return f"{contacts}, most {_when(on, is_weekly=is_weekly)} ({most:,})"


def _when(on: date, *, is_weekly: bool) -> str:
    return f"in the week of {on.day} {on:%b}" if is_weekly else f"on {day_text(on)}"


def _steps_title(equity: pl.DataFrame, noun: str) -> str:
    """The last step at which chance does not explain the difference between the highest and the lowest share."""
    for step in reversed(list(STEPS)[1:]):
        rows = equity.filter((pl.col("step") == step) & pl.col("rate").is_not_null()).sort("rate", maintain_order=True)
        if rows.height < 2:
            continue
        low, high = rows.row(0, named=True), rows.row(-1, named=True)
        if low["high"] < high["low"]:
            one, other = (f"{short_name(row['name'])} {row['rate']:.0%}" for row in (low, high))
            return f"{STEPS[step]}: {one}, {other}"
    return f"No difference by {noun.lower()} beyond chance"


def _told(row: dict[str, Any]) -> str:
    if row["rate"] is None:
        return ""
    name, part = short_name(row["name"]), f"{row['count']:,} of {row['selected']:,}"
    step = _OF_THOSE.get(row["step"], STEPS[row["step"]]).lower()
    bounds = f"95 % interval {100 * row['low']:.1f}–{100 * row['high']:.1f} %"
    return f"{name}, {step}: {row['rate']:.1%} ({part})<br>{bounds}"


def _calls_title(frame: pl.DataFrame) -> str:
    """One that fits on a phone."""
    full = frame.filter(pl.col("planned") >= _FULL * pl.col("most")).height
    if full:
        return f"Lines full in {full} of {frame.height} hours"
    total = frame["planned"].sum()
    return f"{total:,} call{'' if total == 1 else 's'} planned, lines never full"
