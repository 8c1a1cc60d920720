"""What the rates count: what is due today, or a measurement year."""

from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from core import gap_rates
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._shared import progress_bar

_YEARS = 3
_TODAY = 0


def chosen(wb: Workbench) -> int | None:
    """The measurement year that the user looks at; None for what is due today."""
    this = wb.today().year
    return (
        st.segmented_control(
            "What counts",
            [_TODAY, *range(this, this - _YEARS, -1)],
            default=_TODAY,
            required=True,
            format_func=lambda year: f"Year {year}" if year else "Due today",
            key="cg_year",
            label_visibility="collapsed",
            persist_state="session",
        )
        or None
    )


def rates(wb: Workbench, year: int) -> pl.DataFrame:
    """core.gap_rates.YEAR_RATES, with progress while they are worked out."""
    st.caption(
        "A measurement year counts by whole months up to its last day, with the ages of that day. Today's patients, "
        "with what is known today."
    )
    place = st.empty()
    with place:
        tell = progress_bar(_words(year))
    found = gap_rates.year_rates(wb, year, progress=partial(tell, _words(year)))
    place.empty()
    return found


def _words(year: int) -> str:
    return f"Evaluating the year {year}"


def rest(wb: Workbench, row: dict[str, Any], third: Any, fourth: Any) -> None:
    """How many are not counted yet, and how long the year still goes on."""
    with third:
        st.metric("Not counted yet", f"{row['eligible'] - row['satisfied']:,}")
        st.caption("Eligible, and not up to date by the year's last day")
    with fourth:
        left = (row["ends"] - wb.today()) // timedelta(days=1)
        st.metric("Days left", f"{max(left, 0):,}")
        st.caption(f"{'Ends' if left >= 0 else 'Ended'} {day_text(row['ends'])}")
