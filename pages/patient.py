"""The patient's summary: who it is, what is due, what was sent, and what the patient no longer wants."""

import streamlit as st

from core import patients
from core.domain.person import Person
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
from pages._shared import page_head, workbench

_TABS = {
    "Care gaps": _patient_gaps.show,
    "Communications": _patient_communications.show,
    "Opt-Out Settings": _patient_opt_outs.show,
    "Appointments": _patient_appointments.show,
    "Clinical": _patient_clinical.show,
    "Replies": _patient_replies.show,
    "Timeline": _patient_timeline.show,
}


def show() -> None:
    wb = workbench()
    patient_id = st.query_params.get("id", "")
    if not patient_id:
        page_head("Patient", "Find a patient with the box above: a telephone number, a part of one, or a name.")
        return
    person = patients.patient(wb, patient_id)
    page_head("Patient Summary")
    _patient_identity.show(wb, person)
    _tabs(wb, person)


def _tabs(wb: Workbench, person: Person) -> None:
    """Only the tab that is looked at is drawn."""
    chosen = st.segmented_control("Part", list(_TABS), default="Care gaps", required=True, key="pa_tab", wrap=True)
    _TABS[str(chosen or "Care gaps")](wb, person)


show()
