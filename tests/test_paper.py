"""Pages and label sheets: what stands where, against what envelopes and makers say of themselves."""

import pytest

from core.domain.paper import DL, LABEL_SHEETS, NUMBER_10, PAGES, Envelope, LabelSheet, PageTemplate

INCH, MM = 72.0, 72 / 25.4
WINDOWS = [("letter-window", NUMBER_10), ("a4-window", DL)]


def within(inner: tuple[float, ...], outer: tuple[float, ...]) -> bool:
    return all(outer[side] - 0.01 <= inner[side] and inner[side + 2] <= outer[side + 2] + 0.01 for side in (0, 1))


def slid(envelope: Envelope, page: PageTemplate) -> list[tuple[float, float, float, float]]:
    """What the window shows of the page in many places that it can slide to."""
    across, down = envelope.width - page.width, envelope.height - envelope.panel
    return [envelope.seen(x=across * x / 10, y=down * y / 10) for x in range(11) for y in range(11)]


def test_envelopes_are_as_their_standards_say() -> None:
    assert NUMBER_10.slides(8.5 * INCH) == pytest.approx((1.0 * INCH, (4.125 - 11 / 3) * INCH))
    assert NUMBER_10.always(8.5 * INCH) == pytest.approx((0.875 * INCH, 2.5 * INCH, 4.375 * INCH, 19 / 6 * INCH))
    assert NUMBER_10.ever(8.5 * INCH) == pytest.approx((-0.125 * INCH, 49 / 24 * INCH, 5.375 * INCH, 3.625 * INCH))
    assert DL.always(210 * MM) == pytest.approx((20 * MM, 50 * MM, 100 * MM, 90 * MM))
    assert DL.ever(210 * MM) == pytest.approx((10 * MM, 45 * MM, 110 * MM, 95 * MM))


@pytest.mark.parametrize(("key", "envelope"), WINDOWS)
def test_an_address_shows_wherever_the_page_slides_to_and_nothing_else_does(key: str, envelope: Envelope) -> None:
    page = PAGES[key]
    top = page.address_y if page.return_y is None else page.return_y
    address = (page.address_x, top, page.address_x + page.address_width, page.address_y + page.address_height)
    head, body = (0, 0, page.width, page.head_bottom), (0, page.body_y, page.width, page.height)

    for shown in slid(envelope, page):
        assert within(address, shown)
        assert within(shown, (-INCH, head[3], page.width, body[1]))
        assert page.shown is not None and within(shown, page.shown)
    assert envelope.window_width - 1e-6 <= envelope.width - envelope.left and page.folds[0] == envelope.panel


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_places_of_a_page_lie_on_it_one_below_the_other(page: PageTemplate) -> None:
    assert 40 < page.head_bottom < page.address_y < page.address_y + page.address_height < page.body_y < page.height / 2
    assert page.margin <= page.address_x and page.address_x + page.address_width <= page.width - page.margin


# Of the makers' templates: the first label's left and top, its width and height, and from one to the next.
MAKERS = {
    "avery-5160": (INCH, 3 / 16, 1 / 2, 2 + 5 / 8, 1, 2 + 3 / 4, 1, 30),
    "avery-5161": (INCH, 5 / 32, 1 / 2, 4, 1, 4 + 3 / 16, 1, 20),
    "avery-5163": (INCH, 5 / 32, 1 / 2, 4, 2, 4 + 3 / 16, 2, 10),
    "avery-l7160": (MM, 7.25, 15.15, 63.5, 38.1, 66, 38.1, 21),
}


@pytest.mark.parametrize("sheet", LABEL_SHEETS.values(), ids=LABEL_SHEETS)
def test_label_sheets_are_as_their_makers_print_them(sheet: LabelSheet) -> None:
    unit, left, top, width, height, across, down, count = MAKERS[sheet.key]

    sizes = (sheet.left, sheet.top, sheet.width, sheet.height, sheet.column_step, sheet.row_step)
    assert sizes == pytest.approx([unit * each for each in (left, top, width, height, across, down)])
    assert sheet.count == count
    right = 2 * sheet.left + (sheet.columns - 1) * sheet.column_step + sheet.width
    bottom = 2 * sheet.top + (sheet.rows - 1) * sheet.row_step + sheet.height
    assert (right, bottom) == pytest.approx((sheet.page_width, sheet.page_height), abs=0.3)
    assert sheet.width <= sheet.column_step and sheet.height <= sheet.row_step
