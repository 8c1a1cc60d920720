"""The work list: find patients by filters, see why they are on the list, select them, and start a campaign."""

from functools import partial

import streamlit as st

from core import exports, loads, work_list_exports, work_lists
from core.domain.found import Found
from core.domain.role import EXPORT_PATIENTS
from core.domain.work_list import WorkList
from core.workbench import Workbench
from pages import _filters, _order, _patients, _selection, _views
from pages._export_buttons import export_buttons
from pages._shared import count, page_head, workbench


def show() -> None:
    wb = workbench()
    if loads.current(wb) is None:
        _empty()
        return
    page_head("Work list", "Find patients by filters, look at their care gaps, and contact those you select.")
    view, place = _views.opened(wb)
    with st.container(border=True):
        work_list, drawn = _asked(wb)
    _views.bar(wb, place, view, work_list)
    found = work_lists.run(wb, work_list)
    _filters.write_notes(drawn.notes, found.attrition)
    if drawn.unused:
        st.warning(f"{count(drawn.unused, 'filter')} without a value: not used yet.", icon=":material/filter_alt_off:")
    _results(wb, found, view.view_id if view else "")


def _empty() -> None:
    page_head("Work list")
    st.info(
        "No patients yet. Load a feed with `careloop load FOLDER`, or start the demo with `careloop demo`.",
        icon=":material/database:",
    )


def _asked(wb: Workbench) -> tuple[WorkList, _filters.Drawn]:
    """The work list that the widgets describe."""
    groups, providers = _places(wb)
    drawn = _filters.draw(work_lists.fields(wb), lambda key: work_lists.choices(wb, key))
    sorts, columns = _order.draw(work_lists.fields(wb))
    return WorkList(groups, providers, drawn.filters, sorts, columns), drawn


def _places(wb: Workbench) -> tuple[tuple[str, ...], tuple[str, ...]]:
    left, right = st.columns(2)
    group_names = dict(work_lists.group_choices(wb))
    groups = left.multiselect(
        "Groups",
        list(group_names),
        format_func=lambda key: group_names.get(key, key),
        key="wl_groups",
        placeholder="All groups",
        persist_state="session",
    )
    names = dict(work_lists.provider_choices(wb, groups))
    st.session_state["wl_providers"] = [key for key in st.session_state.get("wl_providers", []) if key in names]
    providers = right.multiselect(
        "Providers",
        list(names),
        format_func=lambda key: names.get(key, key),
        key="wl_providers",
        placeholder="All providers",
        persist_state="session",
    )
    return tuple(groups), tuple(providers)


def _results(wb: Workbench, found: Found, view_id: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.subheader(count(found.count, "patient"), anchor=False, width="content")
        _break_down(found)
        _export(wb, found, view_id)
    if not found.count:
        st.info("Nobody matches. Remove a filter above; the numbers beside the filters say which one takes most away.")
        return
    selected = _selection.of(found, is_another_list=_patients.is_another_list(found))
    _patients.table(wb, found, selected, view_id=view_id)
    _selection.bar(wb, found, selected)


def _break_down(found: Found) -> None:
    with st.popover("Break-down", icon=":material/stacked_bar_chart:"):
        tabs = st.tabs(["Care gap", "Group", "Provider"])
        for tab, frame in zip(tabs, (found.by_alert(), found.by_group(), found.by_provider()), strict=True):
            shown = frame.select(name=frame["name"].fill_null("(none)"), patients="count")
            tab.dataframe(shown, hide_index=True, height=300, width=420, alt="Patients found")


def _export(wb: Workbench, found: Found, view_id: str) -> None:
    if not wb.user.may(EXPORT_PATIENTS):
        return
    if not found.count:
        return
    with st.popover("Export", icon=":material/download:", key="wl_export"):
        st.caption("These patients with the columns shown. Every export is recorded with your name.")
        write = partial(work_list_exports.write, wb, found, view_id=view_id)
        export_buttons(write, exports.stem("", "work-list", wb.today()), key="wl_export", wide=True)


show()
