"""Why a patient is on the list: for each care gap the rule, what was looked at, and what would close it."""

from collections.abc import Callable, Collection
from datetime import date
from functools import partial

import streamlit as st

from core import care_gaps, patients
from core.domain.measure_evidence import Check, Explanation
from core.domain.measure_wording import STATE_NAMES
from core.domain.wording import day_text
from core.errors import CareloopError
from core.workbench import Workbench
from pages._patient_remarks import remarks_of
from pages._shared import plain

# state -> colour, icon; open gaps come first
_LOOKS = {
    "overdue": ("red", "event_busy"),
    "out_of_range": ("red", "monitor_heart"),
    "due_soon": ("orange", "event_upcoming"),
    "cannot_determine": ("violet", "help"),
    "satisfied": ("green", "check_circle"),
    "excluded": ("gray", "block"),
    "not_applicable": ("gray", "remove"),
}
_OPEN = ("overdue", "out_of_range")
_MARKS = {True: ":green[:material/check:]", False: ":red[:material/close:]", None: ":violet[:material/question_mark:]"}
_NEARLY = {"not_final": "pending", "no_value": "data_alert", "too_old": "history", "wrong_code": "label_off"}
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
        st.markdown(f"**{plain(person.name or person.patient_id)}**")
        known = [f"born {day_text(person.birth_date)}", person.pcp or "", person.group or ""]
        st.caption(plain(" · ".join(part for part in known if part)))
        if edited is not None:
            _explanation(edited(), is_unfolded=True, mark=":blue-badge[:material/edit: By the edited rule]")
            st.markdown("**By the rules that count now**")
            _explanations(care_gaps.explain_patient(wb, patient_id), asked, is_unfolded=False)
            return
        day = _day(wb)
        moment = None if day is None else care_gaps.end_of(wb, day)
        beside = partial(remarks_of, wb, person, on=day)
        _explanations(care_gaps.explain_patient(wb, patient_id, as_of=day, known_at=moment), asked, beside=beside)
    except CareloopError as error:
        st.error(str(error), icon=":material/error:")


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
    places = list(_LOOKS)
    is_asked = any(each.measure_id in asked for each in found)
    for each in sorted(found, key=lambda each: (each.measure_id not in asked, places.index(each.state))):
        is_first = each.measure_id in asked if is_asked else each.state in _OPEN
        _explanation(each, is_unfolded=is_unfolded and is_first, beside=beside)


def _explanation(
    explanation: Explanation, *, is_unfolded: bool, mark: str = "", beside: Callable[[str], None] | None = None
) -> None:
    colour, icon = _LOOKS[explanation.state]
    label = f":{colour}-badge[:material/{icon}: {STATE_NAMES[explanation.state]}] **{plain(explanation.name)}** {mark}"
    with st.expander(label, expanded=is_unfolded):
        st.markdown(plain(explanation.headline))
        if beside:
            beside(explanation.measure_id)
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
