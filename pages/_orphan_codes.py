"""The tab Orphan codes of the Data page: codes of the feed that are near a list of ours and not in it."""

import polars as pl
import streamlit as st

from core import loads, local_codes
from core.workbench import Workbench
from pages._shared import download


def orphan_codes(wb: Workbench) -> None:
    """The list, most used first, with the nearest concept and why it is near."""
    generation = loads.current(wb)
    rows = _orphans(wb, generation.name if generation else "")
    if rows.is_empty():
        st.success("No code of the feed is near a list without being in it.", icon=":material/check_circle:")
        return
    st.caption(
        "Codes of published systems that are in none of our lists, though codes like them are. Perhaps a list is older "
        "than the feed, or the code means something else; map it when it means the concept."
    )
    st.dataframe(
        rows.select("system", "code", "text", "events", near="name", why="why").rename(str.capitalize),
        hide_index=True,
        alt="Orphan codes by volume",
        column_config={"Why": st.column_config.TextColumn(width="large")},
    )
    download(rows, "orphan-codes.csv", key="data_orphans")


@st.cache_resource(max_entries=2, show_spinner=False)
def _orphans(_wb: Workbench, generation: str) -> pl.DataFrame:  # noqa: ARG001 - what codes mean changes with it
    return local_codes.orphans(_wb)
