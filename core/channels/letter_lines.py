"""Text of a letter in lines: words are put one after the other as long as they fit.

Chinese and Japanese may be broken between letters. Thai, Lao, Khmer and Burmese have spaces between phrases: without a
dictionary of their words lines end there, and only a phrase that is longer than a line is broken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.channels import pdf_bidi
from core.channels.letter_blocks import Run
from core.channels.pdf_fonts import letters_of, printable_form
from core.channels.pdf_text import SPACE, Typesetter, Word

RTL_LANGUAGES = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_NOT_FIRST = frozenset(
    "、。，．：；？！）」』】〕〉》’”%‰…・ー々ゝゞヽヾぁぃぅぇぉっゃゅょァィゥェォッャュョ,.:;?!)]}»"
)
_NOT_LAST = frozenset("（「『【〔〈《‘“([{«$¥￥")


@dataclass(frozen=True, slots=True)
class Atom:
    """What is not parted at the end of a line. `is_spaced`: a space before it; `may_begin`: it may begin a line."""

    word: Word
    is_spaced: bool
    may_begin: bool
    run: Run


Line = list[Atom]


def lines_of(setter: Typesetter, runs: Sequence[Run], *, width: float, size: float, language: str) -> list[Line]:
    """The lines of a paragraph. A word that is longer than a line is broken between its letters."""
    lines: list[Line] = [[]]
    room = width / size
    left = room
    for atoms in _unbroken(setter, runs, language):
        if atoms is None:
            lines.append([])
            left = room
            continue
        long = sum(atom.word.width + (SPACE if place and atom.is_spaced else 0) for place, atom in enumerate(atoms))
        space = SPACE if lines[-1] and atoms[0].is_spaced else 0.0
        if not lines[-1] or space + long <= left:
            left -= space
        else:
            lines.append([])
            left = room
        if long > room:
            left = _add_pieces(setter, lines, atoms, room, left)
        else:
            lines[-1].extend(atoms)
            left -= long
    return lines


def _add_pieces(setter: Typesetter, lines: list[Line], atoms: Sequence[Atom], room: float, left: float) -> float:
    """A word in pieces; returns the room that is left."""
    for atom in atoms:
        is_spaced = atom.is_spaced
        for piece in _pieces(setter, atom, room, left - (SPACE if is_spaced and lines[-1] else 0)):
            if lines[-1] and piece.width + (SPACE if is_spaced else 0) > left:
                lines.append([])
                left = room
            left -= piece.width + (SPACE if is_spaced and lines[-1] else 0)
            lines[-1].append(Atom(piece, is_spaced, False, atom.run))
            is_spaced = False
    return left


def _pieces(setter: Typesetter, atom: Atom, room: float, left: float) -> Iterator[Word]:
    word, piece = atom.word, ""
    for letter in letters_of(word.text):
        longer = _like(setter, word, piece + letter)
        if piece and longer.width > left:
            yield _like(setter, word, piece)
            piece, left = "", room
        piece += letter
    yield _like(setter, word, piece)


def _like(setter: Typesetter, word: Word, text: str) -> Word:
    return setter.word(text, is_bold=word.is_bold, is_italic=word.is_italic, language=word.language)


def _unbroken(setter: Typesetter, runs: Sequence[Run], language: str) -> Iterator[list[Atom] | None]:
    """Atoms that stay together; None for a line break."""
    together: list[Atom] = []
    for atom in _atoms(setter, runs, language):
        if atom is None:
            if together:
                yield together
            together = []
            yield None
            continue
        if together and atom.may_begin:
            yield together
            together = []
        together.append(atom)
    if together:
        yield together


def _atoms(setter: Typesetter, runs: Sequence[Run], language: str) -> Iterator[Atom | None]:
    is_spaced, is_first, before = False, True, ""
    for run in runs:
        if run.text == "\n":
            yield None
            is_spaced, is_first, before = False, True, ""
            continue
        shown = printable_form(run.text)
        is_spaced = is_spaced or run.text[:1].isspace()
        for number, text in enumerate(shown.split()):
            for part, may_begin in _parts(text, before):
                word = setter.word(part, is_bold=run.is_bold, is_italic=run.is_italic, language=language)
                spaced = (is_spaced or number > 0) and not is_first
                may_begin = is_first or (spaced and not _is_one_number(before, part)) or may_begin
                yield Atom(word, spaced, may_begin, run)
                is_spaced, is_first, before = False, False, part
                number = 0
        is_spaced = (is_spaced and not shown) or run.text[-1:].isspace()


def _is_one_number(before: str, text: str) -> bool:
    """Whether these are the parts of a telephone number, '(555)' and '010-0100', which stay on one line."""
    return before[-5:-4] == "(" and before[-4:-1].isdecimal() and before[-1:] == ")" and text[:1].isdecimal()


def _parts(text: str, before: str) -> Iterator[tuple[str, bool]]:
    """A word where it may be broken, each part with whether it may begin a line; `before` is what stands before it
    without a space."""
    may_begin = bool(before) and _may_break(before[-1], text[0])
    if text.isascii() or not any(_is_spaceless(letter) for letter in text):
        yield text, may_begin
        return
    kept = ""
    for letter in letters_of(text):
        if kept and _may_break(kept[-1], letter[0]):
            yield kept, may_begin
            kept, may_begin = "", True
        kept += letter
    yield kept, may_begin


def _may_break(before: str, after: str) -> bool:
    is_possible = _is_spaceless(before) or _is_spaceless(after)
    return is_possible and after not in _NOT_FIRST and before not in _NOT_LAST


def _is_spaceless(letter: str) -> bool:
    point = ord(letter)
    return point >= 0x2E80 and (
        point < 0xA4D0 or 0xF900 <= point < 0xFB00 or 0xFF00 <= point < 0xFFF0 or 0x20000 <= point < 0x32000
    )


def is_rtl(runs: Sequence[Run], *, language: str) -> bool:
    """Whether a paragraph is written from right to left: as the language is, or, in one that is not, as it begins."""
    return language in RTL_LANGUAGES or pdf_bidi.is_rtl("".join(run.text for run in runs))
