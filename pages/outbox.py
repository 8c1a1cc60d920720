"""The Outbox: mails, texts and calls as patients get them, and what patients may do with them, to try it."""

import streamlit as st

from core import home_mode
from pages import _outbox_calls, _outbox_mails, _outbox_texts
from pages._shared import MODE_ICONS, page_head, workbench

_MODES = {
    # in the address: the name, what is searched, who shows it
    "email": ("Emails", "Address or subject", _outbox_mails.show),
    "text": ("Texts", "Number or words", _outbox_texts.show),
    "phone": ("Calls", "Number", _outbox_calls.show),
}
_CHOSEN, _SHOWN = "outbox_mode", "outbox_shown"


def show() -> None:
    wb = workbench()
    page_head(
        "Outbox",
        "This home is live: what leaves is not kept here, but what was sent in a sandbox is."
        if home_mode.is_live(wb)
        else "Mails, texts and calls that were sent. In this sandbox they stay on this machine, as patients get them.",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        mode = _mode()
        _, sought, draw = _MODES[mode]
        search = st.text_input(
            "Search",
            key="outbox_search" if mode == "email" else f"outbox_search_{mode}",
            type="search",
            placeholder=sought,
            live=True,
            label_visibility="collapsed",
            icon=":material/search:",
            persist_state="session",
        )
    draw(wb, search or "")


def _mode() -> str:
    """The one picked, else that of the address, else the last one."""
    asked = st.query_params.get("mode", "")
    if asked in _MODES and asked != st.session_state.get(_SHOWN):
        st.session_state[_CHOSEN] = asked
    st.session_state.setdefault(_CHOSEN, "email")
    mode = str(
        st.segmented_control(
            "What was sent",
            list(_MODES),
            format_func=_label,
            key=_CHOSEN,
            required=True,
            label_visibility="collapsed",
            persist_state="session",
        )
    )
    st.session_state[_SHOWN] = st.query_params["mode"] = mode
    return mode


def _label(mode: str) -> str:
    return f"{MODE_ICONS[mode]} {_MODES[mode][0]}"


show()
