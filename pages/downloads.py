"""Downloads: the files made in the background, and the organisation's own documents (L3, R5)."""

import streamlit as st

from pages._documents import documents
from pages._download_files import files
from pages._report_schedule import reports_tab
from pages._shared import page_head, workbench


def show() -> None:
    wb = workbench()
    page_head("Downloads", "Letters and labels that were made for you, reports, and the organisation's own documents.")
    made, reports, own = st.tabs(["Letters and labels", "Reports", "Documents"], key="dl_tabs")
    with made:
        files(wb)
    with reports:
        reports_tab(wb)
    with own:
        documents(wb)


show()
