"""The page Settings in a real browser: a limit changed with a reason and put back, an account tested on a phone."""

from collections.abc import Iterator

import pytest

from core import organisation_settings
from tests.browser import NARROW, Page, Server, Watch, click, expect, open_page, running, settle

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`careloop serve` on a new home."""
    home = tmp_path_factory.mktemp("settings") / "home"
    with running(home, "serve") as server:
        yield server


def test_an_administrator_changes_a_limit_and_puts_it_back(clinic: Server, page: Page) -> None:
    watch = Watch()
    watch.on(page)
    open_page(page, clinic.address)
    page.get_by_role("link", name="Settings").click()
    settle(page)
    page.get_by_text("Limits", exact=True).click()
    settle(page)
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_disabled()

    letters = page.get_by_label("Letters in a file")
    letters.fill("0")
    letters.press("Tab")
    settle(page)
    expect(page.get_by_text("From 1 to 1,000 letters are possible, not 0.")).to_be_visible()
    expect(save).to_be_disabled()
    letters.fill("150")
    letters.press("Tab")
    settle(page)
    reason = page.get_by_label("Why (kept in the history)")
    reason.fill("The printer jams")
    reason.press("Tab")
    settle(page)
    click(page, "Save")

    page.get_by_text("History · 1 change").click()
    settle(page)
    expect(page.get_by_text("200 letters → 150 letters")).to_be_visible()
    expect(page.get_by_text("The printer jams")).to_be_visible()
    with clinic.workbench() as wb:
        assert wb.organisation().letters_per_file == 150
    click(page, "Put back")
    with clinic.workbench() as wb:
        assert wb.organisation().letters_per_file == 200
        assert [one.note for one in organisation_settings.history(wb)] == ["Put back", "The printer jams"]
    assert (watch.errors, watch.elsewhere) == ([], [])


def test_an_account_is_tested_on_a_phone(clinic: Server, page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": 844})
    open_page(page, f"{clinic.address}/settings?section=accounts")

    click(page, "Test")

    expect(page.get_by_text("The server takes mails from the From Email Address; none was sent")).to_be_visible()
    expect(page.get_by_text("Works").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
