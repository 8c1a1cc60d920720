"""A patient calls: found by the number, however written, from any page, in a real browser."""

import pytest
from sqlalchemy import select

from core.domain.address import phone_text
from core.store.database import reading
from core.store.schema import patients
from tests.browser import NARROW, WIDE, Page, Server, Watch, expect, open_page, settle

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_phone_in_three_forms_opens_the_summary_from_any_page(demo: Server, page: Page, width: int) -> None:
    with demo.workbench() as wb, reading(wb.engine) as connection:
        numbers = list(
            connection.scalars(select(patients.c.phone_mobile).where(patients.c.last_confirmed_on.is_not(None)))
        )
    number = next(each for each in numbers if each and numbers.count(each) == 1)[2:]
    page.set_viewport_size({"width": width, "height": 900})
    watch = Watch()
    watch.on(page)

    for path, typed in (("", number), ("library", phone_text(number)), ("campaigns", f"+1 {number[:3]} {number[3:]}")):
        open_page(page, f"{demo.address}/{path}")
        page.get_by_label("Find a patient").fill(typed)
        page.keyboard.press("Enter")
        settle(page)

        expect(page.get_by_role("heading", name="Patient Summary")).to_be_visible()
        assert "/patient?id=" in page.url and number not in page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    assert (watch.errors, watch.elsewhere) == ([], [])
    assert number not in demo.written() and phone_text(number) not in demo.written()
