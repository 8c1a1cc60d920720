"""Measures in a real browser: an analyst edits a window, sees what that would change, publishes it, and goes back."""

import re
from collections.abc import Iterator

import pytest

from core import rule_trials, rule_versions, work_lists
from core.domain.work_list import Filter, WorkList
from core.workbench import Workbench
from tests.browser import Page, Server, Watch, chromium, click, demo_server, expect, open_page, settle
from tests.test_rules import LONGER, MAMMOGRAM

pytestmark = [pytest.mark.browser, pytest.mark.long]

GAP = WorkList(filters=((Filter("alerts", "contains", "Mammogram"),),))


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A demo of its own, because its rules are changed."""
    chromium()
    with demo_server(tmp_path_factory.mktemp("demo"), patients=600) as server:
        yield server


@pytest.fixture
def wb(own_demo: Server) -> Iterator[Workbench]:
    with own_demo.workbench() as bench:
        yield bench


def open_count(wb: Workbench) -> int:
    return work_lists.run(wb, GAP).count


def part(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    settle(page)


def test_a_window_is_edited_tried_published_and_the_work_list_is_another_one(
    own_demo: Server, page: Page, wb: Workbench
) -> None:
    watch = Watch()
    watch.on(page)
    before, trial = open_count(wb), rule_trials.try_on(wb, LONGER, measure_id=MAMMOGRAM)
    assert trial.gained.is_empty() and 0 < trial.lost.height < before

    open_page(page, f"{own_demo.address}/measures")
    page.get_by_role("link", name="Scr: Mammogram Overdue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scr: Mammogram Overdue")
    expect(page).to_have_url(f"{own_demo.address}/measures?id={MAMMOGRAM}")
    settle(page)
    part(page, "Edit")
    page.get_by_role("textbox", name="YAML of the measure").fill(LONGER)
    page.keyboard.press("Control+Enter")
    settle(page)
    expect(page.get_by_text("All 20 test patients come out as described.")).to_be_visible()
    click(page, "Try on today's data")
    expect(page.get_by_role("heading", name=f"0 gained, {trial.lost.height} lost if published")).to_be_visible()

    click(page, "Publish")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"opens 0 care gaps and closes {trial.lost.height}.")).to_be_visible()
    dialog.get_by_role("textbox", name="What changed, and why").fill("Every three years")
    page.keyboard.press("Enter")
    settle(page)
    click(page, "Publish", within=dialog)

    expect(page.get_by_text("Counts now")).to_be_visible()
    expect(page.get_by_text("Every three years")).to_be_visible()
    assert open_count(wb) == before - trial.lost.height
    open_page(page, f"{own_demo.address}/measures")
    page.get_by_role("searchbox", name="Search").or_(page.get_by_role("textbox", name="Search")).fill("mammogram")
    settle(page)
    page.get_by_role("button", name=f"{before - trial.lost.height} open gap").click()
    expect(page.get_by_role("heading", name=re.compile(rf"^{before - trial.lost.height} patients?"))).to_be_visible()
    assert (watch.errors, watch.elsewhere) == ([], [])


def test_a_switch_asks_says_how_many_and_can_be_left_as_it_was(own_demo: Server, page: Page, wb: Workbench) -> None:
    lost = rule_trials.try_switch(wb, "scr-colorectal").lost.height
    open_page(page, f"{own_demo.address}/measures")
    row = page.locator(".st-key-ms_row_scr-colorectal")

    row.get_by_test_id("stCheckbox").locator("label").click()
    settle(page)
    expect(page.get_by_role("dialog").get_by_text(f"closes {lost:,} open care gap")).to_be_visible()
    page.keyboard.press("Escape")
    settle(page)

    expect(row.get_by_role("switch").or_(row.get_by_role("checkbox"))).to_be_checked()
    assert rule_trials.try_switch(wb, "scr-colorectal").lost.height == lost


def test_somebody_whose_edit_is_stale_is_told_and_publishes_nothing(
    own_demo: Server, page: Page, wb: Workbench
) -> None:
    base = rule_versions.versions(wb, "imm-flu")[-1].number
    text = rule_versions.versions(wb, "imm-flu")[-1].text
    open_page(page, f"{own_demo.address}/measures?id=imm-flu")
    part(page, "Edit")
    page.get_by_role("textbox", name="YAML of the measure").fill(text.replace("due_soon_days: 31", "due_soon_days: 40"))
    page.keyboard.press("Control+Enter")
    settle(page)
    click(page, "Try on today's data")
    rule_versions.publish(
        wb, text.replace("due_soon_days: 31", "due_soon_days: 35"), "First", base=base, measure_id="imm-flu"
    )

    click(page, "Publish")

    expect(page.get_by_text("Somebody published this measure since you began")).to_be_visible()
    expect(page.get_by_text("changed since it was tried: try it again.")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [version.note for version in rule_versions.versions(wb, "imm-flu")] == ["As it ships.", "First"]


def test_start_again_throws_away_what_was_typed(own_demo: Server, page: Page) -> None:
    open_page(page, f"{own_demo.address}/measures?id=scr-hcv")
    part(page, "Edit")
    editor = page.get_by_role("textbox", name="YAML of the measure")
    before = editor.input_value()
    editor.fill(before.replace("version: 1", "version: 7"))
    page.keyboard.press("Control+Enter")
    settle(page)

    click(page, "Start again")

    expect(page.get_by_role("textbox", name="YAML of the measure")).to_have_value(before)
