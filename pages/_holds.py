"""Why nothing is sent just now: said wherever somebody counts on messages leaving, with what ends it; and the pause."""

import streamlit as st

from core import feed_gate, sending_control
from core.domain.role import READ_PATIENTS
from core.sending_control import Hold
from core.workbench import Workbench
from pages._feed_gate import gate_warning
from pages._shared import count, guarded, notice, plain

_ASKED = "holds_asked"
_ICONS = {
    "pause": ":material/pause_circle:",
    "account": ":material/cloud_off:",
    "restore": ":material/settings_backup_restore:",
}


def show_holds(wb: Workbench, *, with_buttons: bool = True, channel: str | None = None) -> None:
    """A line for everything that holds sending back, of a mode if one is given; nothing when nothing does. Dialogs have
    it without buttons."""
    for number, hold in enumerate(sending_control.holds(wb, channel)):
        if hold.kind == "gate":
            gate_warning(wb)
            continue
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.warning(plain(hold.sentence), icon=_ICONS.get(hold.kind, ":material/block:"), width="stretch")
            if with_buttons:
                _ends(wb, hold, number)


def pause_button(wb: Workbench) -> None:
    """'Pause all sending', unless a pause holds already."""
    if not wb.user.may(READ_PATIENTS) or any(hold.kind == "pause" for hold in sending_control.holds(wb)):
        return
    if st.button(
        "Pause all sending", key="holds_pause", icon=":material/pause:", help="Nothing leaves in any campaign."
    ):
        _ask("pause")


def ask_about_sending(wb: Workbench) -> None:
    """The dialog of the button that was just pressed. Drawn by the page itself, not by a part that is drawn anew."""
    asked = st.session_state.pop(_ASKED, "")
    if asked == "pause":
        _pause(wb)
    elif asked == "resume":
        _resume(wb)


def _ends(wb: Workbench, hold: Hold, number: int) -> None:
    """What ends a pause: a button for who may, else whom to ask."""
    if hold.kind in ("restore", "mode"):
        return  # its sentence says what to do
    if not sending_control.may_resume(wb):
        st.caption("An approver or administrator who sees all patients can end it.", width="content")
    elif hold.kind == "pause":
        if st.button("Resume", key="holds_resume", icon=":material/play_arrow:"):
            _ask("resume")
    elif st.button("Try again", key=f"holds_try_{number}", icon=":material/refresh:"):
        sending_control.try_account_again(wb)
        notice("It is tried again with the next message")
        st.rerun()


def _ask(what: str) -> None:
    st.session_state[_ASKED] = what
    st.rerun()


@st.dialog("Pause all sending", icon=":material/pause:")
@guarded
def _pause(wb: Workbench) -> None:
    st.markdown(f"Nothing leaves in any campaign until somebody resumes: **{_waiting(wb)}** in active campaigns.")
    st.caption("It takes effect before the next message. One that is being handed over just now may still leave.")
    reason = st.text_input("Why?", key="holds_reason", max_chars=200, placeholder="Such as: a wrong date in a message")
    st.caption("Shown to everybody with your name. Write nothing about a patient.")
    if st.button("Pause all sending", key="holds_pause_yes", type="primary"):
        sending_control.pause_all(wb, reason=reason or "")
        notice("All sending is paused", icon=":material/pause_circle:")
        st.rerun()


@st.dialog("Resume sending", icon=":material/play_arrow:")
@guarded
def _resume(wb: Workbench) -> None:
    st.markdown(f"**{_waiting(wb)}** and will leave in the windows of their campaigns.")
    others = [hold for hold in sending_control.holds(wb) if hold.kind != "pause"]
    for hold in others:
        st.caption(f":material/info: {plain(hold.sentence)}")
    if st.button("Resume sending", key="holds_resume_yes", type="primary"):
        sending_control.resume_all(wb)
        notice("Messages may leave again")
        st.rerun()


def _waiting(wb: Workbench) -> str:
    waiting = feed_gate.waiting_count(wb)
    return f"{count(waiting, 'message')} {'waits' if waiting == 1 else 'wait'}"
