"""A letter in previews: pictures of the very pages that would be printed."""

import base64
from collections.abc import Callable
from html import escape

import streamlit as st

from core import letter_pictures, patients, preflight
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.errors import NotAllowed
from core.letter_pictures import PagePicture
from core.workbench import Workbench
from pages._message_language import language_name
from pages._shared import plain

_STYLE = """<style>
.letter-page { display: block; width: 100%; height: auto; background: #fff; border-radius: 3px;
  box-shadow: 0 0 0 1px rgb(0 0 0 / 14%), 0 3px 14px rgb(0 0 0 / 16%); }
</style>"""
_SMALL, _LARGE = 1000, 1600  # pixels of a page's width: sharp in its column, and to read at full size


def letter_preview(wb: Workbench, draft: Campaign, patient_id: str, *, written: str | None = None) -> None:
    """The letter as this patient gets it, or in the language that is being written where that is another.

    Raises CareloopError when it cannot be filled in for this patient.
    """
    own = _own_language(wb, draft, patient_id)
    shown = written if written in draft.messages else own
    why = _why_none(wb, draft, patient_id)
    if why:
        st.warning(f"This patient gets no letter as things are today: {plain(why)}.", icon=":material/block:")
    if shown != own:
        st.caption(f"In {language_name(str(shown))}, which is being written. This patient gets {language_name(own)}.")

    def page(number: int, width: int) -> PagePicture:
        return letter_pictures.of_patient(wb, draft, patient_id, language=shown, page=number, width=width)

    try:
        _pages(page, key=f"pl_page_{draft.campaign_id}")
    except NotAllowed as error:  # an address that no letter can have, which was perhaps said above
        if not why:
            st.warning(plain(str(error)), icon=":material/block:")


def _own_language(wb: Workbench, draft: Campaign, patient_id: str) -> str:
    [person] = patients.people(wb, [patient_id])
    return person.language if person.language and person.language in draft.messages else DEFAULT_LANGUAGE


def _why_none(wb: Workbench, draft: Campaign, patient_id: str) -> str:
    """Why the patient would not be written to; empty when they would."""
    missed = preflight.of_campaign(wb, draft, [patient_id]).not_reached
    return missed[0].reason.sentence if missed else ""


def _pages(page: Callable[[int, int], PagePicture], *, key: str, may_grow: bool = True) -> None:
    """One page at a time, with the way to the others, and to full size."""
    shown = page(int(st.session_state.get(key) or 1), _SMALL)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"Page {shown.page} of {shown.pages}", width="content")
        if shown.pages > 1:
            st.pagination(shown.pages, key=key)
        if may_grow and st.button(
            "", icon=":material/open_in_full:", key=f"{key}_large", type="tertiary", help="At full size"
        ):
            _large(page, shown.page)
    picture(shown)


@st.dialog("The page as it is printed", width="large", icon=":material/description:")
def _large(page: Callable[[int, int], PagePicture], number: int) -> None:
    picture(page(number, _LARGE))


def picture(shown: PagePicture) -> None:
    """The page. It stands in the document itself: a patient's letter gets no address of its own."""
    data = base64.b64encode(shown.png).decode()
    about = escape(f"Page {shown.page} of {shown.pages} of the letter, as it is printed", quote=True)
    st.html(f'{_STYLE}<img class="letter-page" alt="{about}" src="data:image/png;base64,{data}">')


def example_letter(wb: Workbench, campaign: Campaign, *, language: str = DEFAULT_LANGUAGE) -> None:
    """The letter to an invented patient, as templates are shown."""

    def page(number: int, width: int) -> PagePicture:
        return letter_pictures.of_example(wb, campaign, language=language, page=number, width=width)

    _pages(page, key=f"pl_example_{campaign.campaign_id}_{language}", may_grow=False)
