"""Letters as PDFs: each letter begins on a page of its own, with the letterhead, and the address at its place.

What is the same in all letters is laid out once; the rest is made of words that are shaped once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.channels import letter_head
from core.channels.label_pdf import label_problem as label_problem
from core.channels.label_pdf import labels_pdf as labels_pdf
from core.channels.letter_boxes import Box, Setter, Type, type_for
from core.channels.letter_draw import draw_boxes, draw_marks
from core.channels.letter_head import HEAD_Y, LOGO_HEIGHT, LOGO_WIDTH, Lines
from core.channels.letter_html import Block, Paragraph, Run, blocks, pieces
from core.channels.pdf_document import Document
from core.channels.pdf_fonts import printable_form
from core.channels.pdf_pictures import page_pictures as page_pictures
from core.channels.pdf_text import Typesetter
from core.channels.pictures import kept_size
from core.domain.letter import Letter, Letterhead
from core.domain.paper import PageTemplate
from core.errors import DataError

_SIZE = 11.0
_TOP = 72.0  # of the text on further pages


@dataclass(frozen=True)
class LetterFile:
    """A file of letters. `first_pages` says for each letter on which page it begins, from 0."""

    content: bytes
    pages: int
    first_pages: tuple[int, ...]


def letters_pdf(letters: Iterable[Letter], letterhead: Letterhead, *, title: str, made_at: datetime) -> LetterFile:
    """All letters in one file; the same arguments give the same bytes.

    Raises DataError for a letter whose address does not fit (it says which letter, not to whom; `addressee_problem`
    finds that before) and for no letter at all.
    """
    press = _Press(letterhead)
    languages: Counter[str] = Counter()
    firsts = []
    for number, letter in enumerate(letters, 1):
        firsts.append(press.print(letter, number))
        languages[letter.language] += 1
    if not firsts:
        raise DataError("There is no letter to print.")
    [(language, _)] = languages.most_common(1)
    document = press.document
    author = letterhead.sender[0] if letterhead.sender else ""
    document.describe(title=title, language=language, made_at=made_at, author=author)
    return LetterFile(document.file(), document.page, tuple(firsts))


def addressee_problem(lines: Sequence[str], page: PageTemplate) -> str:
    """Why an address cannot be printed whole on this page, for the list of what is not printed; '' when it can."""
    shown = [printable_form(line) for line in lines]
    return letter_head.problem_with(Lines(Typesetter()), shown, page)


class _Press:
    """One file of letters on its way."""

    def __init__(self, letterhead: Letterhead) -> None:
        page = letterhead.page
        self.letterhead, self.page = letterhead, page
        self.document = Document(width=page.width, height=page.height)
        self.lines = Lines(self.document.text_setter)
        self.bottom = page.height - page.margin * 0.9
        self.setter = Setter(self.document.text_setter, self.bottom - page.body_y)
        self._laid: dict[tuple[str, str, str], tuple[list[Box], Block | None]] = {}
        sender = tuple(printable_form(line) for line in letterhead.sender)
        self.letterhead = letterhead = replace(letterhead, sender=sender)
        self.head = tuple(letter_head.sender_marks(self.lines, letterhead, has_logo=letterhead.logo is not None))
        self.around = tuple(letter_head.fold_marks(page))
        self.back = tuple(letter_head.return_marks(self.lines, letterhead))
        self._logo: bytes | None = None

    def print(self, letter: Letter, number: int) -> int:
        """Print a letter; returns on which page it begins, from 0."""
        first = self.document.page
        address = [printable_form(line) for line in letter.addressee]
        size, shown = letter_head.address_on(self.lines, address, self.page)
        if not size or not address:
            problem = letter_head.problem_with(self.lines, address, self.page)
            raise DataError(f"Letter {number} cannot be printed. {problem} Shorten it, or choose another page.")
        dates = self.letterhead.dates
        date = printable_form(dates.get(letter.language) or dates.get("en") or next(iter(dates.values()), ""))
        beside = letter_head.date_fits(self.lines, date, self.page, _SIZE)
        pages = list(self._pages(self._boxes(letter, "" if beside else date)))
        with self.document.group("Sect", language=letter.language):
            for place, boxes in enumerate(pages):
                self.document.add_page()
                if place == 0:
                    self._first_page(shown, size, date if beside else "")
                else:
                    running = letter_head.running_marks(
                        self.lines, self.letterhead, letter.language, place + 1, len(pages)
                    )  # fmt: skip
                    draw_marks(self.document, "Artifact", running)
                draw_boxes(self.document, boxes)
        return first

    def _first_page(self, address: Sequence[str], size: float, date: str) -> None:
        document = self.document
        draw_marks(document, "Artifact", self.around)
        self._draw_logo()
        draw_marks(document, "P", self.head)
        draw_marks(document, "P", self.back)
        draw_marks(document, "P", letter_head.address_marks(self.lines, address, self.page, size))
        draw_marks(document, "P", letter_head.date_marks(self.lines, date, self.page, _SIZE))

    def _draw_logo(self) -> None:
        if self.letterhead.logo is None:
            return
        name = self.letterhead.logo_name or next(iter(self.letterhead.sender), "Logo")
        with self.document.part("Figure", alt=name):
            if self._logo is None:
                self._logo = self._new_logo(*self.letterhead.logo)
            else:
                self.document._out(self._logo)

    def _new_logo(self, picture: bytes, kind: str) -> bytes:
        """Draw it the first time; returns how it is drawn."""
        width, height = kept_size(picture, kind)
        room = min(LOGO_HEIGHT, self.page.head_bottom - HEAD_Y)
        scale = min(LOGO_WIDTH / width, room / height)
        return self.document.draw_picture(picture, self.page.margin, HEAD_Y, width * scale, height * scale)

    def _boxes(self, letter: Letter, date: str) -> Iterator[Box]:
        before: Block | None = None
        for text in (date, letter.greeting):
            if text:
                block = Paragraph((Run(text),))
                yield from self._set((block,), letter.language, before)
                before = block
        for piece in pieces(letter.body):
            key = (letter.language, piece, "" if before is None else getattr(before, "kind", type(before).__name__))
            if key not in self._laid:
                found = blocks(piece)
                self._laid[key] = self._set(found, letter.language, before), found[-1] if found else before
            boxes, before = self._laid[key]
            yield from boxes

    def _set(self, found: Sequence[Block], language: str, before: Block | None) -> list[Box]:
        width = self.page.width - 2 * self.page.margin
        return self.setter.boxes(found, self._type(language), x=self.page.margin, width=width, before=before)

    def _type(self, language: str) -> Type:
        return type_for(language, _SIZE)

    def _pages(self, boxes: Iterable[Box]) -> Iterator[list[tuple[float, Box]]]:
        """Where each box stands on which page. Boxes that keep together go on together, unless they fill a page."""
        placed: list[tuple[float, Box]] = []
        y = self.page.body_y
        for together in _kept_together(boxes):
            height = sum(box.height + box.gap for box in together) - (0 if placed else together[0].gap)
            if placed and y + height > self.bottom and height <= self.bottom - _TOP:
                yield placed
                placed, y = [], _TOP
            for box in together:
                if placed and y + box.gap + box.height > self.bottom:
                    yield placed
                    placed, y = [], _TOP
                if not placed and y + sum(each.height for each in box.head) + box.height <= self.bottom and y == _TOP:
                    for head in box.head:
                        placed.append((y, head))
                        y += head.height
                y += box.gap if placed and placed[-1][1] not in box.head else 0.0
                placed.append((y, box))
                y += box.height
        yield placed


def _kept_together(boxes: Iterable[Box]) -> Iterator[list[Box]]:
    together: list[Box] = []
    for box in boxes:
        together.append(box)
        if not box.keeps:
            yield together
            together = []
    if together:
        yield together
