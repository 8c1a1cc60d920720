"""Replies of one patient: what came from the numbers to which the patient's texts go."""

import streamlit as st

from core import inbox
from core.domain.person import Person
from core.workbench import Workbench
from pages import _replies
from pages._shared import count

_SIZE = 20


def show(wb: Workbench, person: Person) -> None:
    """Draw it."""
    found = inbox.of_patient(wb, person.patient_id)
    if not found:
        st.info("No text has come from this patient's number.", icon=":material/forum:")
        return
    waiting = sum(reply.status == "new" for reply in found)
    waits = f" · {waiting} {'waits' if waiting == 1 else 'wait'} for a person" if waiting else ""
    st.caption(f"{count(len(found), 'reply', 'replies')}, newest first{waits}")
    pages = -(-len(found) // _SIZE)
    number = min(st.session_state.get("pa_replies_page", 1), pages)
    for reply in found[(number - 1) * _SIZE : number * _SIZE]:
        _replies.card(wb, reply, of=person.patient_id)
    if pages > 1:
        st.pagination(pages, key="pa_replies_page")
