"""The Overview in a real browser: from a bar, a figure and a row to the campaigns behind them."""

import pytest

from core import overview, roll_ups
from core.domain.roll_up import Wanted
from tests.browser import Page, Server, Watch, click, expect, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_from_a_bar_and_a_figure_to_the_campaigns_and_from_a_row_to_the_report(demo: Server, page: Page) -> None:
    watch = Watch()
    watch.on(page)
    with demo.workbench() as wb:
        while roll_ups.stale_count(wb):  # the dispatcher counts as well
            roll_ups.refresh(wb)
        shown = overview.overview(wb, Wanted())
    contacts = f"{shown.totals['handed_over']:,.0f}"
    last = shown.volumes.row(-1, named=True)
    mine = shown.campaigns.filter(channel=last["channel"])

    open_page(page, f"{demo.address}/overview")
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(contacts)
    page.locator(".js-plotly-plot .bars .point path").last.click(force=True)
    settle(page)
    expect(page.get_by_role("heading", level=3).first).to_contain_text("2026" if not shown.is_weekly else "week of")

    click(page, "All campaigns")
    expect(page.get_by_role("heading", level=3).first).to_have_text(f"All campaigns ({shown.campaigns.height})")
    click(page, "Within 90 days")
    expect(page.get_by_role("heading", level=3).first).to_contain_text("gaps were closed")

    click(page, "All campaigns")
    page.get_by_test_id("stDataFrame").first.click(position={"x": 15, "y": 35 + 17})
    settle(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(str(shown.campaigns["name"][0]))
    assert mine.height and watch.errors == []
