"""The addresses that a report is about, found in its words, each with the lines that are said of it."""

import re
from collections.abc import Collection, Iterator

from core.domain.address import normal_email

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]{1,64}"
_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,250}[A-Za-z0-9])?"
_FIND = re.compile(rf"(?<![A-Za-z0-9!#$%&*+/=?^_`{{|}}~.\-])({_LOCAL}|\"[^\"\n@]{{1,64}}\")@({_DOMAIN})")
_LINK = re.compile(r"<mailto:[^<>\s]{0,300}>")
_OF_SERVERS = re.compile(r"^(?:mailer-?daemon|postmaster|mail-?daemon|mdaemon|double-?bounce|mail-?admin)$")

# Ways in which a line names a recipient, by what stands before the address. The first that finds any counts.
_BEGINS = r"^[ \t>*\-•]*"
_OPEN = r"[ \t]*:?[ \t]*[<\"'(]?"
_TO = (
    r"(?:could ?n[o']t be delivered|not delivered|delivery(?: failed)?|failed to deliver|not be sent|delivered"
    r"|undeliverable|can ?n[o']t be delivered|(?:unable to|could not) deliver(?: \w+){0,3}|message|mail|sent) to"
    r"(?: the following (?:recipient|address)\S*)?|not reach|zugestellt werden an|an die adresse"
)


def _opener(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_OPENERS = (
    _LABELLED := _opener(
        r"^[ \t]*(?:final|failed|original)?[ _-]?recipients?(?: address(?:es)?)?[ \t]*(?:was|were|is)?[ \t]*[:=]"
        r"[ \t]*<?(?:rfc822;)?"
    ),
    _opener(
        _BEGINS + r"(?:addressed to|address|recipient'?s? address|rcpt|rcpt to|email|user|mailbox"
        r"|failed address(?:es)?)[ \t]*:[ \t]*[<\"']?"
    ),
    _LINE_BEGINS := _opener(_BEGINS + r"\"?<?[^\s<>@:]*(?=@)"),
    _opener(r"smtp[=:]"),
    _opener(rf"(?:{_TO}){_OPEN}"),
    _opener(rf"(?:unknown|no such|invalid|rejected|bad) (?:user|recipient|address|mailbox){_OPEN}"),
    _opener(r"rcpt to[ \t]*:[ \t]*<?"),
    _opener(r"^[ \t]*[45]\d\d[ -](?:[45]\.\d\.\d+ )?[^@\n]{0,40}?<"),
    _opener(r"^[ \t]*to[ \t]*:[ \t]*[^@\n]{0,80}?<?(?=[^\s<>]+@)"),
    _opener(r"(?:user|recipient|mailbox|account|address|benutzer|adresse|empfänger)[ \t]+[<\"'(]?(?=[^\s<>]+@)"),
)
_NOT_ABOUT = re.compile(
    r"(?i)^[ \t>*]*(?:from|sender|reply-to|return-path|message-?id|mail from|>>> mail from|original sender|date|subject"
    r"|received|arrival-date|reporting-mta|contact|x-[\w-]+|sender address|errors-to|a message sent by|references)\b"
    r"|for (?:help|assistance|further|more)|please (?:contact|send|e-?mail|forward|reply)|contact\b|questions"
    r"|postmaster"
)


def address_in(text: str) -> str:
    """The first address in a text, in the form by which addresses are compared, or ''."""
    return next(addresses_in(text), "")


def addresses_in(text: str) -> Iterator[str]:
    """The addresses in a text in order, in the form by which addresses are compared."""
    for found in _FIND.finditer(text[:100_000]):
        local = found[1].strip("'").rpartition("SMTP=")[2]  # 'c=US;dda:SMTP=name@example.org' of X.400 gateways
        if local and ".." not in found[2] and not found[2].endswith(".") and len(found[0]) <= 254:
            yield normal_email(f"{local}@{found[2]}")


def is_of_servers(address: str) -> bool:
    """Whether an address belongs to mail servers themselves and never to a person."""
    return bool(_OF_SERVERS.match(address.partition("@")[0]))


def recipients_in(text: str, *, never: Collection[str]) -> list[str]:
    """The addresses that the words of a report name as not reached, in order. None of `never`."""
    plain = _LINK.sub("", text[:200_000])
    lines = [line for line in plain.split("\n") if "@" in line and len(line) < 2000]
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
    """The addresses that stand right behind what the opener finds in a line."""
    if _NOT_ABOUT.search(_FIND.sub("", line)):
        return
    found = opener.search(line)
    first = _FIND.search(line, found.start()) if found else None
    if found is None or first is None:
        return
    if opener is _LINE_BEGINS:
        if line[: first.start()].strip(" \t>*-•\"'<(:"):
            return
    elif not found.start() <= first.start() <= found.end() + 1:
        return
    rest = line[first.start() : first.start() + 1000]
    yield from addresses_in(rest if opener is _LABELLED else rest.split(" ")[0])
