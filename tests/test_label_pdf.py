"""Labels as PDFs: each on its own place of the sheet, whole, in the order given."""

from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st

from core.channels.label_pdf import label_problem, labels_pdf
from core.channels.letter_pdf import page_pictures
from core.domain.letter import Label
from core.domain.paper import LABEL_SHEETS, LabelSheet
from core.errors import DataError
from tests.drawn import drawn
from tests.pdfs import page_texts, placed, reader

MADE_AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
SENDER = ("Example Health Group", "100 North Example Boulevard, Suite 1200", "Springfield, IL 62701")
SHEETS = pytest.mark.parametrize("sheet", LABEL_SHEETS.values(), ids=LABEL_SHEETS)


def label(number: int, *more: str) -> Label:
    return Label((f"Ana Example{number}", *more, f"{number} Main Street", "Springfield, IL 62701"), SENDER)


def made(labels: list[Label], sheet: LabelSheet, first: int = 1) -> bytes:
    return labels_pdf(labels, sheet, first=first, title="Labels", made_at=MADE_AT)


def box_of(sheet: LabelSheet, place: int) -> tuple[float, float, float, float]:
    row, column = divmod(place, sheet.columns)
    left, top = sheet.left + column * sheet.column_step, sheet.top + row * sheet.row_step
    return left, top, left + sheet.width, top + sheet.height


def said_at(content: bytes, sheet: LabelSheet) -> list[str]:
    """What each place of the sheets says; every letter lies well inside of one."""
    found = []
    for letters in placed(content):
        texts = [""] * sheet.count
        for each in letters:
            boxes = [box_of(sheet, place) for place in range(sheet.count)]
            [place] = [
                place
                for place, (left, top, right, bottom) in enumerate(boxes)
                if left + 4 < each.left and each.right < right - 4 and top + 3 < each.top and each.bottom < bottom - 3
            ]
            texts[place] += each.text
        found.extend(texts)
    return found


@SHEETS
def test_labels_lie_in_order_on_their_places_whatever_the_first_is(sheet: LabelSheet) -> None:
    labels = [label(number) for number in range(sheet.count + 5)]

    said = said_at(made(labels, sheet, first=3), sheet)

    wanted = ["".join("".join((*one.sender, *one.addressee)).split()) for one in labels]
    assert [text.replace("·", "") for text in said if text] == wanted
    assert said[:2] == ["", ""] and len(said) == 2 * sheet.count


def test_a_label_says_the_sender_and_the_whole_address() -> None:
    [text] = page_texts(made([label(7, "Apt 3")], LABEL_SHEETS["avery-5160"]))

    sender = "Example Health Group · 100 North Example Boulevard, Suite 1200 Springfield, IL 62701"
    assert text == f"{sender} Ana Example7 Apt 3 7 Main Street Springfield, IL 62701"


@SHEETS
def test_an_address_that_does_not_fit_is_named_by_its_number_alone(sheet: LabelSheet) -> None:
    long = label(2, *["c/o somebody who lives here"] * 20)

    with pytest.raises(DataError, match="label 2") as raised:
        made([label(1), long], sheet)

    assert "Ana" not in str(raised.value) and label_problem(long.addressee, sheet)
    assert not label_problem(label(1, "Apt 3", "Building 4").addressee, sheet)


@pytest.mark.parametrize(
    ("labels", "first", "says"),
    [([], 1, "no label"), ([label(1)], 0, "1 to 30"), ([label(1)], 31, "1 to 30")],
)
def test_what_cannot_be_printed_says_why(labels: list[Label], first: int, says: str) -> None:
    with pytest.raises(DataError, match=says):
        made(labels, LABEL_SHEETS["avery-5160"], first)


def test_a_sender_that_is_too_long_is_never_cut() -> None:
    with pytest.raises(DataError, match="sender"):
        made([Label(label(1).addressee, ("Long name " * 30,))], LABEL_SHEETS["avery-5160"])


def test_the_same_labels_give_the_same_bytes() -> None:
    labels = [label(1), Label(("محمد عبد الله", "李小龙"), SENDER)]

    assert made(labels, LABEL_SHEETS["avery-5163"]) == made(labels, LABEL_SHEETS["avery-5163"])
    document = reader(made(labels, LABEL_SHEETS["avery-5163"]))
    assert document.metadata is not None and document.metadata.title == "Labels"


def test_pages_can_be_looked_at() -> None:
    content = made([label(number) for number in range(40)], LABEL_SHEETS["avery-5160"])

    first, second = page_pictures(content, pages=[0, 1], width=400)

    assert first.startswith(b"\x89PNG") and first != second


LINES = st.lists(st.text(st.sampled_from("aW .,ñệ李王محहि-09"), min_size=1, max_size=40), min_size=1, max_size=7)


@drawn(daily=12, many=1000, lines=LINES, sheet=st.sampled_from(list(LABEL_SHEETS.values())), first=st.integers(1, 10))
def test_no_label_is_ever_cut_off(lines: list[str], sheet: LabelSheet, first: int) -> None:
    one = Label(tuple(lines), SENDER[:1])
    if label_problem(lines, sheet):
        with pytest.raises(DataError):
            made([one], sheet, first)
        return

    said = said_at(made([one], sheet, first), sheet)

    assert [place for place, text in enumerate(said) if text] == [first - 1]
