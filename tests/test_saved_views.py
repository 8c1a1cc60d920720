"""Saved views: personal and shared, opened by an opaque id, deleted without being lost."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.domain.user import User
from core.domain.work_list import Filter, Sort, WorkList
from core.errors import CareloopError, NotAllowed, NotFound
from core.saved_views import change_view, delete_view, restore_view, save_view, view, views
from core.store import accounts
from core.store.database import reading
from core.store.schema import audit
from core.workbench import Workbench
from tests.conftest import Clock

MAMMOGRAM = WorkList(
    groups=("g1",),
    filters=((Filter("alerts", "contains", "mammogram"), Filter("age", "between", (50, 74))),),
    sorts=(Sort("name"),),
    columns=("name", "age"),
)


@pytest.fixture
def bo(wb: Workbench) -> Workbench:
    """The same workbench with another analyst acting."""
    accounts.add_user(wb.engine, User("bo", "Bo Colleague"), at=wb.now(), by="command-line")
    return wb.as_user("bo")


def test_a_view_comes_back_as_it_was_saved(wb: Workbench) -> None:
    view_id = save_view(wb, "  Mammogram   overdue ", MAMMOGRAM)

    kept = view(wb, view_id)

    assert (kept.name, kept.owner, kept.is_shared) == ("Mammogram overdue", "ana", False)
    assert kept.work_list == MAMMOGRAM


def test_the_id_of_a_view_says_nothing_and_fits_into_a_link(wb: Workbench) -> None:
    first, second = save_view(wb, "One", MAMMOGRAM), save_view(wb, "Two", MAMMOGRAM)

    assert first != second
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16}", view_id) for view_id in (first, second))


def test_a_personal_view_of_somebody_else_does_not_exist(wb: Workbench, bo: Workbench) -> None:
    view_id = save_view(wb, "Mine", MAMMOGRAM)

    assert views(bo) == []
    with pytest.raises(NotFound, match="Work list page"):
        view(bo, view_id)
    with pytest.raises(NotFound):
        delete_view(bo, view_id)


def test_a_shared_view_is_read_by_others_and_changed_by_its_owner_only(wb: Workbench, bo: Workbench) -> None:
    view_id = save_view(wb, "Ours", MAMMOGRAM, is_shared=True)

    assert view(bo, view_id).work_list == MAMMOGRAM
    with pytest.raises(NotAllowed, match="a name of your own"):
        change_view(bo, view_id, name="Theirs")
    with pytest.raises(NotAllowed):
        delete_view(bo, view_id)

    change_view(wb, view_id, is_shared=False)
    assert views(bo) == []


def test_views_are_listed_by_name_whatever_the_case(wb: Workbench, bo: Workbench) -> None:
    save_view(wb, "beta", MAMMOGRAM)
    save_view(wb, "Alpha", MAMMOGRAM)
    save_view(bo, "Beta", MAMMOGRAM, is_shared=True)

    assert sorted(kept.name for kept in views(wb)[1:]) == ["Beta", "beta"]
    assert views(wb)[0].name == "Alpha"


def test_a_view_is_renamed_and_its_work_list_replaced(wb: Workbench, clock: Clock) -> None:
    view_id = save_view(wb, "Old", MAMMOGRAM)
    clock.forward(days=1)

    change_view(wb, view_id, name="New", work_list=replace(MAMMOGRAM, groups=()))

    kept = view(wb, view_id)
    assert (kept.name, kept.work_list.groups) == ("New", ())
    assert kept.changed_at - kept.created_at == timedelta(days=1)


def test_a_deleted_view_is_gone_until_it_is_restored(wb: Workbench) -> None:
    view_id = save_view(wb, "Mine", MAMMOGRAM)

    delete_view(wb, view_id)
    assert views(wb) == []
    with pytest.raises(NotFound):
        view(wb, view_id)
    with pytest.raises(NotFound):
        change_view(wb, view_id, name="Other")

    restore_view(wb, view_id)
    assert view(wb, view_id).name == "Mine"


def test_a_name_is_free_again_after_deletion_but_two_of_one_name_cannot_be_there(wb: Workbench) -> None:
    view_id = save_view(wb, "Mine", MAMMOGRAM)
    with pytest.raises(NotAllowed, match="Choose another name"):
        save_view(wb, "MINE", MAMMOGRAM)

    delete_view(wb, view_id)
    save_view(wb, "Mine", MAMMOGRAM)

    with pytest.raises(NotAllowed):
        restore_view(wb, view_id)


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_view_needs_a_name_of_reasonable_length(wb: Workbench, name: str) -> None:
    with pytest.raises(CareloopError, match="at most 120"):
        save_view(wb, name, MAMMOGRAM)


def test_a_work_list_with_a_wrong_value_is_not_saved(wb: Workbench) -> None:
    with pytest.raises(CareloopError, match="two numbers"):
        save_view(wb, "Wrong", WorkList(filters=((Filter("age", "between", (74, 50)),),)))

    assert views(wb) == []


def test_every_change_is_recorded_without_values(wb: Workbench) -> None:
    view_id = save_view(wb, "Mine", MAMMOGRAM)
    change_view(wb, view_id, name="Yours")
    delete_view(wb, view_id)

    with reading(wb.engine) as connection:
        lines = connection.execute(select(audit).where(audit.c.subject == view_id).order_by(audit.c.audit_id)).all()
    assert [line.action for line in lines] == ["view.saved", "view.changed", "view.deleted"]
    assert [line.details for line in lines] == [{"is_shared": False}, {"fields": ["name"]}, {"fields": ["deleted_at"]}]
