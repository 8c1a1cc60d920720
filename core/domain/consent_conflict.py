"""A feed that says a patient agrees, after the patient has said stop: the opt-out stays, and somebody is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from core.domain.opt_out import CAMPAIGN, GLOBAL, PROTOCOL, TYPES, OptOut, covers

OWN_SOURCES = ("stop", "link", "key", "complaint", "staff")  # of the patient's own word, unlike what a feed brings

# Keys of core.domain.correction.FIELDS, by the channel of the consent.
CONSENT_OF = {"text": "text_consent", "email": "email_consent", "phone": "call_consent"}


@dataclass(frozen=True)
class Statement:
    """What a feed says of one channel. `on`: when that was said; `received_at`: when the row first came like this;
    `is_news`: it was otherwise before this load."""

    answer: str | None
    on: date | None
    received_at: datetime
    is_news: bool = False


def stopping(opt_outs: Iterable[OptOut], *, channel: str, on: date) -> list[OptOut]:
    """Those that stop campaigns by the channel on that day and are the patient's own or staff's. One about a single
    health topic is not against a consent to the channel."""
    return [
        opt_out
        for opt_out in opt_outs
        if opt_out.source in OWN_SOURCES
        and opt_out.type != PROTOCOL
        and covers(opt_out, product=CAMPAIGN, channel=channel, on=on)
    ]


def contradicted(statement: Statement, opt_outs: Iterable[OptOut]) -> list[OptOut]:
    """Which of `stopping` opt-outs a statement contradicts: it says yes, came after them, and is not dated before."""
    if statement.answer != "yes":
        return []
    return [
        opt_out
        for opt_out in opt_outs
        if (statement.on is None or statement.on >= opt_out.starts_on)
        and (statement.is_news or opt_out.made_at is None or statement.received_at > opt_out.made_at)
    ]


def types_stopping(channel: str) -> tuple[str, ...]:
    """The types that `stopping` finds for a channel, for questions to the database."""
    return tuple(
        key for key, kind in TYPES.items() if CAMPAIGN in kind.products and channel in kind.channels and key != PROTOCOL
    )


def is_wider(opt_outs: Iterable[OptOut]) -> bool:
    """Whether one of them stops more than its channel: a consent to one channel does not lift it."""
    return any(opt_out.type == GLOBAL or opt_out.type not in TYPES for opt_out in opt_outs)
