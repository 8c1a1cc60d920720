"""The versions of a measure: who published which and why, what changed, and going back."""

import streamlit as st

from core import loads, rule_drafts, rule_trials, rule_versions, rules
from core.rule_versions import RuleVersion
from core.rules import Listed
from core.workbench import Workbench
from pages._measure_publish import confirm_exposes
from pages._shared import count, guarded, moment, notice, plain, progress_bar


def show(wb: Workbench, each: Listed) -> None:
    """The list, the newest first, and a comparison of two."""
    versions = rule_versions.versions(wb, each.measure.measure_id)
    for version in reversed(versions):
        _row(wb, version, is_newest=version is versions[-1])
    if len(versions) > 1:
        _compare(versions)
    else:
        st.caption("There is one version only, so there is nothing to compare.")
    may_retire = each.is_own and each.is_on and rules.may_change(wb)
    if may_retire and st.button("Retire this measure", key="ms_retire", icon=":material/archive:"):
        _ask_to_retire(wb, each)


def _row(wb: Workbench, version: RuleVersion, *, is_newest: bool) -> None:
    with st.container(border=True):
        left, right = st.columns([5, 2], vertical_alignment="center")
        mark = " :green-badge[Counts now]" if is_newest else ""
        who = "Came with Careloop" if version.is_shipped else f"{moment(version.at, wb)} · {plain(version.by)}"
        left.markdown(f"**Version {version.number}** {mark}  \n{plain(version.note)}")
        left.caption(who if version.gained is None else f"{who} · {_changed(version)}")
        key = f"ms_back_{version.number}_{version.is_shipped}"
        if not is_newest and right.button("Publish this again", key=key, disabled=not rules.may_change(wb)):
            _ask(wb, version)


def _changed(version: RuleVersion) -> str:
    return f"{version.gained or 0:,} gained, {version.lost or 0:,} lost"


def _compare(versions: list[RuleVersion]) -> None:
    st.markdown("**Compare**")
    left, right = st.columns(2)
    places = list(range(len(versions)))
    first = left.selectbox("Before", places, len(places) - 2, key="ms_before", format_func=lambda n: _name(versions[n]))
    then = right.selectbox("After", places, len(places) - 1, key="ms_after", format_func=lambda n: _name(versions[n]))
    changed = rule_versions.compare(versions[first], versions[then])
    if changed:
        st.code(changed, language="diff", height=min(560, 40 + 22 * changed.count("\n")))
    else:
        st.caption("The same text.")


def _name(version: RuleVersion) -> str:
    return f"Version {version.number}{', as it ships' if version.is_shipped else ''}"


@st.dialog("Publish this version again", icon=":material/history:")
@guarded
def _ask(wb: Workbench, version: RuleVersion) -> None:
    st.markdown(f"**{_name(version)}** becomes the newest one.")
    with st.spinner("Looking at today's data ..."):
        trial = rule_trials.try_on(wb, version.text, measure_id=version.measure_id)
    opened, closed = count(trial.gained.height, "care gap"), f"{trial.lost.height:,}"
    st.markdown(f"For everybody and from now on, this opens **{opened}** and closes **{closed}**.")
    exposes = rule_drafts.draft(wb, version.text, measure_id=version.measure_id).exposes
    confirmed = confirm_exposes(exposes)
    if st.button("Publish", type="primary", key="ms_back_yes", disabled=not confirmed):
        _publish(wb, version, exposes_confirmed=bool(exposes))


@guarded
def _publish(wb: Workbench, version: RuleVersion, *, exposes_confirmed: bool) -> None:
    base = rule_versions.versions(wb, version.measure_id)[-1].number
    rule_versions.publish_again(
        wb, version, base=base, exposes_confirmed=exposes_confirmed, progress=progress_bar("Publishing")
    )
    st.session_state.pop(f"ms_base_{version.measure_id}", None)
    notice(f"Version {version.number} is published again")
    st.rerun()


@st.dialog("Retire this measure", icon=":material/archive:")
@guarded
def _ask_to_retire(wb: Workbench, each: Listed) -> None:
    with st.spinner("Looking at today's data ..."):
        lost = rule_trials.try_switch(wb, each.measure.measure_id).lost.height
    st.markdown(f"Retiring it closes **{count(lost, 'open care gap')}** for everybody. Its versions stay.")
    if st.button("Retire", type="primary", key="ms_retire_yes"):
        rule_versions.retire(wb, each.measure.measure_id)
        loads.refresh(wb, progress=progress_bar("Finding care gaps"))
        notice(f"'{each.measure.name}' is retired. It can be turned on again in the list.")
        st.rerun()
