"""Taking a mail apart as a report: what its server says for people and for machines, and the mail that came back."""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.header import decode_header
from email.message import Message

from core.channels.bounce_fields import decoded, fields_of, groups_in, loose_fields, split_returned, text_of_html

LONGEST = 1_000_000  # bytes that are read: reports stand at the beginning, and what follows is the mail that came back
_MOST_PARTS = 200
_MOST_NESTING = 60  # the standard library's parser recurses, and looks at every open boundary for every line

_MESSAGE_ID = re.compile(r"(?im)^[ \t>]*message-id[ \t]*:[ \t]*(<[^<>\s]{1,250}>)")
_ANY_ID = re.compile(r"<[^<>\s]{1,250}>")
_GROUP = re.compile(r"(?im)^(?:final|original|x-actual)-recipient[ \t]*:")
# Some servers and hops forget the header that announces the parts; a preamble or the first part follows at once.
_LOST_BOUNDARY = re.compile(
    rb"(?i)\n\n(?:[^\n]*(?:mime|multi-?part|mail reader|this format)[^\n]*\n|\n){0,6}"
    rb"--([^\n\"]{4,70})\n(?=content-[a-z-]+:)"
)
_MIXED = b'Content-Type: multipart/mixed; boundary="%s"\n'
_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED_TYPES = {
    "message/rfc822",
    "message/global",
    "message/partial",
    "text/rfc822-headers",
    "message/global-headers",
    "text/rfc822",
}


@dataclass
class Report:
    """A mail taken apart. Field names of `headers`, `groups` and `returned` are in lower case, values unfolded."""

    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = ""
    report_type: str = ""
    text: str = ""  # for people, without the mail that came back
    groups: list[dict[str, str]] = field(default_factory=list)  # per-recipient fields of RFC 3464
    feedback: dict[str, str] = field(default_factory=dict)  # fields of RFC 5965
    disposition: dict[str, str] = field(default_factory=dict)  # fields of RFC 8098
    returned: dict[str, str] = field(default_factory=dict)  # headers of the mail that came back
    message_id: str = ""  # of the mail that came back, with its angle brackets


def take_apart(raw: bytes) -> Report:
    """Take any bytes apart. What cannot be read as MIME is read as plain text."""
    raw = raw[:LONGEST].replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"").lstrip()
    if raw.lower().count(b"boundary=") > _MOST_NESTING:
        return _plain(raw)
    try:
        mail = email.message_from_bytes(raw)
        if not mail.is_multipart() and (found := _lost_boundary(raw)):
            return _apart(email.message_from_bytes(_MIXED % found[1] + raw[found.start() :]), outer=mail)
        return _apart(mail)
    except Exception:  # whatever the parser or a codec trips over, a mailbox must be read to its end
        return _plain(raw)


def _apart(mail: Message, *, outer: Message | None = None) -> Report:
    report = Report(
        headers=_headers(outer or mail),
        content_type=mail.get_content_type(),
        report_type=str(mail.get_param("report-type") or "").lower(),
    )
    texts: list[str] = []
    for count, (part, is_returned) in enumerate(_leaves(mail, is_returned=False)):
        if count >= _MOST_PARTS:
            break
        _add(report, part, texts, is_returned=is_returned)
    _add_text(report, "\n".join(texts))
    return report


def _lost_boundary(raw: bytes) -> re.Match[bytes] | None:
    end_of_headers = raw.find(b"\n\n")
    return _LOST_BOUNDARY.match(raw, end_of_headers) if end_of_headers >= 0 else None


def _plain(raw: bytes) -> Report:
    text = decoded(raw, "")
    head, _, body = text.partition("\n\n")
    report = Report(headers=fields_of(head), content_type="text/plain")
    _add_text(report, body or head)
    return report


def _leaves(part: Message, *, is_returned: bool) -> Iterator[tuple[Message, bool]]:
    """The parts that hold something, each with whether it belongs to the mail that came back."""
    kind = part.get_content_type()
    payload = part.get_payload()
    if kind in _RETURNED_TYPES:
        yield part, True
        if isinstance(payload, list):
            for inner in payload:
                if isinstance(inner, Message) and inner.is_multipart():
                    yield from _leaves(inner, is_returned=True)
    elif kind.startswith("multipart/") and isinstance(payload, list):
        for inner in payload:
            if isinstance(inner, Message):
                yield from _leaves(inner, is_returned=is_returned)
    else:
        yield part, is_returned


def _add(report: Report, part: Message, texts: list[str], *, is_returned: bool) -> None:
    kind = part.get_content_type()
    if kind in _STATUS_TYPES:
        if not (is_returned and report.groups):
            report.groups += groups_in(_status_text(part))
    elif kind in _RETURNED_TYPES:
        _add_returned(report, part)
    elif is_returned:
        return
    elif kind == "message/feedback-report":
        report.feedback = fields_of(_status_text(part))
    elif kind in ("message/disposition-notification", "message/disposition-notification-report"):
        report.disposition = fields_of(_status_text(part))
    elif kind in ("text/plain", "text/html") or not kind.startswith(("image/", "application/", "audio/", "video/")):
        words = decoded(_bytes_of(part), str(part.get_content_charset() or ""))
        if kind == "text/html":
            if any(text.strip() for text in texts):
                return  # the same words again
            words = text_of_html(words)
        texts.append(words)


def _add_returned(report: Report, part: Message) -> None:
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        headers = _headers(payload[0])
        if not headers:
            headers = fields_of(decoded(_bytes_of(payload[0]), "").lstrip())
    else:
        headers = fields_of(decoded(_bytes_of(part), "").lstrip().partition("\n\n")[0])
    if not report.returned:
        report.returned = headers


def _add_text(report: Report, text: str) -> None:
    """Split the mail that came back off the words, and read the fields for machines that stand among them."""
    own, returned = split_returned(text)
    report.text = own
    if _GROUP.search(own) and not report.groups:
        report.groups = groups_in(own)
    if returned and not report.returned:
        report.returned = loose_fields(returned)
    report.message_id = _message_id(report, returned)


def _message_id(report: Report, returned: str) -> str:
    """Of the mail that came back: in its headers, in the words, or where an answer names what it answers."""
    headers = f"message-id: {report.returned.get('message-id', '')}"
    texts = (headers, returned[:20_000], report.text[:20_000])
    found = next((found[1] for text in texts if (found := _MESSAGE_ID.search(text))), "")
    answered = _ANY_ID.search(report.headers.get("in-reply-to", ""))
    return found or (answered[0] if answered else "")


def _headers(mail: Message) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in mail.items()[:500]:
        headers.setdefault(name.lower(), _words_of(str(value)))
    return headers


def _words_of(value: str) -> str:
    value = " ".join(value[:4000].split())
    if "=?" not in value:
        return value
    try:
        return "".join(
            part if isinstance(part, str) else decoded(part, charset or "") for part, charset in decode_header(value)
        )
    except (ValueError, LookupError):
        return value


def _bytes_of(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else str(part.get_payload() or "").encode("utf-8", "replace")


def _status_text(part: Message) -> str:
    """A part of fields as text. The parser makes of a delivery status a list of groups, each with headers."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return decoded(_bytes_of(part), "")
    blocks = []
    for block in payload:
        if isinstance(block, Message):
            lines = [f"{name}: {' '.join(str(value).split())}" for name, value in block.items()]
            rest = block.get_payload()
            blocks.append("\n".join([*lines, rest if isinstance(rest, str) else ""]))
    return "\n\n".join(blocks)
