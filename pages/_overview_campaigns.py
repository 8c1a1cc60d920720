"""The campaigns behind a figure of the Overview page; a row opens the campaign's report."""

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from core.overview import Overview
from pages._overview_figures import LIST, LISTS, dollars, open_list
from pages._shared import MODE_NAMES, percent, plain
from pages._width import on_laptop, only_on_phone

_OPENED = "ov_opened"  # part of the key, so that a row that was opened is not opened again
_MOST_ON_PHONE = 20
_COUNT = partial(st.column_config.NumberColumn, format="localized")
_COLUMNS = {
    "Campaign": st.column_config.TextColumn(width=238),
    "Mode": st.column_config.TextColumn(width=58),
    "Start": st.column_config.DateColumn(format="D MMM YYYY", width=92),
    "Contacts": _COUNT(width=70, help="Patients to whom a message was handed over"),
    "Delivered": st.column_config.NumberColumn(format="%.1f %%", width=74, help="Of those of which it is known"),
    "Opt-outs": _COUNT(width=70, help="By patients themselves, within 14 days of the message"),
    "Booked": _COUNT(width=62, help="An appointment was made within 30 days"),
    "Gaps closed": _COUNT(width=84, help="Within 90 days, of patients who were contacted"),
    "Cost": st.column_config.NumberColumn(format="$%.2f", width=82),
    "Per gap": st.column_config.NumberColumn(format="$%.2f", width=72, help="Cost per gap closed"),
}


def show(shown: Overview, about: str = "") -> None:
    """The list that a figure has opened, at first of all campaigns; `about` says which part of them it is of."""
    key = "handed_over" if about else str(st.session_state.get(LIST, "all"))
    title, condition, order, descending = LISTS[key]
    title = about or title
    rows = shown.campaigns.filter(condition()).sort(order, descending=descending, nulls_last=True, maintain_order=True)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(f"{title} ({rows.height:,})", anchor=False, width="content")
        if key != "all":
            st.button("All campaigns", key="ov_all", type="tertiary", icon=":material/close:", on_click=open_list)
    if rows.is_empty():
        st.caption("None.")
        return
    with on_laptop("ov-campaigns"):
        event: Any = st.dataframe(
            _table(rows),
            key=f"ov_rows_{key}_{st.session_state.get(_OPENED, 0)}",
            hide_index=True,
            on_select="rerun",
            selection_mode="single-row",
            height="content" if rows.height <= 11 else 430,
            column_config=_COLUMNS,
            placeholder="–",
            alt="Campaigns with their figures; choose a row to open the report",
        )
    _on_phone(rows)
    if event.selection.rows:
        st.session_state[_OPENED] = st.session_state.get(_OPENED, 0) + 1
        st.switch_page("report.py", query_params={"id": rows["campaign_id"][event.selection.rows[0]]})


def _table(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.col("name").alias("Campaign"),
        pl.col("channel").replace_strict(MODE_NAMES).alias("Mode"),
        pl.col("start_on").alias("Start"),
        pl.col("handed_over").alias("Contacts"),
        (100 * pl.col("delivery_rate")).alias("Delivered"),
        pl.col("opt_outs").alias("Opt-outs"),
        pl.col("booked").alias("Booked"),
        pl.col("gaps_closed").alias("Gaps closed"),
        pl.col("cost").alias("Cost"),
        pl.col("cost_per_gap").alias("Per gap"),
    )


def _on_phone(rows: pl.DataFrame) -> None:
    """The first of them as links."""
    with only_on_phone("ov-campaigns"):
        for row in rows.head(_MOST_ON_PHONE).iter_rows(named=True):
            with st.container(gap=None):
                st.page_link("report.py", label=plain(row["name"]), query_params={"id": row["campaign_id"]})
                st.caption(_line(row))
        if rows.height > _MOST_ON_PHONE:
            st.caption(f"The first {_MOST_ON_PHONE} of {rows.height:,}; a wider screen shows all.")


def _line(row: dict[str, Any]) -> str:
    contacts = "–" if row["handed_over"] is None else f"{row['handed_over']:,}"
    closed = "–" if row["gaps_closed"] is None else f"{row['gaps_closed']:,}"
    return (
        f"{MODE_NAMES[row['channel']]} · {contacts} contacts · {percent(row['delivery_rate'])} delivered · "
        f"{closed} gaps closed · {plain(dollars(row['cost']))}"
    )
