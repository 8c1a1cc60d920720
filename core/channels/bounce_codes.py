"""What the numbers of a refusal mean: enhanced status codes (RFC 3463, 7293, 7504, 7505) and SMTP codes (RFC 5321).

`5.1.1` is a class, a subject and a detail. Subject and detail are the same under 4 and 5, so the table has them alone.
Where a code is missing here it says nothing about the address: x.0.0, x.1.0, x.2.0, x.3.x, x.5.x, x.6.x.
"""

import re

# 'subject.detail' -> reason
ADDRESS_CODES = {
    "1.1": "no_mailbox",  # bad destination mailbox address
    "1.2": "no_domain",  # bad destination system: the domain does not exist or takes no mail
    "1.3": "no_mailbox",  # bad syntax: no address at all
    "1.6": "moved",  # mailbox has moved, no forwarding address
    "1.10": "no_domain",  # null MX (RFC 7505); Microsoft uses it for an unknown recipient
    "2.1": "closed",  # mailbox disabled, not accepting messages
    "4.4": "no_domain",  # unable to route: Postfix and others say so when the domain has no host
    "4.310": "no_domain",  # Microsoft: the DNS domain does not exist
    "7.17": "moved",  # the mailbox has another owner now (RFC 7293)
    "7.18": "moved",  # the domain has another owner now
}
OTHER_CODES = {
    "1.7": "sender",
    "1.8": "sender",
    "2.2": "full",
    "2.3": "too_big",
    "2.4": "system",  # mailing list expansion
    "3.1": "full",  # the whole system is full
    "3.2": "system",
    "3.4": "too_big",
    "4.1": "network",
    "4.2": "network",
    "4.3": "network",
    "4.5": "system",
    "4.6": "loop",
    "4.7": "expired",
}
# A bare SMTP code, used when neither words nor an enhanced code decide. 550, 553 and 554 are used for everything.
REPLY_CODES = {"552": "full", "556": "no_domain"}

_STATUS = re.compile(r"(?<![\w.])[45]\.\d{1,3}\.\d{1,3}(?![\w]|\.\d)")
_REPLY = re.compile(r"(?<![\w.\-@/=])([45]\d\d)(?=[\s\-:,;)\]]|$)")
# IronPort puts its own code and words before the reply that it quotes: "5.1.0 - Unknown address error 550-'5.7.1 ...'".
_QUOTING = re.compile(r"^\s*[45]\.\d\.\d+ - [\w ]{3,40}? (?=[45]\d\d[- ])")


def without_wrapping(reply: str) -> str:
    """A quoted reply alone, without the code and the words that a gateway put before it."""
    return _QUOTING.sub("", reply)


def status_in(text: str) -> str:
    """The most telling enhanced status code in a text ('5.1.1'), or ''. One that ends in .0.0 tells nothing."""
    found = _STATUS.findall(text[:4000])
    return next((code for code in found if not code.endswith(".0.0")), found[0] if found else "")


def reply_code_in(text: str) -> str:
    """The first SMTP refusal code in a text ('550'), or ''."""
    found = _REPLY.search(text[:4000])
    return found[1] if found else ""


def reason_of_status(status: str) -> str:
    """What an enhanced status code says, or ''."""
    detail = status.partition(".")[2]
    return ADDRESS_CODES.get(detail) or OTHER_CODES.get(detail, "")
