"""What a text message from a patient's phone means: a wish to stop, to start again, for help, or something else.

A word by itself, however decorated, is a keyword. Free words must name what shall end; those that only might mean it
are unsure, so that a person decides. Ordinary talk that happens to use the words is 'other'.
"""

import re
from dataclasses import dataclass
from itertools import chain

from core.domain.reply_doubts import is_loud, may_refuse
from core.domain.reply_text import is_slip, own_words, plain, seen
from core.domain.reply_unsure_wordings import UNSURE
from core.domain.reply_wordings import NO_ORDER, STOP, TURNED, Wording
from core.domain.reply_wordings_es import STOP_ES, UNSURE_ES
from core.domain.reply_words import DECORATION, KEYWORDS, NO_SLIPS, SLIPPED, SLIPS, STOP_WORDS, ReplyKind

# How telephones write a reaction to a message of ours, which is quoted after it.
_REACTION = re.compile(
    r"\s*(?:(?:loved|liked|disliked|laughed at|emphasi[sz]ed|questioned|reacted\b.{0,20}? (?:to|with)|removed an?"
    r" .{1,24} from"
    r"|(?:no )?(?:me|le|te) (?:gusto|encanto|dio risa)|le gusta|se (?:rio|ha reido) (?:de|con|por)|enfatizo|destaco"
    r"|cuestiono"
    r"|exclamo|pregunto|reacciono\b.{0,20}? a|elimino un.{1,24} de|quito un.{1,24} de|\W{0,8}to)"
    r"\s*(?P<quoted>[\"“”«„].*)|(?:loved|liked|disliked|laughed at|emphasi[sz]ed|questioned) an? \w+\s*$)",
    re.IGNORECASE | re.DOTALL,
)
_LAST_QUOTE = re.compile(r"..*[\"”“»]", re.DOTALL)
# The last line of our own messages, when somebody sends one of them back.
_FOOTER = re.compile(
    r"\b(?:reply|text|send|respond|responda|envie|conteste|txt)(?: with| con)? stop(?:all)? (?:to|for|para) \w+(?:"
    r" \w+)?"
)


@dataclass(frozen=True)
class Reading:
    """What a reply means, and by which words that was seen."""

    kind: ReplyKind
    why: str


OTHER = Reading("other", "")


def classify(text: str) -> ReplyKind:
    """What the text message means."""
    return reading(text).kind


def reading(text: str) -> Reading:
    """What the text message means, and why, in words for staff."""
    seen_text = seen(text)
    words = plain(own_words(_unquoted(seen_text)))
    if not words:
        return OTHER
    if found := _FOOTER.search(words):
        rest = f"{words[: found.start()]} {words[found.end() :]}".strip(" .")
        return reading_of(rest) if rest else Reading("unsure", "repeats our own words")
    found_in_words = reading_of(words)
    if found_in_words.kind == "other" and is_loud(_unquoted(seen_text)):
        return Reading("unsure", "begins with a keyword in capitals")
    return found_in_words


def reading_of(words: str) -> Reading:
    """The meaning of words in the form of core.domain.reply_text.plain."""
    if " . " in words and all(len(each.split()) == 1 for each in words.split(" . ")):
        words = words.replace(" .", "")  # 'Please. Stop. Texting. Me.'
    if kind := _keyword(words.replace(" .", "").split()):
        return Reading(kind, "the keyword alone")
    if row := _said(words, (*STOP, *STOP_ES)):
        return Reading("stop", row.why)
    if row := _said(words, (*UNSURE, *UNSURE_ES)):
        return Reading("unsure", row.why)
    sentences = words.split(" . ")
    if len(sentences) > 1 and any(_keyword(each.split()) == "stop" for each in (sentences[0], sentences[-1])):
        return Reading("unsure", "a keyword among other words")
    if may_refuse(words):
        return Reading("unsure", "names our messages and a refusal")
    return OTHER


def _unquoted(text: str) -> str:
    """The text without a reaction and the message it is about."""
    if not (found := _REACTION.match(text)):
        return text
    closed = _LAST_QUOTE.match(found["quoted"] or "")
    return found["quoted"][closed.end() :] if closed else ""


def _keyword(words: list[str]) -> ReplyKind | None:
    """The kind of the one keyword that the words are, when all else about it is decoration."""
    bare = [word for word in words if word not in DECORATION]
    if not 0 < len(bare) <= 12:
        return None
    if len(bare) <= 4 and (kind := _kind("".join(bare))) in ("stop", "unsure"):
        return kind
    kinds = {_kind(word) for word in bare}
    return kinds.pop() if len(kinds) == 1 else None


_UNLEETED = str.maketrans("013457", "oieast")


def _squeezed(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


_BY_SHAPE = {_squeezed(word): kind for word, kind in KEYWORDS.items()}
_ROW = re.compile(rf"(?:please)*(?:(?:{'|'.join(STOP_WORDS)})(?:please)*)+")


def _kind(word: str) -> ReplyKind | None:
    """What a word by itself means: a keyword, one with letters repeated or changed, or a slip of one."""
    word = word[:60].translate(_UNLEETED)
    if kind := KEYWORDS.get(word) or _BY_SHAPE.get(_squeezed(word)):
        return kind
    if word in SLIPS or _ROW.fullmatch(word):
        return "stop"
    if len(word) > 4 and word not in NO_SLIPS and any(word[0] == one[0] and is_slip(word, one) for one in SLIPPED):
        return "stop"
    return None


def _said(words: str, rows: tuple[Wording, ...]) -> Wording | None:
    """The first row that is said in earnest: not turned round by what stands before it."""
    found = chain.from_iterable(((row, one) for one in row.pattern.finditer(words)) for row in rows)
    return next((row for row, one in found if not _is_turned(row, words[: one.start()])), None)


def _is_turned(row: Wording, before: str) -> bool:
    clause = before[-80:].rsplit(" . ", 1)[-1].rstrip()
    return bool(TURNED.search(clause) or (row.asks and NO_ORDER.search(clause)))
