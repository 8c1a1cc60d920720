"""Whether a refusal means that an address is dead, from the words and codes of a mail server.

Which of them is believed, first to last:

| what                            | why                                                                            |
|---------------------------------|--------------------------------------------------------------------------------|
| a code of the sender            | 5.1.7, 5.1.8: the words that follow are about the sender, not the address        |
| clear words, not about death    | '550 5.1.1 mailbox full': the words are the server's own, the code a default    |
| clear words about a dead address| '550 5.7.1 no such user'; but under a 4xx code the server itself is not certain |
| an enhanced code of the address | 5.1.1 with no words, or with vague ones such as 'rejected'                      |
| vague words                     | 'policy', 'denied', 'unavailable'                                               |
| the bare SMTP code              | 552, 556; a 550 alone is no dead address                                        |
"""

from dataclasses import dataclass
from functools import lru_cache

from core.channels.bounce_codes import (
    ADDRESS_CODES,
    REPLY_CODES,
    reason_of_status,
    reply_code_in,
    status_in,
    without_wrapping,
)
from core.channels.bounce_texts import CLEAR, VAGUE, plain_words, reason_in

# reason -> (kind in a bounce, kind of a 5xx refusal in the SMTP conversation)
REASONS = {
    "no_mailbox": ("definitive", "definitive"),
    "no_domain": ("definitive", "definitive"),
    "closed": ("definitive", "definitive"),
    "moved": ("definitive", "definitive"),
    "full": ("temporary", "temporary"),
    "greylisted": ("temporary", "temporary"),
    "suspended": ("temporary", "temporary"),
    "expired": ("temporary", "temporary"),
    "network": ("temporary", "temporary"),
    "sender": ("temporary", "permanent_other"),
    "blocked": ("temporary", "permanent_other"),
    "too_big": ("temporary", "permanent_other"),
    "relay": ("temporary", "permanent_other"),
    "loop": ("temporary", "permanent_other"),
    "system": ("temporary", "permanent_other"),
    "": ("temporary", "permanent_other"),  # refused, and nobody says why
}
DEAD = frozenset(reason for reason, kinds in REASONS.items() if kinds[0] == "definitive")


@dataclass(frozen=True)
class Verdict:
    """Why a mail was refused: a key of REASONS, the code that was believed, and whether it is only for now."""

    reason: str
    status: str
    is_for_now: bool
    is_vague: bool = False  # decided by words that are said of everything, or by nothing at all

    @property
    def is_dead(self) -> bool:
        return self.reason in DEAD and not self.is_for_now


def verdict_on(reply: str, *, status: str = "") -> Verdict:
    """What a reply says. `status` is the code given apart from it (Status: of RFC 3464), or empty."""
    reply = without_wrapping(reply)
    words = plain_words(reply)
    inner = status_in(reply)
    believed = status if not inner or (inner.endswith(".0.0") and status) else inner
    basic = reply_code_in(reply)
    reason, is_vague = _reason(words, believed, basic)
    leading = basic or inner or status
    return Verdict(reason, believed or basic, is_for_now=leading.startswith("4"), is_vague=is_vague)


def refusal_kind(code: str, reply: str) -> str:
    """What a refusal during the SMTP conversation means for the address (RFC 5321, 4.2; RFC 3463).

    'definitive': the address is dead. 'temporary': it may be over later (4xx, or a full mailbox under 5xx).
    'permanent_other': refused for good because of content, policy, sender or size; the address may be alive. A 5xx
    alone is not a dead address. `code` is the three digits, `reply` what followed them, with or without the digits.
    """
    if code.strip()[:1] != "5":
        return "temporary"
    text = reply if reply.lstrip().startswith(code.strip()) else f"{code.strip()} {reply}"
    verdict = verdict_on(text)
    return REASONS[verdict.reason][1]


@lru_cache(maxsize=256)  # reports of many recipients repeat themselves
def _reason(words: str, status: str, basic: str) -> tuple[str, bool]:
    """The reason, and whether it rests on vague words."""
    by_code = reason_of_status(status)
    if by_code == "sender":
        return by_code, False
    if clear := reason_in(words, CLEAR):
        return clear, False
    vague = reason_in(words, VAGUE)
    if by_code and (status.partition(".")[2] in ADDRESS_CODES or not vague):
        return by_code, False
    return vague or by_code or REPLY_CODES.get(basic, ""), True
