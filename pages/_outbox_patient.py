"""What somebody at the Outbox does in a patient's place: text back, press keys, and be unreachable."""

from collections.abc import Mapping

import streamlit as st

from core import outbox_texts
from core.outbox_texts import KeptCall
from core.workbench import Workbench
from pages._shared import guarded, notice

_SUGGESTIONS = ("STOP", "START", "HELP", "Yes please")
_KEYS = ("1", "2", "9")
_TEXTS = {
    "": "Delivered",
    "undelivered:30003": "Unreachable",
    "undelivered:30006": "A landline",
    "undelivered:30004": "Blocked by its carrier",
}
_CALLS = {"": "A person", "machine": "A machine", "busy": "Busy", "no-answer": "Nobody answers"}
_ONE_BEHAVIOUR = "It stays so until you choose otherwise here. A number does one thing at a time, with texts and calls."


def only_kept(wb: Workbench, what: str) -> None:
    """Say so where messages really leave."""
    if not outbox_texts.is_stand_in(wb):
        st.info(
            f"Texts and calls go out by an account of Twilio. The Outbox shows only {what} that the stand-in kept.",
            icon=":material/info:",
        )


def as_patient(wb: Workbench, number: str) -> None:
    """Reply to us from a patient's phone."""
    st.markdown("**Reply as the patient**")
    with st.container(horizontal=True, gap="small", key="outbox_suggestions"):
        for words in _SUGGESTIONS:
            if st.button(words, key=f"outbox_reply_{words}"):
                _reply(wb, number, words)
    written = st.chat_input("Write a text", key="outbox_reply", max_chars=1600)
    if written:
        _reply(wb, number, str(written))


@guarded
def _reply(wb: Workbench, number: str, body: str) -> None:
    answered = outbox_texts.reply(wb, number, body).answered
    if 200 <= answered < 300:
        notice("Sent as the patient; Careloop has it under Replies", icon=":material/reply:")
        st.rerun()
    st.error(
        "The text was sent, but Careloop did not take it"
        + (f" (HTTP {answered})" if answered else ", because nothing answers at its public address")
        + ". Check CARELOOP_PUBLIC_URL and look in the terminal for the reason.",
        icon=":material/error:",
    )


def next_text(wb: Workbench, number: str) -> None:
    """Choose what becomes of texts to a number."""
    _behaviour(wb, number, "What this number does with the next text", _TEXTS, key="outbox_next_text")


def next_call(wb: Workbench, number: str) -> None:
    """Choose who answers when a number is called."""
    _behaviour(wb, number, "The next time this number is called", _CALLS, key="outbox_next_call")


@guarded
def _behaviour(wb: Workbench, number: str, label: str, offered: Mapping[str, str], *, key: str) -> None:
    told = outbox_texts.behaviour(wb, number)
    st.session_state[key] = told if told in offered else ""
    st.segmented_control(
        label,
        list(offered),
        format_func=offered.__getitem__,
        key=key,
        required=True,
        wrap=True,
        help=_ONE_BEHAVIOUR,
        on_change=_behave,
        args=(wb, number, key),
    )


@guarded
def _behave(wb: Workbench, number: str, key: str) -> None:
    outbox_texts.behave(wb, number, str(st.session_state[key]))


def keys(wb: Workbench, call: KeptCall) -> None:
    """Press keys in a call that is under way."""
    asks = "The call asks for a key." if call.asks_for_key else "A key pressed now counts as soon as the call asks."
    st.markdown(f"**Press a key as the patient** :gray[{asks}]")
    with st.container(horizontal=True, gap="small"):
        for key in _KEYS:
            if st.button(key, key=f"outbox_key_{key}", width=64):
                _press(wb, call.sid, key)


@guarded
def _press(wb: Workbench, sid: str, key: str) -> None:
    outbox_texts.press(wb, sid, key)
