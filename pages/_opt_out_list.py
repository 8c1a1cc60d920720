"""The list of opt-outs of a patient: what each stops, for whom, and taking some or all of them back."""

from collections.abc import Sequence

import streamlit as st

from core import opt_outs, patients
from core.domain.opt_out import BY_PATIENT, STOP, OptOut
from core.domain.opt_out_words import sentence, stops
from core.domain.person import Person
from core.domain.wish import Shared
from core.errors import CareloopError
from core.workbench import Workbench
from pages._shared import count, moment, notice, plain

_PROVIDER_TOO = (
    "The text provider keeps a list of stops of its own: it refuses texts to this number until the phone itself has "
    "sent START to ours."
)


def lines(
    wb: Workbench, person: Person, counting: Sequence[OptOut], sharing: list[Shared], *, may_remove: bool
) -> None:
    """One line for each, with a check box where it may be taken back, and one for all above them."""
    own = [each for each in counting if each.patient_id in (None, person.patient_id)]
    keys = {_key(person, each): each for each in own}
    if may_remove and own:
        all_key = f"oo_{person.patient_id}_all"
        st.checkbox("All", key=all_key, on_change=_mark_all, args=(all_key, list(keys)))
    for each in counting:
        _line(wb, person, each, sharing, has_box=may_remove and each in own)
    chosen = [each for key, each in keys.items() if st.session_state.get(key)] if may_remove else []
    if may_remove and own:
        label = f"Remove {len(chosen)}" if chosen else "Remove"
        if st.button(label, key="oo_remove", icon=":material/undo:", disabled=not chosen):
            _ask(wb, person, chosen, sharing)


def others_text(shared: Shared) -> str:
    """'Bob Example, Cy Example and 1 outside what you may see'."""
    names = ", ".join(plain(each.name or each.patient_id) for each in shared.people)
    hidden = f"{shared.hidden_count} outside what you may see" if shared.hidden_count else ""
    return " and ".join(part for part in (names, hidden) if part)


def _line(wb: Workbench, person: Person, each: OptOut, sharing: list[Shared], *, has_box: bool) -> None:
    if has_box:
        st.checkbox(f"**{plain(each.name)}**", key=_key(person, each))
    else:
        st.markdown(f":material/block: **{plain(each.name)}**")
    st.markdown(plain(sentence(each)))
    details = [
        f"Recorded {moment(each.made_at, wb)} by {plain(each.made_by)}",
        *([plain(each.comment)] * bool(each.comment)),
    ]
    affected = _affected(each, sharing)
    if affected:
        details.append(f"also stopped for {affected}")
    st.caption(" · ".join(details))
    if each.patient_id not in (None, person.patient_id):
        _of_somebody_else(wb, each)


def _of_somebody_else(wb: Workbench, each: OptOut) -> None:
    """It counts here because of an address that both have; it is taken back where it was made."""
    for other in patients.people(wb, [each.patient_id or ""]):
        st.page_link(
            "patient.py",
            label=f"Made for {plain(other.name or other.patient_id)}, who has the same address",
            icon=":material/group:",
            query_params={"id": other.patient_id},
        )


def _affected(each: OptOut, sharing: list[Shared]) -> str:
    return ", ".join(dict.fromkeys(others_text(shared) for shared in sharing if shared.address in each.reaches))


def _key(person: Person, each: OptOut) -> str:
    return f"oo_{person.patient_id}_mark_{each.opt_out_id}"


def _mark_all(all_key: str, keys: list[str]) -> None:
    for key in keys:
        st.session_state[key] = st.session_state[all_key]


@st.dialog("Take opt-outs back", icon=":material/undo:")
def _ask(wb: Workbench, person: Person, chosen: list[OptOut], sharing: list[Shared]) -> None:
    for each in chosen:
        st.markdown(f"- {plain(stops(each))}")
        affected = _affected(each, sharing)
        if affected:
            st.caption(f":material/group: Begins again also for {affected}.")
    has_agreed, note = True, ""
    if any(each.source in BY_PATIENT for each in chosen):
        has_agreed, note = _agreement(chosen)
    if st.button(
        f"Remove {count(len(chosen), 'opt-out')}", key="oo_remove_yes", type="primary", disabled=not has_agreed
    ):
        try:
            ids = [each.opt_out_id or 0 for each in chosen]
            removed = opt_outs.remove(wb, ids, has_agreed=has_agreed, note=note)
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.session_state.pop(f"oo_{person.patient_id}_all", None)
        notice(f"{count(removed, 'opt-out')} taken back")
        st.rerun()


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
