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

import contextlib
import email
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import getaddresses

from flufl.bounce import all_failures

from core.channels.bounce_addresses import address_in, addresses_in, is_of_servers, recipients_in, said_of
from core.channels.bounce_kinds import is_auto_reply, is_complaint, is_delay, is_failure_report, is_read_receipt
from core.channels.bounce_notices import notices_in
from core.channels.bounce_parts import Report, take_apart
from core.channels.refusals import REASONS, Verdict, judge
from core.domain.address import normal_email
from core.domain.one_line import one_line

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

_REPLY_LENGTH = 300
_LONGEST_FORMAT = 60_000  # bytes
_MOST_LINES = 1000
_ADDRESS = re.compile(r"[^\s<>()\"']+@[^\s<>()\"']+")
_HEADER = re.compile(r"(?i)^[ \t>]*(?:subject|betreff|objet|asunto|from|to|cc|date|sent|message-id|件名|тема)[ \t]*:")
_QUOTE = re.compile(r"(?<![\w.\-@/=])[45]\d\d[ \-:]|(?<![\w.])[45]\.\d\.\d{1,3}(?!\.?\d)|said:|<<< ")
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
    addresses = _addresses(report, raw)
    what = "delay" if is_delay(report) else "bounce"
    said = said_of(report.text, addresses)
    return [_bounce(report, address, what, "", more=said[address]) for address in addresses] or [
        _bounce(report, "", what, "", more=report.text)
    ]


def _addresses(report: Report, raw: bytes) -> list[str]:
    """Who was not reached. The first place that names anybody counts; the original To: stands in for all of them."""
    if failed := [*addresses_in(report.headers.get("x-failed-recipients", ""))]:
        return list(dict.fromkeys(failed))
    never = _senders(report)
    written_to = _written_to(report)
    places: tuple[Callable[[], list[str]], ...] = (
        lambda: recipients_in(report.text, never=never - set(written_to)),
        lambda: _known_formats(raw),
        lambda: _single(report, never),
    )
    for place in places:
        candidates = place()
        if found := [address for address in candidates if not is_of_servers(address) and address not in never]:
            return found
        if also_senders := [address for address in candidates if address in written_to]:
            return also_senders
    return written_to[:1]


def _known_formats(raw: bytes) -> list[str]:
    """Recipients by flufl.bounce, which knows formats of many old servers; what it says of their fate is not used.

    It tries every format on every line, hence the limit, and raises and logs when a mail is unlike all of them.
    """
    beginning = b"\n".join(raw[:_LONGEST_FORMAT].split(b"\n", _MOST_LINES)[:_MOST_LINES])
    with contextlib.suppress(Exception):
        found = all_failures(email.message_from_bytes(beginning))
        return sorted({address_in(address.decode("ascii", "replace")) for kind in found for address in kind} - {""})
    return []


def _single(report: Report, never: set[str]) -> list[str]:
    """The only address that the words hold besides the sender's."""
    found = {address for address in addresses_in(report.text) if address not in never and not is_of_servers(address)}
    return list(found) if len(found) == 1 else []


def _written_to(report: Report) -> list[str]:
    names = [report.returned.get("to", ""), *([report.returned["cc"]] if "cc" in report.returned else [])]
    found = [address_in(address) for _, address in getaddresses(names)] or [address_in(names[0])]
    return [address for address in dict.fromkeys(found) if address]


def _senders(report: Report) -> set[str]:
    """Who wrote the mail that came back, and who wrote the report."""
    fields = [report.returned.get(name, "") for name in ("from", "sender", "return-path", "reply-to", "errors-to")]
    fields += [
        report.headers.get(name, "") for name in ("from", "to", "return-path", "sender", "delivered-to", "reply-to")
    ]
    return {address for text in fields for address in addresses_in(text)}


def _distinct(report: Report) -> list[tuple[str, dict[str, str]]]:
    """The groups for machines with their addresses, one for each address."""
    found: dict[str, dict[str, str]] = {}
    for group in report.groups:
        address = _of_fields(report, group)
        if address:
            found.setdefault(address, group)
    return list(found.items())


def _of_fields(report: Report, group: dict[str, str]) -> str:
    """The address that was written to: what the sender asked for, before aliases and forwards (RFC 3464, 2.3.1)."""
    names = ("original-recipient", "final-recipient", "x-actual-recipient")
    given = [address_in(group.get(name, "").partition(";")[2] or group.get(name, "")) for name in names]
    given = [address for address in given if address]
    written_to = _written_to(report)
    if known := next((address for address in given if address in written_to), ""):
        return known
    if given := given or [token for name in names if "@" in (token := _token(group.get(name, "")))]:
        return given[0]
    never = _senders(report)
    named = recipients_in(report.text, never=never)
    return (named or _single(report, never) or written_to[:1] or [""])[0]


def _token(value: str) -> str:
    """What stands for an address that is none: it was mistyped, and is named as it was."""
    return normal_email((value.partition(";")[2] or value).strip().strip("<>\"' ").partition(" ")[0])


def _of_group(report: Report, group: dict[str, str], said: dict[str, str], *, address: str = "") -> Bounce:
    address = address or address_in(group.get("final-recipient", ""))
    action = group.get("action", "").lower().split(" ")[0].strip(";,.")
    if action in _DONE:
        return Bounce(address, "not_a_bounce", "success", message_id=report.message_id)
    what = "delay" if action == "delayed" or (not action and is_delay(report)) else "bounce"
    words = " ".join((group.get("diagnostic-code", "").partition(";")[2] or group.get("diagnostic-code", "")).split())
    return _bounce(report, address, what, words, status=group.get("status", ""), more=said.get(address, ""))


def _bounce(report: Report, address: str, what: str, words: str, *, status: str = "", more: str = "") -> Bounce:
    verdict = _verdict(words, more, _code(status))
    kind = "not_a_bounce" if what == "delay" else _kind(verdict)
    reply = one_line(_ADDRESS.sub("(address)", (words.strip() or more)[:4000]))[:_REPLY_LENGTH]
    return Bounce(address, kind, what, verdict.reason, verdict.status, reply, report.message_id)


def _verdict(words: str, more: str, status: str) -> Verdict:
    """By what is most certain: the field for machines, what a server was quoted with, the bare code, all the words.

    All the words are last because companies append to them what has nothing to do with it ('checked for viruses').
    """
    quoted, everything = _pieces(more)
    verdicts = [judge(words, status=status)] if words.strip() else []
    verdicts += [judge(quoted, status=status), judge("", status=status), judge(everything)]
    clear = next((verdict for verdict in verdicts if verdict.reason and not verdict.is_vague), None)
    return clear or next((verdict for verdict in verdicts if verdict.reason), verdicts[0])


def _pieces(text: str) -> tuple[str, str]:
    """What a text for people quotes of servers, and all of it; without the subject of the mail that came back."""
    lines = [line for line in text.split("\n") if not _HEADER.match(line)]
    quotes = [n for n, line in enumerate(lines) if _QUOTE.search(line)]
    quoted = [lines[n] for n in sorted({near for n in quotes for near in (n - 1, n, n + 1)} & set(range(len(lines))))]
    return "\n".join(quoted), "\n".join(lines)


def _kind(verdict: Verdict) -> str:
    return "definitive" if verdict.is_dead else REASONS[verdict.reason][0] if not verdict.is_for_now else "temporary"


def _code(text: str) -> str:
    found = re.search(r"[245]\.\d{1,3}\.\d{1,3}", text[:200])
    return found[0] if found else ""


def _of_notice(report: Report, notice: dict[str, str]) -> list[Bounce]:
    return _complaints(report, notice) if notice["action"] == "complaint" else [_of_group(report, notice, {})]


def _complaints(report: Report, fields: dict[str, str]) -> list[Bounce]:
    """One for each recipient that is named, so that the caller can stop writing to it."""
    names = ("original-rcpt-to", "original-rcpt-to*", "final-recipient", "removal-recipient")
    named = [address for name in names for address in addresses_in(fields.get(name, ""))]
    named = named or [*addresses_in(report.returned.get("x-hmxmroriginalrecipient", ""))] or _written_to(report) or [""]
    return [
        Bounce(address, "not_a_bounce", "complaint", message_id=report.message_id) for address in dict.fromkeys(named)
    ]


def _aside(report: Report, what: str) -> Bounce:
    address = address_in(report.disposition.get("final-recipient", "").partition(";")[2])
    address = address or address_in(report.headers.get("from", ""))
    return Bounce("" if is_of_servers(address) else address, "not_a_bounce", what, message_id=report.message_id)
