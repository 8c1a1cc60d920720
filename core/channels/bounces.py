"""Reading the mails that come back: which address was not reached, and whether it is dead.

    for bounce in read(raw):
        if bounce.kind == "definitive": ...  # never write to bounce.address again until it changes

`kind` has three values, and `what` says what the mail is:

| what         | kind                    | the mail                                                                    |
|--------------|-------------------------|-----------------------------------------------------------------------------|
| bounce       | definitive or temporary | a report that a mail was not delivered                                      |
| delay        | not_a_bounce            | 'not yet delivered, will keep trying': the mail is still under way          |
| success      | not_a_bounce            | delivered, relayed or expanded (RFC 3464, Action)                           |
| complaint    | not_a_bounce            | a person pressed 'this is spam' (RFC 5965); the address should be opted out |
| auto_reply   | not_a_bounce            | vacation and other automatic answers (RFC 3834)                             |
| read_receipt | not_a_bounce            | a disposition notification (RFC 8098)                                       |
| other        | not_a_bounce            | any other mail                                                              |
"""

import re
from dataclasses import dataclass

from core.channels.bounce_addresses import address_in, addresses_in, is_of_servers, said_of
from core.channels.bounce_kinds import is_auto_reply, is_complaint, is_delay, is_failure_report, is_read_receipt
from core.channels.bounce_notices import notices_in
from core.channels.bounce_parts import Report, take_apart
from core.channels.bounce_recipients import recipient_of, recipients_of, written_to
from core.channels.refusals import Verdict, verdict_on
from core.domain.one_line import one_line

_REPLY_LENGTH = 300
_ADDRESS = re.compile(r"[^\s<>()\"']+@[^\s<>()\"']+")
_HEADER = re.compile(r"(?i)^[ \t>]*(?:subject|betreff|objet|asunto|from|to|cc|date|sent|message-id|件名|тема)[ \t]*:")
_QUOTE = re.compile(r"(?<![\w.\-@/=])[45]\d\d[ \-:]|(?<![\w.])[45]\.\d\.\d{1,3}(?!\.?\d)|said:|<<< ")
_TYPE = re.compile(r"^\s*[A-Za-z][\w-]*\s*;")  # 'smtp;' before the words
_DONE = {"delivered", "relayed", "expanded"}


@dataclass(frozen=True)
class Bounce:
    """What a mail says about one address. `address` is the one written to, in lower case; '' when none was found."""

    address: str
    kind: str  # 'definitive', 'temporary' or 'not_a_bounce'
    what: str = "bounce"
    reason: str = ""  # a key of core.channels.refusals.REASONS
    status: str = ""  # the code that was believed: '5.1.1', or '550'
    reply: str = ""  # the server's words on one line, without addresses
    message_id: str = ""  # of the mail that came back, with its angle brackets


def read(raw: bytes) -> list[Bounce]:
    """Read a mail that arrived at the address for returns (RFC 3464, 3463, 5965, 8098, 3834, and what servers write).

    One Bounce for each recipient that it reports. A mail that reports nothing gives a single Bounce of kind
    'not_a_bounce', with an empty address when it names none. Never raises, whatever the bytes.
    """
    try:
        return _read(raw)
    except Exception:  # a mail nobody thought of must not stop the reading of a mailbox
        return [Bounce("", "not_a_bounce", "other")]


def _read(raw: bytes) -> list[Bounce]:
    report = take_apart(raw)
    if is_complaint(report):
        return _complaints(report, report.feedback)
    if is_read_receipt(report):
        return [_aside(report, "read_receipt")]
    if notices := notices_in(report.text):
        return [bounce for notice in notices for bounce in _of_notice(report, notice)]
    if groups := _distinct(report):
        said = said_of(report.text, [address for address, _ in groups])
        return [_of_group(report, group, said, address=address) for address, group in groups]
    if not is_failure_report(report):
        return [_aside(report, "auto_reply" if is_auto_reply(report) else "other")]
    return _of_words(report, raw)


def _of_words(report: Report, raw: bytes) -> list[Bounce]:
    """Bounces of a report that is written for people alone."""
    addresses = recipients_of(report, raw)
    what = "delay" if is_delay(report) else "bounce"
    said = said_of(report.text, addresses)
    return [_bounce(report, address, what, "", more=said[address]) for address in addresses] or [
        _bounce(report, "", what, "", more=report.text)
    ]


def _distinct(report: Report) -> list[tuple[str, dict[str, str]]]:
    """The groups for machines with their addresses, one for each address."""
    found: dict[str, dict[str, str]] = {}
    for group in report.groups:
        if address := recipient_of(report, group):
            found.setdefault(address, group)
    return list(found.items())


def _of_group(report: Report, group: dict[str, str], said: dict[str, str], *, address: str = "") -> Bounce:
    address = address or address_in(group.get("final-recipient", ""))
    action = group.get("action", "").lower().split(" ")[0].strip(";,.")
    if action in _DONE:
        return Bounce(address, "not_a_bounce", "success", message_id=report.message_id)
    what = "delay" if action == "delayed" or (not action and is_delay(report)) else "bounce"
    words = " ".join(_TYPE.sub("", group.get("diagnostic-code", "")).split())
    return _bounce(report, address, what, words, status=group.get("status", ""), more=said.get(address, ""))


def _bounce(report: Report, address: str, what: str, words: str, *, status: str = "", more: str = "") -> Bounce:
    verdict = _verdict(words, more, _code(status))
    kind = "not_a_bounce" if what == "delay" else "definitive" if verdict.is_dead else "temporary"
    reply = one_line(_ADDRESS.sub("(address)", (words.strip() or more)[:4000]))[:_REPLY_LENGTH]
    return Bounce(address, kind, what, verdict.reason, verdict.status, reply, report.message_id)


def _verdict(words: str, more: str, status: str) -> Verdict:
    """By what is most certain: the field for machines, what a server was quoted with, the bare code, all the words.

    All the words are last because companies append to them what has nothing to do with it ('checked for viruses').
    """
    quoted, everything = _pieces(more)
    verdicts = [verdict_on(words, status=status)] if words.strip() else []
    verdicts += [
        verdict_on(quoted, status=status),
        verdict_on("", status=status),
        verdict_on(everything, status=status),
    ]
    clear = next((verdict for verdict in verdicts if verdict.reason and not verdict.is_vague), None)
    return clear or next((verdict for verdict in verdicts if verdict.reason), verdicts[0])


def _pieces(text: str) -> tuple[str, str]:
    """What a text for people quotes of servers, and all of it; without the subject of the mail that came back."""
    lines = [line for line in text.split("\n") if not _HEADER.match(line)]
    quotes = [n for n, line in enumerate(lines) if _QUOTE.search(line)]
    quoted = [lines[n] for n in sorted({near for n in quotes for near in (n - 1, n, n + 1)} & set(range(len(lines))))]
    return "\n".join(quoted), "\n".join(lines)


def _code(text: str) -> str:
    found = re.search(r"[245]\.\d{1,3}\.\d{1,3}", text[:200])
    return found[0] if found else ""


def _of_notice(report: Report, notice: dict[str, str]) -> list[Bounce]:
    return _complaints(report, notice) if notice["action"] == "complaint" else [_of_group(report, notice, {})]


def _complaints(report: Report, fields: dict[str, str]) -> list[Bounce]:
    """One for each recipient that is named, so that the caller can stop writing to it."""
    names = ("original-rcpt-to", "original-rcpt-to*", "final-recipient", "removal-recipient")
    named = [address for name in names for address in addresses_in(fields.get(name, ""))]
    named = named or [*addresses_in(report.returned.get("x-hmxmroriginalrecipient", ""))] or written_to(report) or [""]
    return [
        Bounce(address, "not_a_bounce", "complaint", message_id=report.message_id) for address in dict.fromkeys(named)
    ]


def _aside(report: Report, what: str) -> Bounce:
    address = address_in(report.disposition.get("final-recipient", "").partition(";")[2])
    address = address or address_in(report.headers.get("from", ""))
    return Bounce("" if is_of_servers(address) else address, "not_a_bounce", what, message_id=report.message_id)
