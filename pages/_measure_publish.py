"""Publishing an edited measure: with a note, after a trial, and saying how many care gaps change."""

from collections.abc import Sequence

import streamlit as st

from core import rule_versions, rules
from core.rule_drafts import Draft
from core.rule_trials import Trial
from core.workbench import Workbench
from pages import _measure_trial
from pages._shared import count, guarded, notice, plain, progress_bar


def button(wb: Workbench, made: Draft, *, measure_id: str | None, base: int, is_changed: bool) -> None:
    """Publish, once it was tried, its test patients come out and the user may."""
    trial = _measure_trial.of(wb, made, measure_id=measure_id)
    missing = _missing(wb, made, trial, is_changed=is_changed or measure_id is None)
    pressed = st.button("Publish", key="ms_publish", icon=":material/publish:", type="primary", disabled=bool(missing))
    if missing:
        st.caption(missing, width="content")
    elif pressed and trial is not None:
        _confirm(wb, made, trial, measure_id, base)


def _missing(wb: Workbench, made: Draft, trial: Trial | None, *, is_changed: bool) -> str:
    if not rules.may_change(wb):
        return "Only somebody who sees every group and provider may publish."
    if not is_changed:
        return "Nothing was changed."
    if made.wrong or not made.results:
        return "Its test patients must come out first."
    if trial is None and _measure_trial.is_outdated(made):
        return "The data, the day or the rules changed since it was tried: try it again."
    return "" if trial is not None else "Try it on today's data first."


@st.dialog("Publish this measure", icon=":material/publish:")
def _confirm(wb: Workbench, made: Draft, trial: Trial, measure_id: str | None, base: int) -> None:
    st.markdown(f"**{plain(made.measure.name)}**")
    opened, closed = count(trial.gained.height, "care gap"), f"{trial.lost.height:,}"
    st.markdown(f"For everybody and from now on, this opens **{opened}** and closes **{closed}**.")
    note = st.text_input("What changed, and why", key="ms_note", max_chars=300)
    confirmed = confirm_exposes(made.exposes)
    if st.button("Publish", type="primary", key="ms_publish_yes", disabled=not confirmed):
        _publish(wb, made, trial, note, measure_id, base)


def confirm_exposes(sentences: Sequence[str]) -> bool:
    """Ask about each thing that messages could say from now on; true when all are meant."""
    if sentences:
        st.warning("Sensitive: tick what is meant. It is recorded.", icon=":material/lock:")
    ticked = [st.checkbox(plain(each), key=f"ms_exposes_{number}") for number, each in enumerate(sentences)]
    return all(ticked)


@guarded
def _publish(wb: Workbench, made: Draft, trial: Trial, note: str, measure_id: str | None, base: int) -> None:
    rule_versions.publish(
        wb,
        made.text,
        note,
        base=base,
        measure_id=measure_id,
        exposes_confirmed=bool(made.exposes),
        tried=trial,
        progress=progress_bar("Publishing"),
    )
    st.session_state.pop(f"ms_base_{measure_id}", None)
    notice(f"'{made.measure.name}' is published")
    st.session_state[f"ms_part_{made.measure.measure_id}"] = "Versions"
    st.switch_page("measures.py", query_params={"id": made.measure.measure_id})
