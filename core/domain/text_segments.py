"""How many segments a text takes, which is what carriers charge for, and how to need fewer (T3).

3GPP TS 23.038 and 23.040: a segment carries 140 octets, which are 160 septets of GSM-7 or 70 units of UCS-2. Of a text
that needs several, each begins with a header of 6 octets that tells phones how to join them: 153 septets or 67 units
are left. One character beyond GSM-7 puts the whole text into UCS-2. What a reader sees as one character is never
divided between two segments. Counts are those of Twilio's calculator (npm package sms-segments-calculator 1.3.0), whose
makers compared it with what Twilio charges: a text without characters is one segment, and CR LF counts as two.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.domain.grapheme import graphemes

GSM_7, UCS_2 = "GSM-7", "UCS-2"
_SINGLE = {GSM_7: 160, UCS_2: 70}  # units of a message that is one segment
_PART = {GSM_7: 153, UCS_2: 67}  # units of each segment of a longer message

# 3GPP TS 23.038, 6.2.1: the default alphabet, and the extension table whose characters come after an escape.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")
GSM_7_CHARACTERS = _BASIC | _EXTENSION

# What word processors, web pages and PDF files put in place of what was typed. Letters are never among it.
_WRITTEN = {
    "'": "‘’‚‛′´`ʹʻʼˈ‹›",
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−•‣⁃◦▪▫■□●○∙·\uf0b7\uf0a7",
    "...": "…",
    " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\v\u0085\u2028\u2029",
    "": "\u00ad\u200b\u2060\ufeff",
    "/": "⁄∕",
    "->": "→",
    "<-": "←",
    "=>": "⇒",
    "(c)": "©",
    "(R)": "®",
    "(TM)": "™",
    "1/4": "¼",
    "1/2": "½",
    "3/4": "¾",
    "fi": "ﬁ",
    "fl": "ﬂ",
}
_PLAIN = {letter: written for written, letters in _WRITTEN.items() for letter in letters}
_OURS = re.escape("".join(sorted(GSM_7_CHARACTERS | _PLAIN.keys())))
_REPLACEABLE = re.compile(
    r"[^\W\d_][\u0300-\u036f]+"  # a letter whose accent is a character of its own, as macOS copies it
    rf"|(?<![^{_OURS}])[\u200c-\u200f]+(?![^{_OURS}])"  # joiners and direction marks without use between our letters
    rf"|[{re.escape(''.join(_PLAIN))}](?!\ufe0f)"  # what is to look like an emoji stays one
)


@dataclass(frozen=True)
class Segments:
    """units: septets of GSM-7, escapes included, or 16-bit units of UCS-2, without the headers.
    forcing_characters: what GSM-7 has no code for, each once, in the order of appearance."""

    encoding: str
    count: int
    units: int
    forcing_characters: tuple[str, ...] = ()


def segments(text: str) -> Segments:
    """What a carrier makes of a text."""
    if GSM_7_CHARACTERS.issuperset(text):
        return _divided(GSM_7, [2 if letter in _EXTENSION else 1 for letter in text])
    seen = graphemes(text)
    forcing = dict.fromkeys(each for each in seen if not GSM_7_CHARACTERS.issuperset(each))
    return _divided(UCS_2, _ucs_2_sizes(seen), tuple(forcing))


def estimate(recipient_count: int, segment_count: int, price_per_segment: Decimal) -> Decimal:
    """What a text to so many recipients costs, in the currency of the price."""
    return recipient_count * segment_count * price_per_segment


def plain(text: str) -> str:
    """The text with plain characters where they mean the same; every letter and emoji stays. It never needs more
    segments than before."""
    return _replaced(text, replacements(text))


def replacements(text: str) -> dict[str, str]:
    """What `plain` replaces in this text, and by what, in the order of appearance.

    '…' becomes three characters: where such would cost a segment, only what does not grow is replaced.
    """
    found = {old: _written(old) for old in _REPLACEABLE.findall(text)}
    found = {old: new for old, new in found.items() if new != old}
    no_longer = {old: new for old, new in found.items() if len(new) <= len(old)}
    count = segments(text).count
    return next((each for each in (found, no_longer) if segments(_replaced(text, each)).count <= count), {})


def _written(old: str) -> str:
    if old in _PLAIN:
        return _PLAIN[old]
    return unicodedata.normalize("NFC", old) if old[0].isalpha() else ""  # else joiners and direction marks


def _replaced(text: str, found: Mapping[str, str]) -> str:
    return _REPLACEABLE.sub(lambda match: found.get(match[0], match[0]), text)


def _divided(encoding: str, sizes: Iterable[int], forcing: tuple[str, ...] = ()) -> Segments:
    sizes = list(sizes)
    units = sum(sizes)
    count = 1 if units <= _SINGLE[encoding] else _part_count(sizes, _PART[encoding])
    return Segments(encoding, count, units, forcing)


def _part_count(sizes: Iterable[int], capacity: int) -> int:
    """How many parts are filled one after the other; what does not fit any more begins the next."""
    count, used = 1, 0
    for size in sizes:
        if used + size > capacity:
            count, used = count + 1, 0
        used += size
    return count


def _ucs_2_sizes(seen: Iterable[str]) -> list[int]:
    """The units of each character as a reader sees it; one too long for a part is divided between its code points."""
    sizes: list[int] = []
    for each in seen:
        units = [2 if letter > "\uffff" else 1 for letter in each]
        sizes += [sum(units)] if sum(units) <= _PART[UCS_2] else units
    return sizes
