"""One reply as a card: what was written, who has the number, and what can be done about it."""

import streamlit as st

from core import inbox
from core.domain.address import phone_text
from core.domain.answering import UNSURE
from core.domain.person import Person
from core.domain.reply import Reply
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._shared import count, guarded, moment, notice, plain, summary_link

_ANSWERED = {
    "stop": "We answered that texts have ended",
    "start": "We answered that texts begin again",
    "help": "We answered whom to call for help",
}
_BY_ITSELF = {  # by kind: the colour, the icon and what was done without a person
    "stop": ("red", "block", "Stop: all texts to this number ended"),
    "start": ("green", "play_circle", "Start: texts may go to this number again"),
    "help": ("blue", "help", "Asked for help"),
}
_DECIDED = {
    "stopped": ("red", "block", "A stop: all texts to this number ended"),
    "not_stopped": ("gray", "chat", "Not a stop"),
    "": ("gray", "check", "Done"),
}


def card(wb: Workbench, reply: Reply, *, of: str = "") -> None:
    """The whole card. `of`: the patient on whose summary it stands, who needs no link there."""
    with st.container(border=True, key=f"re_card_{reply.reply_id}"):
        _head(wb, reply)
        st.text(reply.body or "(an empty text)")
        _whose(reply, of)
        if reply.campaign_id:
            st.page_link(
                "report.py",
                label=f"After the text of {plain(reply.campaign_name or '')}",
                icon=":material/sms:",
                query_params={"id": reply.campaign_id},
            )
        elif reply.campaign_name:
            st.caption(f":material/sms: After the text of {plain(reply.campaign_name)}")
        if reply.status == "done":
            _done(wb, reply)
        elif reply.kind == UNSURE:
            _decision(wb, reply)
        elif st.button("Mark done", key=f"re_done_{reply.reply_id}", icon=":material/check:"):
            _mark_done(wb, reply)


def _head(wb: Workbench, reply: Reply) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(phone_text(reply.from_number) or 'No number')}**", width="content")
        st.caption(moment(reply.received_at, wb), width="content")
        if reply.is_stopped:
            st.badge("Texts stopped", icon=":material/block:", color="red")


def _whose(reply: Reply, of: str) -> None:
    """'Shared by 2 patients', then each as a link to the summary: 'Ada Example (born Wed 4 May 1966)'."""
    if not reply.people:
        st.caption(":material/person_off: No patient in the records has this number.")
        return
    others = [person for person in reply.people if person.patient_id != of]
    if not others:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if len(reply.people) > 1:
            st.caption(f":material/group: Shared by {count(len(reply.people), 'patient')}", width="content")
        for person in others:
            summary_link(person.patient_id, _name(person), part="" if of else "replies")


def _name(person: Person) -> str:
    born = f" (born {day_text(person.birth_date)})" if person.birth_date else ""
    return plain(f"{person.name or person.patient_id}{born}")


def _decision(wb: Workbench, reply: Reply) -> None:
    st.caption("Is this a wish to get no more texts? A stop ends all texts to the number, whoever shares it, at once.")
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Stop texts to this number", key=f"re_stop_{reply.reply_id}", type="primary", icon=":material/block:"
        ):
            _decide(wb, reply, stop=True)
        if st.button("Not a stop", key=f"re_keep_{reply.reply_id}", icon=":material/chat:"):
            _decide(wb, reply, stop=False)


@guarded
def _decide(wb: Workbench, reply: Reply, *, stop: bool) -> None:
    inbox.decide(wb, reply.reply_id, stop=stop)
    notice("All texts to this number have ended" if stop else "Texts to this number go on")
    st.rerun()


@guarded
def _mark_done(wb: Workbench, reply: Reply) -> None:
    inbox.mark_done(wb, [reply.reply_id])
    notice("Marked as done")
    st.rerun()


def _done(wb: Workbench, reply: Reply) -> None:
    """What was done, by whom and when, and the way back from what a person said."""
    known = _BY_ITSELF.get(reply.kind) if reply.decided_at is None else _DECIDED.get(reply.decision)
    colour, icon, words = known or _DECIDED[""]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":{colour}-badge[:material/{icon}: {words}]", width="content")
        if reply.answer:
            st.caption(f"{_ANSWERED[reply.answer]}.", width="content")
        if reply.decided_at is not None:
            st.caption(f"{plain(reply.decided_by or '')}, {moment(reply.decided_at, wb)}", width="content")
            if st.button("Undo", key=f"re_undo_{reply.reply_id}", icon=":material/undo:", type="tertiary"):
                _undo(wb, reply)


@guarded
def _undo(wb: Workbench, reply: Reply) -> None:
    inbox.mark_new(wb, [reply.reply_id])
    notice("It waits again; texts to this number may go on" if reply.decision == "stopped" else "It waits again")
    st.rerun()
