"""Plotly figures of rates: a funnel, bars with their intervals, and the course over a year. Frames in, figures out.

Every bar and point carries the place of its row in the frame as `customdata`, so that a click finds the row again.
"""

from math import ceil, floor

import plotly.graph_objects as go
import polars as pl

from core.charts.theme import ACCENT, BAR, GRID, INK, dressed, short_name
from core.domain.control_limits import limits
from core.domain.rates import overall_rate

_BEYOND = {"": ACCENT, "high_inner": "#3d8bd4", "high_outer": "#3d8bd4", "low_inner": "#d9a400", "low_outer": "#d55e00"}
_MARK = {"": "circle", "high_inner": "triangle-up", "high_outer": "triangle-up", "low_inner": "diamond"}
BEYOND_WORDS = {
    "": "within",
    "high_inner": "above 95 %",
    "high_outer": "above 99.8 %",
    "low_inner": "below 95 %",
    "low_outer": "below 99.8 %",
}
_EVERY, _POINTS = 250, 60  # up to which size a limit is drawn for each, else at how many
_STEPS, _MOST_TICKS = (1, 2, 5, 10, 20), 6  # percent between two ticks of an axis of rates


def funnel(slices: pl.DataFrame, *, noun: str) -> go.Figure:
    """Groups or providers (core.gap_rates.SLICE_RATES) by size and rate, with the limits of chance around the rate of
    all together; at least one row. The title says how many lie beyond the outer limits."""
    overall, figure = overall_rate(slices), go.Figure()
    sizes = _sizes(max(slices["eligible"]))
    _add_limits(figure, sizes, overall)
    figure.add_scatter(
        x=slices["eligible"].to_list(),
        y=slices["rate"].to_list(),
        mode="markers",
        showlegend=False,
        customdata=list(range(slices.height)),
        text=[f"{_told(row)}<br>Limits: {BEYOND_WORDS[row['beyond'] or '']}" for row in slices.iter_rows(named=True)],
        hovertemplate="%{text}<extra></extra>",
        marker={
            "size": 11,
            "color": [_BEYOND[each or ""] for each in slices["beyond"]],
            "symbol": [_MARK.get(each or "", "diamond") for each in slices["beyond"]],
            "line": {"width": 1, "color": "rgba(255,255,255,0.7)"},
        },
    )
    figure.update_xaxes(title_text="Eligible patients", gridcolor=GRID, tickfont_color=INK, zeroline=False)
    figure.update_xaxes(range=[0, sizes[-1] * 1.02])
    middle = limits(sorted(slices["eligible"])[slices.height // 2], overall)
    _as_rate(figure, [*slices["rate"], middle.low_outer, middle.high_outer])
    figure.update_layout(legend={"orientation": "h", "y": -0.22, "x": 0})
    return dressed(figure, title=_funnel_title(slices, noun), height=400)


def bars(slices: pl.DataFrame, *, target: float | None = None) -> go.Figure:
    """Rates of slices as quiet bars with their 95 % interval, in the order of the frame, and the target as a line."""
    rates = slices["rate"].to_list()
    rows = list(slices.iter_rows(named=True))
    figure = go.Figure(
        go.Bar(
            x=rates,
            y=list(range(slices.height)),
            orientation="h",
            marker={"color": ACCENT, "opacity": 0.75},
            customdata=list(range(slices.height)),
            error_x={
                "type": "data",
                "symmetric": False,
                "array": (slices["high"] - slices["rate"]).to_list(),
                "arrayminus": (slices["rate"] - slices["low"]).to_list(),
                "color": INK,
                "thickness": 1.2,
                "width": 4,
            },
            hovertext=[_told(row) for row in rows],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )
    names = [f"{short_name(row['name'])}  " for row in rows]
    figure.update_yaxes(
        autorange="reversed", tickvals=list(range(slices.height)), ticktext=names, tickfont_color=INK, zeroline=False
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%", gridcolor=GRID, tickfont_color=INK, zeroline=False)
    if target:
        figure.add_vline(x=target, line={"color": INK, "width": 1.2, "dash": "dash"})
    return dressed(figure, title=_bars_title(slices), height=100 + BAR * max(slices.height, 1))


def trend(course: pl.DataFrame, *, target: float | None = None) -> go.Figure:
    """The rate at the ends of months and today (core.gap_rates.TREND) with its 95 % interval as a band."""
    days = course["on"].to_list()
    figure = go.Figure()
    figure.add_scatter(x=days, y=course["high"].to_list(), mode="lines", line={"width": 0}, hoverinfo="skip")
    figure.add_scatter(
        x=days,
        y=course["low"].to_list(),
        mode="lines",
        line={"width": 0},
        fill="tonexty",
        fillcolor="rgba(42, 157, 143, 0.16)",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=days,
        y=course["rate"].to_list(),
        mode="lines+markers",
        line={"color": ACCENT, "width": 2},
        marker={"size": 6},
        customdata=list(range(course.height)),
        text=[f"{row['satisfied']:,} of {row['eligible']:,}" for row in course.iter_rows(named=True)],
        hovertemplate="%{x|%e %b %Y}: %{y:.1%}, %{text}<extra></extra>",
    )
    if target:
        figure.add_hline(y=target, line={"color": INK, "width": 1.2, "dash": "dash"})
    figure.update_xaxes(gridcolor=GRID, tickfont_color=INK, tickformat="%b<br>%Y")
    _as_rate(figure, [*course["low"], *course["high"], target])
    figure.update_layout(showlegend=False)
    return dressed(figure, title=_trend_title(course), height=320)


def _add_limits(figure: go.Figure, sizes: list[int], overall: float) -> None:
    for name, label, dash in (("inner", "95 % limits", "dot"), ("outer", "99.8 % limits", "solid")):
        for end in ("low", "high"):
            figure.add_scatter(
                x=sizes,
                y=[getattr(limits(size, overall), f"{end}_{name}") for size in sizes],
                mode="lines",
                line={"color": INK, "width": 1.2, "dash": dash},
                name=label,
                showlegend=end == "low",
                hoverinfo="skip",
            )
    figure.add_hline(y=overall, line={"color": INK, "width": 1, "dash": "dash"}, opacity=0.6)


def _as_rate(figure: go.Figure, shown: list[float | None]) -> None:
    """The axis of rates: everything shown fits, with some space, and never beyond 0 and 100 %."""
    rates = [rate for rate in shown if rate is not None]
    low, high = min(rates, default=0.0), max(rates, default=1.0)
    space = max(0.05, 0.2 * (high - low))
    ends = [max(-0.02, low - space), min(1.02, high + space)]
    figure.update_yaxes(range=ends, tickvals=_ticks(*ends), tickformat=".0%", gridcolor=GRID, tickfont_color=INK)
    figure.update_yaxes(zeroline=False)


def _ticks(low: float, high: float) -> list[float]:
    """Whole percents between the ends, at most seven. The axis goes a little below 0 % and above 100 %, where no rate
    is, so that a mark there is not cut."""
    step = next(step for step in _STEPS if (high - low) * 100 / step <= _MOST_TICKS)
    first, last = ceil(max(low, 0.0) * 100 / step), floor(min(high, 1.0) * 100 / step)
    return [number * step / 100 for number in range(first, last + 1)]


def _sizes(largest: int) -> list[int]:
    """Group sizes at which limits are drawn: all of them, or of many those close together where the funnel is steep."""
    end = ceil(largest * 1.05)
    if end <= _EVERY:
        return list(range(1, end + 1))
    return sorted({max(1, ceil(end * (step / _POINTS) ** 2)) for step in range(1, _POINTS + 1)})


def _told(row: dict[str, object]) -> str:
    name = short_name(str(row["name"]))
    numbers = f"{row['satisfied']:,} of {row['eligible']:,}"
    return f"{name}: {row['rate']:.1%} up to date ({numbers}), 95 % interval {row['low']:.1%}–{row['high']:.1%}"


def _funnel_title(slices: pl.DataFrame, noun: str) -> str:
    outside = slices["beyond"].str.ends_with("_outer").sum()
    if not outside:
        return f"No {noun} differs beyond chance"
    return f"{outside} of {slices.height} {noun}s {'differs' if outside == 1 else 'differ'} beyond chance"


def _bars_title(slices: pl.DataFrame) -> str:
    if slices.height < 2:
        return "Up to date"
    ordered = slices.sort("rate", maintain_order=True)
    return f"From {ordered['rate'][0]:.0%} to {ordered['rate'][-1]:.0%} up to date"


def _trend_title(course: pl.DataFrame) -> str:
    known = course.drop_nulls("rate")
    if known.height < 2:
        return "No course: nobody was eligible"
    change = round(100 * (known["rate"][-1] - known["rate"][0]))
    begun = known["on"][0]
    if not change:
        return f"As many up to date as in {begun:%b %Y}"
    points = "1 percentage point" if abs(change) == 1 else f"{abs(change)} percentage points"
    return f"{points} {'up' if change > 0 else 'down'} since {begun:%b %Y}"
