"""A campaign that leaves some out by chance, in a real browser: chosen in the editor, sent, read and followed up."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select

from core import campaigns, new_campaigns, report_parts, saved_views, work_lists
from core.store.database import reading
from core.store.schema import recipients
from core.workbench import Workbench
from tests.browser import Page, Server, Watch, click, expect, next_window, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.long]

NAME = "Half of them, by chance"


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench


def test_a_hold_out_is_chosen_sent_read_and_followed_up_without_those_held_out(
    demo: Server, page: Page, wb: Workbench
) -> None:
    watch = Watch()
    watch.on(page)
    view = next(view for view in saved_views.views(wb) if view.name.startswith("Mammogram overdue"))
    patients = work_lists.run(wb, view.work_list).ids
    everybody = len(patients)
    campaign_id = new_campaigns.create(wb, template_id="mammogram-reminder", patient_ids=patients, name=NAME)

    open_page(page, f"{demo.address}/campaign_editor?id={campaign_id}&step=delivery")
    hold_out_half(page)
    start_on(page, wb.today())
    activate(page)
    arms = by_arm(wb, campaign_id)
    assert len(arms["contact"]) + len(arms["hold_out"]) == everybody
    assert abs(len(arms["contact"]) - len(arms["hold_out"])) <= everybody / 4  # by household, within strata

    send(page)
    open_page(page, f"{demo.address}/report?id={campaign_id}")
    expect(page.get_by_text(f"{everybody} patients selected, each counted once above")).to_be_visible()
    read(page, wb, campaign_id, held_out=len(arms["hold_out"]))
    made = follow_up_the_first_provider(page, wb, campaign_id)

    chosen = by_arm(wb, made)["contact"]
    assert chosen and chosen <= arms["contact"]
    assert states(wb, campaign_id)["hold_out"] == len(arms["hold_out"])
    assert (watch.errors, watch.elsewhere) == ([], [])
    assert not demo.broken()


def hold_out_half(page: Page) -> None:
    page.get_by_role("radio", name="Some not at all").locator("xpath=ancestor::label").click()
    settle(page)
    expect(page.get_by_text("Everybody in the campaign counts, also who cannot be reached.")).to_be_visible()
    share = page.get_by_role("slider", name="Held out")
    share.focus()
    for _ in range(8):  # from 10 % in steps of 5
        page.keyboard.press("ArrowRight")
    settle(page)
    expect(share).to_have_value("50")


def start_on(page: Page, day: date) -> None:
    page.get_by_role("spinbutton", name="year, Start date").click()
    page.keyboard.type(f"{day:%Y%m%d}")
    page.keyboard.press("Enter")
    settle(page)


def activate(page: Page) -> None:
    page.get_by_role("button", name="Summary").first.click()
    settle(page)
    expect(page.get_by_text("50 % are contacted, 50 % are not, by chance")).to_be_visible()
    click(page, "Save as active")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("held out: chance decides who")).to_be_visible()
    click(page, "Save as active", within=dialog)
    page.wait_for_url("**/campaigns")
    settle(page)


def send(page: Page) -> None:
    next_window(page)
    page.get_by_role("radio", name="Completed").or_(page.get_by_role("button", name="Completed")).first.click()
    settle(page)
    expect(page.get_by_role("link", name=NAME)).to_be_visible(timeout=60_000)


def read(page: Page, wb: Workbench, campaign_id: str, *, held_out: int) -> None:
    """The ledger adds up with those held out in it, and the effect says from when it is known."""
    ledger = page.get_by_test_id("stTable").first.locator("tbody tr")
    row = ledger.filter(has_text="chosen at random not to be contacted")
    expect(row.locator("td").nth(-2)).to_have_text(str(held_out))
    part(page, "Effect")
    expect(page.get_by_text("known from").first).to_be_visible(timeout=120_000)  # the dispatcher looks each minute
    shown = report_parts.parts(wb, campaigns.campaign(wb, campaign_id))
    assert shown.effect is not None and shown.effect.is_estimate


def part(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name, exact=True)).first.click()
    settle(page)


def follow_up_the_first_provider(page: Page, wb: Workbench, campaign_id: str) -> str:
    """Press the button in the first row of the results by provider; returns the campaign that is made."""
    part(page, "By language, provider, group")
    table = page.get_by_test_id("stDataFrame").first
    box = table.bounding_box()
    assert box is not None
    table.click(position={"x": box["width"] - 110, "y": 35 + 17})
    settle(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("will be in it. Nothing is sent yet.")).to_be_visible()
    click(page, "Make the campaign", within=dialog)
    page.wait_for_url("**/campaign_editor?id=*")
    settle(page)
    made = page.url.partition("id=")[2].partition("&")[0]
    assert made != campaign_id
    return made


def by_arm(wb: Workbench, campaign_id: str) -> dict[str, set[str]]:
    question = select(recipients.c.patient_id, recipients.c.arm).where(recipients.c.campaign_id == campaign_id)
    found: dict[str, set[str]] = {"contact": set(), "hold_out": set()}
    with reading(wb.engine) as connection:
        for row in connection.execute(question):
            found[row.arm].add(row.patient_id)
    return found


def states(wb: Workbench, campaign_id: str) -> Counter[str]:
    question = select(recipients.c.state).where(recipients.c.campaign_id == campaign_id)
    with reading(wb.engine) as connection:
        return Counter(connection.execute(question).scalars())
