"""What somebody wrote in a text message, apart from its decoration.

Phones and people add much that means nothing: invisible characters, look-alike letters, spaces and dots between
letters, a signature, the message that is answered. Everything here takes linear time and any string at all.
"""

import re
import unicodedata

from core.domain.reply_words import ABBREVIATIONS, KEYWORDS, LONG_WORDS, NO_SLIPS, PHRASES, SLIPS

LONGEST = 1600  # Twilio hands over no longer text
_MOST_SEEN = 20_000  # of what arrives, since invisible characters do not count

_APOSTROPHES = dict.fromkeys(map(ord, "'’‘`´ʼ′＇"))
# Blank though Unicode calls them letters or symbols; and the keycap, which would leave its digit behind.
_BLANK = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0ℹ"), " ")
_BREAKS = dict.fromkeys(map(ord, "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), "\n")
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
# Letters inside circles and squares are letters; every other symbol that would become letters ('™') is an ornament.
_ENCLOSED = re.compile("[\u24b6-\u24c1\u24c3-\u24e9\U0001f110-\U0001f129\U0001f130-\U0001f149]")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"}
_ALIKE = str.maketrans(
    "аеорсухѕіјкмтнвгԁԛԝѵ" + "αεικνορτυχωηβγ" + "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ" + "ıłøđօսո",
    "aeopcyxsijkmtnbrdqwv" + "aeiknoptuxwnby" + "abcdefghijklmnopqrstuvwyz" + "ilodoun",
)
_DISGUISED = re.compile(r"\$(?=[a-z])|(?<=[a-z])[$@](?=[a-z])")
_SPACED = re.compile(r"(?<![^\W_])[a-z](?:[\W_]{1,3}[a-z](?![^\W_])){2,}")
_WORD = re.compile(r"[^\W_]+|[.,!?;:\n]")

_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_ORIGINAL = re.compile(
    r"\b(?:on|el) [^\n]{4,160} (?:wrote|escribi[oó]):|^-{2,} ?(?:original|forwarded|mensaje)|^_{8,}\s*$"
    r"|^(?:from|de): .*\n(?:sent|date|enviado|fecha): ",
    re.IGNORECASE | re.MULTILINE,
)
_MACHINE = re.compile(
    r"\b(?:sent (?:from|via|with|using)|get outlook for|enviado (?:desde|con)|obtener outlook) [^\n]*$"
    r"|^[ \t]*(?:(?:re|fwd?|subject|asunto):|\(no subject\))",
    re.IGNORECASE | re.MULTILINE,
)
_TELEPHONE = re.compile(r"\+?\(?\d[\d ().-]{5,18}\d")
_NAME = r"[A-Z][a-z.]{0,20}(?: [A-Z][a-z.]{0,20}){0,2}"
_SIGNED = re.compile(
    rf"(?:(?<=[\s.,!])--?|[—–~]|(?i:\b(?:thanks?(?: you)?|gracias|regards|sincerely"
    rf"|atentamente)\b)[,.! ])\s?({_NAME})\W{{0,3}}$"
)
_NAME_LINE = re.compile(rf"[\W_]{{0,4}}({_NAME})\W{{0,3}}")


def seen(text: str) -> str:
    """The text as a person sees it: its case and lines, without what is invisible, ornaments and accents."""
    text = _KEYCAP.sub(" ", text[:_MOST_SEEN].translate(_BREAKS)).translate(_APOSTROPHES | _BLANK)
    shown = "".join(filter(None, map(_shown, text)))
    parts = unicodedata.normalize("NFKD", shown[:LONGEST])
    return "".join(char for char in parts if unicodedata.category(char) not in _HIDDEN or char == "\n")[:LONGEST]


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category in _HIDDEN:
        return char if char in "\n" or category == "Mn" else " " if char == "\t" else ""
    return " " if category == "So" and not _ENCLOSED.match(char) else char


def own_words(text: str) -> str:
    """What was written now: without the message it answers, a device's line and a name below."""
    text = _QUOTED_LINE.sub("", text)
    if original := _ORIGINAL.search(text):
        text = text[: original.start()]
    lines = _TELEPHONE.sub(" ", _MACHINE.sub("", text)).strip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _is_name(_NAME_LINE.fullmatch(lines[-1].strip()))):
        lines.pop()
    text = "\n".join(lines).strip()
    signed = _SIGNED.search(text)
    return text[: signed.start()] if signed and _is_name(signed) else text


def _is_name(found: re.Match[str] | None) -> bool:
    """Whether it is a name; 'Stop' below 'Please' is no name."""
    return found is not None and not any(word in KEYWORDS for word in found[1].lower().split())


def plain(text: str) -> str:
    """Its words in the form that the tables know, with ' . ' where a sentence or line ends."""
    text = _DISGUISED.sub(lambda found: "s" if found[0] == "$" else "a", text.casefold().translate(_ALIKE))
    text = _SPACED.sub(lambda found: re.sub(r"[\W_]", "", found[0]), text)
    words = ("." if word in ".,!?;:\n" else _usual(word) for word in _WORD.findall(text))
    text = re.sub(r"(?: \.)+(?= |$)", " .", " " + " ".join(words)).strip(" .")
    for phrase, word in PHRASES:
        text = re.sub(rf"\b{phrase}\b", word, text)
    return text


def _usual(word: str) -> str:
    if word in ABBREVIATIONS:
        return ABBREVIATIONS[word]
    if word in SLIPS and word[0] == "s":
        return "stop"
    if len(word) < 7 or word in NO_SLIPS:
        return word
    return next((known for known in LONG_WORDS if known[0] == word[0] and is_slip(word, known)), word)


def is_slip(word: str, known: str) -> bool:
    """Whether one letter too many, too few, wrong or changed with its neighbour makes `word` of `known`."""
    if word == known:
        return True
    start = next((at for at, pair in enumerate(zip(word, known, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return abs(len(word) - len(known)) == 1
    rest, other = word[start:], known[start:]
    return (
        rest[1:] == other[1:]
        or rest[1:] == other
        or rest == other[1:]
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )
