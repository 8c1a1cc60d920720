"""All figures: a frame in, a Plotly figure out. The same ones on the pages, in notebooks and, drawn anew, in PDFs."""

from core.charts.effects import closure_curves, differences, funnel_steps, shares
from core.charts.gaps import BEYOND_WORDS, bars, funnel, trend
from core.charts.overview import calls, equity_steps, volumes
from core.charts.patients import timeline
from core.charts.printed import printed
from core.charts.results import over_time, results_bar
from core.charts.theme import (
    ACCENT,
    DASHES,
    GRID,
    INK,
    PATTERNS,
    RESULT_COLOURS,
    RESULT_DASHES,
    SERIES,
    dressed,
)
from core.charts.words import alt_text

__all__ = [
    "ACCENT",
    "BEYOND_WORDS",
    "DASHES",
    "GRID",
    "INK",
    "PATTERNS",
    "RESULT_COLOURS",
    "RESULT_DASHES",
    "SERIES",
    "alt_text",
    "bars",
    "calls",
    "closure_curves",
    "differences",
    "dressed",
    "equity_steps",
    "funnel",
    "funnel_steps",
    "over_time",
    "printed",
    "results_bar",
    "shares",
    "timeline",
    "trend",
    "volumes",
]
