"""The list of opt-outs of a patient: what each stops, for whom, and taking some or all of them back."""

from collections.abc import Sequence

import streamlit as st

from core import patients, users
from core.domain.opt_out import OptOut
from core.domain.opt_out_words import sentence
from core.domain.person import Person
from core.domain.wish import Shared
from core.workbench import Workbench
from pages._opt_out_removal import affected_text, ask
from pages._seen import seen
from pages._shared import moment, plain


def lines(
    wb: Workbench, person: Person, counting: Sequence[OptOut], sharing: list[Shared], *, may_remove: bool
) -> None:
    """One line for each, with a check box where it may be taken back, and one for all above them."""
    own = [each for each in counting if each.patient_id in (None, person.patient_id) and not each.is_of_other]
    keys = {_key(person, each): each for each in own}
    if may_remove and own:
        all_key = f"oo_{person.patient_id}_all"
        st.checkbox("All", key=all_key, on_change=_mark_all, args=(all_key, list(keys)))
    for each in counting:
        _line(wb, person, each, sharing, has_box=may_remove and each in own)
    chosen = [each for key, each in keys.items() if st.session_state.get(key)] if may_remove else []
    if may_remove and own:
        label = f"Remove {len(chosen)}" if chosen else "Remove"
        asked = f"oo_{person.patient_id}_asked"
        if st.button(label, key="oo_remove", icon=":material/undo:", disabled=not chosen):
            st.session_state[asked] = True
        if chosen and st.session_state.get(asked):
            with st.container(border=True, key="oo_remove_asked"):
                ask(wb, person, chosen, sharing)


def _line(wb: Workbench, person: Person, each: OptOut, sharing: list[Shared], *, has_box: bool) -> None:
    if has_box:
        st.checkbox(f"**{plain(each.name)}**", key=_key(person, each))
    else:
        st.markdown(f":material/block: **{plain(each.name)}**")
    st.markdown(plain(sentence(each)))
    by = f" by {plain(users.name_of(wb, each.made_by))}" if each.made_by else ""
    details = [
        f"Recorded {moment(each.made_at, wb)}{by}",
        *([plain(each.comment)] * bool(each.comment)),
    ]
    affected = affected_text(each, sharing)
    if affected:
        details.append(f"also stopped for {affected}")
    st.caption(" · ".join(details))
    if each.patient_id not in (None, person.patient_id):
        _of_somebody_else(wb, each)


def _of_somebody_else(wb: Workbench, each: OptOut) -> None:
    """It counts here because of an address that both have; it is taken back where it was made."""
    for other in patients.people(wb, [each.patient_id or ""]):
        seen(wb, f"opt_out_{each.opt_out_id}", [other.patient_id])
        st.page_link(
            "patient.py",
            label=f"Made for {plain(other.name or other.patient_id)}, who has the same address",
            icon=":material/group:",
            query_params={"id": other.patient_id},
        )


def _key(person: Person, each: OptOut) -> str:
    return f"oo_{person.patient_id}_mark_{each.opt_out_id}"


def _mark_all(all_key: str, keys: list[str]) -> None:
    for key in keys:
        st.session_state[key] = st.session_state[all_key]
