"""How far the patients of a campaign came, from selected to gap closed: figure, counts and what each step counts."""

import polars as pl
import streamlit as st

from core import charts
from core.domain.campaign_steps import BY_KEY
from core.domain.wording import day_text
from core.report_parts import STEP, Parts, Slice
from core.workbench import Workbench
from pages._chart import draw_chart
from pages._shared import percent
from pages._slice_table import slice_table

_FOLLOWED = ("eligible", "sent", "delivered", "answered", "booked", "kept", "closed")


def show_steps(wb: Workbench, parts: Parts) -> tuple[Slice, str] | None:
    """Returns whom a follow-up was asked for: those who did not come to a step."""
    figure = charts.funnel_steps(parts.funnel, is_over=parts.is_over)
    draw_chart(figure, key="rp_steps_chart")
    rows = list(parts.funnel.iter_rows(named=True))
    labels = [_label(row) for row in rows]
    shown = pl.DataFrame(
        {
            "Step": [row["name"] for row in rows],
            "Patients": [row["count"] for row in rows],
            "Of the step before": [_part(row) for row in rows],
            "What it counts": [row["about"] for row in rows],
        }
    )
    config = {
        "Patients": st.column_config.NumberColumn(format="localized", width="small"),
        "What it counts": st.column_config.TextColumn(width="large"),
    }
    pressed = slice_table(wb, shown, labels, key="rp_steps", alt="Steps from selected to gap closed", config=config)
    if parts.known_through is None:
        st.caption("Visits and closed gaps are told by the next feed.")
    else:
        st.caption(f"Visits and closed gaps as known through {day_text(parts.known_through)}.")
    return None if pressed is None else (Slice(STEP, rows[pressed]["key"]), "")


def _label(row: dict[str, object]) -> str | None:
    """'204 who did not', where a follow-up can be for them."""
    return f"{row['missed']:,} who did not" if row["key"] in _FOLLOWED and row["missed"] else None


def _part(row: dict[str, object]) -> str:
    share = row["part"]
    if not isinstance(share, float):
        return "–"
    return f"{percent(share)} of {BY_KEY[str(row['of'])].name.lower()}"
