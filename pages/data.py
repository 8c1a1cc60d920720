"""The Data page: what was loaded and when, what was wrong in it and what that costs, rejected rows, local codes."""

import polars as pl
import streamlit as st

from core import loads, work_lists
from core.domain.work_list import WorkList
from core.workbench import Workbench
from pages._feed_quality import feed_quality
from pages._local_codes import local_codes
from pages._orphan_codes import orphan_codes
from pages._shared import count, download, moment, page_head, workbench

_SHOWN = 1000  # rows of a list on the screen; the export has all


def show() -> None:
    wb = workbench()
    page_head("Data", "The feeds behind the lists: how fresh they are, what was wrong in them, and what that costs.")
    history = loads.history(wb)
    if not history:
        st.info("Nothing was loaded yet. Load a feed with `careloop load FOLDER`.", icon=":material/upload_file:")
        return
    _freshness(wb, history)
    feed_quality(wb)
    tabs = st.tabs(["Defects", "Rejected rows", "Unmapped codes", "Orphan codes", "Loads"])
    with tabs[0]:
        _defects(wb)
    with tabs[1]:
        _rejects(wb)
    with tabs[2]:
        local_codes(wb)
    with tabs[3]:
        orphan_codes(wb)
    with tabs[4]:
        _history(wb, history)


def _freshness(wb: Workbench, history: list[loads.LoadRow]) -> None:
    last = next((row for row in history if row.status == "loaded"), None)
    with st.container(horizontal=True, gap="large"):
        if last is None:
            st.warning("No load has succeeded yet. See Loads for the reason.", icon=":material/warning:")
            return
        st.metric("Feed of", moment(last.received_at, wb), help="When the source made it.")
        st.metric("Loaded", moment(last.finished_at, wb))
        st.metric("Patients", f"{work_lists.run(wb, WorkList()).count:,}")
    if history[0].status == "failed":
        st.error(
            f"The newest load failed, so the one before still counts: {history[0].message}", icon=":material/error:"
        )


def _defects(wb: Workbench) -> None:
    found = loads.defects(wb)
    if not found:
        st.success("Nothing was wrong in the last feed.", icon=":material/check_circle:")
        return
    rows = pl.DataFrame(
        {"What it costs": [each.sentence for each in found], "Patients": [each.patients for each in found]}
    )
    st.dataframe(
        rows,
        hide_index=True,
        alt="Defects of the last feed",
        column_config={
            "What it costs": st.column_config.TextColumn(width="large"),
            "Patients": st.column_config.NumberColumn(format="localized", width="small"),
        },
    )


def _rejects(wb: Workbench) -> None:
    rows = loads.rejects(wb)
    if rows.is_empty():
        st.success("Every row was taken.", icon=":material/check_circle:")
        return
    st.caption(
        f"{count(rows.height, 'row')} left out. Values are not shown: look them up in the file at the line given."
    )
    by_reason = (
        rows.group_by("table", "reason").len("rows").sort("rows", "table", "reason", descending=[True, False, False])
    )
    st.dataframe(by_reason, hide_index=True, alt="Rejected rows by reason")
    with st.expander("Each row"):
        st.dataframe(rows.head(_SHOWN), hide_index=True, alt="Rejected rows")
        if rows.height > _SHOWN:
            st.caption(f"The first {_SHOWN:,}; the export has all.")
    download(rows, "rejected-rows.csv", key="data_rejects")


def _history(wb: Workbench, history: list[loads.LoadRow]) -> None:
    rows = pl.DataFrame(
        {
            "Finished": [moment(row.finished_at, wb) for row in history],
            "Status": [row.status for row in history],
            "Format": [row.format for row in history],
            "Source": [row.source_system for row in history],
            "By": [row.loaded_by for row in history],
            "Message": [row.message for row in history],
        }
    )
    st.dataframe(rows, hide_index=True, alt="Loads, the newest first")
    loaded = next((row for row in history if row.counts), None)
    if loaded:
        st.markdown("**Rows of the last good load**")
        counts = [{"source": source, **numbers} for source, numbers in loaded.counts.items()]
        st.dataframe(pl.DataFrame(counts), hide_index=True, alt="Rows read, kept and rejected by source")


show()
