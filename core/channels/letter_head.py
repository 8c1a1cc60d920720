"""What stands around the text of a letter: letterhead, address, date, fold marks, and the head of further pages."""

from collections.abc import Iterator, Sequence

from core.channels import pdf_bidi
from core.channels.letter_marks import BLACK, QUIET, Bar, Mark, Text
from core.channels.pdf_text import Typesetter, Word, width_of
from core.domain.letter import Letterhead
from core.domain.paper import PageTemplate

LOGO_WIDTH, LOGO_HEIGHT = 200.0, 54.0
HEAD_Y = 40.0
_SIZES = tuple(size / 2 for size in range(22, 15, -1))  # of an address: 11 down to 8
LEADING = 1.2
_READABLE = 9.0
_PAGE_WORDS = {
    "en": "Page {page} of {pages}", "es": "Página {page} de {pages}", "fr": "Page {page} sur {pages}",
    "de": "Seite {page} von {pages}", "pt": "Página {page} de {pages}", "vi": "Trang {page} / {pages}",
    "zh": "第 {page} / {pages} 页", "pl": "Strona {page} z {pages}",
}  # fmt: skip


class Lines:
    """Single lines of text on a page."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._typesetter = typesetter

    def words(self, text: str, *, is_bold: bool = False) -> list[tuple[Word, bool]]:
        """The words of a line."""
        word = self._typesetter.word
        return [(word(each, is_bold=is_bold), place > 0) for place, each in enumerate(text.split())]

    def width(self, text: str, *, is_bold: bool = False) -> float:
        """How long it is in size 1."""
        return width_of(self.words(text, is_bold=is_bold))

    def at(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        is_bold: bool = False,
        grey: float = BLACK,
        side: str = "left",
    ) -> Iterator[Text]:
        """A line with its baseline at y that begins at x, or ends there."""
        words = self.words(text, is_bold=is_bold)
        start = x - width_of(words) * size if side == "right" else x
        if words:
            for offset, shown in self._typesetter.line(words, size, rtl=pdf_bidi.is_rtl(text)):
                yield Text(start + offset, y, shown, grey)

    def cut(self, text: str, size: float, width: float, *, is_bold: bool = False) -> list[str]:
        """The text in lines of at most this width; what is longer than a line stands alone."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.width(longer, is_bold=is_bold) * size > width:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines


def fitted(
    lines: Lines, address: Sequence[str], *, width: float, height: float, sizes: Sequence[float]
) -> tuple[float, list[str]]:
    """The size in which an address fits, and its lines: a long one is parted between words before all get too small to
    read at a glance. The size is 0 when none of `sizes`, from the largest, is small enough."""
    widths = [lines.width(line) for line in address]
    for size in sizes:
        if size >= _READABLE and _is_inside(widths, len(address), size, width, height):
            return size, list(address)
    for size in sizes:
        shown = [part for line in address for part in lines.cut(line, size, width)]
        if _is_inside([lines.width(line) for line in shown], len(shown), size, width, height):
            return size, shown
    return 0.0, []


def _is_inside(widths: Sequence[float], count: int, size: float, width: float, height: float) -> bool:
    is_low = count * size * LEADING <= height + 0.01
    return is_low and max(widths, default=0.0) * size <= width + 0.01


def address_on(lines: Lines, address: Sequence[str], page: PageTemplate) -> tuple[float, list[str]]:
    """The size and the lines of an address at its place on a page; the size is 0 when it does not fit."""
    return fitted(lines, address, width=page.address_width, height=page.address_height, sizes=_SIZES)


def problem_with(lines: Lines, address: Sequence[str], page: PageTemplate) -> str:
    """Why an address does not stand at its place even in the smallest size; '' when it does."""
    if not address:
        return "There is no address."
    if address_on(lines, address, page)[0]:
        return ""
    most = int((page.address_height + 0.01) // (_SIZES[-1] * LEADING))
    if len(address) > most:
        return f"The address has {len(address)} lines; {most} fit on the page '{page.name}'."
    return f"A line of the address is too long for the page '{page.name}'."


def address_marks(lines: Lines, address: Sequence[str], page: PageTemplate, size: float) -> Iterator[Mark]:
    """The addressee's lines."""
    for number, line in enumerate(address):
        yield from lines.at(page.address_x, page.address_y + (number * LEADING + 0.92) * size, line, size)


def return_marks(lines: Lines, letterhead: Letterhead) -> Iterator[Mark]:
    """The sender in one small line above the addressee, where the page has a place for it."""
    page = letterhead.page
    if page.return_y is None or not letterhead.sender:
        return
    y = page.return_y
    size, shown = small_lines(lines, letterhead.sender, page.address_width)
    for text in shown:
        yield from lines.at(page.address_x, y + size, text, size, grey=QUIET)
        y += size * 1.25
    yield Bar(page.address_x, y + size * 0.2, page.address_width, 0.4, QUIET)


def small_lines(lines: Lines, sender: Sequence[str], width: float) -> tuple[float, list[str]]:
    """The sender in one small line, or in two where one would be too small; and the size of it. No line when both
    would be too small to read."""
    parts = [part for part in sender if part]
    whole = (" · ".join(parts),)
    in_two = [(" · ".join(parts[:cut]), " · ".join(parts[cut:])) for cut in range(1, len(parts))]
    for rows, smallest in (
        (whole, 5.2),
        *((pair, 4.2) for pair in sorted(in_two, key=lambda pair: max(map(len, pair)))),
    ):
        size = min(6.5, width / max(max(lines.width(row) for row in rows), 0.01))
        if size >= smallest:
            return size, list(rows)
    return 0.0, []


def sender_marks(lines: Lines, letterhead: Letterhead, *, has_logo: bool) -> Iterator[Mark]:
    """The sender's name and address: at the right of a logo, at the left without one. They get smaller until they end
    above what the window of the envelope shows."""
    page, (name, *rest) = letterhead.page, letterhead.sender or ("",)
    x, side = (page.width - page.margin, "right") if has_logo else (page.margin, "left")
    room = page.width - 2 * page.margin - (LOGO_WIDTH + 20 if has_logo else 0)
    for scale in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5):
        big, small = (10.5 if has_logo else 14.0) * scale, 8.5 * scale
        names = lines.cut(name, big, room, is_bold=True)
        others = [part for line in rest for part in lines.cut(line, small, room)]
        height = len(names) * big * 1.25 + len(others) * small * 1.35 + 2
        if HEAD_Y + height <= page.head_bottom:
            break
    y = HEAD_Y + big * 0.95
    for line in names:
        yield from lines.at(x, y, line, big, is_bold=True, side=side)
        y += big * 1.25
    y += 2 - big * 1.25 + small * 1.45
    for line in others:
        yield from lines.at(x, y, line, small, grey=QUIET, side=side)
        y += small * 1.35


def date_marks(lines: Lines, text: str, page: PageTemplate, size: float) -> Iterator[Mark]:
    """The date, at the right margin beside the address."""
    yield from lines.at(page.width - page.margin, page.address_y + size * 0.92, text, size, side="right")


def date_fits(lines: Lines, text: str, page: PageTemplate, size: float) -> bool:
    """Whether there is room for the date beside the address and what shows through the window."""
    left = max(page.address_x + page.address_width, page.shown[2] if page.shown else 0) + 6
    return page.width - page.margin - lines.width(text) * size >= left


def fold_marks(page: PageTemplate) -> Iterator[Mark]:
    """Short lines at the left edge, where printers still print."""
    for y in page.folds:
        yield Bar(17, y - 0.25, 10, 0.5, QUIET)


def running_marks(lines: Lines, letterhead: Letterhead, language: str, number: int, count: int) -> Iterator[Mark]:
    """At the top of a further page: from whom, and which page it is."""
    page, size = letterhead.page, 8.5
    words = _PAGE_WORDS.get(language, "{page} / {pages}").format(page=number, pages=count)
    room = page.width - 2 * page.margin - lines.width(words) * size - 20
    name = letterhead.sender[0] if letterhead.sender else ""
    shown = next(iter(lines.cut(name, size, room)), "")
    if lines.width(shown) * size <= room:
        yield from lines.at(page.margin, HEAD_Y + size, shown, size, grey=QUIET)
    yield from lines.at(page.width - page.margin, HEAD_Y + size, words, size, grey=QUIET, side="right")
