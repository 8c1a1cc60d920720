"""The Care gaps page: how many are up to date for each measure, where they are fewer, and how that went."""

from functools import partial
from io import BytesIO
from typing import Any

import polars as pl
import streamlit as st

from core import gap_rates, loads
from core.domain.slices import gap_list
from core.gap_counts import HORIZON
from core.workbench import Workbench
from pages import _gap_slices, _gap_target, _gap_trend, _views
from pages._gap_target import percent
from pages._shared import count, page_head, workbench

_MEASURE = "cg_measure"
_TABLE = "cg_table"


def show() -> None:
    wb = workbench()
    page_head("Care gaps", "How many are up to date, where they are fewer than elsewhere, and whom to reach next.")
    if loads.current(wb) is None:
        st.info("Nothing was loaded yet, so no care gap is known. Load a feed with `careloop load FOLDER`.")
        return
    rates = gap_rates.measure_rates(wb)
    if rates.is_empty():
        st.info("No measure is on. Turn one on under Measures.", icon=":material/rule:")
        st.page_link("measures.py", label="Go to Measures", icon=":material/rule:")
        return
    _all(wb, rates)
    _one(wb, rates)


def _all(wb: Workbench, rates: pl.DataFrame) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(count(rates.height, "measure"), anchor=False, width="content")
        st.download_button(
            "Export CSV",
            key="cg_export",
            icon=":material/download:",
            file_name="care-gaps.csv",
            mime="text/csv",
            data=lambda: _csv(wb),
            on_click="ignore",
            help="Counts of fewer than 11 patients are left out.",
        )
    st.dataframe(
        _shown(rates),
        key=_TABLE,
        hide_index=True,
        on_select=partial(_picked, rates["measure_id"].to_list()),
        selection_mode="single-row",
        height=min(rates.height, 9) * 35 + 38,
        column_config=_COLUMNS,
        placeholder="–",
        alt="Measures with their rates; choose a row to see more of it",
    )
    st.caption("By the organisation's own rules, for its own work: no certified rates of a quality measure.")


def _one(wb: Workbench, rates: pl.DataFrame) -> None:
    names = dict(rates.select("measure_id", "name").iter_rows())
    asked = st.query_params.get("id")
    if _MEASURE not in st.session_state:
        st.session_state[_MEASURE] = asked if asked in names else next(iter(names))
    if st.session_state[_MEASURE] not in names:
        st.session_state[_MEASURE] = next(iter(names))
    chosen = st.selectbox("Measure", list(names), format_func=names.__getitem__, key=_MEASURE, persist_state="session")
    row = rates.row(by_predicate=pl.col("measure_id") == chosen, named=True)
    _numbers(wb, row)
    _gap_slices.show(wb, row)
    _gap_trend.show(wb, row)


def _numbers(wb: Workbench, row: dict[str, Any]) -> None:
    cells = st.columns(4, gap="medium")
    with cells[0].container(gap="xxsmall"):
        st.metric("Up to date", percent(row["rate"]))
        interval = "" if row["rate"] is None else f"  \n95 % interval {percent(row['low'])} to {percent(row['high'])}"
        st.caption(f"{row['satisfied']:,} of {row['eligible']:,} eligible{interval}")
    with cells[1].container(gap="xxsmall"):
        _gap_target.show(wb, row)
    with cells[2].container(gap="xxsmall"):
        st.metric("Become due in 90 days", f"{row['due_in_90']:,}")
        st.caption(f"{row['due_in_30']:,} in 30 days, {row['due_in_60']:,} in 60")
    with cells[3].container(gap="xxsmall"):
        st.metric("Open gaps today", f"{row['open']:,}")
        _open(row)


def _open(row: dict[str, Any]) -> None:
    if st.button(
        "Open the work list",
        key="cg_open",
        type="primary",
        icon=":material/filter_list:",
        disabled=not row["open"],
        help="These patients, to look at the evidence and contact them.",
    ):
        _views.show(gap_list(row["name"]))
        st.switch_page("work_list.py")


def _picked(measure_ids: list[str]) -> None:
    rows = st.session_state[_TABLE].selection.rows
    if rows:
        st.session_state[_MEASURE] = measure_ids[rows[0]]


def _shown(rates: pl.DataFrame) -> pl.DataFrame:
    low, high = ((100 * pl.col(name)).round(0).cast(pl.Int64).cast(pl.String) for name in ("low", "high"))
    return rates.select(
        pl.col("name").alias("Measure"),
        pl.col("rate").alias("Rate"),
        pl.concat_str(low, pl.lit("–"), high, pl.lit(" %")).alias("95 % interval"),
        pl.col("satisfied").alias("Up to date"),
        pl.col("eligible").alias("Eligible"),
        pl.col("target").alias("Target"),
        pl.col("needed").alias("Still needed"),
        pl.col("open").alias("Open gaps"),
        *(pl.col(f"due_in_{days}").alias(f"Due in {days} d") for days in HORIZON),
    )


_COLUMNS = {
    "Measure": st.column_config.TextColumn(width="medium"),
    "Rate": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1, width="small"),
    "Target": st.column_config.NumberColumn(format="percent"),
    "Still needed": st.column_config.NumberColumn(help="How many more patients must be up to date to reach the target"),
}


def _csv(wb: Workbench) -> bytes:
    out = BytesIO()
    gap_rates.export_measures(wb, out)
    return out.getvalue()


show()
