"""Letters from the work list to the post office, in a real browser: what is printed is what the author saw."""

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from core import campaigns, print_runs, reports, saved_views, work_lists
from core.campaign_list import Listed
from core.print_runs import PrintRun
from core.workbench import Workbench
from tests.browser import NARROW, Page, Server, Watch, choose, click, expect, mark_row, open_page, settle
from tests.pdfs import page_texts, reader

pytestmark = pytest.mark.browser

NAME, OPENING = "Letters of spring", "A word from your clinic."


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench


@pytest.mark.long
def test_letters_are_written_printed_fetched_mailed_and_found_again(demo: Server, page: Page, wb: Workbench) -> None:
    watch = Watch()
    watch.on(page)
    open_page(page, demo.address)

    selected = choose_patients_and_the_letter(page, wb)
    write_it(page)
    look_at_a_test(page)
    create_the_letters(page, selected)
    read_the_files(page, wb)
    mail_them(page, wb, selected)
    one_comes_back(demo, page, wb)

    assert (watch.errors, watch.elsewhere) == ([], [])
    assert not demo.broken()


def choose_patients_and_the_letter(page: Page, wb: Workbench) -> int:
    view = next(view for view in saved_views.views(wb) if view.name.startswith("Diabetes with open gaps"))
    selected = work_lists.run(wb, view.work_list).count
    page.get_by_role("link", name="Work list").click()
    settle(page)
    choose(page, "Saved view", "Diabetes with open gaps")
    click(page, f"Select all {selected}")
    expect(page.get_by_text("reachable by letter")).to_be_visible()

    click(page, "Send campaign")
    dialog = page.get_by_role("dialog")
    choose(page, "Template", "Letter · Ad-hoc letter")
    expect(dialog.get_by_text("Reachable by letter today")).to_be_visible()
    click(page, "Continue", within=dialog)

    page.wait_for_url("**/campaign_editor?id=*")
    settle(page)
    expect(page.get_by_text(f"{selected} patients selected, by letter")).to_be_visible()
    return selected


def write_it(page: Page) -> None:
    save = page.get_by_role("button", name="Save campaign")
    expect(save).to_be_disabled()
    name = page.get_by_label("Campaign name", exact=True)
    name.fill(NAME)
    name.press("Enter")
    settle(page)
    picture = page.get_by_role("img", name="Page 1 of 1 of the letter, as it is printed")
    before = picture.get_attribute("src")

    page.get_by_role("textbox", name="Letter in English").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type(f"{OPENING} ")

    expect(picture).not_to_have_attribute("src", str(before))
    expect(page.get_by_role("button", name="Create letters")).to_be_disabled()
    expect(page.get_by_text("Save the campaign to print labels and letters")).to_be_visible()
    page.get_by_role("button", name="Delivery").first.click()
    settle(page)
    expect(page.get_by_text("100 Example Street").first).to_be_visible()
    click(page, "Save campaign")
    expect(page.get_by_text("is saved").first).to_be_visible()


def look_at_a_test(page: Page) -> None:
    click(page, "Test letter")
    dialog = page.get_by_role("dialog")
    with page.expect_download() as fetched:
        dialog.get_by_role("button", name="Download the test letter").click()
    [text] = page_texts(Path(fetched.value.path()).read_bytes())
    assert "TEST" in text and OPENING in text
    dialog.get_by_role("button", name="Close").click()
    settle(page)


def create_the_letters(page: Page, selected: int) -> None:
    click(page, "Create letters")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile(r"^\d+ letters in 1 file"))).to_be_visible()
    expect(dialog.get_by_text("Check the message against your privacy policy")).to_be_visible()
    click(page, "Create letters", within=dialog)

    expect(page.get_by_role("button", name="Mark as mailed")).to_be_visible(timeout=60_000)
    settle(page)
    expect(page.get_by_text("it is completed")).to_be_visible()
    expect(page.get_by_text(f"{selected} patients selected, by letter")).to_be_visible()


def read_the_files(page: Page, wb: Workbench) -> None:
    """As many letters as the run says, each with the opening; nothing personal in names of files."""
    page.get_by_role("link", name="Downloads", exact=True).click()
    settle(page)
    expect(page.get_by_role("link", name=NAME)).to_be_visible()
    letters, labels = fetched(page, wb, "letters"), fetched(page, wb, "labels")

    run = the_run(wb)
    openings = [text for text in page_texts(letters) if OPENING in text]
    spanish = [text for text in page_texts(letters) if "Le escribimos" in text]
    assert len(openings) + len(spanish) == run.letter_count
    assert reader(letters).metadata.title == "Letters from Example Health Group"  # type: ignore[union-attr]
    assert towns(labels) == towns(letters)
    assert len(towns(labels)) == run.letter_count


def towns(content: bytes) -> list[str]:
    """State and ZIP code of each addressee in the order of the file; the sender's left out."""
    found = re.findall(r"[A-Z]{2} \d{5}(?:-\d{4})?", " ".join(page_texts(content)))
    return [each for each in found if each != "IL 62701"]


def fetched(page: Page, wb: Workbench, kind: str) -> bytes:
    file = next(each for each in the_run(wb).files if each.kind == kind)
    assert re.fullmatch(rf"{kind}-[0-9a-f]+(-1-of-1)?\.pdf", file.name), file.name
    row = page.locator(f".st-key-file-{file.file_id}")
    with page.expect_download() as download:
        row.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == file.name
    content = Path(download.value.path()).read_bytes()
    assert len(content) == file.size
    return content


def mail_them(page: Page, wb: Workbench, selected: int) -> None:
    page.get_by_role("link", name="Home").click()
    settle(page)
    page.get_by_role("link", name=re.compile(f"\\d+ not mailed yet: {NAME}")).click()
    settle(page)
    click(page, "Mark as mailed")
    click(page, "Mark as mailed", within=page.get_by_role("dialog"))

    mailed = the_run(wb).patient_count
    expect(page.get_by_text(f"Reached {mailed} of {selected} patients")).to_be_visible()
    assert campaigns.progress(wb, the_campaign(wb).campaign.campaign_id).results["Successful"] == mailed


def one_comes_back(demo: Server, page: Page, wb: Workbench) -> None:
    """Marked in the table; the patient's page tells it."""
    page.get_by_role("button", name="Successful").first.click()
    settle(page)
    mark_row(page, 0)
    click(page, "Mark as returned")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="What the post office says").click()
    page.get_by_role("option", name="Refused").click()
    settle(page)
    click(page, "Mark as returned", within=dialog)
    expect(page.get_by_text("; 1 came back")).to_be_visible()

    shown = reports.report(wb, the_campaign(wb).campaign.campaign_id).patients
    [patient_id] = shown.filter(pl.col("result") == "Returned")["patient_id"]
    open_page(page, f"{demo.address}/patient?id={patient_id}&part=communications")
    expect(page.get_by_text(": refused").first).to_be_visible()
    expect(page.get_by_text(NAME).first).to_be_visible()


@pytest.mark.long
def test_on_a_phone_downloads_and_the_report_of_letters_fit(demo: Server, page: Page, wb: Workbench) -> None:
    letter = next(one.campaign for one in campaigns.campaigns(wb) if one.campaign.channel == "letter")
    page.set_viewport_size({"width": NARROW, "height": 844})
    for address in ("downloads", f"report?id={letter.campaign_id}", f"campaign_editor?id={letter.campaign_id}"):
        open_page(page, f"{demo.address}/{address}")
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")
        assert not wide, address


def the_campaign(wb: Workbench) -> Listed:
    return next(one for one in campaigns.campaigns(wb) if one.campaign.name == NAME)


def the_run(wb: Workbench) -> PrintRun:
    run = print_runs.run_of(wb, the_campaign(wb).campaign.campaign_id)
    assert run is not None
    return run
