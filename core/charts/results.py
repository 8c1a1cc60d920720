"""Figures of what a campaign did: its results, and the course over time."""

from datetime import datetime, timedelta

import plotly.graph_objects as go
import polars as pl

from core.charts.theme import BAR, GRID, INK, RESULT_COLOURS, RESULT_DASHES, dressed
from core.domain.message import RESULTS


def results_bar(ledger: pl.DataFrame, *, held_out: int = 0, held_waiting: int = 0) -> go.Figure:
    """How many patients have which result. `ledger` has result and count (and may have a row for each reason).

    held_out   how many of these chance held out, who are no failures; `held_waiting` of them still stand in Waiting
    """
    totals = dict(ledger.group_by("result").agg(pl.col("count").sum()).iter_rows())
    shown = [result for result in RESULTS if totals.get(result)]
    selected = sum(totals.values())
    counts = [totals[result] for result in shown]
    figure = go.Figure(
        go.Bar(
            x=counts,
            y=shown,
            orientation="h",
            marker_color=[RESULT_COLOURS[result] for result in shown],
            text=[f"{count:,} ({_share(count, selected)})" for count in counts],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:,} patients<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", tickfont_color=INK, ticksuffix="  ")
    figure.update_xaxes(visible=False, range=[0, max(counts, default=1) * 1.25])
    return dressed(
        figure, title=_results_title(totals, selected, held_out, held_waiting), height=90 + BAR * max(len(shown), 1)
    )


def over_time(ended: pl.DataFrame) -> go.Figure:
    """How many patients had which result by when, added up. `ended` has at (local), result and count."""
    figure = go.Figure()
    begun, ended_at = _span(ended)
    for result in RESULTS:
        points = ended.filter(pl.col("result") == result).sort("at")
        if points.is_empty():
            continue
        times = points["at"].dt.replace_time_zone(None).to_list()
        figure.add_scatter(
            x=[begun, *times, ended_at],
            y=[0, *points["count"].cum_sum().to_list(), points["count"].sum()],
            name=result,
            mode="lines",
            line={"color": RESULT_COLOURS[result], "dash": RESULT_DASHES[result], "width": 2, "shape": "hv"},
            hovertemplate=f"%{{x|%a %b %e, %H:%M:%S}}: %{{y:,}} {result}<extra></extra>",
        )
    figure.update_xaxes(gridcolor=GRID, tickfont_color=INK)
    figure.update_yaxes(gridcolor=GRID, tickfont_color=INK, rangemode="tozero", title_text="Patients", zeroline=False)
    figure.update_layout(showlegend=len(figure.data) > 1, legend={"orientation": "h", "y": -0.25})
    return dressed(figure, title=_time_title(ended), height=300)


def _span(ended: pl.DataFrame) -> tuple[datetime | None, datetime | None]:
    """From when to when the lines are drawn: a little more than the course took, and some minutes at least."""
    if ended.is_empty():
        return None, None
    local = ended["at"].dt.replace_time_zone(None)
    first, last = local.min(), local.max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    margin = max((last - first) * 0.03, timedelta(minutes=5))
    return first - margin, last + margin


def _share(count: int, selected: int) -> str:
    share = count / selected
    return f"{share:.0%}" if count in (0, selected) or 0.01 <= share <= 0.99 else "<1%" if share < 0.01 else ">99%"


def _results_title(totals: dict[str, int], selected: int, held_out: int, held_waiting: int) -> str:
    if not selected:
        return "No patients are in this campaign"
    waiting, reached = totals.get("Waiting", 0) - held_waiting, totals.get("Successful", 0)
    to_contact = max(selected - held_out, reached)
    held = f", {held_out:,} held out" if held_out else ""
    if waiting >= to_contact > 0:
        return f"All {to_contact:,} patients{' to contact' if held_out else ''} still wait{held}"
    whom = f"{to_contact:,} {'to contact' if held_out else 'patients'}"
    return f"{reached:,} of {whom} were reached" + (f", {waiting:,} still wait" if waiting > 0 else "") + held


def _time_title(ended: pl.DataFrame) -> str:
    sent = ended.filter(pl.col("result") == "Successful")
    if sent.is_empty():
        return "Nothing has been sent yet"
    first, last = sent["at"].to_list()[0], sent["at"].to_list()[-1]
    day = f"{first:%a} {first.day} {first:%b}"
    if first.date() == last.date():
        begun, ended_at = f"{first:%H:%M}", f"{last:%H:%M}"
        return f"Sent on {day} at {begun}" if begun == ended_at else f"Sent on {day}, {begun} to {ended_at}"
    return f"Sent from {day} to {last:%a} {last.day} {last:%b}"
