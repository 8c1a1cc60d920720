"""A number corrected at the desk, an old feed, a newer one, and the decision on the Data page, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import corrections, loads
from core.settings import read_settings
from core.workbench import open_workbench
from tests import signed_in
from tests.browser import Page, Server, expect, open_page, running, settle
from tests.feeds import write_feed

pytestmark = pytest.mark.browser
HEAD = "patient_id,first,last,birth_date,sex,status,phone_mobile"


def load(server: Server, folder: Path, mobile: str, last: str) -> None:
    with server.workbench() as wb:
        loads.load(wb, write_feed(folder, patients=[HEAD, f"P1,Ann,{last},1960-05-01,F,active,{mobile}"]))


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("corrections")
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(folder / "home")}))
    signed_in.ensure(wb)
    loads.load(wb, write_feed(folder / "one", patients=[HEAD, "P1,Ann,Example,1960-05-01,F,active,312-555-0101"]))
    wb.engine.dispose()
    with running(folder / "home", "serve") as server:
        yield server


@pytest.mark.long
def test_a_correction_outlives_an_old_feed_and_a_newer_one_is_decided(
    clinic: Server, page: Page, tmp_path: Path
) -> None:
    open_page(page, f"{clinic.address}/patient?id=P1")
    expect(page.get_by_text("(312) 555-0101").first).to_be_visible()
    page.get_by_role("button", name="Correct", exact=False).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("from the feed")).to_be_visible()
    box = dialog.get_by_label("Mobile number")
    box.fill("312-555-0102")
    dialog.get_by_label("Why").fill("said so by phone")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("(312) 555-0102").first).to_be_visible()

    load(clinic, tmp_path / "old", "312-555-0101", "Married")
    open_page(page, f"{clinic.address}/patient?id=P1")
    expect(page.get_by_text("Ann Married").first).to_be_visible()
    expect(page.get_by_text("(312) 555-0102").first).to_be_visible()

    load(clinic, tmp_path / "new", "312-555-0103", "Married")
    open_page(page, clinic.address)
    page.get_by_role("link", name="1 value of the feed").click()
    settle(page)
    expect(page.get_by_text("(312) 555-0103")).to_be_visible()
    expect(page.get_by_text("said so by phone")).to_be_visible()
    page.get_by_role("button", name="Take the feed's").click()
    settle(page)
    expect(page.get_by_text("Nothing to decide")).to_be_visible()

    with clinic.workbench() as wb:
        assert corrections.on_file(wb, "P1")["mobile"].values == {"phone_mobile": "+13125550103"}
        (ended,) = corrections.of_patient(wb, "P1")
        assert (ended.made_by, ended.ended_how) == ("analyst", "feed")
