"""The dialog in which staff correct contact data or record a consent, with where each value comes from."""

import streamlit as st

from core import corrections
from core.corrections import OnFile
from core.domain.correction import FIELDS, Field
from core.domain.person import Person
from core.domain.role import CORRECT_CONTACT, refusal
from core.errors import CareloopError
from core.workbench import Workbench
from pages._contact_inputs import Typed, typed_values
from pages._contact_words import ended_text, made_text, value_text
from pages._shared import guarded, notice


def correct_button(wb: Workbench, person: Person) -> None:
    """Opens the dialog; who may not correct reads whom to ask."""
    is_allowed = wb.user.may(CORRECT_CONTACT)
    if st.button(
        "Correct",
        key="pc_open",
        icon=":material/edit:",
        help="Correct contact data or record a consent" if is_allowed else refusal(CORRECT_CONTACT),
        disabled=not is_allowed,
    ):
        _dialog(wb, person.patient_id)


@st.dialog("Correct contact data", icon=":material/edit:")
@guarded
def _dialog(wb: Workbench, patient_id: str) -> None:
    on_file = corrections.on_file(wb, patient_id)
    key = st.selectbox("What", list(FIELDS), format_func=lambda each: FIELDS[each].name, key="pc_field")
    here = on_file[key]
    _where_from(wb, here)
    typed = typed_values(here, today=wb.today())
    reason = st.text_input("Why", key=f"pc_reason_{key}", max_chars=200, placeholder="such as: said so by phone today")
    st.caption("Kept with your name and today's date. It counts at once for everything that is not sent yet.")
    with st.container(horizontal=True, gap="small"):
        if st.button("Save", key="pc_save", type="primary"):
            _save(wb, patient_id, here.field, typed, reason or "")
        if here.correction is not None and st.button(
            "Back to the feed's value",
            key="pc_withdraw",
            icon=":material/undo:",
            help=value_text(here.field, here.feed),
        ):
            _withdraw(wb, patient_id, here.field)
    _history(wb, patient_id)


def _where_from(wb: Workbench, here: OnFile) -> None:
    source = made_text(wb, here.correction) if here.correction and not here.is_stopped else "from the feed"
    st.markdown(f"Now: **{value_text(here.field, here.values)}**  \n:gray[{source}]")
    if here.feed != here.values:
        st.caption(f"The feed says: {value_text(here.field, here.feed)}")
    if here.is_stopped and here.correction:
        ours = value_text(here.field, here.correction.values)
        st.caption(
            f"It is newer than what was {made_text(wb, here.correction)} ({ours}). It counts until somebody decides on "
            "the Data page."
        )


@guarded
def _save(wb: Workbench, patient_id: str, field: Field, typed: Typed, reason: str) -> None:
    if set(typed.values()) == {""}:
        raise CareloopError(f"Type the {field.name.lower()}, or mark that what is on file is not the patient's.")
    had_consent = corrections.on_file(wb, patient_id)["text_consent"].values.get("text_consent") == "yes"
    corrections.correct(wb, patient_id, field.key, typed, reason)
    has_consent = corrections.on_file(wb, patient_id)["text_consent"].values.get("text_consent") == "yes"
    if had_consent and not has_consent and field.key != "text_consent":
        notice(f"{field.name} corrected. The consent to texts was for the other number: ask, and record it anew.")
    else:
        notice(f"{field.name} corrected")
    st.rerun()


@guarded
def _withdraw(wb: Workbench, patient_id: str, field: Field) -> None:
    corrections.withdraw(wb, patient_id, field.key)
    notice(f"{field.name}: what the feed says counts again")
    st.rerun()


def _history(wb: Workbench, patient_id: str) -> None:
    known = corrections.of_patient(wb, patient_id)
    if not known:
        return
    with st.expander(f"Corrections so far ({len(known)})", icon=":material/history:"):
        for correction in known:
            field = FIELDS[correction.field]
            st.markdown(
                f"**{field.name}**: {value_text(field, correction.values)}  \n"
                f":gray[{made_text(wb, correction)}; {ended_text(wb, correction)}]"
            )
