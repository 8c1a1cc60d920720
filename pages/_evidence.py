"""Why a patient is on the list: for each care gap the rule, what was looked at, and what would close it."""

from collections.abc import Callable, Collection
from datetime import date
from functools import partial

import streamlit as st

from core import care_gaps, patients
from core.domain.measure_evidence import Explanation
from core.domain.wording import day_text
from core.errors import CareloopError
from core.workbench import Workbench
from pages._explanation import explanation, is_open, place
from pages._patient_remarks import remarks_of
from pages._seen import seen
from pages._shared import plain, summary_link

_TIMES = "ev_times"  # part of a key, so that a day that was chosen for one patient is not asked about the next
Edited = Callable[[], Explanation]


def evidence(wb: Workbench, patient_id: str, *, asked: Collection[str] = (), edited: Edited | None = None) -> None:
    """Open the dialog: who it is, then each measure with its evidence.

    asked    ids of measures that come first and are unfolded, the others folded; without any every open gap is unfolded
    edited   gives the evidence by a rule that is being edited, which stands above what counts now
    """
    st.session_state[_TIMES] = st.session_state.get(_TIMES, 0) + 1
    _evidence(wb, patient_id, asked, edited)


@st.dialog("Why this patient is on the list", width="large", icon=":material/fact_check:")
def _evidence(wb: Workbench, patient_id: str, asked: Collection[str], edited: Edited | None) -> None:
    try:
        person = patients.patient(wb, patient_id)
        seen(wb, "evidence", [patient_id])
        st.markdown(f"**{plain(person.name or person.patient_id)}**")
        known = [f"born {day_text(person.birth_date)}", person.pcp or "", person.group or ""]
        st.caption(plain(" · ".join(part for part in known if part)))
        summary_link(patient_id, "Open the summary")
        if edited is not None:
            explanation(edited(), is_unfolded=True, mark=":blue-badge[:material/edit: By the edited rule]")
            st.markdown("**By the rules that count now**")
            _explanations(care_gaps.explain_patient(wb, patient_id), asked, is_unfolded=False)
            return
        day = _day(wb)
        moment = None if day is None else care_gaps.end_of(wb, day)
        beside = partial(remarks_of, wb, person, on=day)
        _explanations(care_gaps.explain_patient(wb, patient_id, as_of=day, known_at=moment), asked, beside=beside)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")


def _day(wb: Workbench) -> date | None:
    """An earlier day whose answer is asked for; None for now."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        day = st.date_input(
            "As known on",
            None,
            max_value=wb.today(),
            format="YYYY-MM-DD",
            width=180,
            key=f"ev_known_{st.session_state[_TIMES]}",
            help="What the list said on an earlier day, by what had been received by its end.",
        )
        if day is not None:
            st.caption(
                f"As it stood on {day_text(day)}, by what our data said then. The rules and the patient's own row are "
                "those of today."
            )
    return day


def _explanations(
    found: list[Explanation],
    asked: Collection[str],
    *,
    is_unfolded: bool = True,
    beside: Callable[[str], None] | None = None,
) -> None:
    """The measures that were asked for first, then open gaps, then the others."""
    is_asked = any(each.measure_id in asked for each in found)
    for each in sorted(found, key=lambda each: (each.measure_id not in asked, place(each))):
        is_first = each.measure_id in asked if is_asked else is_open(each)
        explanation(each, is_unfolded=is_unfolded and is_first, beside=beside)
