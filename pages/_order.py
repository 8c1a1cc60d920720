"""How the table is ordered and which columns it has."""

from collections.abc import Sequence
from itertools import count

import streamlit as st

from core.domain.fields import Field
from core.domain.work_list import COLUMNS, SORTS, Sort

_SORTS, _COLUMNS = "wl_sort_rows", "wl_columns"
_NUMBERS = count(1)


def fill(sorts: Sequence[Sort], columns: Sequence[str]) -> None:
    """Put an order and columns into the widgets, as when a saved view is opened."""
    st.session_state[_SORTS] = [_new_row(sort) for sort in sorts]
    st.session_state[_COLUMNS] = list(columns)


def draw(fields: Sequence[Field]) -> tuple[tuple[Sort, ...], tuple[str, ...]]:
    """Draw both and return what they say."""
    names = {field.key: field.name for field in fields}
    if _SORTS not in st.session_state:
        fill(SORTS, COLUMNS)
    with st.container(horizontal=True, gap="small"):
        with st.popover("Sort", icon=":material/sort:"):
            sorts = tuple(_draw_sort(row_id, names) for row_id in st.session_state[_SORTS])
            st.button("Add sort", icon=":material/add:", key="wl_sort_add", type="tertiary", on_click=_add)
        with st.popover("Columns", icon=":material/view_column:"):
            columns = st.multiselect(
                "Columns", list(names), format_func=names.__getitem__, key=_COLUMNS, persist_state="session"
            )
        st.caption(_sentence(sorts, names))
    return sorts, tuple(columns) or ("name",)


def _sentence(sorts: Sequence[Sort], names: dict[str, str]) -> str:
    if not sorts:
        return "Sorted by patient name"
    return "Sorted by " + ", then ".join(
        f"{names[sort.field]} {'↓' if sort.descending else '↑'}" for sort in sorts if sort.field in names
    )


def _draw_sort(row_id: int, names: dict[str, str]) -> Sort:
    left, middle, right = st.columns([4, 3, 1], vertical_alignment="center")
    chosen = left.selectbox(
        "Sort by",
        list(names),
        format_func=names.__getitem__,
        key=f"wl_sort_{row_id}_field",
        label_visibility="collapsed",
        persist_state="session",
    )
    way = middle.selectbox(
        "Order",
        ["Ascending", "Descending"],
        key=f"wl_sort_{row_id}_way",
        label_visibility="collapsed",
        persist_state="session",
    )
    right.button(
        "",
        icon=":material/close:",
        key=f"wl_sort_{row_id}_remove",
        type="tertiary",
        help="Remove this sort",
        on_click=_remove,
        args=(row_id,),
    )
    return Sort(chosen, descending=way == "Descending")


def _new_row(sort: Sort) -> int:
    row_id = next(_NUMBERS)
    st.session_state[f"wl_sort_{row_id}_field"] = sort.field
    st.session_state[f"wl_sort_{row_id}_way"] = "Descending" if sort.descending else "Ascending"
    return row_id


def _add() -> None:
    st.session_state[_SORTS] = [*st.session_state[_SORTS], _new_row(Sort("last_visit"))]


def _remove(row_id: int) -> None:
    st.session_state[_SORTS] = [row for row in st.session_state[_SORTS] if row != row_id]
