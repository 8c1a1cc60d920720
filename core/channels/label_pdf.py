"""Address labels as a PDF, on the sheets of core.domain.paper."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from core.channels import letter_head
from core.channels.letter_boxes import QUIET, Mark
from core.channels.letter_draw import draw_marks
from core.channels.letter_head import Lines
from core.channels.pdf_document import Document
from core.channels.pdf_fonts import printable_form
from core.domain.letter import Label
from core.domain.paper import LabelSheet
from core.errors import DataError

_ACROSS, _DOWN = 9.0, 6.0  # from the edges: printers feed a sheet as much as 1/16 inch aside
_SIZES = tuple(size / 2 for size in range(22, 11, -1))  # 11 down to 6
_LEADING = letter_head.LEADING
_SENDER_HEIGHT = 14.0  # of two small lines


def labels_pdf(labels: Sequence[Label], sheet: LabelSheet, *, first: int, title: str, made_at: datetime) -> bytes:
    """Sheets of labels in the order given; `first` (from 1) is the place of the first one on the first sheet. The same
    arguments give the same bytes.

    Raises DataError for a label that cannot be printed whole (it says which, never to whom), for a place that the sheet
    does not have and for no label at all.
    """
    if not labels:
        raise DataError("There is no label to print.")
    if not 1 <= first <= sheet.count:
        raise DataError(f"The sheet has labels 1 to {sheet.count}; there is no label {first} to begin with.")
    document = Document(width=sheet.page_width, height=sheet.page_height)
    lines = Lines(document.text_setter)
    for number, label in enumerate(labels):
        place = (number + first - 1) % sheet.count
        if place == 0 or number == 0:
            document.add_page()
        draw_marks(document, "P", _marks(lines, label, sheet, place, number + 1))
    document.describe(title=title, language="en", made_at=made_at)
    return document.file()


def label_problem(lines: Sequence[str], sheet: LabelSheet) -> str:
    """Why an address cannot be printed whole on a label of this sheet; '' when it can."""
    from core.channels.pdf_text import Typesetter

    setter = Lines(Typesetter())
    shown = [printable_form(line) for line in lines]
    return "" if _fitted(setter, shown, sheet)[0] else f"The address is too long for a label of '{sheet.name}'."


def sender_problem(sender: Sequence[str], sheet: LabelSheet) -> str:
    """Why a sender cannot stand on the labels of this sheet; '' when it can."""
    from core.channels.pdf_text import Typesetter

    shown = [printable_form(line) for line in sender]
    if not shown or letter_head.small_lines(Lines(Typesetter()), shown, sheet.width - 2 * _ACROSS)[1]:
        return ""
    return f"The sender is too long for '{sheet.name}'. Shorten its lines, or take larger labels."


def _marks(lines: Lines, label: Label, sheet: LabelSheet, place: int, number: int) -> Iterator[Mark]:
    row, column = divmod(place, sheet.columns)
    x = sheet.left + column * sheet.column_step + _ACROSS
    y = sheet.top + row * sheet.row_step + _DOWN
    small, sender = letter_head.small_lines(
        lines, [printable_form(part) for part in label.sender], sheet.width - 2 * _ACROSS
    )
    if label.sender and not sender:
        raise DataError(f"The sender is too long for '{sheet.name}'. Shorten its lines, or take larger labels.")
    size, address = _fitted(lines, [printable_form(line) for line in label.addressee], sheet)
    if not size:
        raise DataError(
            f"The address of label {number} does not fit on '{sheet.name}'. Shorten it, or take larger labels."
        )
    for place_of_line, line in enumerate(sender):
        yield from lines.at(x, y + small * (0.9 + place_of_line * 1.15), line, small, grey=QUIET)
    room = sheet.height - 2 * _DOWN - _SENDER_HEIGHT
    top = y + _SENDER_HEIGHT + (room - len(address) * size * _LEADING) / 2
    for place_of_line, line in enumerate(address):
        yield from lines.at(x, top + (place_of_line * _LEADING + 0.9) * size, line, size)


def _fitted(lines: Lines, address: Sequence[str], sheet: LabelSheet) -> tuple[float, list[str]]:
    """The size and the lines of an address beneath the sender's line; the size is 0 when it does not fit."""
    room = sheet.height - 2 * _DOWN - _SENDER_HEIGHT
    if not address:
        return 0.0, []
    return letter_head.fitted(lines, address, width=sheet.width - 2 * _ACROSS, height=room, sizes=_SIZES)
