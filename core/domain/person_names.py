"""Words of a text that may be somebody's name, for comparing with usual names or with those of patients on file."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from core.domain.ordinary_words import ORDINARY
from core.domain.patient_information import NAME, Finding

_WORD = re.compile(r"[^\W\d_]+(?:['’‘`-][^\W\d_]+)*")
_BETWEEN = re.compile(r"[ \t]*[,.]?[ \t]*(?:\n[ \t]*)?")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mister|Sr|Sra|Srta|Señor|Señora)\b\.? +[A-ZÀ-Þ][^\W\d_]+")
_SMALL_TITLE = re.compile(r"\bmrs?\b\.? +[^\W\d_]{2,}")  # 'ms office' and 'sr manager' are no names
_DOCTOR = re.compile(r"\b(?:Dr|Doctor|Dra|Prof|Professor|Nurse)\b\.?\s*$", re.IGNORECASE)
MOST_WORDS = 5  # of a name


@dataclass(frozen=True)
class Word:
    """A word as it was written, and folded as names on file are: without case, accents and apostrophes."""

    text: str
    folded: str
    start: int
    end: int
    joins: bool  # nothing but blanks or one comma between it and the word before


@dataclass(frozen=True)
class Candidate:
    """A run of words read as a last name and a first one; the first may be an initial. `middle` are the words between
    that stand for nothing."""

    last: str
    first: str
    middle: tuple[str, ...]
    start: int
    end: int
    is_capital: bool  # each of its words begins with a capital


def words(text: str, fold: Callable[[Sequence[str]], Sequence[str]]) -> list[Word]:
    """The words of a text. `fold` folds many at once."""
    found = list(_WORD.finditer(text))
    folded = fold([match[0] for match in found])
    ends = [0, *(match.end() for match in found)]
    return [
        Word(match[0], plain, match.start(), match.end(), bool(_BETWEEN.fullmatch(text, end, match.start())))
        for match, plain, end in zip(found, folded, ends, strict=False)
        if plain
    ]


def candidates(text: str, found: Sequence[Word], last_names: Collection[str]) -> Iterator[Candidate]:
    """Runs of words that may be a name whose last name begins with one of `last_names`, whatever their order and
    whether there is a middle name. Not after 'Dr.': that is a provider."""
    for begin in range(len(found)):
        for size in range(2, MOST_WORDS + 1):
            run = found[begin : begin + size]
            if len(run) < size or not all(word.joins for word in run[1:]):
                break
            if _DOCTOR.search(text, 0, run[0].start):
                continue
            yield from (each for each in _readings(run) if each.last.split(" ")[0] in last_names)


def _readings(run: Sequence[Word]) -> Iterator[Candidate]:
    texts = [word.folded for word in run]
    is_capital = all(word.text[0].isupper() for word in run)
    readings: set[tuple[str, str, tuple[str, ...]]] = set()
    for cut in range(1, len(texts)):
        before, after = " ".join(texts[:cut]), " ".join(texts[cut:])
        readings |= {(after, before, ()), (before, after, ())}
        if cut > 1:
            readings |= {(after, texts[0], tuple(texts[1:cut]))}
    for last, first, middle in sorted(readings):
        if len(last) > 1 and (len(first) > 1 or is_capital):
            yield Candidate(last, first, middle, run[0].start, run[-1].end, is_capital)


def titled(text: str) -> Iterator[Finding]:
    """'Mrs. Example': somebody who is called so, whoever it is."""
    for title in (_TITLE, _SMALL_TITLE):
        yield from (Finding(NAME, match.start(), match.end()) for match in title.finditer(text))


def known(text: str, found: Sequence[Word], first_names: Collection[str], last_names: Collection[str]) -> list[Finding]:
    """Runs that are a usual first name and a usual last name, whoever it is. In small letters what lies between is a
    name or an initial, and not both are words of every day."""

    def is_name(each: Candidate) -> bool:
        between = all(len(word) == 1 or word in first_names or word in last_names for word in each.middle)
        return each.is_capital or (between and not {each.first, each.last} <= ORDINARY)

    return [
        Finding(NAME, each.start, each.end)
        for each in candidates(text, found, last_names)
        if each.first in first_names and each.last in last_names and is_name(each)
    ]
