"""The logo in a letter's letterhead: chosen where there are several, looked at, and added (E1, L1)."""

import streamlit as st

from core import logos
from core.domain.campaign import Campaign
from core.domain.role import CHANGE_ORGANISATION
from core.errors import CareloopError
from core.logos import Logo
from core.workbench import Workbench
from pages._letter_settings import choose_next, letter_choice
from pages._logo_picture import logo_picture
from pages._shared import notice, plain
from pages._typed import letter_texts

_ADDED = "ll_added"


def logo(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Draw the list (unless there is one logo at most) and the picture; the draft with the logo chosen."""
    known = logos.logos(wb)
    if len(known) > 1:
        own = logos.organisation_logo(wb)
        names = {"": f"The organisation's ({own.name})" if own else "The organisation's"}
        names |= {each.logo_id: each.name for each in known}
        draft = letter_choice(draft, "logo", "Letterhead logo", names, locked=locked)
    else:
        st.caption("Letterhead logo")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _picture(_shown(wb, draft, known))
        if not locked:
            _adding(wb, draft)
    return draft


def _shown(wb: Workbench, draft: Campaign, known: list[Logo]) -> Logo | None:
    """The one that stands on the letters; a logo that was removed meanwhile gives way to the organisation's."""
    chosen = letter_texts(draft.fields)["logo"]
    if chosen in {each.logo_id for each in known}:
        return logos.logo(wb, chosen)
    return logos.organisation_logo(wb)


def _picture(shown: Logo | None) -> None:
    if shown is None:
        st.caption("No logo yet: the letterhead has name and address only.", width="content")
        return
    logo_picture(shown)


def _adding(wb: Workbench, draft: Campaign) -> None:
    if not wb.user.may(CHANGE_ORGANISATION):
        st.caption("An administrator adds logos.", width="content")
        return
    with st.popover("Add a logo", icon=":material/add_photo_alternate:", type="tertiary"):
        added = st.session_state.get(_ADDED, 0)  # empty boxes after each logo that was added
        file = st.file_uploader(
            "PNG, JPEG or SVG, at most 2 MB", ["png", "jpg", "jpeg", "svg"], key=f"ll_file_{added}", max_upload_size=2
        )
        name = st.text_input(
            "Name", key=f"ll_name_{added}", placeholder="Such as the name of the clinic", max_chars=120
        )
        if st.button("Add", key="ll_add", type="primary", disabled=file is None):
            assert file is not None
            _add(wb, draft, name, file.getvalue())


def _add(wb: Workbench, draft: Campaign, name: str, content: bytes) -> None:
    """Keep it, and choose it for the letters that are being written."""
    try:
        added = logos.add(wb, name, content)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state[_ADDED] = st.session_state.get(_ADDED, 0) + 1
    choose_next(draft, "logo", added.logo_id)
    notice(f"The logo '{added.name}' was added and stands on these letters")
    st.rerun()
