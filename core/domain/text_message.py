"""What a text must be (T1-T4): short, with a number to call, in characters that phones have, and with a way to stop.

A text is plain text with merge fields. The end is added automatically: it counts in the segments, not in the limit.
"""

import re
import unicodedata
from collections.abc import Collection

from core.domain.merge_field import FIELDS
from core.domain.one_line import TURNS, ends_line, is_visible
from core.domain.phone_number import phone_numbers
from core.domain.template_syntax import listed
from core.domain.text_segments import UCS_2, Segments, plain, segments

LIMIT = 370  # characters of a body, when the organisation has set nothing else
MOST_SEGMENTS = 2  # above which the author is warned
# Merge fields that hold a number to call, by their names in `merge_field.FIELDS`.
NUMBER_FIELDS = frozenset(name for name in FIELDS if name.endswith(".phone") or name == "call_back_number")

# STOP and HELP stay English: they are what providers and carriers act on, whatever the language. No letter is beyond
# GSM-7, which has no 'á', 'í', 'ó' and 'ú'.
END_TEXTS = {
    "en": "Reply STOP to end texts, HELP for help.",
    "es": "Responda STOP para no recibir mensajes, HELP para ayuda.",
}
DEFAULT_LANGUAGE = "en"

_LINES = str.maketrans("", "", "\n\r\t")  # what may divide the lines of a text
_COMMENT = re.compile(r"\{#.{0,400}?#\}", re.DOTALL)
_MERGE_FIELD = re.compile(r"\{\{([^{}]*)\}\}")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAMED_AT_MOST = 5


def with_end(body: str, language: str = DEFAULT_LANGUAGE) -> str:
    """The body with the end text of the language on a line of its own, which takes no more than a space would. English
    where there is none. A body that ends with the same words stays as it is."""
    end = END_TEXTS.get(language.replace("_", "-").split("-")[0].lower(), END_TEXTS[DEFAULT_LANGUAGE])
    body, words = body.strip(), _words(end)
    if _words(body)[-len(words) :] == words:
        return body
    return f"{body}\n{end}" if body else end


def has_call_back_number(body: str, *, number_fields: Collection[str] = NUMBER_FIELDS) -> bool:
    """Whether the body, merge fields included, holds a US number to call."""
    body = _COMMENT.sub("", body)
    names = "|".join(re.escape(name) for name in number_fields)
    is_number = re.compile(rf"(?<![\w.])(?:{names})(?![\w.])")
    shown = (_QUOTED.sub("", field) for field in _MERGE_FIELD.findall(body))
    return any(number.is_national for number in phone_numbers(body)) or (
        bool(names) and any(is_number.search(field) for field in shown)
    )


def problems(body: str, *, limit: int = LIMIT, number_fields: Collection[str] = NUMBER_FIELDS) -> list[str]:
    """What keeps a text from being sent, in sentences for its author.

    Merge fields are checked apart (core.domain.rendering.check), because their errors have a line.
    """
    if not is_visible(body):
        return ["The text is empty. Write what patients are to read."]
    found = []
    if len(body) > limit:
        found.append(f"The text has {len(body)} characters; at most {limit} are possible.")
    if not has_call_back_number(body, number_fields=number_fields):
        found.append("The text has no number to call. Add {{ call_back_number }} so that patients reach you.")
    if ends_line(body.translate(_LINES)):
        found.append("The text holds a character that cannot be shown.")
    if TURNS & {ord(letter) for letter in body}:
        found.append("The text holds a mark that turns the text around.")
    return found


def warnings(filled_text: str) -> list[str]:
    """What makes a text dear, in sentences for its author. `filled_text` is what one patient reads, with the end."""
    now, plainer = segments(filled_text), segments(plain(filled_text))
    found = []
    if now.count > MOST_SEGMENTS:
        found.append(
            f"The text takes {now.count} segments, and each is charged for. Shorten it to {MOST_SEGMENTS} or fewer."
        )
    if now.encoding == UCS_2:
        found.append(_about_characters(now, plainer))
    return found


def _about_characters(now: Segments, plainer: Segments) -> str:
    names = [_name(each) for each in now.forcing_characters]
    if len(names) > _NAMED_AT_MOST:
        names = [*names[: _NAMED_AT_MOST - 1], f"{len(names) - _NAMED_AT_MOST + 1} more"]
    said = f"Because of {listed(names)} a segment holds 70 characters instead of 160."
    if plainer.count < now.count:
        return f"{said} With plain characters the text would take {_counted(plainer.count)} instead of {now.count}."
    return f"{said} Plain characters can take their place." if plainer.encoding != UCS_2 else said


def _name(grapheme: str) -> str:
    """The character in quotation marks, or its name when nothing of it would be seen."""
    if is_visible(grapheme):
        return f"'{grapheme}'"
    return "tab" if grapheme == "\t" else unicodedata.name(grapheme[0], f"U+{ord(grapheme[0]):04X}").lower()


def _counted(count: int) -> str:
    return "1 segment" if count == 1 else f"{count} segments"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
