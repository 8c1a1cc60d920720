"""Turning a measure on or off: it asks first, and says how many care gaps that opens or closes."""

import streamlit as st

from core import loads, rule_trials, rules
from core.rules import Listed
from core.workbench import Workbench
from pages._shared import count, guarded, notice, plain, progress_bar

_ASKED = "ms_asked"


def switch(wb: Workbench, each: Listed) -> None:
    """A switch that asks first: it is drawn anew, as things are, until the question was answered."""
    measure_id = each.measure.measure_id
    asked = st.session_state.get("ms_switches", 0)
    word = "On" if each.is_on else "Off"
    key = f"ms_on_{measure_id}_{asked}"
    if st.toggle(word, each.is_on, key=key, disabled=not rules.may_change(wb)) != each.is_on:
        st.session_state["ms_switches"] = asked + 1
        st.session_state[_ASKED] = measure_id
        st.rerun()


def ask(wb: Workbench) -> None:
    """The question about the switch that was just used, if one was."""
    if _ASKED in st.session_state:
        _ask(wb, rules.rule(wb, st.session_state.pop(_ASKED)))


@st.dialog("Please confirm", icon=":material/toggle_on:")
@guarded
def _ask(wb: Workbench, each: Listed) -> None:
    st.markdown(f"**{plain(each.measure.name)}**")
    with st.spinner("Looking at today's data ..."):
        trial = rule_trials.try_switch(wb, each.measure.measure_id)
    if each.is_on:
        st.markdown(f"Turning it off closes **{count(trial.lost.height, 'open care gap')}** for everybody.")
    else:
        st.markdown(f"Turning it on opens **{count(trial.gained.height, 'care gap')}** for everybody.")
    if st.button("Turn off" if each.is_on else "Turn on", type="primary", key="ms_switch_yes"):
        _turn(wb, each)


@guarded
def _turn(wb: Workbench, each: Listed) -> None:
    rules.switch(wb, each.measure.measure_id, is_on=not each.is_on)
    loads.refresh(wb, progress=progress_bar("Finding care gaps"))
    notice(f"'{each.measure.name}' is {'off' if each.is_on else 'on'}")
    st.rerun()
