"""A text that came from a phone, as staff see it."""

from dataclasses import dataclass
from datetime import datetime

from core.domain.person import Person


@dataclass(frozen=True)
class Reply:
    """One reply. `people` are the patients whose texts go to its number, those the user may see.

    campaign_id, campaign_name   of the last text to the number before it, if there was one; no id of a deleted one
    is_stopped                   texts to the number are stopped now, by a reply
    """

    reply_id: int
    from_number: str
    body: str
    kind: str  # core.domain.answering.KINDS
    received_at: datetime
    answer: str  # what was answered by itself: stop | start | help
    status: str  # new | done
    decision: str  # of an unsure one: stopped | not_stopped
    decided_at: datetime | None
    decided_by: str | None  # the name of who did
    campaign_id: str | None
    campaign_name: str | None
    people: tuple[Person, ...] = ()
    is_stopped: bool = False


@dataclass(frozen=True)
class ReplyPage:
    """Some replies, newest first; `count` is how many there are in all."""

    replies: list[Reply]
    count: int
