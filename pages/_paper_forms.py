"""Forms on paper to download: blank, or with a patient's name, birth date and numbers in them."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core import paper_forms
from core.domain.person import Person
from core.domain.wording import LANGUAGES
from core.workbench import Workbench

_MADE_BY = {paper_forms.CONSENT: paper_forms.consent_form, paper_forms.OPT_OUT: paper_forms.opt_out_request}


def opt_out_form_button(wb: Workbench, person: Person | None = None, *, place: str = "") -> None:
    """The request to stop messages, with the choice of its language. `place` tells two on one page apart."""
    _buttons(wb, [paper_forms.OPT_OUT], person, place)


def both_form_buttons(wb: Workbench, person: Person | None = None, *, place: str = "") -> None:
    """Both forms, with the choice of their language."""
    _buttons(wb, [paper_forms.CONSENT, paper_forms.OPT_OUT], person, place)


def show_forms(wb: Workbench) -> None:
    """Both forms, blank."""
    st.subheader("Forms", anchor=False)
    st.caption("PDFs with your name and logo, to print or to fill in on the screen. Check them against your policies.")
    both_form_buttons(wb)


def _buttons(wb: Workbench, forms: Sequence[str], person: Person | None, place: str) -> None:
    patient_id = person.patient_id if person else None
    own = f"_{patient_id or ''}"  # another patient may read another language
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        language = _language(f"{place}form_{forms[-1]}{own}_language", person)
        for form in forms:
            st.download_button(
                paper_forms.NAMES[form],
                data=partial(_MADE_BY[form], wb, patient_id=patient_id, language=language),
                file_name=paper_forms.file_name(form, language),
                mime="application/pdf",
                key=f"{place}form_{form}{own}",
                icon=":material/picture_as_pdf:",
                on_click="ignore",
            )
    if patient_id:
        _by_hand(wb, forms, patient_id)


def _by_hand(wb: Workbench, forms: Sequence[str], patient_id: str) -> None:
    blank = list(dict.fromkeys(what for form in forms for what in paper_forms.left_blank(wb, form, patient_id)))
    if blank:
        what = " and ".join([", ".join(blank[:-1]), blank[-1]] if len(blank) > 1 else blank)
        st.caption(f"The form cannot print this patient's {what}: please write it by hand.")


def _language(key: str, person: Person | None) -> str:
    known = person.language if person and person.language in paper_forms.LANGUAGES else paper_forms.LANGUAGES[0]
    chosen = st.segmented_control(
        "Language",
        paper_forms.LANGUAGES,
        default=known,
        required=True,
        key=key,
        label_visibility="collapsed",
        format_func=lambda code: LANGUAGES[code],
    )
    return str(chosen or known)
