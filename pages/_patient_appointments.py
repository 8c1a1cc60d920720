"""Appointments of one patient: coming ones first, then the past, and visits that only the chart has."""

from datetime import date

import polars as pl
import streamlit as st

from core import patient_records
from core.domain.appointment import STATUSES
from core.domain.person import Person
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._shared import count, moment, plain

_LOOKS = {
    "scheduled": ("orange", "event"),
    "confirmed": ("green", "event_available"),
    "arrived": ("green", "how_to_reg"),
    "completed": ("green", "check_circle"),
    "no-show": ("red", "person_off"),
    "cancelled": ("gray", "event_busy"),
    "rescheduled": ("blue", "update"),
}
_FIRST = 15  # past ones shown at once


def show(wb: Workbench, person: Person) -> None:
    """Draw it."""
    found = patient_records.appointments(wb, person.patient_id)
    coming = found.filter("is_coming").reverse()
    past = found.filter(~pl.col("is_coming"))
    st.markdown("**Coming**")
    if coming.is_empty():
        st.caption("No appointment is booked.")
    else:
        _table(wb, coming, "Coming appointments")
    _past(wb, past)
    _visits(wb, person, {at.astimezone(wb.zone()).date() for at in found["start_at"].drop_nulls()})


def _past(wb: Workbench, past: pl.DataFrame) -> None:
    st.markdown("**Past**")
    if past.is_empty():
        st.caption("The feed has no past appointment.")
        return
    _table(wb, past.head(_FIRST), "Past appointments")
    if past.height > _FIRST:
        with st.expander(f"{past.height - _FIRST} earlier"):
            _table(wb, past.slice(_FIRST), "Earlier appointments")


def _table(wb: Workbench, rows: pl.DataFrame, alt: str) -> None:
    """Few columns that wrap, so that it is the same table on a phone."""
    listed = rows.rows(named=True)
    st.table(
        {
            "When": [plain(moment(row["start_at"], wb)) for row in listed],
            "What": [plain(_first_upper(row["type"] or "Appointment")) for row in listed],
            "Status": [_status(row["status"], row["cancel_reason"], row["has_no_outcome"]) for row in listed],
            "With": [_lines(row["provider"], row["clinic"]) for row in listed],
        },
        border="horizontal",
        hide_index=True,
        alt=alt,
    )


def _status(status: str, reason: str | None, has_no_outcome: bool) -> str:
    colour, icon = _LOOKS.get(status, ("gray", "help"))
    badge = f":{colour}-badge[:material/{icon}: {plain(STATUSES.get(status, status))}]"
    why = reason or ("The feed does not say whether it took place" if has_no_outcome else "")
    return f"{badge}  \n:gray[:small[{plain(why)}]]" if why else badge


def _visits(wb: Workbench, person: Person, days: set[date]) -> None:
    """What is in the chart and on no day of an appointment."""
    visits = patient_records.chart(wb, person.patient_id).visits
    other = visits.filter(pl.col("on").is_null() | ~pl.col("on").is_in(sorted(days)))
    if other.is_empty():
        return
    with st.expander(f"{count(other.height, 'visit')} in the chart without an appointment", key="pa_visits"):
        listed = other.rows(named=True)
        st.table(
            {
                "When": [day_text(row["on"]) for row in listed],
                "What": [plain(_first_upper(row["name"])) + _mark(row["mark"]) for row in listed],
                "With": [plain(row["provider"] or "") for row in listed],
            },
            border="horizontal",
            hide_index=True,
            alt="Visits without an appointment",
        )


def _mark(mark: str) -> str:
    return f" :orange-badge[{plain(mark)}]" if mark else ""


def _lines(*words: str | None) -> str:
    return "  \n".join(plain(word) for word in words if word)


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
