"""The report of one campaign: a headline, a ledger that adds up, charts, and every patient with what happened."""

from io import BytesIO

import polars as pl
import streamlit as st

from core import charts, reports
from core.domain.campaign import STATUS_ICONS
from core.domain.progress import status_shown
from core.reports import EXPORT_NAMES, Report
from core.workbench import Workbench
from pages._shared import MODE_ICONS, count, page_head, plain, status_badge, workbench

SIZE = 100


def show() -> None:
    wb, campaign_id = workbench(), st.query_params.get("id", "")
    if not campaign_id:
        page_head("Report")
        st.info("Choose a campaign from the list to read its report.", icon=":material/monitoring:")
        st.page_link("campaigns.py", label="Go to Campaigns", icon=":material/campaign:")
        return
    shown = reports.report(wb, campaign_id)
    every = 2 if shown.campaign.status == "active" else None
    st.fragment(_report, run_every=every)(wb, campaign_id)


def _report(wb: Workbench, campaign_id: str) -> None:
    shown = reports.report(wb, campaign_id)
    _head(shown)
    left, right = st.columns([1, 1], gap="large")
    with left:
        _ledger(shown)
    with right:
        st.plotly_chart(charts.results_bar(shown.ledger), key="rp_results", config={"displayModeBar": False})
        if shown.over_time.is_empty():
            st.caption("Nothing has been sent yet, so there is no course over time.")
        else:
            st.plotly_chart(charts.over_time(shown.over_time), key="rp_time", config={"displayModeBar": False})
    _patients(wb, shown)


def _head(shown: Report) -> None:
    campaign = shown.campaign
    page_head(campaign.name, campaign.description)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        status = status_shown(campaign, shown.progress)
        status_badge(status, STATUS_ICONS[status])
        st.caption(f"{MODE_ICONS[campaign.channel]} {shown.schedule}", width="content")
        st.page_link(
            "campaign_editor.py",
            label="Message and settings",
            icon=":material/edit_note:",
            query_params={"id": campaign.campaign_id},
        )
    st.markdown(f"#### {plain(shown.headline)}")


def _ledger(shown: Report) -> None:
    rows = shown.ledger.select(
        Result="result", Reason=pl.col("reason").fill_null(""), Patients="count", Share=pl.col("share").fill_null(0.0)
    )
    st.dataframe(
        rows,
        hide_index=True,
        alt="Results and reasons; they add up to the number selected",
        column_config={
            "Patients": st.column_config.NumberColumn(format="localized"),
            "Share": st.column_config.NumberColumn(format="percent"),
            "Reason": st.column_config.TextColumn(width="medium"),
        },
    )
    st.markdown(f"**{count(shown.progress.selected, 'patient')} selected**, each counted once above")


def _patients(wb: Workbench, shown: Report) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.subheader("Patients", anchor=False, width="content")
        results = list(dict.fromkeys(shown.ledger["result"]))
        chosen = st.pills("Result", results, selection_mode="multi", key="rp_result", label_visibility="collapsed")
        _downloads(wb, shown)
    rows = shown.patients.filter(pl.col("result").is_in(chosen)) if chosen else shown.patients
    pages = max(1, -(-rows.height // SIZE))
    number = min(st.session_state.get("rp_page", 1), pages)
    page = rows.slice((number - 1) * SIZE, SIZE).select(pl.col(key).alias(name) for key, name in EXPORT_NAMES.items())
    st.dataframe(
        page,
        hide_index=True,
        placeholder="–",
        height=min(page.height, 12) * 35 + 38,
        column_config={
            "Reason": st.column_config.TextColumn(width="medium"),
            "When": st.column_config.DatetimeColumn(format="ddd D MMM YYYY, HH:mm"),
        },
        alt="Patients of the campaign",
    )
    if pages > 1:
        st.pagination(pages, key="rp_page")
    if shown.hidden:
        st.caption(f"{count(shown.hidden, 'more patient')} of groups or providers you do not see, counted above.")


def _downloads(wb: Workbench, shown: Report) -> None:
    def made(write: str) -> bytes:
        out = BytesIO()
        (reports.export_csv if write == "csv" else reports.export_xlsx)(wb, shown, out)
        return out.getvalue()

    st.download_button(
        "CSV",
        data=lambda: made("csv"),
        file_name="campaign-report.csv",
        mime="text/csv",
        key="rp_csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.download_button(
        "Excel",
        data=lambda: made("xlsx"),
        file_name="campaign-report.xlsx",
        key="rp_xlsx",
        icon=":material/download:",
        on_click="ignore",
    )


show()
