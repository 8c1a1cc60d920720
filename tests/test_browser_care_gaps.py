"""Care gaps in a real browser: an analyst chooses a measure and goes from a group to its work list."""

import pytest
from playwright.sync_api import Locator

from core import gap_rates, work_lists
from core.domain.slices import gap_list
from tests.browser import Page, Server, Watch, choose, click, expect, open_page, settle
from tests.test_gap_rates import MAMMOGRAM, NAME

pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_from_a_measure_and_a_group_to_the_work_list_with_the_same_count(demo: Server, page: Page) -> None:
    watch = Watch()
    watch.on(page)
    with demo.workbench() as wb:
        first = gap_rates.slice_rates(wb, MAMMOGRAM, "group").row(0, named=True)
        everybody = work_lists.run(wb, gap_list(NAME)).count

    open_page(page, f"{demo.address}/care_gaps")
    choose(page, "Measure", NAME)
    expect(page.get_by_test_id("stMetricValue").last).to_have_text(f"{everybody:,}")
    page.get_by_test_id("stDataFrame").nth(1).click(position={"x": 15, "y": 35 + 17})
    settle(page)

    expect(page.get_by_role("heading", level=1)).to_have_text("Work list")
    expect(page.get_by_role("heading", level=3).first).to_have_text(f"{first['open']:,} patients")
    assert watch.errors == []

    open_page(page, f"{demo.address}/care_gaps?id={MAMMOGRAM}")
    click(page, "Open the work list")
    expect(page.get_by_role("heading", level=3).first).to_have_text(f"{everybody:,} patients")


def test_a_click_on_a_bar_and_on_a_point_opens_the_work_list_of_its_slice(demo: Server, page: Page) -> None:
    with demo.workbench() as wb:
        age = gap_rates.slice_rates(wb, MAMMOGRAM, "age").row(0, named=True)
        group = gap_rates.slice_rates(wb, MAMMOGRAM, "group").row(0, named=True)

    open_page(page, f"{demo.address}/care_gaps?id={MAMMOGRAM}")
    press(page, page.locator(".scatterlayer .trace").last.locator(".point").first)
    expect(page.get_by_role("heading", level=3).first).to_have_text(f"{group['open']:,} patients")

    open_page(page, f"{demo.address}/care_gaps?id={MAMMOGRAM}")
    page.get_by_role("radio", name="Age", exact=True).click()
    settle(page)
    press(page, page.locator(".barlayer .point path").first)
    expect(page.get_by_role("heading", level=3).first).to_have_text(f"{age['open']:,} patients")


def press(page: Page, mark: Locator) -> None:
    """Click in the middle of a bar or point, over which Plotly lays an area of its own."""
    mark.scroll_into_view_if_needed()
    place = mark.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    settle(page)


def test_the_course_over_a_year_is_drawn_on_demand(demo: Server, page: Page) -> None:
    open_page(page, f"{demo.address}/care_gaps?id={MAMMOGRAM}")

    click(page, "Show the course")

    expect(page.get_by_text("since Nov 2025").or_(page.get_by_text("as in Nov 2025"))).to_be_visible()
