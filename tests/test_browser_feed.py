"""The release of the feed gate in a real browser: closed by a bad feed, said on Home, released with a reason."""

from collections.abc import Iterator

import pytest

from core import feed_gate, loads
from core.settings import read_settings
from core.workbench import open_workbench
from tests import signed_in
from tests.browser import Page, Server, click, expect, open_page, running, settle
from tests.feeds import PATIENT, write_feed

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`careloop serve` on a home whose last full feed lost eight of ten patients."""
    folder = tmp_path_factory.mktemp("feed-gate")
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(folder / "home")}))
    signed_in.ensure(wb)
    for name, count in (("ten", 10), ("two", 2)):
        people = [f"P{number},Ann,Example,1960-05-01,F,active" for number in range(count)]
        loads.load(wb, write_feed(folder / name, manifest={"full": True}, patients=[PATIENT, *people]))
    wb.engine.dispose()
    with running(folder / "home", "serve") as server:
        yield server


@pytest.mark.long
def test_a_closed_gate_is_released_with_a_reason(clinic: Server, page: Page) -> None:
    open_page(page, clinic.address)
    expect(page.get_by_text("Nothing is sent since")).to_be_visible()
    page.get_by_role("link", name="Look at the feed, then release it").click()
    settle(page)
    expect(page.get_by_text("Feed gate closed")).to_be_visible()
    click(page, "Release")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("0 messages wait")).to_be_visible()
    yes = dialog.get_by_role("button", name="Release the gate")
    yes.click()
    expect(dialog.get_by_text("A release needs a reason")).to_be_visible()

    dialog.get_by_label("Why is it right to send by this data?").fill("We closed a clinic.")
    yes.click()
    settle(page)

    expect(page.get_by_text("Feed gate open")).to_be_visible()
    expect(page.get_by_text("We closed a clinic.")).to_be_visible()
    with clinic.workbench() as wb:
        assert feed_gate.gate(wb).releases[0].by == "analyst"
