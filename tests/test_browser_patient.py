"""The patient's summary in a real browser: from a reply to whoever wrote it, and to why a care gap is open."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select

from core.domain.address import phone_text
from core.store.database import reading, writing
from core.store.schema import open_gaps, patients, replies
from core.workbench import Workbench
from tests.browser import Page, Server, Watch, click, expect, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture
def wb(demo: Server) -> Iterator[Workbench]:
    with demo.workbench() as bench:
        yield bench


def somebody_who_writes(wb: Workbench) -> tuple[str, str, str]:
    """An adult with an open care gap and a mobile number of their own who has just texted: id, last name, number."""
    question = (
        select(patients.c.patient_id, patients.c.last, patients.c.phone_mobile)
        .join(open_gaps, open_gaps.c.patient_id == patients.c.patient_id)
        .where(patients.c.phone_mobile.is_not(None), patients.c.status == "active")
        .order_by(patients.c.patient_id)
    )
    with reading(wb.engine) as connection:
        found = next(row for row in connection.execute(question) if re.fullmatch("[A-Za-z]{5,}", row.last or ""))
    values = {"provider_id": "SMwrites", "from_number": found.phone_mobile, "to_number": "+15550100200", "body": "Why?"}
    with writing(wb.engine) as connection:
        connection.execute(insert(replies).values(**values, kind="other", received_at=wb.now(), status="new"))
    return found.patient_id, found.last, found.phone_mobile


def part(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name, exact=True)).first.click()
    settle(page)


def test_from_a_reply_to_the_summary_and_to_why_a_gap_is_open(demo: Server, page: Page, wb: Workbench) -> None:
    patient_id, last, number = somebody_who_writes(wb)
    watch = Watch()
    watch.on(page)
    open_page(page, f"{demo.address}/replies")

    page.get_by_role("link", name=re.compile(last)).first.click()

    page.wait_for_url(re.compile(r"/patient\?"))
    settle(page)
    expect(page.get_by_role("heading", name=re.compile(last))).to_be_visible()
    expect(page.get_by_text(phone_text(number)).first).to_be_visible()
    expect(page.get_by_text("Why?", exact=True)).to_be_visible()
    part(page, "Care gaps")
    expect(page.get_by_text("What would close it").first).to_be_visible()
    expect(page.get_by_text("What was looked for").first).to_be_visible()
    assert f"id={patient_id}" in page.url and "part=gaps" in page.url
    assert last not in page.url and last not in page.title()

    part(page, "Timeline")
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    page.reload()
    settle(page)
    expect(page.locator(".js-plotly-plot")).to_be_visible()  # the address says which part
    part(page, "Care gaps")
    click(page, "Everybody with this gap")
    page.wait_for_url("**/work_list")
    settle(page)
    expect(page.get_by_role("heading", name=re.compile("patient"))).to_be_visible()
    assert (watch.errors, watch.elsewhere) == ([], [])
    assert last not in demo.written()


def test_the_summary_fits_a_phone(demo: Server, page: Page, wb: Workbench) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    with reading(wb.engine) as connection:
        patient_id = connection.scalar(select(open_gaps.c.patient_id).order_by(open_gaps.c.patient_id).limit(1))
    for name in ("gaps", "appointments", "clinical", "replies", "timeline"):
        open_page(page, f"{demo.address}/patient?id={patient_id}&part={name}")
        expect(page.get_by_role("heading", name="Patient Summary")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
