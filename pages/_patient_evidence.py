"""The evidence of the patient who is looked at, asked once and not again each time a part of the page is opened."""

import streamlit as st

from core import care_gaps, loads, rules
from core.domain.measure_evidence import Explanation
from core.domain.person import Person
from core.workbench import Workbench

_KEPT = "pa_evidence"


def explanations(wb: Workbench, person: Person) -> list[Explanation] | None:
    """Of every measure; None before the first load. Kept until the data, the rules, the day or the user change."""
    generation = loads.current(wb)
    if generation is None:
        return None
    asked = (person.patient_id, generation.name, rules.in_force(wb).mark, wb.today(), wb.user)
    kept = st.session_state.get(_KEPT)
    if kept is None or kept[0] != asked:
        kept = st.session_state[_KEPT] = (asked, care_gaps.explain_patient(wb, person.patient_id))
    found: list[Explanation] = kept[1]
    return found
