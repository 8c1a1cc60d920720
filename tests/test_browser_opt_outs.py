"""A patient calls and wants no more texts: recorded in a real browser, while a text to the patient waits."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from core import campaigns, communications, new_campaigns, opt_outs, work_lists
from core import demo as clock
from core.domain.window import next_window
from core.domain.work_list import Filter, WorkList
from core.workbench import Workbench
from tests.browser import Page, Server, Watch, choose, click, expect, open_page, settle
from tests.dispatchers import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.long]

WITH_MOBILE = WorkList(filters=((Filter("status", "equals", "Active"), Filter("phone_mobile", "not_empty")),))


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench


def waiting(wb: Workbench) -> tuple[str, list[str]]:
    """An active text campaign whose window has not opened yet, and its patients."""
    ids = work_lists.run(wb, WITH_MOBILE).ids[:12]
    campaign_id = new_campaigns.create(wb, template_id="check-up-reminder-text", patient_ids=ids)
    _, closes_at = next_window(wb.organisation(), "text", wb.now())
    clock.move_clock(wb, closes_at + timedelta(minutes=5))
    made = campaigns.campaign(wb, campaign_id)
    start_on = wb.today() + timedelta(days=1)
    changes = {"name": "Waits overnight", "purpose": "announcement", "start_on": start_on}
    campaigns.save(wb, campaign_id, changes, version=made.version)
    campaigns.activate(wb, campaign_id)
    return campaign_id, ids


def test_a_caller_asks_for_no_more_texts_and_the_waiting_one_is_not_sent(
    demo: Server, page: Page, wb: Workbench
) -> None:
    watch = Watch()
    watch.on(page)
    campaign_id, ids = waiting(wb)
    patient_id = next(each for each in ids if not opt_outs.of_patient(wb, each))
    open_page(page, f"{demo.address}/patient?id={patient_id}")
    page.get_by_text("Opt-Out Settings", exact=True).first.click()
    settle(page)
    expect(page.get_by_text("Nothing is stopped.")).to_be_visible()

    for answer in ("Appointment reminders", "Health reminders"):
        page.get_by_role("button", name=answer, exact=True).click()
        settle(page)
    page.get_by_role("button", name="Text", exact=True).click()
    settle(page)
    expect(page.get_by_text("No texts of any kind, for good.")).to_be_visible()
    choose(page, "Reason", "Too many messages")
    click(page, "Add")

    expect(page.get_by_text("No texts of any kind", exact=False).first).to_be_visible()
    expect(page.get_by_text("All Text").first).to_be_visible()
    assert [each.type for each in opt_outs.of_patient(wb, patient_id)] == ["all_text"]

    opens_at, _ = next_window(wb.organisation(), "text", wb.now())
    clock.move_clock(wb, opens_at + timedelta(minutes=1))
    wait_until(lambda: campaigns.campaign(wb, campaign_id).status == "completed", seconds=120)
    theirs = communications.history(wb, campaign_id, patient_id)
    assert (theirs.state, theirs.reason) == ("not_sent", "opted_out:all_text")
    open_page(page, f"{demo.address}/report?id={campaign_id}")
    expect(page.get_by_text("the patient opted out (All Text)").first).to_be_visible()
    assert (watch.errors, watch.elsewhere) == ([], [])
