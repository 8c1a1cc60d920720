"""How all figures look: colours, dashes and forms, in one place, and the frame around each.

The background is transparent and the ink in the middle of light and dark, so that one figure reads on both. Colours
are told apart by people who see colours differently (after Okabe and Ito). On grey paper they are not, so every bar
carries its word and number, and every line has a dash and every series a pattern of its own.
"""

from textwrap import wrap

import plotly.graph_objects as go

INK = "#748083"  # 4:1 on white and on the dark background
GRID = "rgba(122, 133, 135, 0.25)"
ACCENT = "#2a9d8f"
RESULT_COLOURS = {
    "Successful": "#2a9d8f",
    "Returned": "#cc79a7",
    "Unsuccessful": "#d55e00",
    "Introductory Email": "#56a3d9",
    "Not sent": "#8a9499",
    "Waiting": "#d9a400",
    "Unknown": "#8f7ac8",
}
RESULT_DASHES = {
    "Successful": "solid",
    "Returned": "dashdot",
    "Unsuccessful": "dash",
    "Introductory Email": "longdashdot",
    "Not sent": "dot",
    "Waiting": "longdash",
    "Unknown": "10px,2px,2px,2px,2px,2px",
}
SERIES = ("#2a9d8f", "#d55e00", "#3d8bd4", "#cc79a7", "#d9a400", "#8f7ac8")  # of arms, modes ... in their order
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")  # the same places as SERIES
PATTERNS = ("", "/", ".", "x", "-", "\\")
_LINE = 44  # characters of a title: what a phone has room for
_LEADING = 22  # pixels
BAR = 34  # pixels for one bar with the space around it


def dressed(figure: go.Figure, *, title: str, height: int) -> go.Figure:
    """The figure in the form that all have: its finding as the title, in lines that fit half a page, no background,
    quiet ink."""
    lines = [line for part in title.split("<br>") for line in wrap(part, _LINE)] or [""]
    more = _LEADING * (len(lines) - 1)
    return figure.update_layout(
        title={"text": "<br>".join(lines), "x": 0, "xanchor": "left", "font": {"size": 16}},
        height=height + more,
        margin={"l": 10, "r": 10, "t": 50 + more, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK, "size": 13},
        bargap=0.35,
    )


def short_name(name: str) -> str:
    """A name that fits an axis. Plotly reads tags in texts: what a feed wrote is none."""
    return (name if len(name) <= 28 else name[:27] + "…").replace("<", "&lt;")
