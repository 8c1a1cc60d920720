"""Forms on paper: a `PaperForm` with the organisation's letterhead as a PDF on US Letter, to print or to fill in on the
screen. Each page of the form is one page of paper: text gets smaller, then room opens up until the page is filled.
"""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fpdf.enums import ResourceAccessPolicy

from core.channels.paper_kit import DARK, TICK, Kit
from core.channels.paper_types import draw_types
from core.channels.pictures import kept_size
from core.domain.paper_form import Block, Boxes, Field, Fields, Heading, Office, PaperForm, Paragraph, Types
from core.errors import SettingsError

_LEFT, _TOP, _WIDTH, _BOTTOM = 54.0, 40.0, 504.0, 748.0
_LOGO_WIDTH, _LOGO_HEIGHT = 190.0, 46.0
_SIZES = tuple(size / 4 for size in range(43, 29, -1))  # 10.75 down to 7.5
_AIRS = tuple(air / 20 for air in range(20, 45))  # times the least room
_NAME_LINES, _ADDRESS_LINES = 3, 3
_INSET = 7.0  # of what the office writes


@dataclass(frozen=True)
class Letterhead:
    """What stands at the top of the first page. `logo` is a picture and its kind ('png', 'jpeg', 'svg')."""

    name: str
    address: str = ""
    phone: str = ""
    logo: tuple[bytes, str] | None = None


def form_pdf(form: PaperForm, *, letterhead: Letterhead, values: Mapping[str, str], made_at: datetime) -> bytes:
    """The file. `values` are printed into the boxes of these keys; the other boxes are empty. The same arguments give
    the same bytes. Raises SettingsError for a letterhead that does not fit."""
    with Kit(letters="".join(_letters(form, letterhead, values))) as kit:
        return _drawn(_Sheet(kit, form, letterhead, values), pages=range(len(form.pages)), made_at=made_at)


def _drawn(sheet: "_Sheet", *, pages: range, made_at: datetime) -> bytes:
    size = next((size for size in _SIZES if all(sheet.fits(page, size, 1.0) for page in pages)), 0)
    if not size:
        raise SettingsError(
            "The name or the address of the organisation is too long for its forms. Shorten the setting name or "
            "postal_address."
        )
    for page in pages:
        room = bisect(_AIRS, False, key=lambda air: not sheet.fits(page, size, air))
        sheet.draw(page, size, _AIRS[room - 1])
    return sheet.finish(made_at)


def too_long(form: PaperForm, values: Mapping[str, str]) -> list[str]:
    """The keys of the values that are too long for their boxes."""
    with Kit(letters="".join(values.values())) as kit:
        return [
            field.key
            for block in form.blocks
            if isinstance(block, Fields)
            for field, width in _columns(block.fields, _WIDTH)
            if not kit.fits(values.get(field.key, ""), width)
        ]


class _Sheet:
    """One form on its way to paper."""

    def __init__(self, kit: Kit, form: PaperForm, letterhead: Letterhead, values: Mapping[str, str]) -> None:
        self.kit = kit
        self.form, self.letterhead, self.values = form, letterhead, values
        self.size = self.air = 1.0
        self.spare = 0.0  # room that is left on a page, above what the office writes

    def fits(self, page: int, size: float, air: float) -> bool:
        """Whether a page has room for its text in this size with this much air."""
        self.kit.ink, self.spare = False, 0.0
        return self._lay(page, size, air) <= _BOTTOM

    def draw(self, page: int, size: float, air: float) -> None:
        """Draw a page."""
        self.kit.ink, self.spare = False, 0.0
        self.spare = _BOTTOM - self._lay(page, size, air)
        self.kit.ink = True
        self.kit.add_page()
        self._lay(page, size, air)
        with self.kit.part("Artifact"):
            words = self.form.words["page"].format(page=page + 1, pages=len(self.form.pages))
            self.kit.line_of(_LEFT + _WIDTH - self.kit.width_of(words, 8), 770, words, 8, grey=DARK)

    def finish(self, made_at: datetime) -> bytes:
        """The file with its title and language."""
        kit = self.kit
        kit.describe(title=self.form.title, language=self.form.language, made_at=made_at, author=self.letterhead.name)
        return kit.file()

    def _lay(self, page: int, size: float, air: float) -> float:
        self.size, self.air = size, air
        y = self._head() if page == 0 else self._running_head()
        return self._blocks(self.form.pages[page], _LEFT, y, _WIDTH)

    def _blocks(self, blocks: Sequence[Block], x: float, y: float, width: float) -> float:
        before: Block | None = None
        for place, block in enumerate(blocks):
            if isinstance(block, Office):
                return self._office(block, blocks[place + 1 :], x, y, width)
            y = self._block(block, before, x, y, width)
            before = block
        return y

    def _block(self, block: Block, before: Block | None, x: float, y: float, width: float) -> float:
        kit, size, air = self.kit, self.size, self.air
        match block:
            case Heading(text):
                with kit.part("H2"):
                    return kit.text_block(x, y + 5 * air, text, width, size + 1.5, bold=True) + 2 * air
            case Paragraph(text, is_item=True):
                with kit.part("P"):
                    kit.line_of(x + 1, y + size, "•", size)
                    return kit.text_block(x + 11, y, text, width - 11, size) + 1.5 * air
            case Paragraph(text):
                with kit.part("P"):
                    return kit.text_block(x, y, text, width, size) + 3 * air
            case Fields():
                top = y if isinstance(before, Fields) or before is None else y + 1.5 * air
                return self._fields(block, x, top - (4 * air if isinstance(before, Fields) else 0), width)
            case Boxes(fields):
                return self._boxes(fields, x, y, width)
            case Types(rows):
                return draw_types(kit, rows, self.form.words, x, y, width, air=air) + 4 * air
        raise AssertionError(block)

    def _fields(self, block: Fields, x: float, y: float, width: float) -> float:
        height = (42 if block.is_tall else 29) * min(self.air, 1.25)
        for field, wide in _columns(block.fields, width):
            self.kit.write_box(
                x, y, wide, height, name=field.key, label=field.label, value=self.values.get(field.key, ""),
                is_tall=block.is_tall,
            )  # fmt: skip
            x += wide
        return y + height + 4 * self.air

    def _boxes(self, fields: tuple[Field, ...], x: float, y: float, width: float) -> float:
        bottom = y
        for field, wide in _columns(fields, width):
            with self.kit.part("P"):
                end = self.kit.text_block(x + TICK + 5, y, field.label, wide - TICK - 13, self.size)
            self.kit.check_box(x, y + (self.size * 1.25 - TICK) / 2, name=field.key, label=field.label)
            bottom, x = max(bottom, end), x + wide
        return bottom + 3 * self.air

    def _office(self, office: Office, blocks: Sequence[Block], x: float, y: float, width: float) -> float:
        """A frame with a shaded head; in it everything is a little smaller."""
        head, size = 15.0, self.size
        y += 5 * self.air + self.spare
        self.kit.frame(x, y, width, head, is_shaded=True)
        with self.kit.part("H2"):
            self.kit.line_of(x + _INSET, y + 10.8, office.text, 8.5, bold=True)
        self.size = min(size, 9.0)
        bottom = self._blocks(blocks, x + _INSET, y + head + 5 * self.air, width - 2 * _INSET) + 1.5 * self.air
        self.size = size
        self.kit.frame(x, y, width, bottom - y)
        return bottom

    def _head(self) -> float:
        """Logo at the left, name, address and number at the right; without a logo the name stands at the left."""
        kit, letterhead = self.kit, self.letterhead
        left = self._logo()
        bottom = _TOP + _LOGO_HEIGHT
        with kit.part("P"):
            if left:
                right = self._right_lines(letterhead.name, _TOP + 1, _WIDTH - left - 24, 11, _NAME_LINES, bold=True)
            else:
                bottom = kit.text_block(_LEFT, _TOP, letterhead.name, _WIDTH * 0.58, self._name_size(), bold=True)
                right = _TOP
            below = _WIDTH - left - 24 if left else _WIDTH * 0.4
            right = self._right_lines(letterhead.address, right + 2, below, 8.5, _ADDRESS_LINES)
            right = self._right_lines(letterhead.phone, right, below, 8.5, 1)
        y = max(bottom, right) + 8
        kit.rule(_LEFT, y, _WIDTH)
        with kit.part("H1"):
            return kit.text_block(_LEFT, y + 9 * self.air, self.form.title, _WIDTH, 17, bold=True) + 3 * self.air

    def _name_size(self) -> float:
        lines = (size for size in (15.0, 13.0, 11.0, 9.5) if len(self._name_lines(size)) <= _NAME_LINES)
        return next(lines, 9.5)

    def _name_lines(self, size: float) -> list[str]:
        return self.kit.wrapped(self.letterhead.name, _WIDTH * 0.58, size, bold=True)

    def _right_lines(self, text: str, y: float, width: float, size: float, most: int, *, bold: bool = False) -> float:
        while size > 7.5 and len(self.kit.wrapped(text, width, size, bold=bold)) > most:
            size -= 0.5
        for line in self.kit.wrapped(text, width, size, bold=bold):
            self.kit.line_of(
                _LEFT + _WIDTH - self.kit.width_of(line, size, bold=bold), y + size, line, size, bold=bold
            )  # fmt: skip
            y += size * 1.3
        return y

    def _logo(self) -> float:
        """Draws it; returns its width, 0 without one."""
        if self.letterhead.logo is None:
            return 0.0
        picture, kind = self.letterhead.logo
        width, height = kept_size(picture, kind)
        scale = min(_LOGO_WIDTH / width, _LOGO_HEIGHT / height)
        if self.kit.ink:
            with self.kit.part("Figure", alt=self.letterhead.name):
                self.kit.image(
                    picture, x=_LEFT, y=_TOP + (_LOGO_HEIGHT - height * scale) / 2, w=width * scale, h=height * scale,
                    resource_access_policy=ResourceAccessPolicy.NONE,
                )  # fmt: skip
        return width * scale

    def _running_head(self) -> float:
        """Of a later page: which form it belongs to, should the pages part."""
        kit = self.kit
        with kit.part("Artifact"):
            end = kit.line_of(_LEFT, _TOP + 9, self.form.title, 9, bold=True)
            name = self.letterhead.name
            room = _LEFT + _WIDTH - end - 16
            while name and kit.width_of(name, 8.5) > room:
                name = name[:-2].rstrip() + "…" if len(name) > 2 else ""
            kit.line_of(_LEFT + _WIDTH - kit.width_of(name, 8.5), _TOP + 9, name, 8.5)
        kit.rule(_LEFT, _TOP + 15, _WIDTH)
        return _TOP + 15 + 9 * self.air


def _columns(fields: Sequence[Field], width: float) -> Iterator[tuple[Field, float]]:
    whole = sum(field.share for field in fields)
    return ((field, width * field.share / whole) for field in fields)


def _letters(form: PaperForm, letterhead: Letterhead, values: Mapping[str, str]) -> Iterator[str]:
    """Everything that the file says."""
    yield from ("•…–", form.title, *form.words.values(), *values.values())
    yield from (letterhead.name, letterhead.address, letterhead.phone)
    for block in form.blocks:
        match block:
            case Heading(text) | Paragraph(text) | Office(text):
                yield text
            case Fields(fields) | Boxes(fields):
                yield from (field.label for field in fields)
            case Types(rows):
                yield from (f"{row.title}{row.about}{row.name}" for row in rows)
