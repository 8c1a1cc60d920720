"""Making another record of the same person this patient's."""

import streamlit as st

from core import merges, patients
from core.domain.address import phone_text
from core.domain.person import Person
from core.domain.role import MERGE, refusal
from core.domain.wording import day_text
from core.errors import NotFound
from core.workbench import Workbench
from pages._seen import seen
from pages._shared import guarded, notice, plain, progress_bar

_FOR_GOOD = (
    "The other record's messages, opt-outs, remarks, appointments and results become this patient's; its own name, "
    "birth date, address and numbers are dropped. This cannot be undone."
)


def merge_button(wb: Workbench, person: Person) -> None:
    """Offer to make another record of the same person this patient's; who may not is told whom to ask."""
    may = wb.user.may(MERGE)
    pressed = st.button(
        "Same person as ...",
        key="pm_open",
        icon=":material/merge:",
        disabled=not may,
        help=None if may else refusal(MERGE),
    )
    if pressed:
        _ask(wb, person)


def earlier_ids(wb: Workbench, person: Person) -> None:
    """The ids that became this patient's, where there are any."""
    found = merges.of_patient(wb, person.patient_id)
    if found:
        told = [f"{each.merged_id} since {day_text(each.merged_on)}" for each in found]
        st.caption(plain(f"Merged into this record: {', '.join(told)}."))


@st.dialog("Same person as ...", width="medium", icon=":material/merge:")
@guarded
def _ask(wb: Workbench, person: Person) -> None:
    st.caption(plain(_FOR_GOOD))
    wanted = st.text_input(
        "Patient id of the other record", key="pm_other", placeholder="As the summary shows it"
    ).strip()
    other = _other(wb, person, wanted)
    _beside(person, other)
    if other and other.birth_date != person.birth_date:
        st.warning("The birth dates differ. Look twice before you go on.", icon=":material/warning:")
    is_sure = st.checkbox("I have checked that these are one person", key="pm_sure", disabled=other is None)
    pressed = st.button("Make one record", key="pm_yes", type="primary", disabled=other is None or not is_sure)
    if pressed and other:
        merges.merge(wb, other.patient_id, into=person.patient_id, progress=progress_bar("Making one record"))
        notice("The two records are one now.")
        st.rerun()


def _other(wb: Workbench, person: Person, wanted: str) -> Person | None:
    """The other record, once its id was typed and it may be merged."""
    if not wanted:
        return None
    if merges.survivor(wb, wanted) == person.patient_id:
        st.info("That is this patient's record already.", icon=":material/info:")
        return None
    try:
        other = patients.patient(wb, merges.survivor(wb, wanted))
        seen(wb, "merge", [other.patient_id], subject=person.patient_id)
        return other
    except NotFound:
        st.error("There is no such patient among those you may see. Type the whole id.", icon=":material/error:")
        return None


def _beside(person: Person, other: Person | None) -> None:
    """The two records next to each other, so that a glance shows what differs."""
    stays, goes = st.columns(2)
    with stays.container(border=True):
        st.markdown("**Stays**")
        _identity(person)
    with goes.container(border=True):
        st.markdown("**Becomes part of it**")
        if other is None:
            st.caption("Type the id of the other record.")
        else:
            _identity(other)


def _identity(person: Person) -> None:
    phones = [phone_text(number) for number in (person.phone_mobile, person.phone_home) if number]
    lines = [
        f"**{plain(person.name or 'No name')}**",
        f"Born {day_text(person.birth_date)}",
        plain(", ".join(phones) or "No phone"),
        plain(person.email or "No email"),
        plain(f"Record number {person.mrn or '–'}"),
        plain(f"Id {person.patient_id}"),
    ]
    st.markdown("  \n".join(lines))
