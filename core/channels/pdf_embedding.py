"""A font within one PDF: the code of each unit of text, and in the end the file that has just what was used.

The code of a glyph is its number in the font. What is drawn by several glyphs, or says other letters than the same
glyph did before, gets a glyph of its own made of the others, so that every reader finds the right letters in the right
order without having to know how a script is shaped.
"""

import io
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from core.channels.pdf_shaping import Style, Unit, hb_font, pin, static

_DROPPED = (
    "GSUB",
    "GPOS",
    "GDEF",
    "STAT",
    "HVAR",
    "MVAR",
    "BASE",
    "VORG",
    "vhea",
    "vmtx",
    "cmap",
    "gasp",
    "post",
    "name",
)
_CMAP_HEAD = (
    "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
    "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
    "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
)
_CMAP_END = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"


class EmbeddedFont:
    """A font of a document; `number` is that of its resource, /F1 and so on."""

    def __init__(self, style: Style, number: int) -> None:
        self.style, self.number = style, number
        self._font = hb_font(style)
        self._count = int(static(style).glyph_count)
        self._texts: dict[int, str] = {}
        self._widths: dict[int, int] = {}
        self._made: dict[Unit, int] = {}

    def shown(self, units: tuple[Unit, ...]) -> str:
        """The units as the inside of a TJ array, without its first and last bracket."""
        parts = []
        for unit in units:
            code = self._code(unit)
            kern = self._widths[code] - unit.width
            parts.append(f"{code:04X}" if not kern else f"{code:04X}>{kern}<")
        return "".join(parts)

    def _code(self, unit: Unit) -> int:
        if len(unit.glyphs) == 1 and unit.glyphs[0][1:] == (0, 0):
            glyph = unit.glyphs[0][0]
            if self._texts.setdefault(glyph, unit.text) == unit.text or self.style.face.is_cff:
                if glyph not in self._widths:
                    self._widths[glyph] = self._font.get_glyph_h_advance(glyph)
                return glyph
        if self.style.face.is_cff:
            return self._first_of(unit)
        if unit not in self._made:
            self._made[unit] = code = self._count + len(self._made)
            self._texts[code], self._widths[code] = unit.text, unit.width
        return self._made[unit]

    def _first_of(self, unit: Unit) -> int:
        """These fonts draw nearly all letters by one glyph; of the few others (syllables of old Korean) the rest stands
        where its letters are alone."""
        return self._code(Unit(((unit.glyphs[0][0], 0, 0),), unit.text, unit.width))

    @property
    def name(self) -> str:
        """Of this part of the font, as PDF wants it: six letters and the name."""
        style, weight = self.style, "Bold" if self.style.is_bold else "Regular"
        family = "".join(word.capitalize() for word in style.face.family.split("-"))
        seen = zlib.crc32(repr(sorted(self._texts.items())).encode())
        prefix = "".join(chr(65 + seen // 26**place % 26) for place in range(6))
        return f"{prefix}+{family}-{weight}{'Italic' if style.is_italic else ''}"

    def file(self) -> bytes:
        """The font with what was used of it: TrueType, or PostScript outlines alone."""
        import uharfbuzz as hb

        face = static(self.style)
        wanted = hb.SubsetInput()
        used = {glyph for glyph in self._texts if glyph < self._count}
        wanted.glyph_set.update({0, *used, *(glyph for unit in self._made for glyph, _, _ in unit.glyphs)})
        flags = hb.SubsetFlags
        wanted.flags = flags.NO_HINTING | flags.NOTDEF_OUTLINE
        wanted.drop_table_tag_set.update(int.from_bytes(tag.encode(), "big") for tag in _DROPPED)
        if self.style.face.is_cff:
            wanted.flags |= flags.DOWNGRADE_CFF2 | flags.CFF_IDENTITY_CHARSET | flags.DESUBROUTINIZE
            pin(wanted, face, self.style)
            return _renumbered(bytes(hb.subset(face, wanted).blob.data), [0, *sorted(used - {0})])
        wanted.flags |= flags.RETAIN_GIDS
        content = bytes(hb.subset(face, wanted).blob.data)
        return _with_made(content, self._count, self._made) if self._made else content

    def widths(self) -> str:
        """For the key W."""
        return " ".join(f"{code} [{self._widths[code]}]" for code in sorted(self._texts))

    def to_unicode(self) -> bytes:
        """The letters of each code."""
        texts = sorted(self._texts.items())
        parts = [_CMAP_HEAD]
        for start in range(0, len(texts), 100):
            rows = [
                f"<{code:04X}> <{text.encode('utf-16-be').hex().upper()}>" for code, text in texts[start : start + 100]
            ]
            parts.append(f"{len(rows)} beginbfchar\n" + "\n".join(rows) + "\nendbfchar\n")
        return ("".join(parts) + _CMAP_END).encode()

    def descriptor(self) -> Mapping[str, object]:
        """What readers want to know of the font."""
        extents = self._font.get_font_extents("ltr")
        return {
            "/Flags": 4 | (64 if self.style.is_italic else 0) | (1 << 18 if self.style.is_bold else 0),
            "/FontBBox": "[-600 -600 2500 1400]",
            "/ItalicAngle": -12 if self.style.is_italic else 0,
            "/Ascent": int(extents.ascender),
            "/Descent": int(extents.descender),
            "/CapHeight": 714,
            "/StemV": 140 if self.style.is_bold else 80,
        }


def _renumbered(content: bytes, numbers: list[int]) -> bytes:
    """PostScript outlines whose glyphs have their old numbers, though the many between them are gone."""
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(content), recalcTimestamp=False)
    top = font["CFF "].cff.topDictIndex[0]
    names = [".notdef", *(f"cid{number:05d}" for number in numbers[1:])]
    outlines = top.CharStrings.charStrings
    by_place = dict(enumerate(font.getGlyphOrder()))
    top.CharStrings.charStrings = {name: outlines[by_place[place]] for place, name in enumerate(names)}
    top.charset = names
    font.setGlyphOrder(names)
    return bytes(font["CFF "].compile(font))


def _with_made(content: bytes, count: int, made: Mapping[Unit, int]) -> bytes:
    """The font with more glyphs: each is made of others that it has."""
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(content), recalcTimestamp=False, recalcBBoxes=True)
    names = [f"g{number}" for number in range(count + len(made))]
    glyphs, order = font["glyf"], font.getGlyphOrder()
    drawn = {f"g{number}": glyphs[name] for number, name in enumerate(order)}
    for glyph in drawn.values():
        if glyph.isComposite():
            for part in glyph.components:
                part.glyphName = f"g{order.index(part.glyphName)}"
    metrics = {f"g{number}": font["hmtx"].metrics[name] for number, name in enumerate(order)}
    for name, glyph, metric in _made_glyphs(made, glyphs, names):
        drawn[name], metrics[name] = glyph, metric
    glyphs.glyphs = {name: drawn.get(name) or _empty() for name in names}
    glyphs.glyphOrder = names
    font["hmtx"].metrics = {name: metrics.get(name, (0, 0)) for name in names}
    font.setGlyphOrder(names)
    kept = io.BytesIO()
    font.save(kept)
    return kept.getvalue()


def _made_glyphs(made: Mapping[Unit, int], glyphs: Any, names: list[str]) -> Iterator[tuple[str, Any, tuple[int, int]]]:
    from fontTools.ttLib.tables._g_l_y_f import GlyphComponent

    for unit, code in made.items():
        glyph = _empty()
        parts = []
        for number, x, y in unit.glyphs:
            if glyphs[glyphs.glyphOrder[number]].numberOfContours == 0:
                continue
            part = GlyphComponent()
            part.glyphName, part.x, part.y, part.flags = names[number], x, y, 0x2 | 0x4
            parts.append(part)
        if parts:
            glyph.numberOfContours, glyph.components = -1, parts
        yield names[code], glyph, (unit.width, 0)


def _empty() -> Any:
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    glyph = Glyph()
    glyph.numberOfContours = 0
    return glyph
