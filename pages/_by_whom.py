"""The results of a campaign by language, provider and group: counts and a small figure, small cells left out."""

import polars as pl
import streamlit as st

from core import charts
from core.domain.campaign_steps import BREAK_DOWNS
from core.domain.slices import NOT_RECORDED
from core.domain.small_cells import LEAST
from core.domain.wording import LANGUAGES
from core.report_parts import Parts, Slice
from core.workbench import Workbench
from pages._chart import draw_chart
from pages._shared import percent
from pages._slice_table import slice_table


def by_whom(wb: Workbench, parts: Parts) -> tuple[Slice, str] | None:
    """Returns whom a follow-up was asked for."""
    by = st.segmented_control(
        "By",
        list(BREAK_DOWNS),
        default="language",
        required=True,
        key="rp_by",
        label_visibility="collapsed",
        format_func=BREAK_DOWNS.__getitem__,
    )
    slices = parts.slices[str(by or "language")]
    rows = list(slices.iter_rows(named=True))
    name, names = BREAK_DOWNS[str(by or "language")], LANGUAGES if by == "language" else {}
    if slices["closed"].null_count() < slices.height:
        figure = charts.shares(slices, names, by=name, is_over=parts.is_over)
        draw_chart(figure, key="rp_by_chart")
    shown = pl.DataFrame(
        {
            name: [names.get(row["slice"], row["slice"]) or NOT_RECORDED for row in rows],
            "Selected": slices["selected"],
            "Reached": slices["delivered"],
            "Reached, share": [_share(row["delivered"], row["selected"]) for row in rows],
            "Booked": slices["booked"],
            "Gap closed": slices["closed"],
            "Closed, of reached": [_share(row["closed"], row["delivered"]) for row in rows],
        }
    )
    labels = [None if row["is_hidden"] else "Follow-up" for row in rows]
    numbers = ("Selected", "Reached", "Booked", "Gap closed")
    config = {each: st.column_config.NumberColumn(format="localized", width="small") for each in numbers}
    pressed = slice_table(wb, shown, labels, key=f"rp_by_{by}", alt=f"Results by {name.lower()}", config=config)
    if slices["is_hidden"].any():
        st.caption(f"Counts of fewer than {LEAST} patients, and those that would give them away, are left out.")
    return None if pressed is None else (Slice(str(by), rows[pressed]["slice"]), "")


def _share(part: int | None, whole: int | None) -> str:
    return percent(part / whole) if part is not None and whole else "–"
