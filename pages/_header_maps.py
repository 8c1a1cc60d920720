"""A group's own CSV files: which mappings there are, and the way to a new one."""

from zlib import crc32

import polars as pl
import streamlit as st

from core import header_maps
from core.domain.header_map import HeaderMap
from core.domain.role import LOAD_DATA
from core.errors import CareloopError
from core.header_maps import Sample
from core.workbench import Workbench
from pages import _header_columns
from pages._shared import count, guarded, moment, notice, plain

_ENDINGS = ["csv", "txt", "psv", "tsv"]


@guarded
def own_headers(wb: Workbench) -> None:
    """The whole section: also before the first load, which may need it."""
    st.caption(
        "Files that are not named after Careloop's tables, or have other headers, dates or words, are read as you say "
        "here, from the next load on."
    )
    for each in header_maps.current(wb):
        _one(wb, each)
    if not wb.user.may(LOAD_DATA):
        st.caption("An administrator may map files.")
        return
    with st.container(border=True):
        st.markdown("**Map a file**")
        _new(wb)


def _one(wb: Workbench, found: HeaderMap) -> None:
    last = header_maps.history(wb, found.table)[0]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{plain(', '.join(found.files))}** is the table **{plain(found.table)}**  \n"
            f":gray[{count(len(found.columns), 'column')} · version {last.version} · {plain(last.saved_by)}, "
            f"{moment(last.saved_at, wb)}]",
            width="stretch",
        )
        if wb.user.may(LOAD_DATA) and st.button("Remove", key=f"map_remove_{found.table}", icon=":material/link_off:"):
            _remove(wb, found.table)


@st.dialog("Remove the mapping", icon=":material/link_off:")
@guarded
def _remove(wb: Workbench, table: str) -> None:
    st.markdown(f"The files of **{plain(table)}** must then have the names and headers of Careloop's own tables.")
    st.caption("What is loaded stays. The mapping is kept among its versions.")
    if st.button("Remove", key="map_remove_yes", type="primary"):
        header_maps.remove(wb, table)
        notice("The mapping was removed")
        st.rerun()


def _new(wb: Workbench) -> None:
    table = str(st.selectbox("Which table the file holds", header_maps.tables(), index=3, key="map_table"))
    sample = _sample()
    if sample is None:
        return
    st.caption(f"{count(len(sample.headers), 'column')}, {count(sample.rows.height, 'row')} read")
    key = f"{table}_{crc32(repr(sample.headers).encode()):08x}"
    found = _header_columns.ask(table, sample, key=key)
    files = st.text_input(
        "Name of the file on other nights, without its ending; * stands for anything",
        value=sample.pattern,
        key=f"map_files_{key}",
    )
    asked = HeaderMap(table, tuple(each.strip().lower() for each in (files or "").split(",") if each.strip()), *found)
    _try(wb, asked, sample)


def _sample() -> Sample | None:
    """What was uploaded, or typed; nothing of it is kept."""
    uploaded = st.file_uploader(
        "The file, or its first lines (at most 2 MB; nothing of it is kept)", type=_ENDINGS, key="map_file"
    )
    typed = st.text_area("Or its header line", key="map_header", height=68) if uploaded is None else ""
    if uploaded is None and not (typed or "").strip():
        return None
    name, content = (uploaded.name, uploaded.getvalue()) if uploaded else ("file.csv", (typed or "").encode())
    try:
        return header_maps.read_sample(name, content)
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def _try(wb: Workbench, asked: HeaderMap, sample: Sample) -> None:
    try:
        found = header_maps.preview(wb, asked, sample)
    except CareloopError as error:
        st.warning(plain(str(error)), icon=":material/rule:")
        return
    if sample.rows.height:
        st.markdown("**The first rows as they would be read**")
        st.dataframe(
            found.rows.cast(pl.String), hide_index=True, placeholder="–", alt="First rows as they would be read"
        )
        _problems(found.problems)
    if st.button("Save the mapping", key="map_save", type="primary", icon=":material/save:"):
        version = header_maps.save(wb, asked, sample=sample)
        notice(f"Saved as version {version}: files are read by it from the next load on")
        st.session_state.pop("map_header", None)
        st.rerun()


def _problems(problems: pl.DataFrame) -> None:
    if problems.is_empty():
        st.success("Nothing is wrong in these rows.", icon=":material/check_circle:")
        return
    lines = [
        f"- {f'Line {row[0]}, ' if row[0] else ''}'{plain(row[1])}' {plain(row[2])}" for row in problems.iter_rows()
    ]
    st.warning("\n".join(lines), icon=":material/warning:")
