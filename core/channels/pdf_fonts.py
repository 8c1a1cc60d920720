"""The fonts that are put into PDFs: which letters they have, and files of them small enough to embed.

One row of FACES for each script. The packages hold variable fonts; making a fixed weight of a whole one takes 13
seconds, of the letters that a document needs one.
"""

import atexit
import hashlib
import io
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

_REGULAR, _BOLD = 400, 700
# What most documents need, made once: Latin with Vietnamese, Greek, Cyrillic, punctuation and money.
_USUAL = frozenset(
    point
    for first, end in (
        (0x20, 0x7F), (0xA0, 0x250), (0x300, 0x460), (0x1E00, 0x1F00), (0x2010, 0x2040),
        (0x20AC, 0x20AD), (0x2116, 0x2117), (0x2122, 0x2123), (0x2212, 0x2213),
    )
    for point in range(first, end)
)  # fmt: skip


@dataclass(frozen=True)
class Face:
    """A font of a package. `blocks` are the ranges of code points it is used for: only those that look right letter by
    letter, since nothing here joins or reorders letters as Arabic or Devanagari need it."""

    family: str
    package: str
    file: str
    blocks: tuple[tuple[int, int], ...]


_NOTO_SANS = Face(
    "noto-sans",
    "fontpkg_noto_sans",
    "files/NotoSans[wdth,wght].ttf",
    # Latin, Greek and Cyrillic with their signs, accents and extensions; the font has Devanagari too, which needs
    # shaping.
    (
        (0x20, 0x530), (0x1C80, 0x1C90), (0x1D00, 0x2190), (0x2200, 0x2300), (0x25CA, 0x25CD), (0x2C60, 0x2C80),
        (0x2DE0, 0x2E60), (0xA640, 0xA6A0), (0xA700, 0xA800), (0xAB30, 0xAB70), (0xFB00, 0xFB07),
    ),
)  # fmt: skip
FACES: tuple[Face, ...] = (_NOTO_SANS,)


def printable_form(text: str) -> str:
    """The text as it is printed: composed letters, no invisible marks, every kind of white space one space."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(each for each in composed if each.isspace() or not _is_invisible(each)).split())


def missing_glyphs(text: str) -> list[str]:
    """The characters that no font here can print, each once, in the order of the text; empty when all is well.

    What `printable_form` takes out does not count.
    """
    return list(dict.fromkeys(each for each in printable_form(text) if face_of(each) is None))


@lru_cache(maxsize=10_000)
def face_of(letter: str) -> Face | None:
    """The font that has this character, None when no font does."""
    point = ord(letter)
    for face in FACES:
        if any(first <= point < end for first, end in face.blocks) and point in _points(face):
            return face
    return None


def runs(text: str) -> Iterator[tuple[Face, str]]:
    """The text in pieces of one font each. What no font has counts to the first one: callers look for it before."""
    face, piece = FACES[0], ""
    for letter in text:
        its = face if letter == " " else face_of(letter) or FACES[0]
        if its is not face and piece:
            yield face, piece
            piece = ""
        face, piece = its, piece + letter
    if piece:
        yield face, piece


def font_file(face: Face, *, text: str, bold: bool = False) -> Path:
    """A file with this font in a fixed weight that has the letters of the text. It lasts as long as the process."""
    more = frozenset(ord(letter) for letter in text if face_of(letter) is face) - _USUAL
    return _made(face, frozenset(more), _BOLD if bold else _REGULAR)


@cache
def _made(face: Face, more: frozenset[int], weight: int) -> Path:
    content = _instance(face, points=(_USUAL | more) & _points(face), weight=weight)
    path = _folder() / f"{hashlib.sha256(content).hexdigest()[:32]}.ttf"
    if not path.exists():  # two threads may make the same one: each writes its own and moves it there whole
        with tempfile.NamedTemporaryFile(dir=_folder(), delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)
    return path


def _instance(face: Face, *, points: frozenset[int], weight: int) -> bytes:
    from fontTools import subset
    from fontTools.varLib import instancer

    options = subset.Options(layout_features=[], notdef_outline=True, hinting=False, recalc_timestamp=False)
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "STAT", "HVAR", "MVAR"]
    font = _opened(face)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
    instancer.instantiateVariableFont(font, axes | {"wght": weight}, inplace=True)
    _name(font, "Bold" if weight == _BOLD else "Regular")
    kept = io.BytesIO()
    font.save(kept)
    return kept.getvalue()


def _name(font: Any, style: str) -> None:
    """By which readers tell the weights apart: all made of one file have the same name otherwise."""
    family = font["name"].getBestFamilyName()
    words = {1: family, 2: style, 4: f"{family} {style}", 6: f"{family}-{style}".replace(" ", "")}
    font["name"].names = []
    for number, text in words.items():
        font["name"].setName(text, number, 3, 1, 0x409)


@cache
def _points(face: Face) -> frozenset[int]:
    with _opened(face) as font:
        return frozenset(font.getBestCmap())


def _opened(face: Face) -> Any:
    from fontTools.ttLib import TTFont

    content = (resources.files(face.package) / face.file).read_bytes()
    return TTFont(io.BytesIO(content), lazy=True, recalcTimestamp=False)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="careloop-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _is_invisible(letter: str) -> bool:
    """Control and format characters, such as those that turn the direction of writing. Halves of pairs stay, so that
    they are found missing."""
    return unicodedata.category(letter) in ("Cc", "Cf")
