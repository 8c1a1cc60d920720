"""The table of patients found, a page of a hundred at a time, and the evidence for one of them."""

from typing import Any

import polars as pl
import streamlit as st

from core import care_gaps, work_lists
from core.domain.address import phone_text
from core.domain.campaign_start import measures_for
from core.domain.fields import CHOICE, DATE, NUMBER, PHONE, WORDS, Field
from core.domain.found import Found
from core.workbench import Workbench
from pages import _selection
from pages._evidence import evidence
from pages._seen import seen
from pages._shared import count

SIZE = 100
_EVIDENCE = "wl_evidence"
_LIST = "wl_list_shown"


def table(wb: Workbench, found: Found, selected: set[str], *, view_id: str = "") -> None:
    """Draw the page of the table that the reader is on and take over which rows are marked."""
    pages = found.page_count(SIZE)
    number = min(st.session_state.get("wl_page", 1), pages)
    ids, rows = _page(wb, found, number - 1)
    seen(wb, "work_list", ids, subject=view_id, count=found.count)
    marked = [place for place, patient_id in enumerate(ids) if patient_id in selected]
    event = st.dataframe(
        rows,
        key=f"wl_table_{number}_{st.session_state.get('wl_marks', 0)}_{_version(found)}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": marked}},
        column_config=_columns(wb, ids),
        height=min(len(ids), 14) * 35 + 38,
        placeholder="–",
        alt="Patients found",
    )
    chosen = set(event.selection.rows)
    for place, patient_id in enumerate(ids):
        (selected.add if place in chosen else selected.discard)(patient_id)
    if "wl_evidence_of" in st.session_state:
        asked = measures_for((), found.work_list, names=care_gaps.measure_names(wb))
        evidence(wb, st.session_state.pop("wl_evidence_of"), asked=asked)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if pages > 1:
            st.pagination(pages, key="wl_page")
        first = (number - 1) * SIZE
        st.caption(f"{first + 1:,}–{first + len(ids):,} of {count(found.count, 'patient')}", width="content")
        if len(selected) < found.count:
            st.button(
                f"Select all {found.count:,}",
                key="wl_all",
                type="tertiary",
                on_click=_selection.select_all,
                args=(found,),
            )


def is_another_list(found: Found) -> bool:
    """Whether filters, order or columns changed since the last run; another list then begins at its first page."""
    version = _version(found)
    if st.session_state.get(_LIST) == version:
        return False
    st.session_state[_LIST] = version
    st.session_state["wl_page"] = 1
    return True


def _version(found: Found) -> int:
    """Another list is another table: marks belong to places in it."""
    return hash((str(found.work_list.to_json()), found.count))


def _page(wb: Workbench, found: Found, number: int) -> tuple[list[str], pl.DataFrame]:
    rows = found.page(number, SIZE)
    phones = [field.key for field in work_lists.fields(wb) if field.kind == PHONE and field.key in rows.columns]
    rows = rows.with_columns(pl.col(key).map_elements(phone_text, return_dtype=pl.String) for key in phones)
    ids = rows["patient_id"].to_list()
    first = rows.columns[1]
    return ids, rows.select(first, pl.lit("Why").alias("_evidence"), pl.exclude("patient_id", first))


def _columns(wb: Workbench, ids: list[str]) -> dict[str, Any]:
    """How each column is shown, by the kind of its field."""
    shown = {field.key: _column(wb, field) for field in work_lists.fields(wb)}
    shown["_evidence"] = st.column_config.ButtonColumn(
        "Evidence", key=_EVIDENCE, on_click=_open_evidence, args=(ids,), type="tertiary", width="small"
    )
    return shown


def _column(wb: Workbench, field: Field) -> Any:
    if field.kind == WORDS:
        options = work_lists.choices(wb, field.key) if field.key == "alerts" else None
        return st.column_config.MultiselectColumn(field.name, options=options, color="primary", width=330)
    if field.kind == DATE:
        return st.column_config.DateColumn(field.name, format="ddd D MMM YYYY")
    if field.kind == NUMBER:
        return st.column_config.NumberColumn(field.name, width="small")
    return st.column_config.TextColumn(field.name, width="small" if field.kind == CHOICE else None)


def _open_evidence(ids: list[str]) -> None:
    click = st.session_state[_EVIDENCE]
    if click is not None and click.row < len(ids):
        st.session_state["wl_evidence_of"] = ids[click.row]
