"""The organisation's own documents and templates: uploaded with what they are for, downloaded, removed (R5)."""

import streamlit as st

from core import downloads
from core.domain.role import CHANGE_ORGANISATION
from core.errors import CareloopError
from core.workbench import Workbench
from pages._file_row import ask_to_delete, file_rows
from pages._shared import count, notice, plain

_TYPES = ["pdf", "docx", "xlsx", "pptx", "png", "jpg", "jpeg", "txt"]


def documents(wb: Workbench) -> None:
    """Draw the tab."""
    may_change = wb.user.may(CHANGE_ORGANISATION)
    found = downloads.documents(wb)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{count(len(found), 'document')} for everybody here", width="content")
        if not may_change:
            st.caption("An administrator adds and removes documents.", width="content")
        elif st.button("Add a document", key="do_add", icon=":material/upload_file:"):
            _upload(wb)
    if not found:
        st.info(
            "No document yet. Keep here what everybody needs: guides, blank forms, checked wordings, envelopes' "
            "measures. Nothing about patients.",
            icon=":material/folder_open:",
        )
    for file in found:
        if file_rows(wb, [file], may_delete=may_change):
            ask_to_delete(wb, file, then=notice)


@st.dialog("Add a document", icon=":material/upload_file:")
def _upload(wb: Workbench) -> None:
    file = st.file_uploader("PDF, Word, Excel, PowerPoint, picture or plain text, at most 20 MB", _TYPES, key="do_file")
    name = st.text_input(
        "Name", file.name if file else "", key=f"do_name_{file.file_id if file else ''}", max_chars=120
    )
    about = st.text_input("What it is for", key="do_about", max_chars=300, placeholder="Such as: for new colleagues")
    st.caption("Everybody here can download it. It must hold nothing about patients.")
    if st.button("Add", key="do_yes", type="primary", disabled=file is None):
        assert file is not None
        try:
            added = downloads.add_document(wb, name, about, file.getvalue())
        except CareloopError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        notice(f"'{added.name}' was added")
        st.rerun()
