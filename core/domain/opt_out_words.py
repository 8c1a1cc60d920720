"""Opt-outs in plain words, for staff who read them to a caller."""

from datetime import date

from core.domain.address import phone_text
from core.domain.opt_out import COMPLAINT, FEED, GLOBAL, KEY, LINK, PROTOCOL, STOP, OptOut
from core.domain.wording import day_text

_STOPS = {
    GLOBAL: "No emails, texts or calls of any kind",
    "health_phone": "No calls about health",
    "health_email": "No emails about health",
    "health_text": "No texts about health",
    "all_text": "No texts of any kind",
    "appt_email": "No emails about appointments",
    "appt_text": "No texts about appointments",
    "appt_phone": "No calls about appointments",
    "do_not_call": "No calls of any kind",
}
_BY = {
    STOP: "answered STOP",
    LINK: "used the link in an email",
    KEY: "pressed the key for no more calls",
    COMPLAINT: "marked our email as spam",
    FEED: "from the feed",
}
_REMOVED = {
    "agreed": "the patient agreed again",
    "start": "answered START",
    "undo": "the decision about a reply was taken back",
}


def stops(opt_out: OptOut) -> str:
    """What it stops and for how long: 'No texts of any kind to (555) 010-0199, for good'."""
    if opt_out.type == PROTOCOL:
        what = f"No emails, texts or calls about {opt_out.protocol or 'health'}"
    else:
        what = _STOPS[opt_out.kind.key]
    to = f" to {_listed(opt_out)}" if opt_out.reaches else ""
    return f"{what}{to}, {lasts(opt_out.until)}"


def sentence(opt_out: OptOut) -> str:
    """The whole of it: '..., for good, since Tue 3 Nov 2026: answered STOP'."""
    return f"{stops(opt_out)}, {since(opt_out)}: {how(opt_out)}"


def since(opt_out: OptOut) -> str:
    """'since Tue 3 Nov 2026'."""
    return f"since {day_text(opt_out.starts_on)}"


def lasts(until: date | None) -> str:
    """'for good', or 'through Mon 30 Nov 2026'."""
    return f"through {day_text(until)}" if until else "for good"


def how(opt_out: OptOut) -> str:
    """How it came: 'answered STOP', or the reason that staff or the feed gave."""
    if opt_out.is_of_other:
        return "made for somebody else who has the same address"
    if opt_out.source == STOP and opt_out.reason and "STOP" not in opt_out.reason:
        return opt_out.reason[0].lower() + opt_out.reason[1:]
    way = _BY.get(opt_out.source, "")
    if opt_out.source == FEED and opt_out.reason:
        return f"{way}, {opt_out.reason}"
    return way or opt_out.reason or "no reason given"


def removal(opt_out: OptOut) -> str:
    """How it was taken back, continuing a date; '' when nothing but the fact is known."""
    return _REMOVED.get(opt_out.removed_how or "", "")


def address_text(address: str) -> str:
    """An email address as it is, a number as people write it."""
    return address if "@" in address else phone_text(address)


def _listed(opt_out: OptOut) -> str:
    words = [address_text(address) for address in opt_out.reaches]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
