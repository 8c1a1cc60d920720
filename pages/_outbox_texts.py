"""The texts of the Outbox: each number's conversation as on its phone, and what its owner may do, to try it."""

from datetime import datetime

import streamlit as st

from core import outbox_texts
from core.domain.address import phone_text
from core.domain.message import reason_sentence
from core.domain.twilio_errors import error_of
from core.domain.wording import day_text
from core.errors import CareloopError
from core.outbox_texts import KeptText, patient_number
from core.workbench import Workbench
from pages._bubbles import Bubble, conversation
from pages._outbox_list import EVERY, Row, Standing, chosen, nothing, page_number, rows, time_text
from pages._outbox_patient import as_patient, next_text, only_kept
from pages._patient_links import whose
from pages._shared import count, guarded, plain

_CHOSEN = "outbox_text"  # the SID of a text and its number
_STANDINGS = {
    "accepted": Standing("schedule", "gray", "Queued"),
    "queued": Standing("schedule", "gray", "Queued"),
    "sending": Standing("schedule", "gray", "Being sent"),
    "sent": Standing("check", "gray", "Sent"),
    "delivered": Standing("done_all", "green", "Delivered"),
    "received": Standing("reply", "blue", "From the patient"),
}


def show(wb: Workbench, search: str) -> None:
    """The list of texts, and the conversation with the number chosen."""
    only_kept(wb, "texts")
    first = _first(wb, search)
    if first is None:
        nothing(lambda: outbox_texts.texts(wb, search=search, size=1).count, lambda: _empty(search))
        return
    _, number = chosen(_CHOSEN, search, (first.sid, patient_number(first)))
    left, right = st.columns([2, 3], gap="large")
    with left:
        _list(wb, search)
    with right:
        st.subheader(plain(phone_text(number)), anchor=False)
        whose(wb, number, part="communications")
        _conversation(wb, number)
        if outbox_texts.is_stand_in(wb):
            as_patient(wb, number)
            next_text(wb, number)


def standing(text: KeptText) -> Standing:
    """What became of a text; for one that did not arrive with the reason."""
    known = _STANDINGS.get(text.status)
    reason = reason_sentence(error_of(text.error_code).reason)
    return known or Standing("error", "red", f"Not delivered: {reason}")


def _first(wb: Workbench, search: str) -> KeptText | None:
    """The newest text found; None also when the stand-in does not answer, which `nothing` says then."""
    try:
        found = outbox_texts.texts(wb, search=search, size=1).texts
    except CareloopError:
        return None
    return found[0] if found else None


def _empty(search: str) -> None:
    if search:
        st.info("No text has this in its number or words. Clear the search to see all.", icon=":material/search_off:")
        return
    st.info(
        "No text yet. Activate a campaign by text: in the next text window its texts arrive here.",
        icon=":material/outbox:",
    )
    st.page_link("campaigns.py", label="Go to Campaigns", icon=":material/campaign:")


@st.fragment(run_every=EVERY)
@guarded
def _list(wb: Workbench, search: str) -> None:
    found = outbox_texts.texts(wb, search=search, page=page_number("text"))
    if found.count and not found.texts:  # fewer pages than before the search
        found = outbox_texts.texts(wb, search=search)
    listed = [Row(one.sid, one.at, patient_number(one), one.body, standing(one)) for one in found.texts]
    pressed = rows(wb, listed, chosen=st.session_state[_CHOSEN][0], found_count=found.count, noun="text")
    if pressed:
        st.session_state[_CHOSEN] = (pressed, next(row.number for row in listed if row.sid == pressed))
        st.rerun()


@st.fragment(run_every=EVERY)
def _conversation(wb: Workbench, number: str) -> None:
    try:
        thread = outbox_texts.thread(wb, number)
    except CareloopError:  # the list beside it says what is wrong
        return
    st.caption(f"{count(len(thread), 'text')}, as on the patient's phone")
    conversation([_bubble(wb, one) for one in thread])


def _bubble(wb: Workbench, text: KeptText) -> Bubble:
    became = standing(text)
    at = time_text(text.at, wb)
    is_mine = text.direction == "inbound"
    day = day_text(datetime.fromisoformat(text.at).astimezone(wb.zone()).date())
    caption = at if is_mine else f"{at} · {became.words}"
    return Bubble(text.body, is_mine, caption, day, is_bad=became.colour == "red")
