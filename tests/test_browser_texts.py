"""Text and phone campaigns in a real browser: written, tested, sent, reported."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from core import campaigns, new_campaigns, opt_outs, outbox_texts, work_lists
from core import demo as clock
from core.campaign_list import Listed
from core.domain.campaign import Campaign
from core.domain.window import is_open, next_window
from core.domain.work_list import Filter, WorkList
from core.store import accounts
from core.workbench import Workbench
from tests import browser
from tests.browser import Page, Server, Watch, click, expect, mark_row, open_page, settle
from tests.dispatchers import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.long]

NAME, TESTER, SELECTED = "A word to three patients", "(312) 555-0199", 3
BODY = "{{ practice.name }}: please call us at {{ call_back_number }} about your next visit."
WITH_MOBILE = WorkList(filters=((Filter("status", "equals", "Active"), Filter("phone_mobile", "not_empty")),))


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench


def by_day(wb: Workbench) -> None:
    """Texts and calls may come now, tests too: the demo's clock is moved when it is night."""
    if not is_open(wb.organisation(), "text", wb.now()):
        opens_at, _ = next_window(wb.organisation(), "text", wb.now())
        clock.move_clock(wb, opens_at + timedelta(minutes=1))


def draft(wb: Workbench, template_id: str) -> Campaign:
    ids = work_lists.run(wb, WITH_MOBILE).ids[:SELECTED]
    return campaigns.campaign(wb, new_campaigns.create(wb, template_id=template_id, patient_ids=ids))


def the_campaign(wb: Workbench) -> Listed:
    return next(one for one in campaigns.campaigns(wb) if one.campaign.name == NAME)


def write(page: Page, label: str, text: str) -> None:
    """As an author does it, at the end of what is there."""
    page.get_by_role("textbox", name=label).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def fill(page: Page, label: str, text: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(text)
    box.press("Enter")
    settle(page)


# ---- the editor ----------------------------------------------------------------------------------------------------
def test_a_text_is_counted_and_previewed_while_it_is_typed(demo: Server, page: Page, wb: Workbench) -> None:
    watch = Watch()
    watch.on(page)
    campaign = draft(wb, "ad-hoc-text")
    left = 370 - len(campaign.message.body)
    open_page(page, f"{demo.address}/campaign_editor?id={campaign.campaign_id}")
    expect(page.get_by_text(f"{left} characters left")).to_be_visible()

    write(page, "Text in English", " We’re here.")  # the box is not left

    expect(page.get_by_text(f"{left - 12} characters left")).to_be_visible()
    expect(page.get_by_text(re.compile("segments?, UCS-2")).first).to_be_visible()
    expect(page.get_by_label("Texts on the phone").first).to_contain_text("We’re here.")
    click(page, "Replace with plain characters")
    expect(page.get_by_label("Texts on the phone").first).to_contain_text("We're here.")

    page.get_by_role("radio", name="Spanish").or_(page.get_by_role("button", name="Spanish", exact=True)).first.click()
    write(page, "Text in Spanish", " Gracias.")
    click(page, "Delivery")  # the box was left by the same press
    click(page, "Save as inactive")
    expect(page.get_by_text("is saved as inactive")).to_be_visible()

    saved = campaigns.campaign(wb, campaign.campaign_id)
    assert saved.messages["en"].body == f"{campaign.message.body} We're here."
    assert saved.messages["es"].body == f"{campaign.messages['es'].body} Gracias."
    assert (watch.errors, watch.elsewhere) == ([], [])


@pytest.mark.long
def test_a_call_is_written_heard_and_tried(demo: Server, page: Page, wb: Workbench) -> None:
    by_day(wb)
    campaign = draft(wb, "care-manager-call")
    open_page(page, f"{demo.address}/campaign_editor?id={campaign.campaign_id}")
    page.get_by_role("combobox", name="Provider").click()
    page.get_by_role("option").first.click()
    settle(page)
    fill(page, "Care manager", "Sam Sample")
    expect(page.get_by_text("Your doctor has asked Sam Sample").last).to_be_visible()

    write(page, "What the call says in English", " Goodbye for now.")
    expect(page.get_by_text(re.compile("Goodbye for now"))).to_be_visible()
    click(page, "Save & send test call")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Mobile number").fill(TESTER)
    click(page, "Send test call", within=dialog)

    expect(dialog).to_have_count(0)
    assert outbox_texts.calls(wb, search=TESTER).count == 1
    assert "Goodbye for now." in campaigns.campaign(wb, campaign.campaign_id).message.body


# ---- the whole way -------------------------------------------------------------------------------------------------
@pytest.mark.long
def test_a_visitor_sends_texts_and_reads_what_came_of_them(demo: Server, page: Page, wb: Workbench) -> None:
    watch = Watch()
    watch.on(page)
    by_day(wb)
    open_page(page, f"{demo.address}/library")

    choose_the_template(page)
    choose_the_patients(page)
    write_and_try(page, wb)
    activate_for_today(page, wb)
    wait_until_completed(page)
    read_the_report(page, wb)

    assert (watch.errors, watch.elsewhere) == ([], [])
    assert not demo.broken()


def choose_the_template(page: Page) -> None:
    page.get_by_role("radio", name="Text").or_(page.get_by_role("button", name="Text")).first.click()
    settle(page)
    expect(page.get_by_role("heading", name="Mammogram Reminder")).to_have_count(0)
    click(page, "Find patients")  # of the first card, 'Ad hoc text'


def choose_the_patients(page: Page) -> None:
    for row in range(SELECTED):
        mark_row(page, row)
    click(page, "Send campaign")
    dialog = page.get_by_role("dialog")

    assert dialog.get_by_role("combobox", name="Template").input_value() == "Text · Ad hoc text"
    expect(dialog.get_by_text("Reachable by text today")).to_be_visible()
    expect(dialog.get_by_text(re.compile(r"Other modes: \d+ by email"))).to_be_visible()
    click(page, "Continue", within=dialog)
    page.wait_for_url("**/campaign_editor?id=*")
    settle(page)
    expect(page.get_by_text(f"{SELECTED} patients selected, by text")).to_be_visible()


def write_and_try(page: Page, wb: Workbench) -> None:
    fill(page, "Campaign name", NAME)
    fill(page, "Help number", "(312) 555-0188")
    page.get_by_role("textbox", name="Text in English").fill(BODY)
    expect(page.get_by_text(f"{370 - len(BODY)} characters left")).to_be_visible()
    click(page, "Save & send test text")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Mobile number").fill("12")
    click(page, "Send test text", within=dialog)
    expect(dialog.get_by_text("this is not one number")).to_be_visible()

    dialog.get_by_label("Mobile number").fill(TESTER)
    click(page, "Send test text", within=dialog)

    expect(dialog).to_have_count(0)
    [text] = [each for each in outbox_texts.texts(wb, search=TESTER).texts if "next visit" in each.body]
    assert text.body.startswith("This is a test. ")


def activate_for_today(page: Page, wb: Workbench) -> None:
    click(page, "Delivery")
    expect(page.get_by_text("comes from the organisation's number")).to_be_visible()
    page.get_by_role("spinbutton", name="year, Start date").click()
    page.keyboard.type(f"{wb.today():%Y%m%d}")
    page.keyboard.press("Enter")
    settle(page)
    click(page, "Save as active")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("can be reached by text today")).to_be_visible()
    click(page, "Save as active", within=dialog)
    page.wait_for_url("**/campaigns")
    settle(page)
    assert the_campaign(wb).campaign.fields["help_number"] == "+13125550188"


def wait_until_completed(page: Page) -> None:
    browser.next_window(page)
    page.get_by_role("radio", name="Completed").or_(page.get_by_role("button", name="Completed")).first.click()
    settle(page)
    expect(page.get_by_role("link", name=NAME)).to_be_visible(timeout=60_000)


def read_the_report(page: Page, wb: Workbench) -> None:
    page.get_by_role("link", name=NAME).click()
    settle(page)
    expect(page.get_by_text(f"{SELECTED} patients selected, each counted once above")).to_be_visible()
    sent = campaigns.progress(wb, the_campaign(wb).campaign.campaign_id).results
    expect(page.get_by_text(re.compile(rf"Reached \d of {SELECTED} patients"))).to_be_visible()
    assert sum(sent.values()) == SELECTED and not sent["Waiting"]
    click(page, "Also by")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Template").click()
    page.get_by_role("option", name="Phone · Care Manager").click()
    settle(page)
    expect(dialog.get_by_text("Reachable by phone today")).to_be_visible()
    click(page, "Make the campaign", within=dialog)

    page.wait_for_url("**/campaign_editor?id=*")
    settle(page)
    click(page, "Summary")
    expect(page.get_by_role("link", name=f"Also by text: {NAME}")).to_be_visible()


@pytest.mark.long
def test_a_patient_answers_stop_and_staff_see_the_reply_the_opt_out_and_who_is_not_written_to(
    demo: Server, page: Page, wb: Workbench
) -> None:
    watch = Watch()
    watch.on(page)
    first = sent_today(wb, "check-up-reminder-text", "Stopped by one")
    wait_until(lambda: campaigns.campaign(wb, first).status == "completed", seconds=90)
    open_page(page, f"{demo.address}/outbox?mode=text")
    number = outbox_texts.patient_number(outbox_texts.texts(wb).texts[0])

    page.get_by_role("button", name="STOP", exact=True).click()  # not a text in which the word is
    settle(page)

    wait_until(lambda: bool(opt_outs.of_address(wb, number)), seconds=30)
    assert [one.name for one in opt_outs.of_address(wb, number)] == ["All Text"]
    open_page(page, f"{demo.address}/replies")
    page.get_by_role("radio", name="Done").or_(page.get_by_role("button", name="Done")).first.click()
    settle(page)
    expect(page.get_by_text("STOP", exact=True).first).to_be_visible()

    second = sent_today(wb, "check-up-reminder-call", "Called afterwards")
    also = new_campaigns.also_by(wb, second, "ad-hoc-text")
    made = campaigns.campaign(wb, also)
    campaigns.save(wb, also, {"start_on": wb.today()}, version=made.version)
    campaigns.activate(wb, also)
    wait_until(lambda: campaigns.progress(wb, second).results["Successful"] > 0, seconds=90)
    wait_until(lambda: campaigns.campaign(wb, also).status == "completed", seconds=90)
    open_page(page, f"{demo.address}/report?id={second}")
    expect(page.get_by_text("a person answered").first).to_be_visible()
    open_page(page, f"{demo.address}/report?id={also}")
    expect(page.get_by_text("the patient opted out (All Text)").first).to_be_visible()
    assert (watch.errors, watch.elsewhere) == ([], [])


def sent_today(wb: Workbench, template_id: str, name: str) -> str:
    """A campaign that goes out now, in a window of texts and calls; nobody has had a message today."""
    accounts.change_organisation(
        wb.engine, {"contacts_per_day": 9, "contacts_per_week": 9}, at=wb.now(), by=wb.user.user_id
    )
    by_day(wb)
    made = draft(wb, template_id)
    changes = {
        "name": name,
        "purpose": "announcement",
        "start_on": wb.today(),
        "fields": {**made.fields, "on_behalf_of": "Dr. Maria Sample"},
    }
    campaigns.save(wb, made.campaign_id, changes, version=made.version)
    campaigns.activate(wb, made.campaign_id)
    return made.campaign_id
