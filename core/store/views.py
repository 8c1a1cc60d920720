"""Saved views in SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from core.domain.saved_view import SavedView
from core.errors import NotFound
from core.store.schema import saved_views

_MISSING = "This saved view does not exist, or its owner does not share it. Choose another one on the Work list page."


def add(connection: Connection, view: SavedView) -> None:
    """Keep a new view."""
    connection.execute(
        insert(saved_views).values(
            view_id=view.view_id,
            name=view.name,
            owner=view.owner,
            is_shared=view.is_shared,
            definition=view.definition,
            created_at=view.created_at,
            changed_at=view.changed_at,
            changed_by=view.owner,
        )
    )


def visible(connection: Connection, user_id: str) -> list[SavedView]:
    """The user's own views and shared ones, by name."""
    question = select(saved_views).where(saved_views.c.deleted_at.is_(None), _may_see(user_id))
    found = [_view(row) for row in connection.execute(question)]
    return sorted(found, key=lambda view: (view.name.casefold(), view.view_id))


def view(connection: Connection, view_id: str, user_id: str, *, is_deleted: bool = False) -> SavedView:
    """One view that the user may see. Raises NotFound."""
    is_there = saved_views.c.deleted_at.is_not(None) if is_deleted else saved_views.c.deleted_at.is_(None)
    question = select(saved_views).where(saved_views.c.view_id == view_id, is_there, _may_see(user_id))
    row = connection.execute(question).one_or_none()
    if row is None:
        raise NotFound(_MISSING)
    return _view(row)


def change(connection: Connection, view_id: str, *, at: datetime, by: str, **changes: Any) -> None:
    """Set name, is_shared, definition or deleted_at of a view."""
    statement = update(saved_views).where(saved_views.c.view_id == view_id)
    connection.execute(statement.values(changed_at=at, changed_by=by, **changes))


def _may_see(user_id: str) -> ColumnElement[bool]:
    return or_(saved_views.c.owner == user_id, saved_views.c.is_shared)


def _view(row: Row[Any]) -> SavedView:
    return SavedView(
        view_id=row.view_id,
        name=row.name,
        owner=row.owner,
        is_shared=row.is_shared,
        definition=row.definition,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
