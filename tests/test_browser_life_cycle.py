"""A campaign in the hands of two people, each in a browser of their own."""

from collections.abc import Iterator

import pytest

from core import campaigns, new_campaigns, work_lists
from core.workbench import Workbench
from tests.browser import Browser, Page, Server, click, expect, open_page, press_until, settle
from tests.colleagues import set_up
from tests.test_browser_editor import WITH_EMAIL

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench
        set_up(bench, approval="none")


@pytest.fixture
def other(chrome: Browser) -> Iterator[Page]:
    """Somebody else's browser."""
    context = chrome.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def draft(wb: Workbench, name: str) -> str:
    patients = work_lists.run(wb, WITH_EMAIL).ids[:3]
    author = wb.as_user("analyst")
    return new_campaigns.create(author, template_id="mammogram-reminder", patient_ids=patients, name=name)


def fill(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).fill(text)
    page.keyboard.press("Tab")
    settle(page)


def test_two_people_edit_one_campaign_and_neither_loses_a_word(
    demo: Server, page: Page, other: Page, wb: Workbench
) -> None:
    campaign_id = draft(wb, "Edited by two")
    address = f"{demo.address}/campaign_editor?id={campaign_id}"
    open_page(page, address, user="analyst")
    open_page(other, address, user="approver")
    fill(page, "Subject", "The subject of the analyst")
    fill(page, "Campaign name", "Edited by the analyst")
    fill(other, "Subject", "The subject of the approver")
    click(other, "Save as inactive")
    expect(other.get_by_text("is saved as inactive")).to_be_visible()

    click(page, "Save as inactive")

    panel = page.locator(".st-key-ce_conflict")
    expect(panel.get_by_text("Avery Approver changed this campaign")).to_be_visible()
    expect(panel.get_by_text("The subject of the analyst")).to_be_visible()
    expect(panel.get_by_text("The subject of the approver")).to_be_visible()
    expect(panel.get_by_role("button", name="Go on with this")).to_be_disabled()
    panel.get_by_role("radio", name="Take theirs").or_(panel.get_by_role("button", name="Take theirs")).first.click()
    settle(page)
    click(page, "Go on with this")
    expect(panel).to_have_count(0)
    expect(page.get_by_label("Subject", exact=True)).to_have_value("The subject of the approver")
    expect(page.get_by_label("Campaign name", exact=True)).to_have_value("Edited by the analyst")
    click(page, "Save as inactive")
    expect(page.get_by_text("is saved as inactive")).to_be_visible()

    kept = campaigns.campaign(wb, campaign_id)
    assert (kept.name, kept.message.subject) == ("Edited by the analyst", "The subject of the approver")


def test_what_one_asks_for_another_approves_and_an_edit_ends_it(
    demo: Server, page: Page, other: Page, wb: Workbench
) -> None:
    set_up(wb, approval="second_person")
    campaign_id = draft(wb, "Approved by another")
    open_page(page, f"{demo.address}/campaign_editor?id={campaign_id}&step=summary", user="analyst")
    click(page, "Ask for approval")
    expect(page.get_by_text("Waits for approval since")).to_be_visible()

    open_page(other, demo.address, user="approver")
    other.get_by_role("link", name="Approved by another").first.click()  # under 'Waits for approval'
    settle(other)
    click(other, "Approve")
    other.get_by_role("dialog").get_by_role("button", name="Approve").click()
    settle(other)
    expect(other.get_by_text("Approved by Avery Approver")).to_be_visible()
    expect(other.get_by_role("button", name="Save as active")).to_be_enabled()

    open_page(page, f"{demo.address}/campaign_editor?id={campaign_id}&step=message", user="analyst")
    fill(page, "Subject", "Changed after the approval")
    press_until(page, "Save as inactive", page.get_by_text("is saved as inactive"))
    press_until(page, "Summary", page.get_by_text("ended when Dana Demo changed it"))


def test_an_administrator_deletes_a_stopped_campaign_from_the_list(demo: Server, page: Page, wb: Workbench) -> None:
    campaign_id = draft(wb, "To be deleted")
    campaigns.stop(wb, campaign_id)
    open_page(page, f"{demo.address}/campaigns", user="admin")

    line = page.get_by_role("link", name="To be deleted")
    expect(line).to_be_visible()
    page.get_by_role("button", name="Actions").first.click()
    page.get_by_role("menuitem", name="Delete").or_(page.get_by_role("option", name="Delete")).first.click()
    settle(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("of 3 patients were contacted")).to_be_visible()
    dialog.get_by_role("button", name="Delete the campaign").click()
    settle(page)

    expect(line).to_have_count(0)
