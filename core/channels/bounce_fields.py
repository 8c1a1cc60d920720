"""Reading the text of a report: its charset, its fields, and where the mail that came back begins."""

import html
import re
from itertools import pairwise

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[ \t]*(.*)$")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_LINE_TAG = re.compile(r"(?i)<(?:br|/?p|/?div|/?tr|/?td|/?li|/?h\d|/?table|/?pre)\b[^<>]{0,500}>")
_HIDDEN = re.compile(r"(?i)<(style|script|title)\b")
# Lines after which plain text holds the mail that came back.
_MAIL = r"(?:e-?mail|mail|message)"
_BORDER = re.compile(
    r"(?im)^[ \t>*#|]*(?:[-=_*]{2,}[ \t]*)?(?:"
    r"(?:this is |below (?:this line )?is |included is |here is |the following is )?(?:a |the )?copy of (?:the |your )?"
    rf"(?:original |returned )?(?:{_MAIL}|headers?)\b[^\n]{{0,60}}"
    r"|below this line is [^\n]{0,60}|(?:below|included) is a copy of[^\n]{0,60}"
    r"|(?:begin(?:ning)? of )?(?:the )?(?:original|returned|unsent|undelivered|bounced|rejected|failed|your) "
    rf"{_MAIL}(?: info| headers?| text| body| content| follows?| as follows)*[ \t]*[:.]?"
    rf"|(?:the )?(?:original )?{_MAIL}(?: headers?| body| text)* (?:follows?|is attached|returned)[^\n]{{0,20}}"
    rf"|(?:the )?(?:header|text|body|headers) (?:of|from) (?:the |your )?(?:original |returned |rejected )?{_MAIL}"
    r"[^\n]{0,40}|original message headers:|message header follows[^\n]{0,20}|unsent message below"
    r"|weitergeleitete nachricht|ursprüngliche nachricht[^\n]{0,20}|исходное сообщение[^\n]{0,20}|message d'origine"
    r")[ \t]*[-=_*]*[ \t]*$"
)
_FIRST_HEADER = re.compile(r"(?im)^(?:received|return-path): ?\S")
_HEADER_LINE = re.compile(r"(?i)^(?:received|return-path|message-id|mime-version|x-mailer|from|subject): ?\S")


def split_returned(text: str) -> tuple[str, str]:
    """What the server wrote, and the mail that came back as far as it stands in the same text."""
    border = _BORDER.search(text)
    start = border.start() if border and text[: border.start()].strip() else len(text)
    headers = (found.start() for found in _FIRST_HEADER.finditer(text[:start]))
    start = next((begin for begin in headers if _is_header_block(text[begin : begin + 4000])), start)
    return text[:start], text[start:]


def _is_header_block(text: str) -> bool:
    return sum(bool(_HEADER_LINE.match(line)) for line in text.split("\n")[:40]) > 2


def groups_in(text: str) -> list[dict[str, str]]:
    """The per-recipient groups of a delivery status (RFC 3464, 2.3), also of one that is badly laid out."""
    groups: list[dict[str, str]] = []
    for block in re.split(r"\n[ \t]*\n", text):
        for chunk in _by_recipient(block):
            found = fields_of(chunk)
            if found.keys() & {"final-recipient", "original-recipient", "x-actual-recipient"}:
                groups.append(found)
            elif groups and found.keys() & {"status", "action", "diagnostic-code"} and "action" not in groups[-1]:
                groups[-1] = found | groups[-1]
    return groups


def _by_recipient(block: str) -> list[str]:
    """A block without empty lines between its groups, cut before each further Final-Recipient."""
    starts = [found.start() for found in re.finditer(r"(?im)^final-recipient[ \t]*:", block)]
    if len(starts) < 2:
        return [block]
    firsts = [found.start() for found in re.finditer(r"(?im)^original-recipient[ \t]*:", block)]
    if len(firsts) == len(starts) and firsts[0] < starts[0]:
        starts = firsts
    cuts = [0, *starts[1:], len(block)]
    return [block[begin:end] for begin, end in pairwise(cuts)]


def fields_of(text: str) -> dict[str, str]:
    """Header-like fields of a text, names in lower case, folded lines joined.

    The first of equal names counts; the others are kept together under the name with a star.
    """
    fields: dict[str, str] = {}
    name = ""
    for line in text.split("\n")[:2000]:
        if line[:1] in (" ", "\t") and name:
            fields[name] = f"{fields[name]} {line.strip()}"[:4000]
        elif found := _FIELD.match(line):
            name, value = found[1].lower(), found[2].strip()[:4000]
            if name in fields:
                name = f"{name}*"
                value = f"{fields[name]}, {value}"[:50_000] if name in fields else value
            fields[name] = value
        else:
            name = ""
    return fields


def text_of_html(markup: str) -> str:
    """The words of an HTML page, a line for each of its blocks."""
    markup = _LINE_TAG.sub("\n", _without_hidden(markup[:300_000].replace("\n", " ")))
    return html.unescape(_TAG.sub("", markup)).replace("\xa0", " ")


def _without_hidden(markup: str) -> str:
    """The page without what nobody sees. Stops at the first element that is never closed."""
    lower, pieces, start = markup.lower(), [], 0
    while (found := _HIDDEN.search(markup, start)) and (end := lower.find(f"</{found[1].lower()}", found.end())) >= 0:
        pieces.append(markup[start : found.start()])
        start = end
    return "".join((*pieces, markup[start:]))


def decoded(content: bytes, charset: str) -> str:
    """Text of any bytes: the charset that is named, else what the bytes look like."""
    guesses = [charset] if charset else []
    guesses += ["iso-2022-jp"] if b"\x1b$" in content or b"\x1b(" in content else []
    for guess in (*guesses, "utf-8"):
        try:
            return content.decode(guess)
        except (LookupError, ValueError):
            continue
    try:
        return content.decode(charset or "latin-1", errors="replace")
    except (LookupError, ValueError):
        return content.decode("latin-1")


def loose_fields(text: str) -> dict[str, str]:
    """Headers of a mail that came back inside plain text, wherever they begin and however far they are indented."""
    lines = [
        line.strip(" \t>|") if line[:1] in " \t>|" and _FIELD.match(line.strip(" \t>|")) else line
        for line in text[:20_000].split("\n")
    ]
    start = next(
        (n for n, line in enumerate(lines) if _FIELD.match(line) and " " not in line.partition(":")[0]), len(lines)
    )
    return fields_of("\n".join(lines[start : start + 200]))
