"""Address labels as a PDF, on the sheets of core.domain.paper."""

from collections.abc import Sequence
from datetime import datetime

from core.channels.paper_kit import Kit
from core.domain.letter import Label
from core.domain.paper import LabelSheet
from core.errors import DataError

_INSET, _SIZE, _SMALLEST = 9.0, 11.0, 6.0


def labels_pdf(labels: Sequence[Label], sheet: LabelSheet, *, first: int, title: str, made_at: datetime) -> bytes:
    """Sheets of labels; `first` (from 1) is the place of the first one on the first sheet. The same arguments give the
    same bytes. Raises DataError for a label that cannot be printed whole; it says which, never to whom."""
    words = "".join("".join((*each.addressee, *each.sender)) for each in labels)
    with Kit(letters=words, size=(sheet.page_width, sheet.page_height)) as kit:
        for place, label in enumerate(labels, first - 1):
            if place % sheet.count == 0 or kit.page == 0:
                kit.add_page()
            _draw(kit, label, sheet, place % sheet.count, place - first + 2)
        kit.set_title(title)
        kit.set_creator("Careloop")
        kit.set_creation_date(made_at)
        return kit.file()


def _draw(kit: Kit, label: Label, sheet: LabelSheet, place: int, number: int) -> None:
    row, column = divmod(place, sheet.columns)
    x, y = sheet.left + column * sheet.column_step + _INSET, sheet.top + row * sheet.row_step + 5
    width, bottom = sheet.width - 2 * _INSET, y + sheet.height - 10
    sender = " · ".join(label.sender)
    kit.line_of(x, y + 6, sender, min(6.0, width / max(kit.width_of(sender, 1), 1)))
    longest = max((kit.width_of(line, 1) for line in label.addressee), default=1)
    size = min(_SIZE, width / longest, (bottom - y - 9) / 1.2 / max(len(label.addressee), 1))
    if size < _SMALLEST:
        raise DataError(f"Label {number} has more text than fits. Shorten its address, or take larger labels.")
    for line_number, line in enumerate(label.addressee, 1):
        kit.line_of(x, y + 9 + line_number * size * 1.2, line, size)
