"""The patient's summary: who it is, what is due, what was sent, and what the patient no longer wants."""

from collections.abc import Callable

import streamlit as st

from core import merges, patient_records, patients
from core.domain.person import Person
from core.errors import NotFound
from core.workbench import Workbench
from pages import (
    _patient_appointments,
    _patient_clinical,
    _patient_communications,
    _patient_gaps,
    _patient_identity,
    _patient_opt_outs,
    _patient_replies,
    _patient_timeline,
)
from pages._shared import OPENED_PATIENT, page_head, plain, workbench

_Part = tuple[str, Callable[[Workbench, Person], None]]
# By its key in the address: what the part is called, and who draws it.
_PARTS: dict[str, _Part] = {
    "gaps": ("Care gaps", _patient_gaps.show),
    "communications": ("Communications", _patient_communications.show),
    "opt-outs": ("Opt-Out Settings", _patient_opt_outs.show),
    "appointments": ("Appointments", _patient_appointments.show),
    "clinical": ("Clinical", _patient_clinical.show),
    "replies": ("Replies", _patient_replies.show),
    "timeline": ("Timeline", _patient_timeline.show),
}
_KEYS = {name: key for key, (name, _) in _PARTS.items()}
_TAB = "pa_tab"


def show() -> None:
    wb = workbench()
    patient_id = st.query_params.get("id", "")
    if not patient_id:
        page_head("Patient", "Find a patient with the box above: a telephone number, a part of one, or a name.")
        return
    patient_id = merges.survivor(wb, patient_id)  # a link may be older than a merge
    try:
        person = patients.patient(wb, patient_id)
    except NotFound as error:
        _unknown(error)
        return
    if st.session_state.get(OPENED_PATIENT) != patient_id:  # once for each opening, not for each run of the page
        patient_records.opened(wb, patient_id)
        st.session_state[OPENED_PATIENT] = patient_id
    page_head("Patient Summary")
    _patient_identity.show(wb, person)
    _parts(wb, person)


def _unknown(error: NotFound) -> None:
    """An id that is unknown and one outside the user's scope look the same."""
    page_head("Patient Summary")
    st.error(plain(str(error)), icon=":material/person_search:")
    st.caption("The link may be old, or the patient belongs to a group or provider that you do not see.")
    st.page_link("work_list.py", label="Go to the work list", icon=":material/filter_list:")


def _parts(wb: Workbench, person: Person) -> None:
    """Only the part that is looked at is drawn. The address says which it is, so that it can be linked to."""
    asked = st.query_params.get("part", "")
    name, draw = _PARTS.get(asked, _PARTS["gaps"])
    st.session_state[_TAB] = name
    st.segmented_control(
        "Part", list(_KEYS), required=True, key=_TAB, wrap=True, label_visibility="collapsed", on_change=_turned
    )
    draw(wb, person)


def _turned() -> None:
    st.query_params["part"] = _KEYS[str(st.session_state[_TAB])]


show()
