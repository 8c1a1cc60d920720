"""Whose vaccine schedule counts for children: an authority the organisation chooses."""

import streamlit as st

from core import loads, rule_trials, rules
from core.workbench import Workbench
from pages._shared import count, guarded, notice, plain, progress_bar


def button(wb: Workbench) -> None:
    """What is chosen now; it opens the choice."""
    label = f"Vaccine schedule: {plain(wb.organisation().vaccine_schedule)}"
    if st.button(label, key="ms_schedule_open", icon=":material/child_care:", width="stretch"):
        _choice(wb)


@st.dialog("Vaccine schedule for children", width="medium", icon=":material/child_care:")
@guarded
def _choice(wb: Workbench) -> None:
    now, names = wb.organisation().vaccine_schedule, list(rules.schedules())
    st.caption("Authorities differ about vaccines of children. Care gaps follow the schedule chosen here.")
    place = names.index(now) if now in names else 0
    chosen = st.segmented_control("Schedule", names, default=names[place], required=True, key="ms_schedule")
    for measure in rules.of_schedule(str(chosen)):
        if measure.schedule:
            st.markdown(f"**{plain(measure.name)}**", width="stretch")
            st.caption(plain(measure.source))
    if chosen == now:
        st.markdown(":green[:material/check_circle:] This schedule counts now.")
        return
    _changes(wb, str(chosen))
    if st.button("Choose it", type="primary", key="ms_schedule_yes", disabled=not rules.may_change(wb)):
        _choose(wb, str(chosen))


def _changes(wb: Workbench, schedule: str) -> None:
    """How many care gaps would open and close, measure by measure."""
    with st.spinner("Looking at today's data ..."):
        trials = rule_trials.try_schedule(wb, schedule)
    names = {each.measure.measure_id: each.measure.name for each in rules.listed(wb)}
    lines = [
        f"- {plain(names[trial.measure_id])}: opens {count(trial.gained.height, 'care gap')}, "
        f"closes {trial.lost.height:,}"
        for trial in trials
    ]
    st.markdown("\n".join(["**Choosing it, for everybody:**", "", *lines]))
    st.caption("Measures that are off, or of which a version of your own was published, stay as they are.")


@guarded
def _choose(wb: Workbench, schedule: str) -> None:
    rules.choose_schedule(wb, schedule)
    loads.refresh(wb, progress=progress_bar("Finding care gaps"))
    notice(f"The schedule of the {schedule} counts now")
    st.rerun()
