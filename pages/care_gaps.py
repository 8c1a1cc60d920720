"""The Care gaps page: how many are up to date for each measure, where they are fewer, and how that went."""

from typing import Any

import polars as pl
import streamlit as st

from core import gap_rates, loads
from core.domain.role import READ_PATIENTS
from core.domain.slices import gap_list
from core.workbench import Workbench
from pages import _gap_measures, _gap_slices, _gap_target, _gap_trend, _gap_year, _views
from pages._feed_gate import gate_warning
from pages._shared import interval, page_head, percent, workbench


def show() -> None:
    wb = workbench()
    page_head("Care gaps", "How many are up to date, where they are fewer than elsewhere, and whom to reach next.")
    if loads.current(wb) is None:
        st.info("Nothing was loaded yet, so no care gap is known. Load a feed with `careloop load FOLDER`.")
        return
    gate_warning(wb)
    year = _gap_year.chosen(wb)
    with st.spinner("Counting care gaps ..."):
        rates = gap_rates.measure_rates(wb) if year is None else _gap_year.rates(wb, year)
    if rates.is_empty():
        st.info("No measure is on. Turn one on under Measures.", icon=":material/rule:")
        st.page_link("measures.py", label="Go to Measures", icon=":material/rule:")
        return
    _gap_measures.show(wb, rates, year=year)
    row = rates.row(by_predicate=pl.col("measure_id") == _gap_measures.chosen(rates), named=True)
    _numbers(wb, row, year)
    _gap_slices.show(wb, row, year=year)
    if year is None:
        _gap_trend.show(wb, row)


def _numbers(wb: Workbench, row: dict[str, Any], year: int | None) -> None:
    cells = [cell.container(gap="xxsmall") for cell in st.columns(4, gap="medium")]
    with cells[0]:
        st.metric("Up to date" if year is None else f"Counted in {year}", percent(row["rate"]))
        bounds = "" if row["rate"] is None else f"  \n95 % interval {interval(row['low'], row['high'])}"
        st.caption(f"{row['satisfied']:,} of {row['eligible']:,} eligible{bounds}")
    with cells[1]:
        _gap_target.show(wb, row)
    if year is not None:
        _gap_year.rest(wb, row, *cells[2:])
        return
    with cells[2]:
        st.metric("Become due in 90 days", f"{row['due_in_90']:,}")
        st.caption(f"{row['due_in_30']:,} in 30 days, {row['due_in_60']:,} in 60")
    with cells[3]:
        st.metric("Open gaps today", f"{row['open']:,}")
        _open(wb, row)
    if row["on_track"] or row["cannot_tell"]:
        st.caption(
            f"Beside these: **{row['on_track']:,} on track**, with a series begun and nothing due yet, left out of the "
            f"rate; **{row['cannot_tell']:,} cannot tell**, because our data does not say. Of those, who lacks a birth "
            "date or sex is left out of the rate as well; who lacks a result counts as not up to date."
        )


def _open(wb: Workbench, row: dict[str, Any]) -> None:
    if not wb.user.may(READ_PATIENTS):
        return
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


show()
