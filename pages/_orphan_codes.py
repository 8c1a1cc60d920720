"""The tab Orphan codes of the Data page: codes of the feed that are near a list of ours and not in it."""

from typing import Any

import polars as pl
import streamlit as st

from core import loads, local_codes
from core.workbench import Workbench
from pages._code_mapping import ask
from pages._shared import download

_MAP, _ASKED = "orphans_map", "orphans_asked"


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
    shown = rows.select(
        pl.col("name").alias("Near"),
        pl.lit("Map").alias("_map"),
        pl.format("{} {}", "system", "code").alias("Code"),
        pl.col("text").alias("Text"),
        pl.col("events").alias("Events"),
        pl.col("why").alias("Why"),
    )
    st.dataframe(
        shown, hide_index=True, alt="Orphan codes by volume", placeholder="–", column_config=_columns(rows.height)
    )
    if _ASKED in st.session_state and (place := st.session_state.pop(_ASKED)) < rows.height:
        row = rows.row(place, named=True)
        ask(wb, row["system"], row["code"], row["text"] or "", row["concept"])
    download(rows, "orphan-codes.csv", key="data_orphans")


def _columns(height: int) -> dict[str, Any]:
    button = st.column_config.ButtonColumn(
        "Map", key=_MAP, on_click=_pressed, args=(height,), type="tertiary", width="small"
    )
    return {
        "_map": button,
        "Near": st.column_config.TextColumn(width=170),
        "Code": st.column_config.TextColumn(width=130),
        "Text": st.column_config.TextColumn(width=170),
        "Events": st.column_config.NumberColumn(format="localized", width=70),
        "Why": st.column_config.TextColumn(width=330),
    }


def _pressed(height: int) -> None:
    click = st.session_state[_MAP]
    if click is not None and click.row < height:
        st.session_state[_ASKED] = click.row


@st.cache_resource(max_entries=2, show_spinner=False)
def _orphans(_wb: Workbench, generation: str) -> pl.DataFrame:  # noqa: ARG001 - what codes mean changes with it
    return local_codes.orphans(_wb)
