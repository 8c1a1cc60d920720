"""'Why did you text me?' answered in a real browser: at most three steps from Home."""

from collections.abc import Iterator

import pytest

from core import campaigns, communications
from core.domain.address import phone_text
from core.domain.person import Person
from core.patients import patient
from core.workbench import Workbench
from tests.browser import NARROW, WIDE, Page, Server, Watch, expect, open_page, press_until, settle

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench


def who_calls(wb: Workbench) -> tuple[Person, str, str]:
    """Somebody to whom the demo's text campaign got through, with its name and description."""
    found = [
        one.campaign
        for one in campaigns.campaigns(wb)
        if one.campaign.channel == "text"
        if one.status == "Completed" and one.campaign.template_id == "check-up-reminder-text"
    ]
    texted = min(found, key=lambda one: one.created_at)  # other journeys in the same demo send some too
    for patient_id in campaigns.patients(wb, texted.campaign_id):
        if texted.name in [each.title for each in communications.of_patient(wb, patient_id)]:
            return patient(wb, patient_id), texted.name, texted.description
    raise AssertionError("the demo has texted nobody")


def find(page: Page, demo: Server, person: Person) -> None:
    """From Home to the summary of whoever calls, by the number that the phone shows."""
    open_page(page, demo.address)
    page.get_by_label("Find a patient").fill(phone_text(person.phone_mobile or ""))
    page.keyboard.press("Enter")
    settle(page)
    if "/patient?id=" not in page.url:  # others have the number too
        page.get_by_role("button", name=person.name).first.click()
        settle(page)
    expect(page.get_by_role("heading", name="Patient Summary")).to_be_visible()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_caller_is_told_why_in_three_steps(demo: Server, page: Page, wb: Workbench, width: int) -> None:
    person, name, description = who_calls(wb)
    watch = Watch()
    watch.on(page)
    page.set_viewport_size({"width": width, "height": 900})

    find(page, demo, person)
    page.get_by_text("Communications", exact=True).first.click()
    settle(page)

    expect(page.get_by_text(name).locator("visible=true").first).to_be_visible()
    expect(page.get_by_text(description).locator("visible=true").first).to_be_visible()
    row = page.locator("[class*='st-key-pc-']").filter(has=page.locator("summary"), has_text=name).first
    row.locator("summary").click()  # other journeys in the same demo may have sent more since
    expect(row.get_by_text("1. Text").first).to_be_visible()
    press_until(page, "Open the message", page.get_by_role("dialog").get_by_text("our records show"))
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    assert (watch.errors, watch.elsewhere) == ([], [])
