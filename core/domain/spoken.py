"""What a call says: phone numbers digit by digit, nothing that cannot be spoken, and how long it takes.

Twilio's guide to <Say>: '12345' is spoken as twelve thousand three hundred forty-five, '1 2 3 4 5' as one two three
four five, and commas and periods are pauses. Plain spaces and commas work with every voice in every language; SSML's
say-as does not. Amazon Polly names no standard speed, so seconds are estimates that rather err on the long side.
"""

import math
import re
import unicodedata

from core.domain.grapheme import graphemes
from core.domain.phone_number import PhoneNumber, phone_numbers

# English: 150 words a minute, the pace of audiobooks. Spanish: slower by as much as the readings aloud of Trauzettel-
# Klosinski and Dietz, Investigative Ophthalmology & Visual Science 53 (2012), 5452: 218 words a minute against 228.
WORDS_PER_MINUTE = {"en": 150, "es": 143}
COMMA_SECONDS, SENTENCE_SECONDS = 0.3, 0.6
_WORDS = {"en": ("plus", "extension"), "es": ("más", "extensión")}

_PAUSES = re.compile(r"(?P<sentence>[.!?…]+(?=\s|$))|[,;:—–](?=\s|$)")
_SPOKEN_WORD = re.compile(r"\d|[^\W\d_]+(?:['’][^\W\d_]+)*")
_WEB_ADDRESS = re.compile(
    r"\bhttps?://(?:www\.)?([^\s/?#]+(?:/[^\s/?#]+)*)/?(?:[?#][^\s]*)?(?<![.,;:!?)])", re.IGNORECASE
)
_NEXT_ITEM = re.compile(r"(?<=[^\W_])[ \t]*(?:(?:\r?\n[ \t]*){2,}|\r?\n[ \t]*(?=(?:[-*•◦▪‣·]|\d{1,2}[.)])[ \t]))")
_BULLET = re.compile(r"^[ \t]*[-*•◦▪‣·–—][ \t]+", re.MULTILINE)
_UNSPOKEN = frozenset("*_~^|\\<>{}[]`•‣·")
_SIGNS = {"So", "Sk", "Co", "Cn"}
_NOT_SEEN = {"Cf", "Cc", "Cs"}


def digits_spoken(number: str, language: str = "en") -> str:
    """A phone number digit by digit: '+15550100199' as '5 5 5, 0 1 0, 0 1 9 9'.

    The 1 of the US is left out. Other international numbers begin with the word for the plus, in groups of three and a
    last one of up to four. An extension comes last, after its name.
    """
    found = next(phone_numbers(number.strip()), None)
    if found is not None:
        return _spoken(found, language)
    return _grouped("".join(letter for letter in number if letter in "0123456789"))


def spoken_text(text: str, number_language: str = "en") -> str:
    """A filled-in script as it is handed to the voice, in one line.

    Phone numbers are read digit by digit; emoji, bullets and marks of layout are left out. A paragraph or an item of a
    list ends a sentence. Of a web address the part is left that people would say: 'example.org/care'.
    """
    said = _NEXT_ITEM.sub(".\n", text)
    said = _BULLET.sub("", said)
    said = _WEB_ADDRESS.sub(r"\1", said)
    said = " ".join("".join(map(_spoken_part, graphemes(said))).split())
    said = re.sub(r" (?=[.,;:!?](?:\s|$))", "", said)
    return _with_numbers_spoken(said, number_language)


def speech_seconds(text: str, language: str = "en") -> int:
    """How long a voice speaks a script, in seconds, rounded up. A digit is a word; stops and commas are pauses."""
    said = spoken_text(text, language)
    pauses = [bool(match["sentence"]) for match in _PAUSES.finditer(said)]
    seconds = (
        len(_SPOKEN_WORD.findall(said)) * 60 / WORDS_PER_MINUTE.get(_base(language), min(WORDS_PER_MINUTE.values()))
    )
    seconds += sum(SENTENCE_SECONDS if ends_sentence else COMMA_SECONDS for ends_sentence in pauses)
    return math.ceil(round(seconds, 6))


def _with_numbers_spoken(text: str, language: str) -> str:
    """Again until none is left: of two that stand together without a blank the second shows only then."""
    while found := list(phone_numbers(text)):
        pieces, at = [], 0
        for number in found:
            apart = " " if number.start and text[number.start - 1].isdigit() else ""
            pieces += [text[at : number.start], apart, _spoken(number, language)]
            at = number.end
        text = "".join([*pieces, text[at:]])
    return text


def _spoken(number: PhoneNumber, language: str) -> str:
    plus, extension = _WORDS.get(_base(language), _WORDS["en"])
    digits = number.digits[-10:] if number.is_national else number.digits
    said = _grouped(digits) if number.is_national else f"{plus} {_grouped(digits)}"
    return f"{said}, {extension} {' '.join(number.extension)}" if number.extension else said


def _grouped(digits: str) -> str:
    """Groups of three, of which the last has up to four, so that no digit stands alone."""
    ends = [*range(3, len(digits) - 1, 3), len(digits)]
    ends = [end for end in ends if end == len(digits) or len(digits) - end > 1]
    groups = [digits[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return ", ".join(" ".join(group) for group in groups)


def _spoken_part(grapheme: str) -> str:
    """Letters, digits and what shapes a sentence stay, a degree too; a soft hyphen is nothing, an emoji parts words."""
    first = grapheme[0]
    if first.isspace() or first == "°":
        return grapheme
    if unicodedata.category(first) in _NOT_SEEN:
        return ""
    return " " if first in _UNSPOKEN or unicodedata.category(first) in _SIGNS else grapheme


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()
