"""Links opened on a server that has just started and that nobody has asked for its home page yet."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from core import loads, saved_views, work_lists
from core.domain.user import User
from core.domain.work_list import Filter, WorkList
from core.sample import write_sample
from core.settings import read_settings
from core.store import accounts
from core.workbench import open_workbench
from tests.browser import Page, Server, chromium, expect, open_page, running

pytestmark = [pytest.mark.browser, pytest.mark.long]

ASKED = WorkList(filters=((Filter("alerts", "contains", "influenza"), Filter("age", "greater", 40.0)),))


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """A loaded home, the id of a saved view in it, and how many patients that finds."""
    chromium()
    home = tmp_path_factory.mktemp("links") / "home"
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(home)}))
    accounts.add_user(wb.engine, User("analyst", "Ana Lyst"), at=wb.now(), by="command-line")
    write_sample(home.with_name("feed"), patients=60, seed=3, as_of=date.today())
    loads.load(wb, home.with_name("feed"))
    acting = wb.as_user("analyst")
    view_id, count = saved_views.save_view(acting, "By link", ASKED), work_lists.run(acting, ASKED).count
    wb.engine.dispose()
    return home, view_id, count


@pytest.fixture(scope="module")
def fresh(view: tuple[Path, str, int]) -> Iterator[Server]:
    with running(view[0], "serve") as server:
        yield server


def test_the_first_visitor_opens_a_saved_view_by_its_link(
    fresh: Server, view: tuple[Path, str, int], page: Page
) -> None:
    _home, view_id, count = view

    open_page(page, f"{fresh.address}/work_list?view={view_id}")

    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="Campaigns")).to_be_visible()
    expect(page.get_by_role("heading", name=f"{count} patient")).to_be_visible()
    assert page.get_by_role("combobox", name="Saved view").input_value().startswith("By link")


OTHERS = ("work_list", "campaigns", "library", "outbox", "campaign_editor")  # each day: test_browser_pages opens these


@pytest.mark.long
@pytest.mark.parametrize(
    "path",
    ["data", "report", "work_list?view=none", *(pytest.param(path, marks=pytest.mark.long) for path in OTHERS)],
)
def test_a_link_to_a_page_shows_it_within_its_frame(fresh: Server, page: Page, path: str) -> None:
    open_page(page, f"{fresh.address}/{path}")

    expect(page.get_by_test_id("stSidebarNavLink").filter(has_text="Work list")).to_be_visible()
    expect(page.get_by_text("SANDBOX").first).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert not fresh.broken()


def test_the_demo_clock_is_not_offered_outside_a_demo(fresh: Server, page: Page) -> None:
    open_page(page, f"{fresh.address}/campaigns")

    expect(page.get_by_text("Ana Lyst")).to_be_visible()
    expect(page.get_by_role("button", name="Demo clock")).to_have_count(0)


def test_an_address_at_which_there_is_no_page_says_so_in_our_own_words(fresh: Server, page: Page) -> None:
    open_page(page, f"{fresh.address}/nothing_here")

    expect(page.get_by_role("heading", name="No such page")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Go to Home").click()
    expect(page.get_by_role("heading", name="Good")).to_be_visible()
