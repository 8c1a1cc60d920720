"""The time of one patient as one picture, and the same as a list."""

from datetime import date

import polars as pl
import streamlit as st

from core import charts, patient_records
from core.domain.person import Person
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._chart import draw_chart
from pages._patient_evidence import explanations
from pages._shared import plain

_SPANS = {"1 year": 1, "2 years": 2, "5 years": 5, "All": None}
_TONES = {
    "good": ":green[:material/check_circle:]",
    "coming": ":blue[:material/event_upcoming:]",
    "bad": ":red[:material/close:]",
    "quiet": ":gray[:material/history:]",
}


def show(wb: Workbench, person: Person) -> None:
    """Draw it."""
    rows = patient_records.timeline(wb, person.patient_id, evidence=explanations(wb, person) or ())
    if rows.is_empty():
        st.info(
            "Nothing has happened yet: no appointment, no communication, no care gap closed.",
            icon=":material/timeline:",
        )
        return
    span = st.segmented_control(
        "How far back", list(_SPANS), default="2 years", required=True, key="pa_span", label_visibility="collapsed"
    )
    since = _back(wb.today(), _SPANS[str(span or "2 years")])
    figure = charts.timeline(rows, as_of=wb.today(), since=since)
    draw_chart(figure, key="pa_timeline")
    st.caption("Touch or point at a mark to read what it was. The list below says the same.")
    _list(rows if since is None else rows.filter(pl.col("on") >= since))


def _back(today: date, years: int | None) -> date | None:
    return None if years is None else today.replace(year=today.year - years, day=min(today.day, 28))


def _list(rows: pl.DataFrame) -> None:
    with st.expander("As a list", key="pa_timeline_list"):
        listed = rows.rows(named=True)
        st.table(
            {
                "When": [day_text(row["on"]) for row in listed],
                "Lane": [row["lane"] for row in listed],
                "What": [
                    f"{_TONES[row['tone']]} {plain(row['what'])}  \n:gray[:small[{plain(row['details'])}]]"
                    for row in listed
                ],
            },
            border="horizontal",
            hide_index=True,
            alt="The patient's time as a list",
        )
