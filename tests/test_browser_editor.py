"""The campaign editor in a real browser: nothing that was typed is lost, and the box for formatted text formats."""

import re
from collections.abc import Iterator

import pytest

from core import campaigns, new_campaigns, work_lists
from core.domain.campaign import Campaign
from core.domain.work_list import Filter, WorkList
from core.workbench import Workbench
from tests.browser import Page, Server, click, expect, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.long]

WITH_EMAIL = WorkList(filters=((Filter("status", "equals", "Active"), Filter("email", "not_empty")),))


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench


def draft(wb: Workbench, template_id: str = "mammogram-reminder") -> str:
    patients = work_lists.run(wb, WITH_EMAIL).ids[:3]
    return new_campaigns.create(wb, template_id=template_id, patient_ids=patients)


def open_editor(page: Page, demo: Server, campaign_id: str) -> None:
    open_page(page, f"{demo.address}/campaign_editor?id={campaign_id}")


def step(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    settle(page)


def saved(page: Page, wb: Workbench, campaign_id: str) -> Campaign:
    click(page, "Save as inactive")
    expect(page.get_by_text("is saved as inactive")).to_be_visible()
    return campaigns.campaign(wb, campaign_id)


def test_what_was_typed_stays_when_the_author_goes_straight_to_another_step(
    demo: Server, page: Page, wb: Workbench
) -> None:
    campaign_id = draft(wb)
    open_editor(page, demo, campaign_id)

    page.get_by_label("Subject", exact=True).fill("Typed without Enter")
    step(page, "Delivery")
    page.get_by_label("From name", exact=True).fill("The nurses")
    step(page, "Summary")
    page.get_by_role("textbox", name="Campaign description").fill("Why we write")
    step(page, "Message")

    kept = saved(page, wb, campaign_id)
    assert (kept.message.subject, kept.from_name, kept.description) == (
        "Typed without Enter",
        "The nurses",
        "Why we write",
    )


@pytest.mark.long
def test_words_are_made_bold_and_a_field_is_put_in(demo: Server, page: Page, wb: Workbench) -> None:
    campaign_id = draft(wb)
    open_editor(page, demo, campaign_id)
    box = page.get_by_role("textbox", name="Body")

    box.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type("Dear ")
    page.get_by_label("Insert a merge field").select_option("patient.first_name")
    box.click()
    page.keyboard.press("Control+End")
    page.keyboard.type(", ")
    page.get_by_role("button", name="Bold", exact=True).click()
    page.keyboard.type("please call")
    expect(page.frame_locator("iframe").first.locator("body")).to_contain_text("please call")

    body = saved(page, wb, campaign_id).message.body
    assert "Dear " in body and "{{ patient.first_name }}, " in body.replace("\xa0", " ")
    assert "<b>please call</b>" in body


@pytest.mark.long
def test_another_message_of_the_template_replaces_the_body(demo: Server, page: Page, wb: Workbench) -> None:
    campaign_id = draft(wb, "diabetes-care-gaps")
    was = campaigns.campaign(wb, campaign_id).message.body
    open_editor(page, demo, campaign_id)

    page.get_by_role("combobox", name="Message of the template").click()
    page.get_by_role("option").nth(1).click()
    settle(page)

    body = saved(page, wb, campaign_id).message.body
    assert body != was


@pytest.mark.long
def test_a_body_that_cannot_be_filled_in_says_so_and_cannot_be_activated(
    demo: Server, page: Page, wb: Workbench
) -> None:
    open_editor(page, demo, draft(wb))

    page.get_by_role("textbox", name="Body").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("{{ patient.shoe_size }} ")

    expect(page.get_by_test_id("stAlert").filter(has_text="patient.shoe_size").first).to_be_visible()
    expect(page.get_by_role("button", name="Save as active")).to_be_disabled()


@pytest.mark.long
def test_a_table_is_put_in_filled_by_the_tab_key_and_grows(demo: Server, page: Page, wb: Workbench) -> None:
    campaign_id = draft(wb)
    open_editor(page, demo, campaign_id)
    box = page.get_by_role("textbox", name="Body")
    box.click()
    page.keyboard.press("Control+End")

    page.get_by_label("Table", exact=True).select_option("insert")
    box.locator("th").first.click()
    page.keyboard.press("Tab")
    for words in ("Date", "Eye exam", "May", "Foot exam", "June", "Sugar log"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.get_by_label("Table", exact=True).select_option("column")
    box.locator("td").first.click()
    page.get_by_label("Table", exact=True).select_option("no-row")
    expect(page.frame_locator("iframe").first.locator("body")).to_contain_text("Sugar log")

    body = saved(page, wb, campaign_id).message.body
    rows = [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]
    assert [[cell.replace("<br>", "") for cell in row] for row in rows] == [
        ["What", "Date", ""],
        ["Foot exam", "June", ""],
        ["Sugar log", "", ""],
    ]
