"""Whom a report is about: from its fields for machines, its words, or the mail that came back."""

import contextlib
import email
import logging
from collections.abc import Callable
from email.utils import getaddresses

from flufl.bounce import all_failures

from core.channels.bounce_addresses import address_in, addresses_in, is_of_servers, recipients_in
from core.channels.bounce_parts import Report
from core.domain.address import normal_email

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs each mail that is unlike its formats

_LONGEST = 60_000  # bytes
_MOST_LINES = 1000


def recipients_of(report: Report, raw: bytes) -> list[str]:
    """Who was not reached. The first place that names anybody counts; a single original To: stands in."""
    if failed := [*addresses_in(report.headers.get("x-failed-recipients", ""))]:
        return list(dict.fromkeys(failed))
    never = _senders(report)
    addressees = written_to(report)
    places: tuple[Callable[[], list[str]], ...] = (
        lambda: recipients_in(report.text, never=never - set(addressees)),
        lambda: _known_formats(raw),
        lambda: _single(report, never),
    )
    for place in places:
        candidates = place()
        if found := [address for address in candidates if not is_of_servers(address) and address not in never]:
            return found
        if also_senders := [address for address in candidates if address in addressees]:
            return also_senders
    return addressees if len(addressees) == 1 else []


def _known_formats(raw: bytes) -> list[str]:
    """Recipients by flufl.bounce, which knows formats of many old servers; what it says of their fate is not used.

    It tries every format on every line, hence the limit, and raises and logs when a mail is unlike all of them.
    """
    beginning = b"\n".join(raw[:_LONGEST].split(b"\n", _MOST_LINES)[:_MOST_LINES])
    with contextlib.suppress(Exception):
        found = all_failures(email.message_from_bytes(beginning))
        return sorted({address_in(address.decode("ascii", "replace")) for kind in found for address in kind} - {""})
    return []


def _single(report: Report, never: set[str]) -> list[str]:
    """The only address that the words hold besides the sender's."""
    found = {address for address in addresses_in(report.text) if address not in never and not is_of_servers(address)}
    return list(found) if len(found) == 1 else []


def written_to(report: Report) -> list[str]:
    """To and Cc of the mail that came back."""
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


def recipient_of(report: Report, group: dict[str, str]) -> str:
    """The address that was written to: what the sender asked for, before aliases and forwards (RFC 3464, 2.3.1)."""
    names = ("original-recipient", "final-recipient", "x-actual-recipient")
    given = [address_in(group.get(name, "").partition(";")[2] or group.get(name, "")) for name in names]
    given = [address for address in given if address]
    addressees = written_to(report)
    if known := next((address for address in given if address in addressees), ""):
        return known
    if given := given or [token for name in names if "@" in (token := _token(group.get(name, "")))]:
        return given[0]
    never = _senders(report)
    named = recipients_in(report.text, never=never) or (addressees if len(addressees) == 1 else [])
    return (named or _single(report, never) or [""])[0]


def _token(value: str) -> str:
    """What stands for an address that is none: it was mistyped, and is named as it was."""
    return normal_email((value.partition(";")[2] or value).strip().strip("<>\"' ").partition(" ")[0])
