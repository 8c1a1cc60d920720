"""The first section of the Data page: the feed gate, and of each table how much came, how fresh it is and how late."""

import streamlit as st

from core import feed_quality as quality
from core.workbench import Workbench
from pages._feed_gate import gate_state

_HELP = {
    "Rows": "Taken from the last load that had the table",
    "Before": "In the last good load of the same source",
    "Change": "Against the last good load",
    "Median": "Of the last five loads before",
    "Latest event": "The latest day of anything in the table",
    "Age at load": "Of the latest event when the feed was loaded",
    "Received": "When the source made the table",
    "Lag": "From the day of an event to its first receipt: half of them, and nine of ten. None for the first load",
}


def feed_quality(wb: Workbench) -> None:
    st.subheader("Feed quality", anchor=False)
    gate_state(wb)
    rows = quality.table(wb)
    if rows.is_empty():
        st.caption("How good each table is will be known from the next load on.")
        return
    if rows["Source"].n_unique() == 1:
        rows = rows.drop("Source")
    numbers = ("Rows", "Before", "Median")
    st.dataframe(
        rows,
        hide_index=True,
        placeholder="–",
        height="content",
        alt="Tables of the last loads: rows now and before, latest event, age, lag",
        column_config={
            name: st.column_config.NumberColumn(format="localized", help=words)
            if name in numbers
            else st.column_config.TextColumn(help=words)
            for name, words in _HELP.items()
        },
    )
