"""Text as HarfBuzz shapes it: which glyphs of a font stand where, and which letters they say.

Lengths are in thousandths of the size of the text; all fonts of `pdf_fonts` are drawn on that grid. Readers of a PDF
take text from left to right and turn what is written from right to left themselves, letter by letter: so there every
letter is a unit of its own, while elsewhere a syllable that is drawn in another order than it is said is one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from core.channels.pdf_fonts import Face, opened

REGULAR, BOLD = 400, 700
_NO_LIGATURES = {"liga": False, "clig": False}  # of Latin: what is taken from the PDF stays letters


@dataclass(frozen=True, slots=True)
class Style:
    """A font as it is used."""

    face: Face
    is_bold: bool = False
    is_italic: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """What is drawn and taken out of a PDF together: glyphs with their places, the letters they say, and the width."""

    glyphs: tuple[tuple[int, int, int], ...]
    text: str
    width: int


@lru_cache(maxsize=20_000)
def shaped(style: Style, text: str, language: str = "", *, is_rtl: bool = False) -> tuple[Unit, ...]:
    """The units of a text of one font, from left to right."""
    import uharfbuzz as hb

    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if is_rtl else "ltr"
    if language:
        buffer.language = language
    levels = hb.BufferClusterLevel
    buffer.cluster_level = levels.MONOTONE_CHARACTERS if is_rtl else levels.MONOTONE_GRAPHEMES
    hb.shape(hb_font(style), buffer, None if style.face.is_joined else _NO_LIGATURES)
    groups = list(_groups(buffer))
    return tuple(_of_letters(groups, text) if is_rtl else _of_clusters(groups, text))


def unprintable(face: Face, text: str) -> list[str]:
    """The letters of a text for which this font has no glyph."""
    unknown = [unit.text for unit in shaped(Style(face), text) if any(glyph == 0 for glyph, _, _ in unit.glyphs)]
    known = opened(face).unicodes
    return [letter for each in unknown for letter in each if ord(letter) not in known] or unknown


@cache
def static(style: Style) -> Any:
    """The font in one weight; of one with thousands of letters it stays variable."""
    import uharfbuzz as hb

    face = opened(style.face, italic=style.is_italic)
    if style.face.is_cff:
        return face
    wanted = hb.SubsetInput()
    wanted.keep_everything()
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NOTDEF_OUTLINE | hb.SubsetFlags.RETAIN_GIDS
    pin(wanted, face, style)
    return hb.subset(face, wanted)


def pin(wanted: Any, face: Any, style: Style) -> None:
    """Ask a subset to have one weight."""
    wanted.pin_all_axes_to_default(face)
    wanted.pin_axis_location(face, "wght", weight(style))


def weight(style: Style) -> int:
    """As in CSS."""
    return BOLD if style.is_bold else REGULAR


@cache
def hb_font(style: Style) -> Any:
    """The font for shaping."""
    import uharfbuzz as hb

    font = hb.Font(static(style))
    if style.face.is_cff:
        font.set_variations({"wght": weight(style)})
    return font


@dataclass(slots=True)
class _Group:
    """The glyphs of a cluster; `start` is that of its letters in the text, `x` where it begins."""

    start: int
    x: int
    glyphs: list[tuple[int, int, int]]
    width: int = 0


def _groups(buffer: Any) -> Iterator[_Group]:
    x, group = 0, None
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        if group is None or info.cluster != group.start:
            if group is not None:
                yield group
            group = _Group(info.cluster, x, [])
        group.glyphs.append((info.codepoint, x - group.x + place.x_offset, place.y_offset))
        x += place.x_advance
        group.width += place.x_advance
    if group is not None:
        yield group


def _of_clusters(groups: list[_Group], text: str) -> Iterator[Unit]:
    ends = [*(group.start for group in groups[1:]), len(text)]
    for group, end in zip(groups, ends, strict=True):
        yield Unit(tuple(group.glyphs), text[group.start : end], group.width)


def _of_letters(groups: list[_Group], text: str) -> Iterator[Unit]:
    """From right to left: the letters of a ligature share its width, and the first from the left has its picture."""
    ends = [len(text), *(group.start for group in groups)]
    for group, end in zip(groups, ends, strict=False):
        letters = text[group.start : end][::-1]
        share, glyphs = group.width // len(letters), tuple(group.glyphs)
        for letter in letters[:-1]:
            yield Unit(glyphs, letter, share)
            glyphs = ()
        yield Unit(glyphs, letters[-1], group.width - share * (len(letters) - 1))
