"""The addresses that a report is about, found in its words, each with the lines that are said of it."""

import re
from collections.abc import Collection, Iterator

from core.domain.address import normal_email

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]{1,64}"
_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,250}[A-Za-z0-9])?"
_FIND = re.compile(rf"(?<![A-Za-z0-9!#$%&*+/=?^_`{{|}}~.\-])({_LOCAL}|\"[^\"\n@]{{1,64}}\")@({_DOMAIN})")
_OF_SERVERS = re.compile(r"^(?:mailer-?daemon|postmaster|mail-?daemon|mdaemon|double-?bounce|mail-?admin)$")

# A line that names a recipient, by what stands before the address. The first of these that finds any counts.
_OPENERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^[ \t]*(?:final|failed|original)?[ _-]?recipients?(?: address(?:es)?)?[ \t]*(?:was|were|is)?[ \t]*[:=][ \t]*<?(?:rfc822;)?",
        r"^[ \t>*\-•]*(?:addressed to|address|recipient'?s? address|rcpt|rcpt to|email|user|mailbox|failed address(?:es)?)"
        r"[ \t]*:[ \t]*[<\"']?",
        r"^[ \t>*\-•]*\"?<?[^\s<>@:]*(?=@)",  # the address begins the line
        r"smtp[=:]",
        r"(?:could ?n[o']t be delivered to|unable to deliver (?:message |mail |your message )?to(?: the following "
        r"(?:recipient|address)\S*)?|undeliverable to|not delivered to|delivery (?:failed )?to|failed to deliver to|"
        r"unable to deliver to|not be sent to|can ?n[o']t be delivered to|delivered to|could not deliver (?:\w+ ){0,3}to|"
        r"not reach|delivery to|zugestellt werden an|an die adresse|message to|mail to|sent to)[ \t]*:?[ \t]*[<\"'(]?",
        r"(?:unknown|no such|invalid|rejected|bad) (?:user|recipient|address|mailbox)[ \t]*:?[ \t]*[<\"'(]?",
        r"rcpt to[ \t]*:[ \t]*<?",
        r"^[ \t]*[45]\d\d[ -](?:[45]\.\d\.\d+ )?[^@\n]{0,40}?<",
        r"^[ \t]*to[ \t]*:[ \t]*[^@\n]{0,80}?<?(?=[^\s<>]+@)",
        r"(?:user|recipient|mailbox|account|address|benutzer|adresse|empfänger)[ \t]+[<\"'(]?(?=[^\s<>]+@)",
    )
)
_NOT_ABOUT = re.compile(
    r"(?i)^[ \t>*]*(?:from|sender|reply-to|return-path|message-?id|mail from|>>> mail from|original sender|date|subject"
    r"|received|arrival-date|reporting-mta|contact|x-[\w-]+|sender address|errors-to|a message sent by|references)\b[ \t]*[:=<]?"
    r"|for (?:help|assistance|further|more)|mailto:|please (?:contact|send|e-?mail|forward)|contact\b|questions|postmaster"
)


def address_in(text: str) -> str:
    """The first address in a text, in the form by which addresses are compared, or ''."""
    return next(addresses_in(text), "")


def addresses_in(text: str) -> Iterator[str]:
    """The addresses in a text in order, in the form by which addresses are compared."""
    for found in _FIND.finditer(text[:100_000]):
        local = found[1].strip("'")
        if local and ".." not in found[2] and not found[2].endswith(".") and len(found[0]) <= 254:
            yield normal_email(f"{local}@{found[2]}")


def is_of_servers(address: str) -> bool:
    """Whether an address belongs to mail servers themselves and never to a person."""
    return bool(_OF_SERVERS.match(address.partition("@")[0]))


def recipients_in(text: str, *, never: Collection[str]) -> list[str]:
    """The addresses that the words of a report name as not reached, in order. None of `never`."""
    lines = [line for line in text[:200_000].split("\n") if "@" in line and len(line) < 2000]
    for opener in _OPENERS:
        found = [address for line in lines for address in _named(line, opener) if address not in never]
        if found:
            return list(dict.fromkeys(address for address in found if not is_of_servers(address)))[:1000] or found[:1]
    return []


def said_of(text: str, addresses: Collection[str]) -> dict[str, str]:
    """For each address the lines that are about it: from a line that names it to the next that names another."""
    if len(addresses) < 2:
        return dict.fromkeys(addresses, text)
    lines: dict[str, list[str]] = {address: [] for address in addresses}
    current = ""
    for line in text[:200_000].split("\n"):
        if "@" in line:
            current = next((address for address in addresses_in(line) if address in lines), current)
        if current:
            lines[current].append(line)
    texts = {address: "\n".join(found) for address, found in lines.items()}
    return {address: found if _says_more(found) else text for address, found in texts.items()}


def _says_more(text: str) -> bool:
    """Whether a piece says anything besides the address itself."""
    return bool(re.search(r"[^\W\d]{3}", _FIND.sub("", text)))


def _named(line: str, opener: re.Pattern[str]) -> Iterator[str]:
    if _NOT_ABOUT.search(line):
        return
    found = opener.search(line)
    if found is None:
        return
    first = _FIND.search(line, max(0, found.start() if found.end() == found.start() else found.start()))
    if first is None:
        return
    begins = first.start()
    if opener is _OPENERS[2]:
        if line[:begins].strip(" \t>*-•\"'<(:") != "":
            return
    elif not found.start() <= begins <= found.end() + 1:
        return
    yield from addresses_in(line[begins : begins + 300].split(" ")[0] if opener is not _OPENERS[0] else line[begins:])
