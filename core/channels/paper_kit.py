"""What forms on paper are drawn with: text that wraps, boxes to write in and to tick, named for screen readers.

Lengths are in points (1/72 inch) from the top left corner. While `ink` is off everything is measured and nothing drawn.
"""

from collections.abc import Iterator

from core.channels import pdf_bidi, pdf_fonts
from core.channels.pdf_document import Document
from core.channels.pdf_text import Word, width_of

BLACK, DARK, PALE = 0, 70, 232  # of 255: fine on a black-and-white printer and on a copy
HAIRLINE = 0.6
LABEL = 7.2  # size of the label in a box
TICK = 9.5  # side of a box to tick
_LEADING = 1.3
_SMALLEST = 7.0


class Kit(Document):
    """A document on US Letter with the fonts of `pdf_fonts`, for a `with` block.

    `letters` are all that will be printed. Raises ValueError for one that no font has, since it would be an empty box:
    callers look for those first.
    """

    def __init__(self, *, letters: str) -> None:
        if pdf_fonts.missing_glyphs(letters):
            raise ValueError("letters that no font has")
        super().__init__(width=612, height=792)

    def __enter__(self) -> "Kit":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def line_of(self, x: float, y: float, text: str, size: float, *, bold: bool = False, grey: int = BLACK) -> float:
        """One line with its baseline at y; returns where it ends."""
        words = self._words(text, bold)
        if self.ink and words:
            self._out(f"{grey / 255:.3g} g")
            for start, shown in self.text_setter.line(words, size, rtl=pdf_bidi.is_rtl(text)):
                self._out(f"BT {x + start:.2f} {self.h - y:.2f} Td {shown} ET")
        return x + width_of(words) * size

    def width_of(self, text: str, size: float, *, bold: bool = False) -> float:
        """How long a line is."""
        return width_of(self._words(text, bold)) * size

    def _words(self, text: str, bold: bool) -> list[tuple[Word, bool]]:
        word = self.text_setter.word
        return [(word(each, is_bold=bold), place > 0) for place, each in enumerate(text.split())]

    def wrapped(self, text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
        """The text in lines; a word that is longer than a line is broken."""
        lines: list[str] = []
        room, space = width, self.width_of("a a", size, bold=bold) - 2 * self.width_of("a", size, bold=bold)
        for word in text.split():
            long = self.width_of(word, size, bold=bold)
            if lines and long + space <= room:
                lines[-1] += f" {word}"
                room -= long + space
                continue
            lines.extend(self._pieces(word, width, size, bold=bold) if long > width else [word])
            room = width - self.width_of(lines[-1], size, bold=bold)
        return lines

    def _pieces(self, word: str, width: float, size: float, *, bold: bool) -> Iterator[str]:
        piece = ""
        for letter in pdf_fonts.letters_of(word):
            if piece and self.width_of(piece + letter, size, bold=bold) > width:
                yield piece
                piece = ""
            piece += letter
        yield piece

    def text_block(self, x: float, y: float, text: str, width: float, size: float, *, bold: bool = False) -> float:
        """Lines from the top y on; returns the bottom."""
        for line in self.wrapped(text, width, size, bold=bold):
            self.line_of(x, y + size, line, size, bold=bold)
            y += size * _LEADING
        return y

    def rule(self, x: float, y: float, width: float) -> None:
        """A thin line across."""
        with self.part("Artifact"):
            if self.ink:
                self._pen()
                self.line(x, y, x + width, y)

    def frame(self, x: float, y: float, w: float, h: float, *, is_shaded: bool = False) -> None:
        """A box with a thin border."""
        with self.part("Artifact"):
            if self.ink:
                self._pen()
                self.set_fill_color(PALE)
                self.rect(x, y, w, h, "DF" if is_shaded else "D")

    def write_box(
        self, x: float, y: float, w: float, h: float, *, name: str, label: str, value: str = "", is_tall: bool = False
    ) -> None:
        """A box to write in, with its label inside at the top. With a value that is printed, and nothing can be typed.
        A signature is written by hand."""
        self.frame(x, y, w, h)
        with self.part("P"):
            self.line_of(x + 4, y + 9.5, label, self.fitting(label, w - 8, LABEL, smallest=5.5), grey=DARK)
            if value:
                self.line_of(x + 4, y + h - 7, value, self.fitting(value, w - 8, 11))
        if self.ink and not value and name != "signature":
            self.text_box(name, label, x + 2, y + 11, w - 4, h - 13, many_lines=is_tall)

    def check_box(self, x: float, y: float, *, name: str, label: str) -> None:
        """A box to tick; its words are drawn by whoever knows where."""
        self.frame(x, y, TICK, TICK)
        if self.ink:
            self.tick_box(name, label, x, y, TICK)

    def fitting(self, text: str, width: float, size: float, *, smallest: float = _SMALLEST) -> float:
        """The size at which a line fits, at most `size` and at least `smallest`."""
        needed = self.width_of(text, 1)
        return max(smallest, min(size, width / needed if needed else size))

    def fits(self, text: str, width: float) -> bool:
        """Whether a value fits into a box of this width."""
        return self.width_of(text, _SMALLEST) <= width - 8

    def _pen(self) -> None:
        self.set_draw_color(DARK)
        self.set_line_width(HAIRLINE)
