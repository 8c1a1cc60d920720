"""The live preview in the editor: the message as a chosen recipient would get it, and the extremes among them."""

from collections.abc import Iterable, Mapping

import streamlit as st

from core import campaigns, patients, templates
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.merge_field import FIELDS
from core.domain.organisation import LETTER, PHONE, TEXT
from core.domain.person import Person
from core.errors import CareloopError, MissingField
from core.texter import NamesPatient
from core.workbench import Workbench
from pages._message_language import language_name
from pages._preview_call import call_preview
from pages._preview_letter import letter_preview
from pages._preview_mail import mail_preview
from pages._preview_text import text_preview
from pages._seen import seen
from pages._shared import plain
from pages._version_b import choose_version_shown

_PATIENT = "ce_patient"
_CHOICES = 300  # names offered; more than anybody looks through


def preview(wb: Workbench, draft: Campaign, *, is_readable: bool, written: str | None = None) -> None:
    """Draw the preview of a draft, which need not have been saved. `written` is the language that is being written: it
    is shown as well when the patient gets another."""
    st.markdown("**Preview**")
    draft = choose_version_shown(draft)
    patient_id = _chosen(wb, draft, is_readable=is_readable)
    if patient_id is None:
        st.info("None of the campaign's patients may be seen by you.", icon=":material/visibility_off:")
        return
    seen(wb, "preview", [patient_id], subject=draft.campaign_id)
    try:
        _draw(wb, draft, patient_id, written)
    except MissingField as error:
        _missing(error)
    except NamesPatient:
        st.warning(
            "This patient is not sent the message: it names the patient, and others have the same number.",
            icon=":material/block:",
        )
    except CareloopError:
        st.info("The preview comes back when the message can be filled in again.", icon=":material/visibility_off:")


def shown_patient() -> str | None:
    """Whom the preview shows."""
    return st.session_state.get(_PATIENT)


def _missing(error: MissingField) -> None:
    """What the author has yet to fill in is no patient's matter."""
    field = FIELDS.get(error.field)
    if field is not None and field.source == "author":
        st.info(f"The preview comes when this is filled in: {plain(field.about)}.", icon=":material/edit:")
    else:
        st.warning(f"This patient is not sent the message: {plain(str(error))}", icon=":material/block:")


def _draw(wb: Workbench, draft: Campaign, patient_id: str, written: str | None) -> None:
    if draft.channel == TEXT:
        text_preview(wb, draft, patient_id, written=written)
    elif draft.channel == PHONE:
        call_preview(wb, draft, patient_id, written=written)
    elif draft.channel == LETTER:
        letter_preview(wb, draft, patient_id, written=written)
    else:
        mail_preview(wb, draft, patient_id)


def _chosen(wb: Workbench, draft: Campaign, *, is_readable: bool) -> str | None:
    """The recipient chosen from the list by name, or by a press on one of the extremes."""
    ids = campaigns.patients(wb, draft.campaign_id)
    extremes = templates.extremes(wb, draft, ids) if is_readable else {}
    offered = list(dict.fromkeys([*ids[:_CHOICES], *extremes.values()]))
    people = sorted(patients.people(wb, offered), key=lambda person: (person.last or "", person.first or ""))
    names = {person.patient_id: person.name or person.patient_id for person in people}
    if not names:
        return None
    seen(wb, "preview_names", list(names), subject=draft.campaign_id)
    if st.session_state.get(_PATIENT) not in names:
        st.session_state[_PATIENT] = extremes.get("longest name", next(iter(names)))
    chosen = st.selectbox("As", list(names), format_func=names.__getitem__, key=_PATIENT, label_visibility="collapsed")
    _offer(extremes | _readers(draft, people), chosen)
    return chosen


def _readers(draft: Campaign, people: Iterable[Person]) -> dict[str, str]:
    """Somebody for each other language of the campaign: 'gets Spanish' -> patient id."""
    by_language = {person.language: person.patient_id for person in people}
    others = [language for language in draft.messages if language != DEFAULT_LANGUAGE]
    return {f"gets {language_name(each)}": by_language[each] for each in others if each in by_language}


def _offer(kinds: Mapping[str, str], chosen: str) -> None:
    with st.container(horizontal=True, gap="small"):
        for kind, patient_id in kinds.items():
            st.button(
                kind[0].upper() + kind[1:],
                key=f"ce_extreme_{kind}",
                type="tertiary",
                on_click=_choose,
                args=(patient_id,),
                disabled=chosen == patient_id,
            )


def _choose(patient_id: str) -> None:
    st.session_state[_PATIENT] = patient_id
