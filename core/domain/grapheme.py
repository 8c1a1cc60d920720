"""What a reader sees as one character: a letter with its marks, a flag, an emoji of several parts.

The rules GB3 to GB13 of Unicode Standard Annex 29 with the emoji of Unicode 10, since Twilio's calculator of segments
(npm package sms-segments-calculator 1.3.0) counts by these. Two things differ from the annex, as they do there: a
carriage return and a line feed stay two, and a skin tone does not join an emoji after an earlier mark. An emoji of a
later year that is made of several parts comes as its parts.
"""

import unicodedata
from functools import lru_cache

_CONTROL, _EXTEND, _SPACING, _PREPEND, _ZWJ, _OTHER = "control", "extend", "spacing", "prepend", "zwj", "other"
_BASE, _BASE_GLUE, _GLUE, _TONE, _FLAG = "base", "base glue", "glue", "tone", "flag"
_L, _V, _T, _LV, _LVT = "l", "v", "t", "lv", "lvt"

# What joins what within a syllable of Hangul (GB6-GB8).
_SYLLABLE = {_L: {_L, _V, _LV, _LVT}, _LV: {_V, _T}, _V: {_V, _T}, _LVT: {_T}, _T: {_T}}
_BY_CATEGORY = {
    "Mn": _EXTEND, "Me": _EXTEND, "Mc": _SPACING, "Cc": _CONTROL, "Cf": _CONTROL, "Cs": _CONTROL, "Zl": _CONTROL,
    "Zp": _CONTROL,
}  # fmt: skip

# GraphemeBreakProperty.txt of Unicode 10, as far as the general category does not say it: first and last code points.
_RANGES: dict[str, str] = {
    _PREPEND: "0600-0605 06DD 070F 08E2 0D4E 110BD 111C2-111C3 11A3A 11A86-11A89 11D46",
    _EXTEND: "09BE 09D7 0B3E 0B57 0BBE 0BD7 0CC2 0CD5-0CD6 0D3E 0D57 0DCF 0DDF 200C FF9E-FF9F E0020-E007F",
    _SPACING: "0E33 0EB3",
    _OTHER: "102B-102C 1038 1062-1064 1067-106D 1083 1087-108C 108F 109A-109C",
    _ZWJ: "200D",
    _FLAG: "1F1E6-1F1FF",
    _TONE: "1F3FB-1F3FF",
    _BASE: "261D 26F9 270A-270D 1F385 1F3C2-1F3C4 1F3C7 1F3CA-1F3CC 1F442-1F443 1F446-1F450 1F46E 1F470-1F478 1F47C "
    "1F481-1F483 1F485-1F487 1F4AA 1F574-1F575 1F57A 1F590 1F595-1F596 1F645-1F647 1F64B-1F64F 1F6A3 1F6B4-1F6B6 1F6C0 "
    "1F6CC 1F918-1F91C 1F91E-1F91F 1F926 1F930-1F939 1F93D-1F93E 1F9D1-1F9DD",
    _BASE_GLUE: "1F466-1F469",
    _GLUE: "2640 2642 2695-2696 2708 2764 1F308 1F33E 1F373 1F393 1F3A4 1F3A8 1F3EB 1F3ED 1F48B 1F4BB-1F4BC 1F527 "
    "1F52C 1F5E8 1F680 1F692",
    _L: "1100-115F A960-A97C",
    _V: "1160-11A7 D7B0-D7C6",
    _T: "11A8-11FF D7CB-D7FB",
}  # fmt: skip


def _code_points(ranges: str) -> list[int]:
    ends = [[int(end, 16) for end in each.split("-")] for each in ranges.split()]
    return [code for each in ends for code in range(each[0], each[-1] + 1)]


_KINDS = {chr(code): kind for kind, ranges in _RANGES.items() for code in _code_points(ranges)}


def graphemes(text: str) -> list[str]:
    """The text cut into what a reader sees as single characters; joined again they are the text."""
    clusters: list[str] = []
    kinds: list[str] = []
    for letter in text:
        kind = _kind(letter)
        if kinds and _joins(kinds, kind):
            clusters[-1] += letter
            kinds.append(kind)
        else:
            clusters.append(letter)
            kinds = [kind]
    return clusters


@lru_cache(maxsize=4096)
def _kind(letter: str) -> str:
    if "\uac00" <= letter <= "\ud7a3":
        return _LVT if (ord(letter) - 0xAC00) % 28 else _LV
    return _KINDS.get(letter) or _BY_CATEGORY.get(unicodedata.category(letter), _OTHER)


def _joins(kinds: list[str], kind: str) -> bool:
    """Whether a character of this kind belongs to the cluster that has `kinds` so far."""
    last = kinds[-1]
    if _CONTROL in (last, kind):
        return False
    if kind in (_EXTEND, _ZWJ, _SPACING) or last == _PREPEND:
        return True
    if kind == _TONE:
        return _takes_tone(kinds)
    if last == _ZWJ:
        return kind in (_GLUE, _BASE_GLUE)
    if kind == _FLAG:
        return last == _FLAG and kinds.count(_FLAG) == 1
    return kind in _SYLLABLE.get(last, ())


def _takes_tone(kinds: list[str]) -> bool:
    """A skin tone joins an emoji of people or hands, with one mark between them at most."""
    bases = (_BASE, _BASE_GLUE)
    if kinds[-1] == _EXTEND:
        return len(kinds) > 1 and kinds[-2] in bases
    return kinds[-1] in bases and _EXTEND not in kinds
