"""A group's own file in a real browser: uploaded before the first load, its headers chosen, tried, saved and loaded."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import header_maps, loads
from core.settings import read_settings
from core.workbench import open_workbench
from tests import signed_in
from tests.browser import Page, Server, choose, click, expect, open_page, running, settle
from tests.feeds import write_files

pytestmark = pytest.mark.browser

FILE = "demographics_20261127.csv"
TEXT = """Pat No;Given Name;Surname;DOB;Gender Code
007;Ann;Example;03/04/1960;1
008;Bob;Example;31/12/1970;2
"""


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`careloop serve` on a new home."""
    folder = tmp_path_factory.mktemp("header-maps")
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(folder / "home")}))
    signed_in.ensure(wb)
    wb.engine.dispose()
    with running(folder / "home", "serve") as server:
        yield server


@pytest.mark.long
def test_a_file_is_mapped_tried_saved_and_loaded(clinic: Server, page: Page, tmp_path: Path) -> None:
    file = write_files(tmp_path / "feed", {FILE: TEXT}) / FILE
    open_page(page, f"{clinic.address}/data")
    expect(page.get_by_text("Nothing was loaded yet")).to_be_visible()
    page.locator("input[type=file]").set_input_files(file)
    settle(page)
    expect(page.get_by_text("5 columns, 2 rows read")).to_be_visible()
    expect(page.get_by_text("The table patients needs a header for patient_id")).to_be_visible()

    choose(page, "patient_id (required)", "Pat No")
    expect(page.get_by_role("combobox", name="In which order are the dates below")).to_be_visible()
    choose(page, "'1'", "F")
    choose(page, "'2'", "M")
    expect(page.get_by_text("Nothing is wrong in these rows.")).to_be_visible()
    click(page, "Save the mapping")
    settle(page)
    expect(page.get_by_text("demographics* is the table patients")).to_be_visible()

    with clinic.workbench() as wb:
        (kept,) = header_maps.current(wb)
        assert (kept.orders, kept.words) == ({"birth_date": "dmy"}, {"sex": {"1": "F", "2": "M"}})
        assert loads.load(wb, file.parent).counts[FILE].kept == 2
    open_page(page, f"{clinic.address}/data")
    page.get_by_role("tab", name="Own headers").click()
    click(page, "Remove")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    settle(page)
    with clinic.workbench() as wb:
        assert header_maps.current(wb) == ()
