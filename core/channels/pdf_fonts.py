"""The fonts that are put into PDFs: which letters they have, and how a text is divided among them.

One row of FACES for each script, all of one family. The packages hold variable fonts; `core.channels.pdf_shaping` makes
fixed weights of them.
"""

import unicodedata
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

_PACKAGE, _CJK_PACKAGE = "manimgx_fonts", "manimgx_fonts_cjk"
_JOINERS = ("\u200c", "\u200d")  # of Persian, Sinhala and others: they change how the letters beside them look


@dataclass(frozen=True)
class Face:
    """A font of a package. `blocks` are the ranges of code points it is used for, from ... up to but not including.

    index     which font of a file that holds several
    italic    the file of its slanted letters; '' where a script has none
    is_joined whether joiners matter in its script
    is_cff    whether its outlines are PostScript's, with thousands of letters
    """

    family: str
    file: str
    blocks: tuple[tuple[int, int], ...]
    package: str = _PACKAGE
    index: int = 0
    italic: str = ""
    is_joined: bool = False
    is_cff: bool = False


def _script(name: str, *blocks: tuple[int, int]) -> Face:
    return Face(f"noto-sans-{name.lower()}", f"NotoSans{name}[wght].ttf", blocks, is_joined=True)


def _east_asian(name: str, index: int) -> Face:
    blocks = (
        (0x1100, 0x1200), (0x2E80, 0x3000), (0x3000, 0x3400), (0x3400, 0x4DC0), (0x4E00, 0xA000), (0xA960, 0xA980),
        (0xAC00, 0xD800), (0xF900, 0xFB00), (0xFE30, 0xFE50), (0xFF00, 0xFFF0), (0x1B000, 0x1B170), (0x20000, 0x32000),
    )  # fmt: skip
    return Face(f"noto-sans-{name}", "NotoSansCJK-VF.otf.ttc", blocks, _CJK_PACKAGE, index, is_cff=True)


_NOTO_SANS = Face(
    "noto-sans",
    "NotoSans[wght].ttf",
    # Latin, Greek and Cyrillic with their signs, accents and extensions.
    (
        (0x20, 0x530), (0x1C80, 0x1C90), (0x1D00, 0x2190), (0x2200, 0x2300), (0x25CA, 0x25CD), (0x2C60, 0x2C80),
        (0x2DE0, 0x2E60), (0xA640, 0xA6A0), (0xA700, 0xA800), (0xAB30, 0xAB70), (0xFB00, 0xFB07),
    ),
    italic="NotoSans-Italic[wght].ttf",
)  # fmt: skip
_EAST_ASIAN = {"ja": _east_asian("jp", 0), "ko": _east_asian("kr", 1), "zh": _east_asian("sc", 2)}
FACES: tuple[Face, ...] = (
    _NOTO_SANS,
    _script("Armenian", (0x530, 0x590), (0xFB13, 0xFB18)),
    _script("Hebrew", (0x590, 0x600), (0xFB1D, 0xFB50)),
    _script(
        "Arabic", (0x600, 0x700), (0x750, 0x780), (0x870, 0x900), (0xFB50, 0xFDD0), (0xFDF0, 0xFE00), (0xFE70, 0xFEFF),
    ),
    _script("Devanagari", (0x900, 0x980), (0x1CD0, 0x1D00), (0xA8E0, 0xA900)),
    _script("Bengali", (0x980, 0xA00)),
    _script("Gurmukhi", (0xA00, 0xA80)),
    _script("Gujarati", (0xA80, 0xB00)),
    _script("Oriya", (0xB00, 0xB80)),
    _script("Tamil", (0xB80, 0xC00)),
    _script("Telugu", (0xC00, 0xC80)),
    _script("Kannada", (0xC80, 0xD00)),
    _script("Malayalam", (0xD00, 0xD80)),
    _script("Sinhala", (0xD80, 0xE00)),
    _script("Thai", (0xE00, 0xE80)),
    _script("Lao", (0xE80, 0xF00)),
    _script("Myanmar", (0x1000, 0x10A0), (0xA9E0, 0xAA00), (0xAA60, 0xAA80)),
    _script("Georgian", (0x10A0, 0x1100), (0x1C90, 0x1CC0), (0x2D00, 0x2D30)),
    _script("Ethiopic", (0x1200, 0x13A0), (0x2D80, 0x2DE0), (0xAB00, 0xAB30)),
    _script("Khmer", (0x1780, 0x1800), (0x19E0, 0x1A00)),
    _EAST_ASIAN["zh"],
)  # fmt: skip


def printable_form(text: str) -> str:
    """The text as it is printed: composed letters, no invisible marks, every kind of white space one space.

    Joiners stay between letters that join; a variant of a Chinese or Japanese letter stays that variant.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", text)
    kept: list[str] = []
    for each in composed:
        if each.isspace():
            kept.append(" ")
        elif _is_visible(each, kept[-1] if kept else " "):
            kept.append(unicodedata.normalize("NFKC", each) if 0x2F00 <= ord(each) < 0x2FE0 else each)
    return " ".join("".join(kept).split())


def missing_glyphs(text: str) -> list[str]:
    """The characters that no font here can print, each once, in the order of the text; empty when all is well.

    What `printable_form` takes out does not count.
    """
    shown = printable_form(text)
    if shown.isascii() and shown.isprintable():
        return []
    from core.channels.pdf_shaping import unprintable

    missing = [each for each in shown if face_of(each) is None]
    for face, piece in runs("".join(each for each in shown if face_of(each))):
        if face is not _NOTO_SANS or any(unicodedata.combining(each) for each in piece):
            missing.extend(unprintable(face, piece))
    wanted = set(missing)
    return list(dict.fromkeys(each for each in shown if each in wanted))


@lru_cache(maxsize=10_000)
def face_of(letter: str, language: str = "") -> Face | None:
    """The font that has this character, None when no font does. Chinese letters look different in Japanese and Korean
    texts, so the language counts."""
    if letter in _JOINERS or _is_variant(letter):
        return _NOTO_SANS  # printed by the font of the letter before it
    point = ord(letter)
    for face in FACES:
        if any(first <= point < end for first, end in face.blocks) and point in _points(face):
            return _EAST_ASIAN.get(language, face) if face.is_cff else face
    return None


def runs(text: str, language: str = "") -> Iterator[tuple[Face, str]]:
    """The text in pieces of one font each, marks with the letter that they belong to. What no font has counts to the
    first one: callers look for it before."""
    face, piece = FACES[0], ""
    for letter in text:
        is_joined = bool(piece) and not piece[-1].isspace() and _belongs_to_the_letter_before(letter)
        its = face if is_joined else FACES[0] if letter == " " else face_of(letter, language) or FACES[0]
        if its is not face and piece:
            yield face, piece
            piece = ""
        face, piece = its, piece + letter
    if piece:
        yield face, piece


def letters_of(word: str) -> Iterator[str]:
    """The letters of a word, each with its marks: where it may be broken."""
    whole = ""
    for letter in word:
        if whole and not (_belongs_to_the_letter_before(letter) or whole[-1] in _JOINERS):
            yield whole
            whole = ""
        whole += letter
    if whole:
        yield whole


def _belongs_to_the_letter_before(letter: str) -> bool:
    """Marks and joiners, and vowels of Thai and Lao that are half a mark."""
    return letter >= "\u0300" and (
        letter in _JOINERS or letter in "\u0e33\u0eb3" or unicodedata.category(letter)[0] == "M"
    )


@cache
def _points(face: Face) -> Container[int]:
    points: Container[int] = opened(face).unicodes
    return points


def _is_variant(letter: str) -> bool:
    return "\U000e0100" <= letter <= "\U000e01ef"


def _is_visible(letter: str, before: str) -> bool:
    """Not control and format characters, such as those that turn the direction of writing. Halves of pairs stay, so
    that they are found missing."""
    if letter in _JOINERS:
        face = face_of(before)
        return face is not None and face.is_joined
    if _is_variant(letter):
        face = face_of(before)
        return face is not None and face.is_cff
    return unicodedata.category(letter) not in ("Cc", "Cf") and not "\ufe00" <= letter <= "\ufe0f"


@cache
def opened(face: Face, *, italic: bool = False) -> Any:
    """The font of a package for HarfBuzz, as it is read from its file when needed."""
    import uharfbuzz

    path = resources.files(face.package) / (face.italic if italic and face.italic else face.file)
    blob = uharfbuzz.Blob.from_file_path(str(path)) if isinstance(path, Path) else path.read_bytes()
    return uharfbuzz.Face(blob, face.index)
