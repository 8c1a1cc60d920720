"""What somebody typed to find a patient, read as words that each must match: parts of names and parts of numbers.

A word of a name is the beginning of a token (core.domain.search_key). One or two Latin letters are too few to begin
with, unless a longer word is there: then 'J Smith' is meant. Alone, two letters are a whole name: 'Li'. Digits that
stand together, with whatever is between them, are one part of a number.
"""

import re
from dataclasses import dataclass
from itertools import groupby

import polars as pl

from core.domain.one_line import one_line
from core.domain.search_key import LONGEST_TOKEN, folded, parted, spelled_out

BEGINS, WHOLE, NUMBER = "begins", "whole", "number"
FEWEST_DIGITS, FEWEST_LETTERS = 4, 3
TOO_SHORT = (
    f"Type at least {FEWEST_LETTERS} letters of a name, a whole name of two letters, or {FEWEST_DIGITS} digits of a "
    "telephone number."
)
_LONGEST_TEXT, _MOST_WORDS = 200, 10
_DIGITS = re.compile(r"[+()\[\]./\-‐-–—\s]*[0-9]+[+()\[\]./\-‐-–—\s0-9]*")
_SHORT = re.compile(r"[a-z0-9]{1,2}")


@dataclass(frozen=True)
class Piece:
    """kind: BEGINS or is the WHOLE of a token of the names, or is in a NUMBER."""

    text: str
    kind: str

    @property
    def leads(self) -> bool:
        """Whether it is enough to look for; others only narrow."""
        if self.kind == NUMBER:
            return len(self.text) >= FEWEST_DIGITS
        return self.kind == WHOLE or not _SHORT.fullmatch(self.text)


@dataclass(frozen=True)
class Word:
    """One of the alternatives must match, and of an alternative all pieces: 'Anne-Marie' is annemarie, or anne and
    marie."""

    alternatives: tuple[tuple[Piece, ...], ...]

    @property
    def leads(self) -> bool:
        """Whether every alternative has a piece that is enough to look for."""
        return all(any(piece.leads for piece in pieces) for pieces in self.alternatives)


def read(text: str) -> tuple[Word, ...]:
    """The words of a text. Without one that leads, there is too little to look for (TOO_SHORT); none: it is empty."""
    typed = _typed(one_line(text[:_LONGEST_TEXT]))
    numbers = [part for kind, part in typed if kind == NUMBER]
    names = _forms([part for kind, part in typed if kind != NUMBER])
    is_long = any(len(part) >= FEWEST_DIGITS for part in numbers)
    is_long = is_long or any(not _SHORT.fullmatch(forms[0][0]) for forms in names)
    words = [*(_name_word(forms, is_long=is_long) for forms in names), *(_number_word(part) for part in numbers)]
    return tuple(dict.fromkeys(words))[:_MOST_WORDS]


def leads(words: tuple[Word, ...]) -> bool:
    """Whether there is enough to look for."""
    return any(word.leads for word in words)


def _typed(text: str) -> list[tuple[str, str]]:
    """The parts of a text at its blanks, those of a number together: '(555) 010-0199' is one."""
    parts = [part for part in re.split(r"[\s,;]+", _plain_digits(text)) if part]
    found: list[tuple[str, str]] = []
    for is_number, group in groupby(parts, key=lambda part: bool(_DIGITS.fullmatch(part) or not _letters(part))):
        if not is_number:
            found += [(BEGINS, part) for part in group]
        elif digits := "".join(re.findall("[0-9]", " ".join(group))):
            found.append((NUMBER, digits))
    return found


def _plain_digits(text: str) -> str:
    """Digits of other scripts as those of the keyboard."""
    return "".join(str(int(letter)) if letter.isdecimal() else letter for letter in text)


def _letters(part: str) -> bool:
    return any(letter.isalnum() for letter in part)


def _forms(parts: list[str]) -> list[list[tuple[str, ...]]]:
    """Each typed part as the tokens it may be, in several forms: joined first, then each piece for itself."""
    if not parts:
        return []
    texts = pl.Series(parts)
    read_as = [parted(folded(each)).to_list() for each in (texts, spelled_out(texts))]
    found = []
    for spellings in zip(*read_as, strict=True):
        pieces = [tuple(piece[:LONGEST_TOKEN] for piece in each.split(" ")) for each in spellings if each]
        found.append([form for each in pieces for form in (("".join(each)[:LONGEST_TOKEN],), each)])
    return [list(dict.fromkeys(forms)) for forms in found if forms]


def _name_word(forms: list[tuple[str, ...]], *, is_long: bool) -> Word:
    return Word(tuple(tuple(_piece(text, is_long=is_long) for text in form) for form in forms))


def _piece(text: str, *, is_long: bool) -> Piece:
    is_whole = not is_long and len(text) == 2 and bool(_SHORT.fullmatch(text))
    return Piece(text, WHOLE if is_whole else BEGINS)


def _number_word(digits: str) -> Word:
    """Also a token of a name that is written in digits."""
    return Word(((Piece(digits, NUMBER),), (Piece(digits[:LONGEST_TOKEN], BEGINS),)))
