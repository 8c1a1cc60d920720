"""That the feed gate is closed: said wherever somebody counts on messages leaving, and opened again."""

import streamlit as st

from core import feed_gate
from core.domain.feed_gate import Gate
from core.domain.role import LOAD_DATA, READ_PATIENTS, refusal
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._shared import count, guarded, notice, plain


def gate_warning(wb: Workbench) -> None:
    """A line with the reason when nothing is sent by the data that is there; nothing when the gate is open."""
    gate = feed_gate.gate(wb)
    if gate.is_open:
        return
    st.warning(f"{_closed(wb, gate)}{_reasons(gate)}", icon=":material/block:")
    if wb.user.may(READ_PATIENTS):
        label = "Look at the feed, then release it" if wb.user.may(LOAD_DATA) else "Look at the feed"
        st.page_link("data.py", label=label, icon=":material/database:")


def gate_state(wb: Workbench) -> None:
    """Whether the gate is open, why not, who released what, and the button that opens it."""
    gate = feed_gate.gate(wb)
    if gate.is_open:
        st.success("**Feed gate open**: messages leave in their windows.", icon=":material/check_circle:")
    else:
        st.error(f"**Feed gate closed**: {_closed(wb, gate)}{_reasons(gate)}", icon=":material/block:")
        if not wb.user.may(LOAD_DATA):
            st.caption(refusal(LOAD_DATA))
        elif st.button("Release", key="gate_release", icon=":material/lock_open:"):
            _release(wb, gate)
    for release in gate.releases:
        at = day_text(release.at.astimezone(wb.zone()).date())
        st.caption(f":material/lock_open: Released by {plain(release.by)} on {at}: {plain(release.reason)}")
    for problem in gate.released:
        st.caption(f":material/subdirectory_arrow_right: {plain(problem.sentence)}")


@st.dialog("Release the feed gate", icon=":material/lock_open:")
@guarded
def _release(wb: Workbench, gate: Gate) -> None:
    waiting = feed_gate.waiting_count(wb)
    verb = "waits" if waiting == 1 else "wait"
    st.markdown(f"**{count(waiting, 'message')} {verb}** and will leave in the windows of their campaigns, although:")
    st.markdown(_reasons(gate))
    st.caption(
        "The release holds for these problems only. A later load is judged anew; an old table again in some days."
    )
    reason = st.text_area("Why is it right to send by this data?", key="gate_reason", max_chars=500)
    st.caption("Kept with your name. Write nothing about a patient.")
    label = f"Release {count(waiting, 'message')}" if waiting else "Release the gate"
    if st.button(label, key="gate_release_yes", type="primary"):
        feed_gate.release(wb, reason=reason or "", seen=gate)
        notice("The feed gate is open")
        st.rerun()


def _reasons(gate: Gate) -> str:
    """One below the other, however many there are."""
    return "\n\n" + "\n".join(f"- {plain(problem.sentence)}" for problem in gate.problems)


def _closed(wb: Workbench, gate: Gate) -> str:
    since = day_text(gate.since.astimezone(wb.zone()).date()) if gate.since else ""
    return f"Nothing is sent since {since}, until the feed is good again or somebody releases it."
