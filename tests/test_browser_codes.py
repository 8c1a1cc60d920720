"""Mapping a practice's own code on the Data page in a real browser: suggested, mapped, seen in the gaps, taken back."""

import re
from collections.abc import Iterator

import pytest

from core import loads, local_codes
from core.settings import read_settings
from core.workbench import Workbench, open_workbench
from tests import signed_in
from tests.browser import Page, Server, cells, click, expect, open_page, running, settle
from tests.feeds import ANN, PATIENT, write_feed

pytestmark = pytest.mark.browser

PROCEDURES = [
    "procedure_id,patient_id,code_system,code,text,status,performed_on",
    "X1,P1,LOCAL,MAMMO-B,Mammo bilat screening,completed,2026-05-03",
    "X2,P1,LOCAL,MAMMO-R,Mammogram refused,completed,2025-05-03",
    "X3,P1,CPT,00001,Mammogram,completed,2024-05-03",
]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`careloop serve` on a home with one patient and three codes that mean nothing yet."""
    folder = tmp_path_factory.mktemp("codes")
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(folder / "home")}))
    signed_in.ensure(wb)
    loads.load(wb, write_feed(folder / "feed", patients=[PATIENT, ANN], procedures=PROCEDURES))
    wb.engine.dispose()
    with running(folder / "home", "serve") as server:
        yield server


def facts(wb: Workbench) -> int:
    generation = loads.current(wb)
    assert generation is not None
    return generation.facts().collect().height


@pytest.mark.long
def test_a_code_is_mapped_and_taken_back(clinic: Server, page: Page) -> None:
    open_page(page, f"{clinic.address}/data")
    page.get_by_role("tab", name="Unmapped codes").click()
    expect(page.get_by_text("Mammogram: It says ‘mammo’, ‘bilat’ and ‘screening’.")).to_be_visible()
    expect(page.get_by_text("No concept fits its words.")).to_have_count(1)

    page.get_by_role("combobox", name=re.compile(r"Meaning of LOCAL MAMMO\\?-B")).click()
    expect(page.get_by_role("option").first).to_have_text("Mammogram (suggested)")
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")
    settle(page)
    click(page, "Map 1 code")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("This touches 1 event of 1 patient and 1 measure")).to_be_visible()
    expect(dialog.get_by_text("Facts and care gaps of all patients are then found again")).to_be_visible()
    click(page, "Map 1 code", within=dialog)

    expect(page.get_by_text("1 code mapped.")).to_be_visible()
    with clinic.workbench() as wb:
        assert facts(wb) == 1
        assert local_codes.mappings(wb)["loaded_by"].to_list() == ["analyst"]

    table = page.get_by_test_id("stDataFrame").filter(visible=True).last
    table.click(position={"x": 15, "y": 52})
    settle(page)
    click(page, "Remove 1 mapping")
    expect(page.get_by_text("1 mapping removed.")).to_be_visible()
    with clinic.workbench() as wb:
        assert (facts(wb), local_codes.mappings(wb).height) == (0, 0)


@pytest.mark.long
def test_an_orphan_code_is_listed_with_the_reason(clinic: Server, page: Page) -> None:
    open_page(page, f"{clinic.address}/data")
    page.get_by_role("tab", name="Orphan codes").click()

    table = page.get_by_test_id("stDataFrame").filter(visible=True).last
    expect(table.locator("td[aria-colindex='3']")).to_have_text(["CPT 00001"])
    assert cells(table, 6) == ["It says ‘mammogram’. Other codes of it are listed."]


@pytest.mark.long
def test_an_orphan_code_is_mapped_where_it_is_listed(clinic: Server, page: Page) -> None:
    open_page(page, f"{clinic.address}/data")
    page.get_by_role("tab", name="Orphan codes").click()

    table = page.get_by_test_id("stDataFrame").filter(visible=True).last
    table.click(position={"x": 170 + 40, "y": 52})
    settle(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("This touches 1 event of 1 patient and 1 measure")).to_be_visible()
    click(page, "Map 1 code", within=dialog)

    expect(page.get_by_text("1 code mapped.")).to_be_visible()
    with clinic.workbench() as wb:
        assert local_codes.mappings(wb).select("code", "concept").rows() == [("00001", "mammogram")]
