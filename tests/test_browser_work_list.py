"""The work list in a real browser: filters typed, patients marked across pages and orders, evidence, saved views."""

from collections.abc import Iterator

import pytest

from core import saved_views, work_lists
from core.domain.period import Period
from core.domain.work_list import COLUMNS, Filter, WorkList
from core.workbench import Workbench
from tests.browser import Page, Server, cells, choose, click, expect, mark_row, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.long]

EVIDENCE_AFTER_AGE = 146  # pixels from the left of the table, when age is the first of many columns


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench


@pytest.fixture
def work_list(demo: Server, page: Page) -> Page:
    open_page(page, f"{demo.address}/work_list")
    return page


def saved(wb: Workbench, name: str, asked: WorkList) -> str:
    for view in saved_views.views(wb):
        if view.name == name:
            saved_views.delete_view(wb, view.view_id)
    return saved_views.save_view(wb, name, asked)


def shown_count(page: Page) -> int:
    return int(page.get_by_role("heading", level=3).first.inner_text().split()[0].replace(",", ""))


def marked(page: Page, count: int) -> list[str]:
    """The names of the marked rows in sight, of which there must be so many."""
    rows = page.get_by_test_id("stDataFrame").first.locator("tbody tr[aria-selected='true']")
    expect(rows).to_have_count(count)
    return [row.locator("td").first.inner_text() for row in rows.all()]


def test_filters_typed_in_the_browser_find_what_the_core_finds(work_list: Page, wb: Workbench) -> None:
    rows = (
        Filter("alerts", "contains", "mammogram"),
        Filter("age", "greater", 54.0),
        Filter("next_appointment", "not_in_next", Period(2, "months")),
    )
    expected = work_lists.run(wb, WorkList(filters=(rows,)))
    assert 0 < expected.count < work_lists.run(wb, WorkList()).count

    click(work_list, "Add filter")
    value = work_list.get_by_role("combobox", name="Value").first
    value.fill("mammogram")
    work_list.get_by_role("option").filter(has_text="Add: mammogram").click()
    settle(work_list)
    click(work_list, "Add filter")
    choose(work_list, "Field", "Age", nth=1)
    choose(work_list, "Action", "greater than", nth=1)
    work_list.get_by_role("spinbutton", name="Value").fill("54")
    work_list.keyboard.press("Enter")
    settle(work_list)
    click(work_list, "Add filter")
    choose(work_list, "Field", "Next Appointment Date", nth=2)
    choose(work_list, "Action", "not in the next", nth=2)
    work_list.get_by_role("spinbutton", name="How many").fill("2")
    work_list.keyboard.press("Enter")
    settle(work_list)

    expect(work_list.get_by_role("heading", name=f"{expected.count} patient")).to_be_visible()
    steps = [step for step in expected.attrition if step.place is not None]
    for step in steps:
        expect(work_list.get_by_text(f"−{step.removed:,} → {step.left:,} left").first).to_be_visible()


@pytest.mark.long
def test_marks_stay_while_somebody_pages_and_sorts(work_list: Page) -> None:
    mark_row(work_list, 0)
    mark_row(work_list, 2)
    first_page = marked(work_list, 2)
    click(work_list, "Next page")
    mark_row(work_list, 1)
    expect(work_list.get_by_text("3 selected")).to_be_visible()

    click(work_list, "Previous page")
    assert marked(work_list, 2) == first_page

    work_list.get_by_role("button", name="Sort").click()
    choose(work_list, "Order", "Ascending")
    work_list.keyboard.press("Escape")
    expect(work_list.get_by_text("Sorted by A&R Count ↑")).to_be_visible()
    expect(work_list.get_by_text("3 selected")).to_be_visible()

    work_list.get_by_role("link", name="Data").click()
    settle(work_list)
    work_list.get_by_role("link", name="Work list").click()
    settle(work_list)
    expect(work_list.get_by_text("3 selected")).to_be_visible()

    mark_row(work_list, 0)
    expect(work_list.get_by_text("4 selected")).to_be_visible()
    mark_row(work_list, 0)
    expect(work_list.get_by_text("3 selected")).to_be_visible()
    click(work_list, "Clear")
    marked(work_list, 0)


@pytest.mark.long
def test_marks_of_patients_whom_a_filter_takes_away_are_gone(work_list: Page) -> None:
    click(work_list, "Select all")
    everybody = shown_count(work_list)
    expect(work_list.get_by_text(f"{everybody} selected")).to_be_visible()

    choose(work_list, "Saved view", "Colorectal screening overdue")

    left = shown_count(work_list)
    assert left < everybody
    expect(work_list.get_by_text(f"{left} selected")).to_be_visible()


@pytest.mark.long
def test_a_press_on_why_shows_the_evidence_of_that_patient(demo: Server, page: Page, wb: Workbench) -> None:
    columns = ("age", *(column for column in COLUMNS if column != "age"))
    asked = WorkList(filters=((Filter("alerts", "contains", "Scr: Mammogram"),),), columns=columns)
    names = work_lists.run(wb, asked).page(0)["name"]
    open_page(page, f"{demo.address}/work_list?view={saved(wb, 'Evidence', asked)}")
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    expect(table.locator("td").filter(has_text=names[2]).first).to_be_attached()
    assert cells(table, 3)[:3] == names[:3].to_list()

    mark_row(page, 2, column_x=EVIDENCE_AFTER_AGE)

    dialog = page.get_by_role("dialog")
    last_name = names[2].partition(",")[0]
    expect(dialog.get_by_text(last_name).first).to_be_visible()
    expect(dialog.get_by_text("Scr: Mammogram Overdue")).to_be_visible()
    expect(dialog.get_by_text("Women from 40 through 74").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


@pytest.mark.long
def test_a_list_is_saved_opened_by_its_link_and_deleted_and_undone(work_list: Page, wb: Workbench) -> None:
    choose(work_list, "Saved view", "Colorectal screening overdue")
    found = shown_count(work_list)
    work_list.get_by_role("button", name="Save as").click()
    work_list.get_by_label("Name", exact=True).fill("My own list")
    click(work_list, "Save view")
    [view] = [view for view in saved_views.views(wb) if view.name == "My own list"]
    expect(work_list).to_have_url(f"{work_list.url.partition('?')[0]}?view={view.view_id}")

    work_list.reload()
    settle(work_list)
    assert shown_count(work_list) == found
    click(work_list, "Delete")
    assert view.view_id not in [view.view_id for view in saved_views.views(wb)]
    click(work_list, "Undo delete")
    assert view.view_id in [view.view_id for view in saved_views.views(wb)]
    assert shown_count(work_list) == found
