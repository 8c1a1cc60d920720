"""A report for a meeting as a PDF on US Letter: head with logo, sections of text, tables and charts, and at the foot of
each page by which rules it was made and 'Page 2 of 5'. Readable on a printer without colours; named for screen readers.

Lengths are in points from the top left.
"""

from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any

from fpdf.enums import ResourceAccessPolicy

from core.channels import pdf_fonts
from core.channels.paper import Letterhead
from core.channels.paper_kit import DARK, Kit
from core.channels.pictures import kept_size
from core.channels.report_chart import chart_height, cut, draw_chart
from core.channels.report_table import TableSetter
from core.domain.chart import Chart
from core.domain.report_document import Block, Lead, Numbers, Paragraph, ReportDocument, Section, Table

_LEFT, _TOP, _WIDTH, _BOTTOM = 54.0, 42.0, 504.0, 730.0
_FOOT = 752.0
_LOGO_WIDTH, _LOGO_HEIGHT = 150.0, 40.0
_HEADING = 24.0


def report_pdf(document: ReportDocument, *, letterhead: Letterhead, made_at: datetime) -> bytes:
    """The file. A character that no font has is printed as '?'. The same arguments give the same bytes."""
    document, letterhead = _printable(document), replace(letterhead, name=_shown(letterhead.name))
    with Kit(letters="") as kit:
        return _Pages(kit, document, letterhead).file(made_at)


class _Pages:
    """A report on its way to paper."""

    def __init__(self, kit: Kit, document: ReportDocument, letterhead: Letterhead) -> None:
        self.kit, self.document, self.letterhead = kit, document, letterhead

    def file(self, made_at: datetime) -> bytes:
        """All pages; their count is known in the end, so that their feet come last."""
        self.kit.add_page()
        y = self._head()
        for section in self.document.sections:
            y = self._section(section, y)
        self._feet()
        self.kit.describe(title=self.document.title, language="en", made_at=made_at, author=self.letterhead.name)
        return self.kit.file()

    def _head(self) -> float:
        kit, document = self.kit, self.document
        y = max(_TOP + (self._logo() and _LOGO_HEIGHT + 12), self._name()) + 6
        with kit.part("H1"):
            y = kit.text_block(_LEFT, y, document.title, _WIDTH, 20, bold=True)
        if document.subtitle:
            with kit.part("P"):
                y = kit.text_block(_LEFT, y + 2, document.subtitle, _WIDTH, 11)
        with kit.part("P"):
            words = "  ·  ".join(f"{word} {value}" for word, value in document.facts)
            for line in kit.wrapped(words, _WIDTH, 8.5):
                y += 12
                kit.line_of(_LEFT, y, line, 8.5, grey=DARK)
        kit.rule(_LEFT, y + 8, _WIDTH)
        return y + 14

    def _logo(self) -> float:
        """Draws it; returns its width, 0 without one."""
        if self.letterhead.logo is None:
            return 0.0
        picture, kind = self.letterhead.logo
        width, height = kept_size(picture, kind)
        scale = min(_LOGO_WIDTH / width, _LOGO_HEIGHT / height)
        with self.kit.part("Figure", alt=self.letterhead.name):
            self.kit.image(
                picture, x=_LEFT, y=_TOP, w=width * scale, h=height * scale,
                resource_access_policy=ResourceAccessPolicy.NONE,
            )  # fmt: skip
        return width * scale

    def _name(self) -> float:
        """The organisation, at the right of its logo or at the left without one; returns its bottom."""
        has_logo, y, room = self.letterhead.logo is not None, _TOP, _WIDTH - _LOGO_WIDTH - 20
        with self.kit.part("P"):
            for line in self.kit.wrapped(self.letterhead.name, room, 10, bold=True)[:3]:
                x = _LEFT + _WIDTH - self.kit.width_of(line, 10, bold=True) if has_logo else _LEFT
                y += 13
                self.kit.line_of(x, y, line, 10, bold=True)
        return y + 8

    def _section(self, section: Section, y: float) -> float:
        if section.heading:
            y, _ = self._room(y + 10, _HEADING + _least(section.blocks[:1]))
            with self.kit.part("H2"):
                y = self.kit.text_block(_LEFT, y, section.heading, _WIDTH, 13, bold=True) + 4
        for block in section.blocks:
            y = self._block(block, y)
        return y

    def _block(self, block: Block, y: float) -> float:
        match block:
            case Lead(text):
                return self._text("P", text, y, 12, gap=6)
            case Paragraph(text, is_note=False):
                return self._text("P", text, y, 10, gap=5)
            case Paragraph(text):
                return self._text("P", text, y, 8.5, gap=5, grey=DARK)
            case Numbers(cells):
                return self._numbers(cells, y)
            case Table(rows=()):
                return self._text("P", block.empty or "Nothing to show.", y, 10, gap=5, grey=DARK)
            case Table():
                return TableSetter(self.kit, block, _LEFT, _WIDTH).draw(y + 2, self._room) + 10
            case Chart():
                return self._chart(block, y)

    def _text(self, kind: str, text: str, y: float, size: float, *, gap: float, grey: int = 0) -> float:
        with self.kit.part(kind):
            for line in self.kit.wrapped(text, _WIDTH, size):
                if y + size * 1.35 > _BOTTOM:
                    y = self._split(kind)
                y += size * 1.35
                self.kit.line_of(_LEFT, y, line, size, grey=grey)
        return y + gap

    def _split(self, kind: str) -> float:
        """A paragraph goes on on the next page, as a part of its own there."""
        self.kit._out("EMC")
        y = self._new_page()
        self.kit._out(f"/{kind} <</MCID {self.kit.parts.leaf(self.kit, kind, None)}>> BDC")
        return y

    def _numbers(self, cells: tuple[tuple[str, str, str], ...], y: float) -> float:
        y, _ = self._room(y + 4, 58)
        wide = _WIDTH / max(len(cells), 1)
        for place, (word, value, below) in enumerate(cells):
            x = _LEFT + place * wide
            with self.kit.part("P"):
                self.kit.line_of(x, y + 9, cut(self.kit, word, wide - 10, 8.5), 8.5, grey=DARK)
                self.kit.line_of(x, y + 29, cut(self.kit, value, wide - 10, 18, bold=True), 18, bold=True)
                self.kit.line_of(x, y + 42, cut(self.kit, below, wide - 10, 8), 8, grey=DARK)
        return y + 54

    def _chart(self, chart: Chart, y: float) -> float:
        y, _ = self._room(y + 6, 20 + chart_height(chart))
        with self.kit.part("H3"):
            y = self.kit.text_block(_LEFT, y, chart.title, _WIDTH, 10.5, bold=True) + 4
        return draw_chart(self.kit, chart, _LEFT, y, _WIDTH) + 8

    # ---- pages -------------------------------------------------------------------------------------------------------
    def _room(self, y: float, height: float) -> tuple[float, bool]:
        """Where a part of this height begins, and whether on a new page."""
        return (y, False) if y + height <= _BOTTOM or y <= _TOP + 26 else (self._new_page(), True)

    def _new_page(self) -> float:
        kit = self.kit
        kit.add_page()
        with kit.part("Artifact"):
            name = cut(kit, self.letterhead.name, _WIDTH / 2 - 10, 8.5)
            title = cut(kit, self.document.title, _WIDTH / 2 - 10, 8.5, bold=True)
            kit.line_of(_LEFT, _TOP + 8, title, 8.5, bold=True)
            kit.line_of(_LEFT + _WIDTH - kit.width_of(name, 8.5), _TOP + 8, name, 8.5, grey=DARK)
        kit.rule(_LEFT, _TOP + 14, _WIDTH)
        return _TOP + 24

    def _feet(self) -> None:
        kit, count = self.kit, self.kit.page
        for page in range(1, count + 1):
            kit.page = page
            words = f"Page {page} of {count}"
            with kit.part("Artifact"):
                right = _LEFT + _WIDTH - kit.width_of(words, 8)
                kit.line_of(right, _FOOT + 8, words, 8, grey=DARK)
                for number, line in enumerate(kit.wrapped(self.document.footer, right - _LEFT - 20, 7)[:2]):
                    kit.line_of(_LEFT, _FOOT + 7 + 9 * number, line, 7, grey=DARK)


def _least(blocks: tuple[Block, ...]) -> float:
    """How much of what follows stands on one page with its heading."""
    chart = next((each for each in blocks if isinstance(each, Chart)), None)
    return 26 + chart_height(chart) if chart else 70.0


def _printable(given: Any) -> Any:
    """The same with every text in letters that the fonts have."""
    if isinstance(given, str):
        return _shown(given)
    if isinstance(given, tuple):
        return tuple(_printable(each) for each in given)
    if is_dataclass(given) and not isinstance(given, type):
        return replace(given, **{each.name: _printable(getattr(given, each.name)) for each in fields(given)})
    return given


def _shown(text: str) -> str:
    shown = pdf_fonts.printable_form(text)
    for letter in pdf_fonts.missing_glyphs(shown):
        shown = shown.replace(letter, "?")
    return shown
