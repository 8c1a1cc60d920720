"""Text on the pages of a PDF: how long it is, and the operators that draw it.

Lengths are of text of size 1. Words are shaped once a document; a line that holds a script written from right to left
is laid out anew, since what stands where depends on the whole line.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from core.channels import pdf_bidi
from core.channels.pdf_embedding import EmbeddedFont
from core.channels.pdf_fonts import FACES, Face, runs
from core.channels.pdf_shaping import Style, shaped

SPACE = 0.26  # of all fonts


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a line without spaces: the parts of it by font, ready to be drawn, and how long it is."""

    text: str
    parts: tuple[tuple[int, str], ...]
    width: float
    is_bold: bool
    is_italic: bool
    has_rtl: bool
    language: str


class Typesetter:
    """The fonts and words of one document."""

    def __init__(self) -> None:
        self.fonts: dict[Style, EmbeddedFont] = {}
        self._words: dict[tuple[str, bool, bool, str], Word] = {}

    def word(self, text: str, *, is_bold: bool = False, is_italic: bool = False, language: str = "") -> Word:
        """A word, shaped."""
        key = (text, is_bold, is_italic, language)
        found = self._words.get(key)
        if found is None:
            found = self._words[key] = self._shaped(*key)
        return found

    def _shaped(self, text: str, is_bold: bool, is_italic: bool, language: str) -> Word:
        has_rtl = pdf_bidi.has_rtl(text)
        parts, width = [], 0
        for face, piece in runs(text, language):
            style = self._style(face, is_bold, is_italic)
            units = shaped(style, piece, language, is_rtl=has_rtl and pdf_bidi.has_rtl(piece))
            width += sum(unit.width for unit in units)
            if not has_rtl:
                font = self._font(style)
                parts.append((font.number, font.shown(units)))
        return Word(text, tuple(parts), width / 1000, is_bold, is_italic, has_rtl, language)

    def line(self, words: Sequence[tuple[Word, bool]], size: float, *, rtl: bool) -> list[tuple[float, str]]:
        """The operators between BT and ET that draw a line, each with how far from its left end it begins.

        With each word stands whether there is a space before it.
        """
        if any(word.has_rtl for word, _ in words):
            return self._bidi_line(words, size, rtl=rtl)
        shown: list[tuple[int, list[str]]] = []
        for word, is_spaced in words:
            if is_spaced:
                number, space = self._space(word.is_bold, word.is_italic)
                _append(shown, number, space)
            for number, part in word.parts:
                _append(shown, number, part)
        return [(0.0, " ".join(f"/F{number} {size:g} Tf [<{''.join(parts)}>] TJ" for number, parts in shown))]

    def _space(self, is_bold: bool, is_italic: bool) -> tuple[int, str]:
        return self.word(" ", is_bold=is_bold, is_italic=is_italic).parts[0]

    def _bidi_line(self, words: Sequence[tuple[Word, bool]], size: float, *, rtl: bool) -> list[tuple[float, str]]:
        letters = [(letter, word) for word, is_spaced in words for letter in (" " if is_spaced else "") + word.text]
        text = "".join(letter for letter, _ in letters)
        levels = pdf_bidi.levels(text, rtl=rtl)
        pieces = list(_pieces(text, levels, [word for _, word in letters]))
        drawn: list[tuple[float, str]] = []
        for piece in pieces:
            style = self._style(piece.face, piece.word.is_bold, piece.word.is_italic)
            units = shaped(style, piece.text, piece.word.language, is_rtl=bool(piece.level % 2))
            font = self._font(style)
            shown = f"/F{font.number} {size:g} Tf [<{font.shown(units)}>] TJ"
            drawn.append((sum(unit.width for unit in units) / 1000, shown))
        starts, x = [0.0] * len(pieces), 0.0
        for place in pdf_bidi.visual_order([piece.level for piece in pieces]):
            starts[place], x = x, x + drawn[place][0] * size
        return [(start, shown) for start, (_, shown) in zip(starts, drawn, strict=True)]

    def _style(self, face: Face, is_bold: bool, is_italic: bool) -> Style:
        return Style(face, is_bold, is_italic and bool(face.italic))

    def _font(self, style: Style) -> EmbeddedFont:
        if style not in self.fonts:
            self.fonts[style] = EmbeddedFont(style, len(self.fonts) + 1)
        return self.fonts[style]


def width_of(words: Iterable[tuple[Word, bool]]) -> float:
    """How long a line is."""
    return sum(word.width + (SPACE if is_spaced else 0) for word, is_spaced in words)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Letters of a line of one font, one direction and one word's weight, in the order in which they are said."""

    text: str
    level: int
    face: Face
    word: Word


def _pieces(text: str, levels: Sequence[int], words: Sequence[Word]) -> Iterator[_Piece]:
    """A line in pieces. Readers that turn what is written from right to left begin at its first letter and end at the
    next one of the other direction, so that signs and spaces between them would change places: they stand alone."""
    is_after_rtl = False
    for (level, _, _), group in groupby(
        range(len(text)), lambda at: (levels[at], words[at].is_bold, words[at].is_italic)
    ):
        span = list(group)
        word = words[span[-1]]
        for face, piece in _joined(runs("".join(text[at] for at in span), word.language)):
            is_rtl = bool(level % 2)
            before, inner, after = _signs_around(piece) if is_rtl or is_after_rtl else ("", piece, "")
            if not is_rtl:
                inner, after = inner + after, ""
            for part in (*before, inner, *after):
                if part:
                    yield _Piece(part, level, FACES[0] if part.isspace() else face, word)
            is_after_rtl = is_rtl or (is_after_rtl and not inner)


def _joined(given: Iterable[tuple[Face, str]]) -> Iterator[tuple[Face, str]]:
    """Spaces between words of one font belong to them."""
    kept: list[tuple[Face, str]] = []
    for face, piece in given:
        if kept and (piece.isspace() or kept[-1][0] is face):
            kept[-1] = (kept[-1][0], kept[-1][1] + piece)
        else:
            kept.append((face, piece))
    yield from kept


def _signs_around(text: str) -> tuple[str, str, str]:
    """What is no letter at the beginning, the rest, and what is no letter at the end."""
    letters = [place for place, each in enumerate(text) if each.isalnum() or unicodedata.category(each) in ("Mn", "Mc")]
    if not letters:
        return text, "", ""
    return text[: letters[0]], text[letters[0] : letters[-1] + 1], text[letters[-1] + 1 :]


def _append(shown: list[tuple[int, list[str]]], number: int, part: str) -> None:
    if shown and shown[-1][0] == number:
        shown[-1][1].append(part)
    else:
        shown.append((number, [part]))
