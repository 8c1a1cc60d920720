"""Recording what a patient no longer wants: two questions to ask, the types that follow from them, and why."""

import logging
from dataclasses import replace

import streamlit as st

from core import opt_outs
from core.domain.opt_out import PROTOCOL, TYPES
from core.domain.opt_out_words import address_text
from core.domain.person import Person
from core.domain.wish import KINDS, Shared, Wish, addresses_used, suggested, topic
from core.errors import CareloopError
from core.workbench import Workbench
from pages._opt_out_removal import others_text
from pages._opt_out_type import wishes_of
from pages._paper_forms import opt_out_form_button
from pages._shared import MODE_NAMES, count, notice, plain

_FORMS = ("email", "text", "phone")
_log = logging.getLogger(__name__)


def show(wb: Workbench, person: Person, sharing: list[Shared]) -> None:
    """The form. Its widgets are the patient's own, so that nothing half filled in moves on to another one."""
    with st.container(border=True, key="oo_form"):
        st.subheader("Add opt-outs", anchor=False)
        st.caption(f":material/policy: {plain(wb.organisation().opt_out_policy)}")
        key = _prefix(person)
        _questions(key)
        chosen = st.multiselect(
            "Types",
            list(TYPES),
            format_func=lambda each: TYPES[each].name,
            key=f"{key}types",
            placeholder="Choose types",
        )
        wishes = [wish for each in chosen for wish in wishes_of(wb, TYPES[each], key)]
        also_for = _also_for(chosen, sharing, key)
        comment = st.text_area("Comment (optional)", key=f"{key}comment", height=80, max_chars=2000)
        with st.container(horizontal=True, vertical_alignment="center"):
            missing = _missing(wishes)
            is_off = bool(missing)
            if st.button("Add", key="oo_add", type="primary", icon=":material/block:", disabled=is_off, help=missing):
                _add(wb, person, [_with(wish, comment) for wish in wishes], also_for)
            st.button("Clear", key="oo_clear", icon=":material/close:", on_click=_clear, args=(person,))
            if chosen and missing:
                st.caption(missing, width="content")


def _missing(wishes: list[Wish]) -> str | None:
    """What must still be chosen before anything can be added."""
    if not wishes:
        return "Choose the types first."
    for wish in wishes:
        if wish.type == PROTOCOL and not topic(wish):
            return "Choose a health topic."
        if not wish.reason:
            return f"Choose a reason for {plain(TYPES[wish.type].name)}."
    return None


def _prefix(person: Person) -> str:
    number = st.session_state.get(f"oo_{person.patient_id}_form", 0)
    return f"oo_{person.patient_id}_{number}_"


def _clear(person: Person) -> None:
    """Another form, with nothing in it. What is recorded stays."""
    name = f"oo_{person.patient_id}_form"
    st.session_state[name] = st.session_state.get(name, 0) + 1


def _questions(key: str) -> None:
    left, right = st.columns(2)
    kinds = f"{key}kinds"
    forms = f"{key}forms"
    with left:
        st.pills(
            "Ask: “Which kinds of messages do you no longer want?”",
            KINDS,
            selection_mode="multi",
            wrap=True,
            key=kinds,
            on_change=_suggest,
            args=(key,),
        )
    with right:
        st.pills(
            "Ask: “In which form do you no longer want them?”",
            _FORMS,
            selection_mode="multi",
            wrap=True,
            format_func=lambda form: MODE_NAMES[form],
            key=forms,
            on_change=_suggest,
            args=(key,),
        )


def _suggest(key: str) -> None:
    kinds, forms = st.session_state.get(f"{key}kinds") or [], st.session_state.get(f"{key}forms") or []
    st.session_state[f"{key}types"] = suggested(kinds, forms)


def _also_for(chosen: list[str], sharing: list[Shared], key: str) -> list[str]:
    """For which shared addresses it shall count for all who have them; unless asked, only for this patient."""
    used = {name for each in chosen for name in addresses_used(each)}
    asked = [each for each in sharing if each.name in used]
    ticked = [each.name for each in asked if st.checkbox(_others_too(each), key=f"{key}also_{each.name}")]
    open_still = [plain(address_text(each.address)) for each in asked if each.name not in ticked]
    if open_still:
        st.warning(
            f"Messages for the others may still come to {' and '.join(open_still)}. Ask whether these shall stop too.",
            icon=":material/group:",
        )
    return ticked


def _others_too(each: Shared) -> str:
    return f"Also for the {count(each.count, 'other')} with {plain(address_text(each.address))}: {others_text(each)}"


def _with(wish: Wish, comment: str) -> Wish:
    return replace(wish, comment=comment or "")


def _add(wb: Workbench, person: Person, wishes: list[Wish], also_for: list[str]) -> None:
    try:
        added = opt_outs.add_many(wb, person.patient_id, wishes, also_for=also_for)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
    except Exception:  # whatever it is, the patient's wish must not get lost
        _log.exception("an opt-out could not be saved")
        _failed(wb, person, "The opt-out could not be saved. Try again, or fill in the form and hand it in today.")
    else:
        _clear(person)
        notice(f"{count(len(added), 'opt-out')} added. It counts from now on, also for what is being sent.")
        st.rerun()


def _failed(wb: Workbench, person: Person, words: str) -> None:
    st.error(plain(words), icon=":material/error:")
    opt_out_form_button(wb, person)
