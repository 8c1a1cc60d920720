"""Whose vaccine schedule counts for children: an authority the organisation chooses."""

import streamlit as st

from core import loads, rule_trials, rules
from core.workbench import Workbench
from pages._shared import count, guarded, notice, plain, progress_bar

_ASKED = "ms_schedule_asked"


def popover(wb: Workbench) -> None:
    """The choice, and the question whether it is meant."""
    now = wb.organisation().schedule
    with st.popover(f"Vaccine schedule: {plain(now)}", icon=":material/child_care:", width="stretch"):
        st.caption("Authorities differ about vaccines of children. Care gaps follow the schedule chosen here.")
        names = list(rules.schedules())
        place = names.index(now) if now in names else 0
        chosen = st.radio("Schedule", names, index=place, key="ms_schedule", horizontal=True)
        offered = [measure for measure in rules.of_schedule(chosen) if measure.schedule == chosen]
        for measure in offered:
            st.caption(f"**{plain(measure.name)}**  \n{plain(measure.source)}")
        is_new = chosen != now and rules.may_change(wb)
        if st.button("Choose this schedule", key="ms_schedule_choose", disabled=not is_new):
            st.session_state[_ASKED] = chosen
            st.rerun()
    if _ASKED in st.session_state:
        _ask(wb, st.session_state.pop(_ASKED))


@st.dialog("Please confirm", icon=":material/child_care:")
def _ask(wb: Workbench, schedule: str) -> None:
    with st.spinner("Looking at today's data ..."):
        trials = rule_trials.try_schedule(wb, schedule)
    st.markdown(f"With the schedule of the **{plain(schedule)}**, for everybody:")
    names = {each.measure.measure_id: each.measure.name for each in rules.listed(wb)}
    for trial in trials:
        gained, lost = count(trial.gained.height, "care gap"), f"{trial.lost.height:,}"
        st.markdown(f"- {plain(names[trial.measure_id])}: opens {gained}, closes {lost}")
    st.caption("Measures of which your organisation published a version of its own stay as they are.")
    if st.button("Choose it", type="primary", key="ms_schedule_yes"):
        _choose(wb, schedule)


@guarded
def _choose(wb: Workbench, schedule: str) -> None:
    rules.choose_schedule(wb, schedule)
    loads.refresh(wb, progress=progress_bar("Finding care gaps"))
    notice(f"The schedule of the {schedule} counts now")
    st.rerun()
