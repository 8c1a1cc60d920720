"""The main job as a first-time visitor does it: a saved view, a campaign, mails in the Outbox, a stop, the report."""

import re
from collections.abc import Iterator

import pytest

from core import campaigns, opt_outs, outbox, saved_views, work_lists
from core.campaign_list import Listed
from core.workbench import Workbench
from tests.browser import Page, Server, Watch, choose, click, expect, next_window, open_page, settle

pytestmark = pytest.mark.browser

NAME, SUBJECT = "Spring mammogram round", "Time to plan your check-up"
OPENING = "A word from your clinic. "
TESTER = "tester@example.org"


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench


def test_a_visitor_sends_a_campaign_and_reads_what_came_of_it(demo: Server, page: Page, wb: Workbench) -> None:
    watch = Watch()
    watch.on(page)
    open_page(page, demo.address)

    selected = select_everybody_of_the_saved_view(page, wb)
    confirm(page, selected)
    write_the_message(page)
    look_at_it_as_another_patient(page)
    send_a_test(page, wb)
    activate_for_today(page, wb, selected)
    wait_until_completed(page)
    read_a_mail_and_stop_the_next(page, wb)
    add_up_the_report(page, wb, selected)

    assert (watch.errors, watch.elsewhere) == ([], [])
    assert not demo.broken()


def select_everybody_of_the_saved_view(page: Page, wb: Workbench) -> int:
    view = next(view for view in saved_views.views(wb) if view.name.startswith("Mammogram overdue"))
    expected = work_lists.run(wb, view.work_list).count
    page.get_by_role("link", name="Work list").click()
    settle(page)

    choose(page, "Saved view", "Mammogram overdue")
    expect(page.get_by_role("heading", name=f"{expected} patients")).to_be_visible()
    click(page, f"Select all {expected}")

    expect(page.get_by_text(f"{expected} selected")).to_be_visible()
    return expected


def confirm(page: Page, selected: int) -> None:
    click(page, "Send campaign")
    dialog = page.get_by_role("dialog")

    expect(dialog.get_by_text(f"exactly these {selected} patients")).to_be_visible()
    expect(dialog.get_by_test_id("stMetricValue")).to_have_text(re.compile(rf"^\d+ of {selected}$"))
    assert dialog.get_by_role("combobox", name="Template").input_value() == "Email · Mammogram Reminder"
    click(page, "Continue", within=dialog)

    page.wait_for_url("**/campaign_editor?id=*")
    settle(page)
    expect(page.get_by_text(f"{selected} patients selected, by email")).to_be_visible()


def write_the_message(page: Page) -> None:
    for label, text in (("Campaign name", NAME), ("Subject", SUBJECT)):
        box = page.get_by_label(label, exact=True)
        box.fill(text)
        box.press("Enter")
        settle(page)
    page.get_by_role("textbox", name="Body").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type(OPENING)

    expect(page.frame_locator("iframe").first.locator("body")).to_contain_text(OPENING.strip())
    expect(page.get_by_text(SUBJECT)).to_be_visible()


def look_at_it_as_another_patient(page: Page) -> None:
    mail = page.frame_locator("iframe").first.locator("body")
    box = page.get_by_role("combobox", name="As")
    expect(page.get_by_role("button", name="Longest name")).to_be_disabled()  # that patient is shown first

    longest = box.input_value()
    box.click()
    options = page.get_by_role("option")
    other = options.nth(1) if options.nth(0).inner_text() == longest else options.nth(0)
    first_name = other.inner_text().split()[0]
    other.click()

    expect(mail).to_contain_text(f"Hello {first_name},")
    settle(page)


def send_a_test(page: Page, wb: Workbench) -> None:
    click(page, "Save & send test")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Email address").fill(TESTER)
    click(page, "Send test email", within=dialog)

    expect(dialog).to_have_count(0)
    [entry] = outbox.mails(wb, search=TESTER).mails
    assert entry.subject == f"Test: {SUBJECT}"
    assert OPENING in outbox.mail(wb, entry.name).text


def activate_for_today(page: Page, wb: Workbench, selected: int) -> None:
    page.get_by_role("button", name="Delivery").first.click()
    settle(page)
    page.get_by_role("spinbutton", name="year, Start date").click()
    page.keyboard.type(f"{wb.today():%Y%m%d}")
    page.keyboard.press("Enter")
    settle(page)
    page.get_by_role("button", name="Summary").first.click()
    settle(page)
    expect(page.get_by_text(f"{selected} patients selected. ")).to_be_visible()
    click(page, "Save as active")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"{selected} patients can be reached by email today")).to_be_visible()
    click(page, "Save as active", within=dialog)

    page.wait_for_url("**/campaigns")
    settle(page)
    assert the_campaign(wb).campaign.start_on == wb.today()


def wait_until_completed(page: Page) -> None:
    next_window(page)
    page.get_by_role("radio", name="Completed").or_(page.get_by_role("button", name="Completed")).first.click()
    settle(page)  # or the list of all campaigns, which is still there, would be taken for the completed ones

    # The list looks again every two seconds, so the campaign turns up when its last mail has left.
    expect(page.get_by_role("link", name=NAME)).to_be_visible(timeout=40_000)


def read_a_mail_and_stop_the_next(page: Page, wb: Workbench) -> None:
    page.get_by_role("link", name="Outbox").click()
    settle(page)
    page.get_by_role("searchbox", name="Search").fill(SUBJECT)
    settle(page)
    entry = outbox.mails(wb, search=SUBJECT).mails[0]
    expect(page.get_by_test_id("stCaptionContainer").get_by_text(entry.recipient)).to_be_visible()
    mail = page.frame_locator("iframe").first
    expect(mail.locator("body")).to_contain_text(OPENING.strip())

    with page.expect_popup() as opened:
        mail.get_by_role("link", name="Stop these emails").click()
    stop = opened.value
    expect(stop.get_by_role("heading", name="Stop health emails?")).to_be_visible()
    assert opt_outs.of_address(wb, entry.recipient) == []

    stop.get_by_role("button", name="Stop these emails").click()
    expect(stop.get_by_role("heading", name="You will get no more health emails")).to_be_visible()
    assert [each.type for each in opt_outs.of_address(wb, entry.recipient)] == ["health_email"]
    stop.close()


def add_up_the_report(page: Page, wb: Workbench, selected: int) -> None:
    page.get_by_role("link", name="Campaigns").click()
    settle(page)
    page.get_by_role("link", name=NAME).click()
    settle(page)

    expect(page.get_by_text(f"{selected} patients selected, each counted once above")).to_be_visible()
    counts = page.get_by_test_id("stTable").first.locator("tbody td:nth-last-child(2)").all_text_contents()
    assert sum(int(count.replace(",", "")) for count in counts) == selected
    successful = campaigns.progress(wb, the_campaign(wb).campaign.campaign_id).results["Successful"]
    assert outbox.mails(wb, search=SUBJECT).count == successful + 1  # and the test
    expect(page.get_by_text(f"Reached {successful} of {selected} patients")).to_be_visible()


def the_campaign(wb: Workbench) -> Listed:
    return next(one for one in campaigns.campaigns(wb) if one.campaign.name == NAME)
