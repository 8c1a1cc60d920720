"""What can be taken along from a report: its figures by everybody, its patients by who may export them."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import IO

import streamlit as st

from core import board_report, exports, report_exports
from core.domain.role import EXPORT_PATIENTS
from core.reports import Report
from core.workbench import Workbench

_STEM = "campaign-report"


def figures_menu(wb: Workbench, shown: Report) -> None:
    """The report as a PDF for a meeting, and its figures as files; no patient is in them."""
    with st.popover("Download", icon=":material/download:", type="tertiary", key="rp_download"):
        st.caption("Figures only; no patient is named.")
        st.download_button(
            "PDF for a meeting",
            data=lambda: board_report.campaign_pdf(wb, shown.campaign.campaign_id),
            file_name=f"{_STEM}.pdf",
            mime="application/pdf",
            key="rp_pdf",
            icon=":material/picture_as_pdf:",
            on_click="ignore",
            width="stretch",
        )
        for kind in exports.KINDS:
            _button(
                f"Figures, {exports.KINDS[kind].name}",
                partial(report_exports.write_figures, wb, shown, kind=kind),
                exports.file_name("campaign-figures", kind, count=2),
                key=f"rp_figures_{kind}",
                wide=True,
            )


def patient_buttons(wb: Workbench, shown: Report) -> None:
    """The patients in the kinds of files there are, for who may export patients."""
    if not wb.user.may(EXPORT_PATIENTS):
        return
    for kind in exports.KINDS:
        _button(
            exports.KINDS[kind].name,
            partial(report_exports.write_patients, wb, shown, kind=kind),
            exports.file_name(_STEM, kind),
            key=f"rp_{kind}",
        )


def _button(label: str, write: Callable[[IO[bytes]], object], name: str, *, key: str, wide: bool = False) -> None:
    st.download_button(
        label,
        data=lambda: _content(write),
        file_name=name,
        key=key,
        icon=":material/download:",
        on_click="ignore",
        width="stretch" if wide else "content",
    )


def _content(write: Callable[[IO[bytes]], object]) -> bytes:
    out = BytesIO()
    write(out)
    return out.getvalue()
