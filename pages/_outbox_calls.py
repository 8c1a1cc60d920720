"""The calls of the Outbox: how each ended, what was said in it, and what the patient may do, to try it."""

from datetime import datetime

import streamlit as st

from core import outbox_texts
from core.domain.address import phone_text
from core.errors import CareloopError
from core.outbox_texts import KeptCall
from core.workbench import Workbench
from pages._outbox_list import EVERY, Row, Standing, chosen, nothing, page_number, rows
from pages._outbox_patient import keys, next_call, only_kept
from pages._patient_links import whose
from pages._script import script, step_of
from pages._shared import count, guarded, moment, plain

_SID = "outbox_call"
_UNDER_WAY = ("queued", "ringing", "in-progress")
_STANDINGS = {
    "queued": Standing("schedule", "gray", "Queued"),
    "ringing": Standing("ring_volume", "orange", "Ringing"),
    "in-progress": Standing("phone_in_talk", "orange", "Under way"),
    "busy": Standing("phone_missed", "red", "The line was busy"),
    "no-answer": Standing("phone_missed", "red", "Nobody answered"),
    "canceled": Standing("phone_disabled", "gray", "Ended before anybody answered"),
}
_ANSWERED_BY = {"machine": "An answering machine answered", "fax": "A fax machine answered"}


def show(wb: Workbench, search: str) -> None:
    """The list of calls, and the transcript of the one chosen."""
    only_kept(wb, "calls")
    first = _first(wb, search)
    if first is None:
        nothing(lambda: outbox_texts.calls(wb, search=search, size=1).count, lambda: _empty(search))
        return
    sid = chosen(_SID, search, first.sid)
    left, right = st.columns([2, 3], gap="large")
    with left:
        _list(wb, search)
    with right:
        _call(wb, sid)
        _next(wb, sid)


def standing(call: KeptCall) -> Standing:
    """How a call stands or ended."""
    if call.status == "completed":
        machine = _ANSWERED_BY.get((call.answered_by or "").split("_")[0])
        return Standing("voicemail", "blue", machine) if machine else Standing("call", "green", "A person answered")
    return _STANDINGS.get(call.status) or Standing("error", "red", "The number could not be called")


def _first(wb: Workbench, search: str) -> KeptCall | None:
    """The newest call found; None also when the stand-in does not answer, which `nothing` says then."""
    try:
        found = outbox_texts.calls(wb, search=search, size=1).calls
    except CareloopError:
        return None
    return found[0] if found else None


def _empty(search: str) -> None:
    if search:
        st.info("No call has this in its number. Clear the search to see all.", icon=":material/search_off:")
        return
    st.info(
        "No call yet. Activate a campaign by phone: in the next phone window its calls arrive here.",
        icon=":material/outbox:",
    )
    st.page_link("campaigns.py", label="Go to Campaigns", icon=":material/campaign:")


@st.fragment(run_every=EVERY)
@guarded
def _list(wb: Workbench, search: str) -> None:
    found = outbox_texts.calls(wb, search=search, page=page_number("call"))
    if found.count and not found.calls:  # fewer pages than before the search
        found = outbox_texts.calls(wb, search=search)
    listed = [Row(one.sid, one.at, one.recipient, standing(one).words, standing(one)) for one in found.calls]
    pressed = rows(wb, listed, chosen=st.session_state[_SID], found_count=found.count, noun="call")
    if pressed:
        st.session_state[_SID] = pressed
        st.rerun()


@st.fragment(run_every=EVERY)
def _call(wb: Workbench, sid: str) -> None:
    try:
        call = outbox_texts.call(wb, sid)
    except CareloopError:  # the list beside it says what is wrong
        return
    st.subheader(plain(phone_text(call.recipient)), anchor=False)
    lasted = f" · {count(call.duration, 'second')}" if call.duration else ""
    st.caption(f"{moment(datetime.fromisoformat(call.at), wb)} · {standing(call).words}{lasted}")
    script(step for step in (step_of(said, wb) for said in call.transcript) if step is not None)
    if call.status in _UNDER_WAY and outbox_texts.is_stand_in(wb):
        keys(wb, call)


def _next(wb: Workbench, sid: str) -> None:
    number = outbox_texts.call(wb, sid).recipient
    whose(wb, number, part="communications")
    if outbox_texts.is_stand_in(wb):
        next_call(wb, number)
