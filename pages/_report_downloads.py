"""What can be taken along from a report: its figures by everybody, its patients by who may export them."""

from functools import partial

import streamlit as st

from core import board_report, exports, report_exports
from core.domain.role import EXPORT_PATIENTS
from core.reports import Report
from core.workbench import Workbench
from pages._export_buttons import export_buttons


def figures_menu(wb: Workbench, shown: Report) -> None:
    """The report as a PDF for a meeting, and its figures as files; no patient is in them."""
    with st.popover("Download", icon=":material/download:", type="tertiary", key="rp_download"):
        st.caption("Figures only; no patient is named.")
        st.download_button(
            "PDF for a meeting",
            data=lambda: board_report.campaign_pdf(wb, shown.campaign.campaign_id),
            file_name=f"{_stem(wb, shown, 'report')}.pdf",
            mime="application/pdf",
            key="rp_pdf",
            icon=":material/picture_as_pdf:",
            on_click="ignore",
            width="stretch",
        )
        write = partial(report_exports.write_figures, wb, shown)
        stem = _stem(wb, shown, "figures")
        export_buttons(write, stem, key="rp_figures", label="Figures, {}", count=2, wide=True)


def patient_buttons(wb: Workbench, shown: Report) -> None:
    """The patients in the kinds of files there are, for who may export patients."""
    if not wb.user.may(EXPORT_PATIENTS):
        return
    export_buttons(partial(report_exports.write_patients, wb, shown), _stem(wb, shown, "patients"), key="rp")


def _stem(wb: Workbench, shown: Report, what: str) -> str:
    return exports.stem(shown.campaign.name, what, wb.today())
