"""In which direction each letter of a line is written (UAX #9), for text without marks that turn it themselves.

One rule is changed: a number with hyphens, such as a ZIP code or a telephone number, is one number also after an Arabic
word; by the rule its parts would change places.
"""

import re
import unicodedata
from collections.abc import Sequence

_NUMBERS = re.compile(r"(?:(?:\+?[0-9]+[ -]?)?\([0-9]+\)[ -]?)?[0-9]+(?:[-\u2010\u2011\u2013][0-9]+)+")
_OPEN, _CLOSE = "([{\u00ab", ")]}\u00bb"


def is_rtl(text: str, *, default: bool = False) -> bool:
    """Whether a text begins with a letter that is written from right to left."""
    for letter in text:
        its = unicodedata.bidirectional(letter)
        if its in ("L", "R", "AL"):
            return its != "L"
    return default


def has_rtl(text: str) -> bool:
    """Whether any letter is written from right to left."""
    return not text.isascii() and any(
        letter >= "\u0590" and unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text
    )


def levels(text: str, *, rtl: bool) -> list[int]:
    """The level of each letter: odd ones are written from right to left. `rtl` says it of the paragraph."""
    kinds = [unicodedata.bidirectional(letter) or "L" for letter in text]
    base = "R" if rtl else "L"
    _weak(kinds, base, text)
    _brackets(kinds, base, text)
    _neutral(kinds, base)
    found = [_LEVELS[rtl][kind] for kind in kinds]
    for place in range(len(text) - 1, -1, -1):  # spaces at the end go with the paragraph
        if not text[place].isspace():
            break
        found[place] = int(rtl)
    return found


_LEVELS = {False: {"L": 0, "R": 1, "AN": 2, "EN": 2}, True: {"L": 2, "R": 1, "AN": 2, "EN": 2}}


def visual_order(given: Sequence[int]) -> list[int]:
    """The places of the levels from left to right."""
    order = list(range(len(given)))
    for level in range(max(given, default=0), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and given[order[end]] >= level:
                end += 1
            order[start:end] = order[start:end][::-1]
            start = max(end, start + 1)
    return order


def _weak(kinds: list[str], base: str, text: str) -> None:
    """W1 to W7."""
    whole = [range(*match.span()) for match in _NUMBERS.finditer(text)]
    numbers = {place for span in whole for place in span}
    before, strong = base, base
    for place, kind in enumerate(kinds):
        if kind == "NSM":
            kinds[place] = kind = before
        if kind in ("L", "R", "AL"):
            strong = kind
        if place in numbers:
            kinds[place] = "EN"
        elif kind == "EN" and strong == "AL":
            kinds[place] = "AN"
        before = kinds[place]
    _around_numbers(kinds)
    strong = base
    for place, kind in enumerate(kinds):
        if kind in ("L", "R", "AL"):
            strong = "L" if kind == "L" else "R"
            kinds[place] = strong
        elif kind in ("ES", "ET", "CS"):
            kinds[place] = "ON"
        elif kind == "EN" and strong == "L":
            kinds[place] = "L"


def _around_numbers(kinds: list[str]) -> None:
    for place in range(1, len(kinds) - 1):
        left, right = kinds[place - 1], kinds[place + 1]
        if left == right and (kinds[place], left) in (("ES", "EN"), ("CS", "EN"), ("CS", "AN")):
            kinds[place] = left
    for places in (range(1, len(kinds)), range(len(kinds) - 2, -1, -1)):
        step = places.step
        for place in places:
            if kinds[place] == "ET" and kinds[place - step] == "EN":
                kinds[place] = "EN"


def _brackets(kinds: list[str], base: str, text: str) -> None:
    """N0: a pair has the direction of the paragraph if something in it has, else of what is in it and before it."""
    waiting: list[int] = []
    pairs = []
    for place, letter in enumerate(text):
        if kinds[place] != "ON":
            continue
        if letter in _OPEN:
            waiting.append(place)
        elif letter in _CLOSE:
            match = next((one for one in reversed(waiting) if _OPEN[_CLOSE.index(letter)] == text[one]), None)
            if match is not None:
                del waiting[waiting.index(match) :]
                pairs.append((match, place))
    for start, end in sorted(pairs):
        inside = {_direction(kind) for kind in kinds[start + 1 : end]} - {""}
        if not inside:
            continue
        before = next((_direction(kind) for kind in reversed(kinds[:start]) if _direction(kind)), base)
        kinds[start] = kinds[end] = base if base in inside or before == base else before


def _direction(kind: str) -> str:
    return "L" if kind == "L" else "R" if kind in ("R", "AN", "EN") else ""


def _neutral(kinds: list[str], base: str) -> None:
    """N1 and N2."""
    start = 0
    while start < len(kinds):
        end = start
        while end < len(kinds) and not _direction(kinds[end]):
            end += 1
        if end > start:
            before = _direction(kinds[start - 1]) if start else base
            after = _direction(kinds[end]) if end < len(kinds) else base
            kinds[start:end] = [before if before == after else base] * (end - start)
        start = max(end, start + 1)
