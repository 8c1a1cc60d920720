"""Of each table of the feed on the Data page: how much came, how fresh it is and how late."""

from functools import partial
from typing import Any

import streamlit as st

from core import feed_quality as quality
from core.workbench import Workbench
from pages._shared import count
from pages._width import on_laptop, on_phone

_TEXT = st.column_config.TextColumn
_NUMBER = partial(st.column_config.NumberColumn, format="localized")
_COLUMNS = {
    "Table": _TEXT(width=112),
    "Source": _TEXT(width=84),
    "Rows": _NUMBER(width=72, help="Taken from the last load that had the table"),
    "Before": _NUMBER(width=72, help="In the last good load of the same source"),
    "Change": _TEXT(width=120, help="Against the last good load"),
    "Median": _NUMBER(width=72, help="Of the last five loads before"),
    "Latest event": _TEXT(
        width=118,
        help="The latest day on which anything in the table happened: a visit, a result, a vaccine. Of appointments "
        "and opt-outs the day they were made. A day long ago means that the table stopped growing",
    ),
    "Age at load": _TEXT("Age", width=70, help="Of the latest event when the feed was loaded"),
    "Received": _TEXT(width=118, help="When the source made the table"),
    "Lag": _TEXT(
        width=128,
        help="From the day of an event to its first receipt: half of them, and nine of ten. None for the first load",
    ),
}


def feed_tables(wb: Workbench) -> None:
    """Draw them."""
    rows = quality.table(wb)
    if rows.is_empty():
        st.caption("How good each table is will be known from the next load on.")
        return
    if rows["Source"].n_unique() == 1:
        rows = rows.drop("Source")
    with on_laptop("quality"):
        st.dataframe(
            rows,
            hide_index=True,
            placeholder="–",
            height="content",
            alt="Tables of the last loads: rows now and before, latest event, age, lag",
            column_config=_COLUMNS,
        )
    on_phone("quality", map(_line, rows.iter_rows(named=True)))


def _line(row: dict[str, Any]) -> tuple[str, str]:
    """A table on a phone: its name, and how much of it came and how fresh it is."""
    name = " · ".join(row[part] for part in ("Table", "Source") if part in row)
    fresh = "" if row["Latest event"] == "–" else f" · latest event {row['Latest event']}"
    return name, f"{count(row['Rows'], 'row')} ({row['Change'].removeprefix('– ')}){fresh}"
