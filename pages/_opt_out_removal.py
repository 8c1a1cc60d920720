"""Taking opt-outs of a patient back: for whom that counts, and that the patient agreed again to what they stopped."""

import streamlit as st

from core import opt_outs
from core.domain.opt_out import BY_PATIENT, STOP, OptOut
from core.domain.opt_out_words import stops
from core.domain.person import Person
from core.domain.wish import Shared
from core.errors import CareloopError
from core.workbench import Workbench
from pages._shared import count, notice, plain

_PROVIDER_TOO = (
    "The text provider keeps a list of stops of its own: it refuses texts to this number until the phone itself has "
    "sent START to ours."
)


def ask(wb: Workbench, person: Person, chosen: list[OptOut], sharing: list[Shared]) -> None:
    """What taking these back would do, and doing it."""
    st.markdown("**Take back?**")
    for each in chosen:
        affected = affected_text(each, sharing)
        also = f" It then no longer counts for {affected} either." if affected else ""
        st.markdown(f"- {plain(stops(each))}.{also}")
    has_agreed, note = True, ""
    if any(each.source in BY_PATIENT for each in chosen):
        has_agreed, note = _agreement(chosen)
    with st.container(horizontal=True):
        label = f"Remove {count(len(chosen), 'opt-out')}"
        if st.button(label, key="oo_remove_yes", type="primary", disabled=not has_agreed):
            _remove(wb, person, chosen, has_agreed=has_agreed, note=note)
        st.button("Cancel", key="oo_remove_no", on_click=_forget, args=(person,))


def _remove(wb: Workbench, person: Person, chosen: list[OptOut], *, has_agreed: bool, note: str) -> None:
    try:
        removed = opt_outs.remove(wb, [each.opt_out_id or 0 for each in chosen], has_agreed=has_agreed, note=note)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _forget(person)
    notice(f"{count(removed, 'opt-out')} taken back")
    st.rerun()


def _forget(person: Person) -> None:
    for name in ("asked", "all"):
        st.session_state.pop(f"oo_{person.patient_id}_{name}", None)


def _agreement(chosen: list[OptOut]) -> tuple[bool, str]:
    st.warning(
        "The patient stopped this, not we. Writing again without a new agreement may be against the law.",
        icon=":material/warning:",
    )
    if any(each.source == STOP for each in chosen):
        st.caption(_PROVIDER_TOO)
    has_agreed = st.checkbox("The patient has agreed again", key="oo_agreed")
    note = st.text_input("When and how", key="oo_agreed_note", placeholder="By phone today, asked for texts again")
    return has_agreed, note or ""


def affected_text(each: OptOut, sharing: list[Shared]) -> str:
    """The others for whom it counts, because they have the same address."""
    return ", ".join(dict.fromkeys(others_text(shared) for shared in sharing if shared.address in each.reaches))


def others_text(shared: Shared) -> str:
    """'Bob Example, Cy Example and 1 outside what you may see'."""
    names = ", ".join(plain(each.name or each.patient_id) for each in shared.people)
    hidden = f"{shared.hidden_count} outside what you may see" if shared.hidden_count else ""
    return " and ".join(part for part in (names, hidden) if part)
