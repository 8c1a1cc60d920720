"""Why a patient is on the list: for each care gap the rule, what was looked at, and what would close it."""

import streamlit as st

from core import care_gaps, patients
from core.domain.measure_evidence import Check, Explanation
from core.domain.wording import day_text
from core.errors import CareloopError
from core.workbench import Workbench
from pages._shared import plain

# state -> word, colour, icon; open gaps come first
STATES = {
    "overdue": ("Overdue", "red", "event_busy"),
    "out_of_range": ("Out of range", "red", "monitor_heart"),
    "due_soon": ("Due soon", "orange", "event_upcoming"),
    "cannot_determine": ("Cannot determine", "violet", "help"),
    "satisfied": ("Satisfied", "green", "check_circle"),
    "excluded": ("Excluded", "gray", "block"),
    "not_applicable": ("Not applicable", "gray", "remove"),
}
_MARKS = {True: ":green[:material/check:]", False: ":red[:material/close:]", None: ":violet[:material/question_mark:]"}


_NEARLY = {"not_final": "pending", "no_value": "data_alert", "too_old": "history", "wrong_code": "label_off"}


@st.dialog("Why this patient is on the list", width="large", icon=":material/fact_check:")
def evidence(wb: Workbench, patient_id: str) -> None:
    """The dialog: who it is, then each measure with its evidence, open gaps opened."""
    try:
        person = patients.patient(wb, patient_id)
        explanations = care_gaps.explain_patient(wb, patient_id)
    except CareloopError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.markdown(f"**{plain(person.name or person.patient_id)}**")
    known = [f"born {day_text(person.birth_date)}", person.pcp or "", person.group or ""]
    st.caption(plain(" · ".join(part for part in known if part)))
    for explanation in sorted(explanations, key=lambda each: list(STATES).index(each.state)):
        _explanation(explanation)


def _explanation(explanation: Explanation) -> None:
    word, colour, icon = STATES[explanation.state]
    is_open = explanation.state in ("overdue", "out_of_range")
    label = f":{colour}-badge[:material/{icon}: {word}] **{plain(explanation.name)}**"
    with st.expander(label, expanded=is_open):
        st.markdown(plain(explanation.headline))
        st.caption(f"{plain(explanation.rule)}  \nSource: {plain(explanation.source)}")
        _checks("Is the measure about this patient?", explanation.population)
        if explanation.searches:
            st.markdown("**What was looked for**")
            for search in explanation.searches:
                st.markdown(f"{_MARKS[search.counts]} {plain(search.sentence)}")
        if explanation.near_misses:
            st.markdown("**Nearly**")
            for miss in explanation.near_misses:
                st.markdown(f":gray[:material/{_NEARLY[miss.kind]}:] {plain(miss.sentence)}")
        _checks("What would take the patient out", explanation.exclusions, met_is_good=False)
        if explanation.due_on:
            st.markdown(f"**Due** {day_text(explanation.due_on)}")
        named = " · ".join(word for word in (explanation.gap_status, explanation.gap_reason) if word)
        st.caption(f"In data exchange (DEQM): {named}")
        if explanation.closes and explanation.state not in ("not_applicable", "excluded"):
            st.info(f"**What would close it:** {plain(explanation.closes)}", icon=":material/task_alt:")


def _checks(title: str, checks: tuple[Check, ...], *, met_is_good: bool = True) -> None:
    if not checks:
        return
    st.markdown(f"**{title}**")
    lines = []
    for check in checks:
        mark = (
            _MARKS[check.is_met]
            if met_is_good
            else (":red[:material/block:]" if check.is_met else ":gray[:material/remove:]")
        )
        lines.append(f"{mark} {plain(check.sentence)}")
    st.markdown("  \n".join(lines))
