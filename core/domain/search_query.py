"""What somebody typed to find a patient, read as words that each must match: parts of names and parts of numbers.

A word of a name is the beginning of a token (core.domain.search_key). One or two Latin letters are too few to begin
with, unless a longer word is there: then 'J Smith' is meant. Alone, two letters are a whole name: 'Li'. Digits that
stand together, with whatever is between them, are one part of a number; what is dialled before a number to reach
another country, and an extension after it, do not count.

Words that stand together may be one in the records: 'Mc Donald' is McDonald. Since McDonald begins with 'mc' anyway, it
is enough that each word may also be the end of what the words before it make with it.
"""

import re
from dataclasses import dataclass
from itertools import groupby

import polars as pl

from core.domain.search_key import LONGEST_TOKEN, RARE_LETTERS, folded, parted, spelled_out

BEGINS, WHOLE, NUMBER = "begins", "whole", "number"
FEWEST_DIGITS, FEWEST_LETTERS = 4, 3
TOO_SHORT = (
    f"Type at least {FEWEST_LETTERS} letters of a name, a whole name of two letters, or {FEWEST_DIGITS} digits of a "
    "telephone number."
)
_LONGEST_TEXT, _MOST_WORDS = 200, 10
_MOST_JOINED = 3
_UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # which databases or files do not take
_TELEPHONE = re.compile(r"\b(?:tel|telephone|phone|ph|mobile|mob|cell|home)\s*[:.]\s*(?=[+(]*[0-9])", re.IGNORECASE)
_EXTENSION = re.compile(
    r"((?:[0-9][^\w#]{0,3}){6,}[0-9])[\s,;]*(?:extension|extn|ext|x|#)[\s.:=]*[0-9]{1,6}(?!\w)", re.IGNORECASE
)
_TRUNK_ZERO = re.compile(r"((?:\+|\b00|\b011)\s*[1-9][0-9]{0,2}\s*)\(0\)")  # +44 (0)20 7946 0958
_ABROAD = re.compile(r"(?:00|011)(?=[1-9])")  # what is dialled before the number of another country
_FEWEST_ABROAD, _FEWEST_AT_HOME = 6, 9
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

    @property
    def is_kept(self) -> bool:
        """Whether all who match can be found by it, be they many: keys lead to them, or an index."""
        return self.leads or (self.kind != NUMBER and (len(self.text) > 1 or self.text in RARE_LETTERS))


@dataclass(frozen=True)
class Word:
    """One of the alternatives must match, and of an alternative all pieces: 'Anne-Marie' is annemarie, or anne and
    marie."""

    alternatives: tuple[tuple[Piece, ...], ...]

    @property
    def leads(self) -> bool:
        """Whether every alternative has a piece that is enough to look for."""
        return all(any(piece.leads for piece in pieces) for pieces in self.alternatives)

    @property
    def is_kept(self) -> bool:
        """Whether every alternative has a piece by which all who match can be found."""
        return all(any(piece.is_kept for piece in pieces) for pieces in self.alternatives)


def read(text: str) -> tuple[Word, ...]:
    """The words of a text. Without one that leads, there is too little to look for (TOO_SHORT); none: it is empty."""
    typed = _typed(_UNREADABLE.sub(" ", text[:_LONGEST_TEXT]))
    numbers = [part for kind, part in typed if kind == NUMBER]
    names = _forms([part for kind, part in typed if kind != NUMBER])
    is_long = any(len(_digits(part)) >= FEWEST_DIGITS for part in numbers)
    is_long = is_long or any(not _SHORT.fullmatch(forms[0][0]) for forms in names)
    joined = _joined(names) if is_long else [[] for _ in names]
    words = [_name_word(forms + more, is_long=is_long) for forms, more in zip(names, joined, strict=True)]
    words += [_number_word(part) for part in numbers]
    return tuple(dict.fromkeys(words))[:_MOST_WORDS]


def leads(words: tuple[Word, ...]) -> bool:
    """Whether there is enough to look for."""
    return any(word.leads for word in words)


def _typed(text: str) -> list[tuple[str, str]]:
    """The parts of a text at its blanks, those of a number together: '(555) 010-0199' is one."""
    plain = _TELEPHONE.sub(" ", _plain_digits(text))
    plain = _TRUNK_ZERO.sub(r"\1", _EXTENSION.sub(r"\1", plain))
    found: list[tuple[str, str]] = []
    for has_letters, group in groupby(filter(None, re.split(r"[\s,;]+", plain)), key=_has_letters):
        parts = list(group)
        if has_letters:
            found += [(BEGINS, part) for part in parts]
        elif _digits(together := " ".join(parts)):
            found.append((NUMBER, together))
    return found


def _digits(text: str) -> str:
    return "".join(re.findall("[0-9]", text))


def _plain_digits(text: str) -> str:
    """Digits of other scripts as those of the keyboard."""
    return "".join(str(int(letter)) if letter.isdecimal() else letter for letter in text)


def _has_letters(part: str) -> bool:
    return any(letter.isalnum() and not letter.isdecimal() for letter in part)


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
    each_once = dict.fromkeys(tuple(dict.fromkeys(forms)) for forms in found if forms)
    return [list(forms) for forms in each_once]


def _joined(names: list[list[tuple[str, ...]]]) -> list[list[tuple[str, ...]]]:
    """For each word what it makes with the one or two before it, in both spellings."""
    spellings = [[[form[0] for form in forms if len(form) == 1][at] for forms in names] for at in (0, -1)]
    found = []
    for end in range(1, len(names) + 1):
        starts = range(max(0, end - _MOST_JOINED), end - 1)
        found.append([("".join(each[start:end])[:LONGEST_TOKEN],) for start in starts for each in spellings])
    return [list(dict.fromkeys(forms)) for forms in found]


def _name_word(forms: list[tuple[str, ...]], *, is_long: bool) -> Word:
    return Word(tuple(tuple(_piece(text, is_long=is_long) for text in form) for form in forms))


def _piece(text: str, *, is_long: bool) -> Piece:
    is_whole = not is_long and len(text) == 2 and bool(_SHORT.fullmatch(text))
    return Piece(text, WHOLE if is_whole else BEGINS)


def _number_word(written: str) -> Word:
    """Also a token of a name that is written in digits."""
    digits = _digits(written)
    numbers = [(Piece(each, NUMBER),) for each in dict.fromkeys((digits, _dialled(written)))]
    return Word((*numbers, (Piece(digits[:LONGEST_TOKEN], BEGINS),)))


def _dialled(written: str) -> str:
    """The digits without what is dialled before them: 00 or 011 before the code of a country, 0 before that of an area.
    A part of a number that merely begins so stays as it is."""
    digits = _digits(written)
    before = _ABROAD.match(digits)
    abroad = digits[before.end() :] if before else ""
    if len(abroad) >= (FEWEST_DIGITS if _is_set_off(written) else _FEWEST_ABROAD):
        return abroad
    is_area = not before and len(digits) >= _FEWEST_AT_HOME and digits[0] == "0"
    return digits[1:] if is_area else digits


def _is_set_off(written: str) -> bool:
    """Whether the code of a country stands for itself: no block of a number but a last one begins with 00."""
    blocks = re.findall("[0-9]+", written)
    return len(blocks) > 1 and bool(re.fullmatch("00[0-9]{0,3}|011", blocks[0]))
