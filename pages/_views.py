"""Saved views on the work list: open by name or link, save, share, delete and undo."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import saved_views
from core.domain.saved_view import SavedView
from core.domain.work_list import WorkList
from core.errors import CareloopError
from core.workbench import Workbench
from pages import _filters, _order
from pages._shared import guarded, notice, plain

_OPEN = "wl_open_view"  # id of the view whose filters were put into the rows
_PICK = "wl_view"
_JUST_SAVED = "wl_just_saved"


def opened(wb: Workbench) -> tuple[SavedView | None, DeltaGenerator]:
    """The view in use: the one of the link on the first run, later the one picked. Draws the picker and returns the
    place beside it for `bar`."""
    views = {view.view_id: view for view in saved_views.views(wb)}
    if _JUST_SAVED in st.session_state:
        _take(wb, st.session_state.pop(_JUST_SAVED))
    asked = st.query_params.get("view", "")
    if asked and asked != st.session_state.get(_OPEN):
        _open(wb, asked)
    st.session_state.setdefault(_PICK, None)
    if st.session_state[_PICK] not in views:
        st.session_state[_PICK] = None
    left, right = st.columns([1, 1], vertical_alignment="bottom")
    left.selectbox(
        "Saved view",
        list(views),
        key=_PICK,
        index=None,
        placeholder="Choose a saved view, or set filters below",
        format_func=lambda key: _label(views[key]),
        on_change=_picked,
        args=(wb,),
        persist_state="session",
    )
    place = right.container(horizontal=True, gap="small", horizontal_alignment="right")
    place.button("New", icon=":material/add:", key="wl_new", on_click=_clear, help="Start without filters")
    return views.get(st.session_state[_PICK] or ""), place


def bar(wb: Workbench, place: DeltaGenerator, view: SavedView | None, work_list: WorkList) -> None:
    """Save what the widgets say, under a new name or into the view in use."""
    is_own = view is not None and view.owner == wb.user.user_id
    with place:
        is_changed = view is not None and is_own and view.definition != work_list.to_json()
        if view is not None and is_changed and st.button("Save changes", icon=":material/save:", key="wl_save"):
            _save(wb, view, work_list)
        with st.popover("Save as", icon=":material/bookmark_add:"):
            name = st.text_input("Name", key="wl_save_name", max_chars=120)
            shared = st.checkbox(
                "Share with everybody", key="wl_save_shared", help="Others see it within their own scope."
            )
            if st.button("Save view", key="wl_save_as", type="primary"):
                _save_as(wb, name, work_list, is_shared=shared)
        if view is not None:
            with st.popover("Link", icon=":material/link:"):
                st.caption("Opens this view. It holds no filter values, so it can be mailed.")
                st.code(f"{wb.settings.public_url}/work_list?view={view.view_id}", language=None)
        if view is not None and is_own:
            share = "Stop sharing" if view.is_shared else "Share"
            st.button(share, icon=":material/group:", key="wl_share", on_click=_share, args=(wb, view))
            st.button("Delete", icon=":material/delete:", key="wl_delete", on_click=_delete, args=(wb, view))
        if "wl_deleted" in st.session_state:
            st.button("Undo delete", icon=":material/undo:", key="wl_undo", on_click=_undo, args=(wb,))


def _label(view: SavedView) -> str:
    return f"{view.name}  (shared)" if view.is_shared else view.name


def _open(wb: Workbench, view_id: str) -> None:
    st.session_state[_OPEN] = view_id
    try:
        view = saved_views.view(wb, view_id)
        work_list = view.work_list
    except CareloopError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    show(work_list)
    st.session_state[_PICK] = view_id


def show(work_list: WorkList, *, template_id: str | None = None) -> None:
    """Put a work list into the page's widgets; `template_id` says which template its patients are looked for with."""
    st.session_state[_PICK] = None
    st.session_state["wl_groups"], st.session_state["wl_providers"] = list(work_list.groups), list(work_list.providers)
    _filters.fill(work_list.filters)
    _order.fill(work_list.sorts, work_list.columns)
    st.session_state["wl_template"] = template_id


def _picked(wb: Workbench) -> None:
    view_id = st.session_state[_PICK]
    if view_id:
        st.query_params["view"] = view_id
        _open(wb, view_id)


def _clear() -> None:
    st.query_params.clear()
    st.session_state[_OPEN] = None
    show(WorkList())


# Saving happens in the body of the run, not in callbacks: a callback gets what the widgets held one click before.
@guarded
def _save(wb: Workbench, view: SavedView, work_list: WorkList) -> None:
    saved_views.change_view(wb, view.view_id, work_list=work_list)
    notice(f"'{view.name}' saved")
    st.rerun()


@guarded
def _save_as(wb: Workbench, name: str, work_list: WorkList, *, is_shared: bool) -> None:
    st.session_state[_JUST_SAVED] = saved_views.save_view(wb, name, work_list, is_shared=is_shared)
    notice(f"'{name.strip()}' saved")
    st.rerun()


def _take(wb: Workbench, view_id: str) -> None:
    """Go on with a view that was just saved."""
    st.session_state["wl_save_name"] = ""
    st.query_params["view"] = view_id
    _open(wb, view_id)


@guarded
def _share(wb: Workbench, view: SavedView) -> None:
    saved_views.change_view(wb, view.view_id, is_shared=not view.is_shared)
    notice(f"'{view.name}' is {'no longer shared' if view.is_shared else 'shared with everybody'}")


@guarded
def _delete(wb: Workbench, view: SavedView) -> None:
    saved_views.delete_view(wb, view.view_id)
    st.session_state["wl_deleted"] = view.view_id
    _clear()


@guarded
def _undo(wb: Workbench) -> None:
    view_id = st.session_state.pop("wl_deleted")
    saved_views.restore_view(wb, view_id)
    _open(wb, view_id)
