"""What people do about sending in a real browser: pause and resume, decide about a message nobody knows of."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from core import campaigns, introductions, introductory_email, loads, new_campaigns, sending_control
from core.settings import read_settings
from core.store.database import reading, writing
from core.store.schema import attempts, recipients
from core.workbench import Workbench, open_workbench
from tests import signed_in
from tests.browser import Page, Server, Watch, click, expect, mark_row, open_page, press_until, running, settle
from tests.feeds import write_feed

pytestmark = [pytest.mark.browser, pytest.mark.long]

HEADER = "patient_id,first,last,birth_date,sex,status,email,pcp_id"
PEOPLE = [f"P{number},Ann{number},Example,1960-05-01,F,active,ann{number}@example.org,d1" for number in range(3)]
PROVIDERS = ["provider_id,last,is_pcp,display_name", "d1,Lake,yes,Dr. Ada Lake"]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`careloop serve` on a home with an active campaign for tomorrow and a finished one with two unknown messages."""
    folder = tmp_path_factory.mktemp("sending")
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(folder / "home")}))
    signed_in.ensure(wb)
    loads.load(wb, write_feed(folder / "feed", patients=[HEADER, *PEOPLE], providers=PROVIDERS))
    analyst = wb.as_user("analyst")
    ids = [f"P{number}" for number in range(3)]
    for name in ("Spring round", "Autumn round"):
        made = new_campaigns.create(analyst, template_id="mammogram-reminder", patient_ids=ids, name=name)
        campaigns.activate(analyst, made)
    _lose(wb, made)
    wb.engine.dispose()
    with running(folder / "home", "serve") as server:
        yield server


def _lose(wb: Workbench, campaign_id: str) -> None:
    """The autumn round has ended; of its first two messages nobody knows whether they left."""
    with writing(wb.engine) as connection:
        mine = recipients.c.campaign_id == campaign_id
        values = {"state": "handed_over", "finished_at": wb.now(), "attempt_count": 1}
        connection.execute(update(recipients).where(mine).values(**values))
        lost = mine & recipients.c.patient_id.in_(["P0", "P1"])
        connection.execute(update(recipients).where(lost).values(state="unknown", reason="connection_lost"))
        for number in connection.scalars(select(recipients.c.recipient_id).where(mine)).all():
            tried = {"worker": "host-1-2", "started_at": wb.now(), "outcome": "unknown", "number": 1}
            connection.execute(attempts.insert().values(recipient_id=number, **tried))


def test_all_sending_is_paused_seen_on_the_list_and_resumed(clinic: Server, page: Page) -> None:
    watch = Watch()
    watch.on(page)
    open_page(page, f"{clinic.address}/campaigns")
    click(page, "Pause all sending")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("3 messages wait")).to_be_visible()
    yes = dialog.get_by_role("button", name="Pause all sending")
    yes.click()
    expect(dialog.get_by_text("A pause needs a reason")).to_be_visible()

    dialog.get_by_label("Why?").fill("A wrong date")
    yes.click()
    settle(page)

    expect(dialog).not_to_be_visible()
    expect(page.get_by_text("by analyst: A wrong date")).to_be_visible()
    expect(page.get_by_text("Waiting: all sending is paused").first).to_be_visible()
    expect(page.get_by_role("button", name="Pause all sending")).not_to_be_visible()

    click(page, "Resume")
    expect(dialog.get_by_text("3 messages wait")).to_be_visible()
    dialog.get_by_role("button", name="Resume sending").click()
    settle(page)

    expect(page.get_by_text("by analyst: A wrong date")).not_to_be_visible()
    expect(page.get_by_text("Waiting: all sending is paused")).not_to_be_visible()
    with clinic.workbench() as wb:
        assert sending_control.holds(wb) == []
    assert (watch.errors, watch.elsewhere) == ([], [])


def test_a_person_decides_about_an_unknown_message_and_reads_its_history(clinic: Server, page: Page) -> None:
    watch = Watch()
    watch.on(page)
    open_page(page, f"{clinic.address}/campaigns")
    page.get_by_role("link", name="Autumn round").click()
    settle(page)
    expect(page.get_by_role("heading", name="2 messages to decide about")).to_be_visible()

    mark_row(page, 0)
    expect(page.get_by_text("1 chosen")).to_be_visible()
    click(page, "Send again")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 patient may get a second message")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    click(page, "Count as not arrived")
    dialog.get_by_role("button", name="Count as not arrived").click()
    settle(page)

    expect(page.get_by_role("heading", name="1 message to decide about")).to_be_visible()
    assert _states(clinic) == {"P0": "unsuccessful", "P1": "unknown", "P2": "handed_over"}
    patients = page.get_by_test_id("stDataFrame").last
    patients.click(position={"x": 140, "y": 52})
    settle(page)
    expect(dialog.get_by_text("nobody knows whether it left")).to_be_visible()
    expect(dialog.get_by_text("by analyst: Count as not arrived")).to_be_visible()
    assert (watch.errors, watch.elsewhere) == ([], [])


def test_a_provider_is_turned_on_after_reading_what_that_does(clinic: Server, page: Page) -> None:
    open_page(page, f"{clinic.address}/introductions")
    expect(page.get_by_text("Not in force.")).to_be_visible()
    mark_row(page, 0)
    click(page, "Turn on")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("3 patients of 1 provider will get")).to_be_visible()
    dialog.get_by_role("button", name="Turn on 1 provider").click()
    settle(page)

    expect(page.get_by_text("In force.", exact=True)).to_be_visible()
    with clinic.workbench() as wb:
        assert introductions.in_force(wb)


def _states(clinic: Server) -> dict[str, str]:
    with clinic.workbench() as wb, reading(wb.engine) as connection:
        made = next(one.campaign for one in campaigns.campaigns(wb) if one.campaign.name == "Autumn round")
        mine = recipients.c.campaign_id == made.campaign_id
        rows = connection.execute(select(recipients.c.patient_id, recipients.c.state).where(mine))
        return {row.patient_id: row.state for row in rows}


def test_the_introductory_email_is_edited_seen_saved_and_taken_back(clinic: Server, page: Page) -> None:
    watch = Watch()
    watch.on(page)
    open_page(page, f"{clinic.address}/introductions")
    click(page, "Edit the text")
    box = page.get_by_role("textbox", name="Body")
    mail = page.frame_locator("iframe").last.locator("body")
    box.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("A word of our own. ")
    expect(mail).to_contain_text("A word of our own.")
    page.keyboard.type("{{ gaps | listed }} ")
    expect(page.get_by_text("'gaps' has no place here")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    for _ in "{{ gaps | listed }} ":
        page.keyboard.press("Backspace")
    expect(page.get_by_text("'gaps' has no place here")).not_to_be_visible()
    settle(page)

    click(page, "Save")

    expect(page.get_by_text("Version 1, saved").first).to_be_visible()
    with clinic.workbench() as wb:
        assert "A word of our own." in introductory_email.texts(wb)["en"].message.body
    page.get_by_text("Versions (2)").click()
    press_until(page, "Begin with this", page.get_by_role("button", name="Cancel"))
    expect(mail).to_contain_text("We write only a few times a year")
    expect(mail).not_to_contain_text("A word of our own.")
    press_until(page, "Save", page.get_by_text("Version 2, saved"))
    with clinic.workbench() as wb:
        kept = introductory_email.versions(wb)["en"]
        assert kept[0].version == 2
        assert kept[0].message.subject == kept[-1].message.subject
        assert "A word of our own." not in kept[0].message.body
    assert (watch.errors, watch.elsewhere) == ([], [])
