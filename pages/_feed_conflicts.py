"""What the feed and people say differently: both values side by side, and the decision."""

import streamlit as st

from core import corrections
from core.corrections import LONGEST_NOTE, Conflict
from core.domain.opt_out import OptOut
from core.domain.role import CHANGE_OPT_OUTS, SETTLE_CONFLICTS, refusal
from core.domain.wording import day_text
from core.workbench import Workbench
from pages._contact_words import made_text, value_text
from pages._seen import seen
from pages._shared import count, guarded, notice, plain

_PAGE = 20
_HOW = {
    "stop": "by a text message",
    "link": "with the link in an email",
    "key": "with a key during a call",
    "complaint": "by calling an email spam",
    "staff": "recorded by staff",
}
_OF_OTHERS = (
    "Somebody else who has the same address has stopped this too. Ask that patient, and take it back under their "
    "Opt-Out Settings."
)
_WIDER = "A Global opt-out stops more than this channel. Ask the patient, and change it under Opt-Out Settings."


def feed_conflicts(wb: Workbench) -> None:
    """All questions that wait, a page at a time."""
    waiting = corrections.conflicts(wb)
    if not waiting:
        st.success(
            "Nothing to decide. When a feed has a newer value for what staff have corrected, or a yes after "
            "a patient's stop, it is asked here.",
            icon=":material/check_circle:",
        )
        return
    st.caption(
        "Until somebody decides, what staff have corrected stays in use and opt-outs stay in force. A newer no to "
        "emails, texts or calls counts at once."
    )
    pages = -(-len(waiting) // _PAGE)
    number = min(st.session_state.get("fc_page", 1), pages)
    page = waiting[(number - 1) * _PAGE : number * _PAGE]
    seen(wb, "feed_conflicts", [each.person.patient_id for each in page], count=len(waiting))
    for conflict in page:
        _card(wb, conflict)
    if pages > 1:
        st.pagination(pages, key="fc_page")


def _card(wb: Workbench, conflict: Conflict) -> None:
    with st.container(border=True, key=f"fc_card_{conflict.conflict_id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            person = conflict.person
            name = plain(person.name or person.patient_id)
            st.page_link("patient.py", label=f"**{name}**", query_params={"id": person.patient_id})
            born = f"born {day_text(person.birth_date)} · " if person.birth_date else ""
            st.caption(f"{born}{conflict.field.name}", width="content")
        left, right = st.columns(2)
        with left:
            (_ours if conflict.correction else _stopped)(wb, conflict)
        with right:
            on = day_text(conflict.found_at.astimezone(wb.zone()).date())
            counts = "; it counts until somebody decides" if conflict.is_stopped else ""
            _side("The feed says", value_text(conflict.field, conflict.feed), f"since the load of {on}{counts}")
        (_settle_value if conflict.correction else _settle_consent)(wb, conflict)


def _side(title: str, value: str, source: str) -> None:
    st.markdown(f":gray[{title}]  \n**{value}**  \n:gray[{source}]")


def _ours(wb: Workbench, conflict: Conflict) -> None:
    assert conflict.correction is not None
    ours = value_text(conflict.field, conflict.correction.values)
    _side("Staff say", ours, made_text(wb, conflict.correction))


def _stopped(_wb: Workbench, conflict: Conflict) -> None:
    first = conflict.opt_outs[0]
    more = f" and {count(len(conflict.opt_outs) - 1, 'more opt-out')}" if len(conflict.opt_outs) > 1 else ""
    _side("The patient stopped", plain(f"{first.name}{more}"), plain(_opt_out_text(first)))


def _opt_out_text(opt_out: OptOut) -> str:
    whose = ", by somebody else who has the same address" if opt_out.is_of_other else ""
    return f"since {day_text(opt_out.starts_on)}, {_HOW.get(opt_out.source, opt_out.source)}{whose}"


def _settle_value(wb: Workbench, conflict: Conflict) -> None:
    quiet = _refused(wb, SETTLE_CONFLICTS)
    with st.container(horizontal=True, gap="small"):
        for decision, label, icon in (("kept", "Keep ours", "person"), ("feed", "Take the feed's", "database")):
            key = f"fc_{decision}_{conflict.conflict_id}"
            if st.button(label, key=key, icon=f":material/{icon}:", disabled=bool(quiet), help=quiet):
                _settle(wb, conflict, decision, f"{conflict.field.name}: {label.lower()}")


def _settle_consent(wb: Workbench, conflict: Conflict) -> None:
    quiet = _refused(wb, SETTLE_CONFLICTS)
    lift = quiet or _refused(wb, CHANGE_OPT_OUTS) or _why_not(conflict)
    number = conflict.conflict_id
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Keep the opt-out", key=f"fc_kept_{number}", icon=":material/block:", disabled=bool(quiet), help=quiet
        ):
            _settle(wb, conflict, "kept", "The opt-out stays")
        if st.button(
            "The patient agreed again", key=f"fc_feed_{number}", icon=":material/undo:", disabled=bool(lift), help=lift
        ):
            _ask(wb, conflict)


@st.dialog("Remove the opt-out?", icon=":material/undo:")
@guarded
def _ask(wb: Workbench, conflict: Conflict) -> None:
    st.markdown(
        f"Only when the patient has really said so. {count(len(conflict.opt_outs), 'opt-out')} will be removed, for "
        "everybody who shares the address:"
    )
    st.markdown("\n".join(f"- {plain(f'{each.name}, {_opt_out_text(each)}')}" for each in conflict.opt_outs))
    if any(each.source == "stop" for each in conflict.opt_outs):
        st.caption("Texts arrive again only when the patient has also sent START to our number.")
    note = st.text_input("When and how did the patient agree?", key="fc_note", max_chars=LONGEST_NOTE)
    if st.button("Remove", key="fc_lift", type="primary"):
        _settle(wb, conflict, "feed", "The opt-out was removed", note=note or "")


@guarded
def _settle(wb: Workbench, conflict: Conflict, decision: str, done: str, *, note: str = "") -> None:
    corrections.settle(wb, conflict.conflict_id, decision, note=note)
    notice(done)
    st.rerun()


def _why_not(conflict: Conflict) -> str | None:
    if conflict.is_wider:
        return _WIDER
    return _OF_OTHERS if conflict.is_of_others else None


def _refused(wb: Workbench, permission: str) -> str | None:
    return None if wb.user.may(permission) else refusal(permission)
