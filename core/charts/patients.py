"""The picture of one patient's time: lanes of appointments, communications and closed care gaps."""

from datetime import date, timedelta

import plotly.graph_objects as go
import polars as pl

from core.charts.theme import GRID, INK, dressed
from core.domain.timeline import CLOSURES, CONTACTS, LANES, VISITS
from core.domain.wording import day_text

# By tone: colour, form and word, so that nothing is told by colour alone.
_MARKS = {
    "good": ("#2a9d8f", "circle", "took place"),
    "coming": ("#3d8bd4", "circle-open", "lies ahead"),
    "bad": ("#d55e00", "x", "did not succeed"),
    "quiet": ("#8a9499", "diamond-open", "counts no more, or unclear"),
}
_NAMES = {VISITS: "Appointments", CONTACTS: "Communi-<br>cations", CLOSURES: "Care gaps<br>closed"}
_WIDEST = 60  # characters of a line in the hover


def timeline(rows: pl.DataFrame, *, as_of: date, since: date | None = None) -> go.Figure:
    """TIMELINE (core.domain.timeline) as one picture, with a line at `as_of`; one mark for a day, lane and tone.

    since   from which day on; None = everything. The title says how much there is of each.
    """
    shown = rows if since is None else rows.filter(pl.col("on") >= since)
    figure = go.Figure()
    for tone, (colour, form, word) in _MARKS.items():
        _add_marks(figure, shown.filter(pl.col("tone") == tone), colour, form, word)
    first, last = _ends(shown, as_of, since)
    figure.add_vline(x=as_of, line={"color": INK, "width": 1.2, "dash": "dash"})
    figure.add_annotation(
        x=as_of, y=1.0, yref="paper", yanchor="bottom", text=f"as of {as_of.day} {as_of:%b}", showarrow=False
    )
    figure.update_xaxes(range=[first, last], gridcolor=GRID, tickfont_color=INK, tickformat="%b<br>%Y", nticks=7)
    figure.update_xaxes(zeroline=False)
    figure.update_yaxes(
        tickvals=list(range(len(LANES))),
        ticktext=[f"{_NAMES[lane]}  " for lane in LANES],
        range=[len(LANES) - 0.5, -0.5],
        gridcolor=GRID,
        tickfont_color=INK,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_layout(legend={"orientation": "h", "y": -0.3, "x": 0}, hoverlabel={"align": "left"})
    return dressed(figure, title=title(rows, as_of=as_of, since=since), height=350)


def title(rows: pl.DataFrame, *, as_of: date, since: date | None = None) -> str:
    """'3 visits, 2 messages, 1 care gap closed<br>since Tue 26 Nov 2024': the finding, also for those who see no
    picture."""
    shown = rows.filter(pl.col("on") <= as_of)
    shown = shown if since is None else shown.filter(pl.col("on") >= since)
    visits = shown.filter(pl.col("lane") == VISITS, pl.col("tone") == "good").height
    messages = shown.filter(pl.col("lane") == CONTACTS).height
    closed = shown.filter(pl.col("lane") == CLOSURES, pl.col("tone") == "good").height
    words = [_count(visits, "visit"), _count(messages, "message"), _count(closed, "care gap") + " closed"]
    coming = rows.filter(pl.col("tone") == "coming").height
    ahead = f", {coming} ahead" if coming else ""
    return f"{', '.join(words)}{ahead}<br>" + (f"since {day_text(since)}" if since else "in all that is known")


def _add_marks(figure: go.Figure, rows: pl.DataFrame, colour: str, form: str, word: str) -> None:
    if rows.is_empty():
        return
    told = rows.with_columns(text=pl.struct("what", "details").map_elements(_told, return_dtype=pl.String))
    days = told.group_by("lane", "on", maintain_order=True).agg(pl.col("text").str.join("<br>"), pl.len().alias("size"))
    figure.add_scatter(
        x=days["on"].to_list(),
        y=[LANES.index(lane) for lane in days["lane"]],
        mode="markers",
        name=word,
        text=[f"<b>{day_text(row['on'])}</b><br>{row['text']}" for row in days.iter_rows(named=True)],
        hovertemplate="%{text}<extra></extra>",
        marker={
            "size": [11 if size == 1 else 15 for size in days["size"]],
            "color": colour,
            "symbol": form,
            "line": {"width": 2, "color": colour},
        },
    )


def _told(row: dict[str, str]) -> str:
    """The lines of the hover. Plotly reads tags in texts: what a feed or a person wrote is none."""
    lines = [f"• {line}" if number == 0 else f"  {line}" for number, line in enumerate(_lines(row["what"]))]
    return "<br>".join([*lines, *(f"  {line}" for line in _lines(row["details"]))])


def _lines(text: str) -> list[str]:
    """The text in lines that fit the hover on a narrow screen."""
    lines = [""]
    for word in text.replace("<", "&lt;").split():
        if lines[-1] and len(lines[-1]) + len(word) >= _WIDEST:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [line for line in lines if line]


def _ends(shown: pl.DataFrame, as_of: date, since: date | None) -> tuple[date, date]:
    days = [*shown["on"].to_list(), as_of, *([since] if since else [])]
    space = max((max(days) - min(days)) * 0.04, timedelta(days=7))
    return min(days) - space, max(days) + space


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else noun + 's'}" if number else f"no {noun}"
