"""Downloads: the files made in the background, reports for meetings, and the organisation's own documents."""

import streamlit as st

from core.domain.role import READ_PATIENTS
from pages._documents import documents
from pages._download_files import files
from pages._report_schedule import reports_tab
from pages._shared import page_head, workbench


def show() -> None:
    wb = workbench()
    page_head("Downloads", "Letters and labels, reports for meetings, and the organisation's own documents.")
    tabs = {"Letters and labels": files, "Reports": reports_tab, "Documents": documents}
    if not wb.user.may(READ_PATIENTS):
        del tabs["Letters and labels"]
    for tab, draw in zip(st.tabs(list(tabs), key="dl_tabs"), tabs.values(), strict=True):
        with tab:
            draw(wb)


show()
