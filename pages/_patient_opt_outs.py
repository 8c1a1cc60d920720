"""Opt-outs of one patient."""

import streamlit as st

from core.domain.person import Person
from core.workbench import Workbench


def show(wb: Workbench, person: Person) -> None:
    """Draw it."""
    st.caption(person.patient_id)
