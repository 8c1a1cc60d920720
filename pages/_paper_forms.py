"""Forms to fill in by hand."""

from importlib import import_module
from importlib.util import find_spec

import streamlit as st

from core.domain.person import Person
from core.workbench import Workbench


def opt_out_form_button(wb: Workbench, person: Person) -> None:
    """A button that saves the form by which an opt-out is asked for on paper, with the patient filled in (O5)."""
    if find_spec("core.paper_forms") is None:
        return
    language = "es" if person.language == "es" else "en"
    st.download_button(
        "Opt-out request form (PDF)",
        data=lambda: import_module("core.paper_forms").opt_out_request(
            wb, patient_id=person.patient_id, language=language
        ),
        file_name="opt-out-request.pdf",
        mime="application/pdf",
        key="oo_paper",
        icon=":material/print:",
        on_click="ignore",
    )
