"""Approval by a second person: bound to a hash of everything that decides what leaves, to whom and when (C11)."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from core.domain.campaign import EDITABLE, Campaign, Message
from core.domain.organisation import EMAIL, LETTER, PHONE, TEXT

NONE, SECOND_PERSON = "none", "second_person"
CHOICES = (NONE, SECOND_PERSON)

NOT_ASKED, WAITS, APPROVED, VOID = "not_asked", "waits", "approved", "void"
# Which of the organisation's settings patients read or hear, by mode. The fields that any message may use are in each;
# the return address of a letter and the logo are kept apart.
_IN_MESSAGES = ("name", "call_back_number", "sign_off")
SHOWN: dict[str, tuple[str, ...]] = {
    EMAIL: (*_IN_MESSAGES, "postal_address"),
    TEXT: (*_IN_MESSAGES, "help_number"),
    PHONE: (*_IN_MESSAGES, "caller_id"),
    LETTER: _IN_MESSAGES,
}
_BESIDE = ("channel", "template_id", "kind")  # what no editor changes and yet decides
_OF_DESIGN = ("design", "holdout_share", "delay_weeks", "variant", "seed")  # nothing where everybody is contacted


@dataclass(frozen=True)
class Kept:
    """One approval as it is kept. `voided_by` is None while no edit has followed."""

    digest: str
    approved_at: datetime
    approved_by: str
    note: str = ""
    voided_at: datetime | None = None
    voided_by: str | None = None


@dataclass(frozen=True)
class Asked:
    """Since when it waits for approval, and who asked."""

    at: datetime
    by: str


@dataclass(frozen=True)
class Approval:
    """How a campaign stands with its approval: `state` is one of the four words above; `kept` the last approval."""

    state: str
    kept: Kept | None = None
    asked: Asked | None = None


def content_digest(campaign: Campaign, recipient_ids: Sequence[int], beside: Mapping[str, Any]) -> str:
    """SHA-256 of the texts in all languages, the settings, the start date and the recipients.

    recipient_ids  the places in the campaign. A merge gives a place the id of the same person, so it voids nothing.
    beside         what stands outside the campaign and patients see of it all the same, such as the logo
    """
    names = {*EDITABLE, *_BESIDE, *_OF_DESIGN} - (set(_OF_DESIGN) if campaign.design == "everyone" else set())
    said = {name: _plain(getattr(campaign, name)) for name in names}
    whole = {**said, "recipients": sorted(recipient_ids), "beside": dict(beside)}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def approval_of(
    campaign: Campaign, kept: Kept | None, asked: Asked | None, *, digest: str, editors: Collection[str]
) -> Approval:
    """What the last approval and the last question come to. `digest` is that of the campaign as it is now, `editors`
    who has changed it since it was made or last approved."""
    if kept is not None and is_valid(campaign, kept, digest=digest, editors=editors):
        return Approval(APPROVED, kept, asked)
    if asked is not None:
        return Approval(WAITS, kept, asked)
    return Approval(VOID if kept else NOT_ASKED, kept, asked)


def is_valid(campaign: Campaign, kept: Kept, *, digest: str, editors: Collection[str]) -> bool:
    """Whether nothing has changed since and it is a second person's: neither the author's nor an editor's."""
    return kept.voided_at is None and kept.digest == digest and kept.approved_by not in involved(campaign, editors)


def involved(campaign: Campaign, editors: Collection[str]) -> set[str]:
    """Who may not approve it: who made it and who has changed it since then or since it was last approved."""
    return {campaign.created_by, *editors}


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
