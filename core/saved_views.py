"""Saved views: work lists kept under a name, personal or shared, with an opaque id for links."""

import secrets
from dataclasses import replace
from typing import Any

from core.audit import record_in
from core.domain.role import READ_PATIENTS
from core.domain.saved_view import SavedView, checked_name
from core.domain.work_list import WorkList, checked
from core.errors import NotAllowed
from core.store import views as store
from core.store.database import reading, writing
from core.workbench import Workbench, needs


@needs(READ_PATIENTS)
def save_view(wb: Workbench, name: str, work_list: WorkList, *, is_shared: bool = False) -> str:
    """Keep a work list under a new name and return the view's id. Raises NotAllowed when the user has the name."""
    at = wb.now()
    view = SavedView(
        view_id=secrets.token_urlsafe(12),
        name=checked_name(name),
        owner=wb.user.user_id,
        is_shared=is_shared,
        definition=checked(work_list).to_json(),
        created_at=at,
        changed_at=at,
    )
    with writing(wb.engine) as connection:
        _require_free_name(wb, store.visible(connection, wb.user.user_id), view)
        store.add(connection, view)
        record_in(wb, connection, "view.saved", view.view_id, is_shared=is_shared)
    return view.view_id


@needs(READ_PATIENTS)
def views(wb: Workbench) -> list[SavedView]:
    """The user's own views and those that others share, by name."""
    with reading(wb.engine) as connection:
        return store.visible(connection, wb.user.user_id)


@needs(READ_PATIENTS)
def view(wb: Workbench, view_id: str) -> SavedView:
    """One view. Raises NotFound when it does not exist, was deleted, or is somebody else's and not shared."""
    with reading(wb.engine) as connection:
        return store.view(connection, view_id, wb.user.user_id)


@needs(READ_PATIENTS)
def change_view(
    wb: Workbench,
    view_id: str,
    *,
    name: str | None = None,
    work_list: WorkList | None = None,
    is_shared: bool | None = None,
) -> None:
    """Rename a view, replace its work list, share it or stop sharing it. Only its owner may."""
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = checked_name(name)
    if work_list is not None:
        changes["definition"] = checked(work_list).to_json()
    if is_shared is not None:
        changes["is_shared"] = is_shared
    _change(wb, view_id, "view.changed", **changes)


@needs(READ_PATIENTS)
def delete_view(wb: Workbench, view_id: str) -> None:
    """Take a view out of every list. `restore_view` brings it back. Only its owner may."""
    _change(wb, view_id, "view.deleted", deleted_at=wb.now())


@needs(READ_PATIENTS)
def restore_view(wb: Workbench, view_id: str) -> None:
    """Bring back a deleted view under its name and id. Only its owner may."""
    _change(wb, view_id, "view.restored", is_deleted=True, deleted_at=None)


def _change(wb: Workbench, view_id: str, action: str, *, is_deleted: bool = False, **changes: Any) -> None:
    with writing(wb.engine) as connection:
        view = store.view(connection, view_id, wb.user.user_id, is_deleted=is_deleted)
        if view.owner != wb.user.user_id:
            raise NotAllowed("This view is shared by somebody else. Save it under a name of your own to change it.")
        if "name" in changes or is_deleted:
            named = replace(view, name=changes.get("name", view.name))
            _require_free_name(wb, store.visible(connection, wb.user.user_id), named)
        store.change(connection, view_id, at=wb.now(), by=wb.user.user_id, **changes)
        record_in(wb, connection, action, view_id, fields=sorted(changes))


def _require_free_name(wb: Workbench, existing: list[SavedView], wanted: SavedView) -> None:
    """Two of the same name in one's own list could not be told apart."""
    for other in existing:
        is_other = other.owner == wb.user.user_id and other.view_id != wanted.view_id
        if is_other and other.name.casefold() == wanted.name.casefold():
            raise NotAllowed("You have a view of this name already. Choose another name, or change that view.")
