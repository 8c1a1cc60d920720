"""Letters as PDFs: each letter begins on a page of its own, with the letterhead and the address at its place."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.channels.label_pdf import labels_pdf as labels_pdf
from core.channels.paper_kit import Kit
from core.channels.pdf_pictures import page_pictures as page_pictures
from core.domain.letter import Letter, Letterhead
from core.domain.paper import PageTemplate

_SIZE, _LEADING, _SMALLEST = 11.0, 15.0, 8.0


@dataclass(frozen=True)
class LetterFile:
    """A file of letters. `first_pages` says for each letter on which page it begins, from 0."""

    content: bytes
    pages: int
    first_pages: tuple[int, ...]


def letters_pdf(letters: Iterable[Letter], letterhead: Letterhead, *, title: str, made_at: datetime) -> LetterFile:
    """All letters in one file; the same arguments give the same bytes."""
    known = tuple(letters)
    words = "".join("".join((*each.addressee, each.greeting, html.unescape(each.body))) for each in known)
    page = letterhead.page
    with Kit(
        letters=words + "".join((*letterhead.sender, *letterhead.dates.values())), size=(page.width, page.height)
    ) as kit:
        firsts = tuple(_letter(kit, each, letterhead) for each in known)
        kit.set_title(title)
        kit.set_lang(known[0].language if known else "en")
        kit.set_creator("Careloop")
        kit.set_creation_date(made_at)
        return LetterFile(kit.file(), kit.page, firsts)


def addressee_problem(lines: Sequence[str], page: PageTemplate) -> str:
    """Why an address cannot be printed whole on this page; '' when it can."""
    with Kit(letters="") as kit:
        if len(lines) * _SMALLEST * 1.25 > page.address_height:
            return f"The address has {len(lines)} lines, which is more than fit on the page."
        if any(kit.width_of(line, _SMALLEST) > page.address_width for line in lines):
            return "A line of the address is too long for the page."
    return ""


def _letter(kit: Kit, letter: Letter, letterhead: Letterhead) -> int:
    page = letterhead.page
    kit.add_page()
    first, y = kit.page - 1, page.margin / 2
    for line in letterhead.sender:
        y = kit.text_block(page.margin, y, line, page.width - 2 * page.margin, 9)
    y = page.address_y
    for line in letter.addressee:
        y = kit.text_block(page.address_x, y, line, page.address_width, _SIZE)
    y = page.address_y + page.address_height + 24
    blocks = re.split(r"</(?:p|div|li|h\d|tr|td|th)>|<br ?/?>", letter.body)
    texts = [html.unescape(re.sub(r"<[^>]*>", "", block)).strip() for block in blocks]
    date = letterhead.dates.get(letter.language, next(iter(letterhead.dates.values()), ""))
    for text in (date, letter.greeting, *texts):
        for line in kit.wrapped(text, page.width - 2 * page.margin, _SIZE):
            if y + _LEADING > page.height - page.margin:
                kit.add_page()
                y = page.margin
            kit.line_of(page.margin, y + _SIZE, line, _SIZE)
            y += _LEADING
        y += 6
    return first
