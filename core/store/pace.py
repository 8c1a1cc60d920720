"""The latest attempts, in SQL."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from core.store.schema import attempts, campaigns, recipients

_LOOKED_AT = 1_000  # attempts: reading them backwards from the last one costs the same however many there are


@dataclass(frozen=True)
class Lately:
    """How many attempts ended, the first of them and the last."""

    count: int
    first: datetime
    last: datetime


def lately(connection: Connection, *, channel: str, since: datetime) -> Lately | None:
    """Those among the latest that ended since then; None when none did."""
    latest = select(attempts.c.recipient_id, attempts.c.ended_at).order_by(attempts.c.attempt_id.desc())
    latest_few = latest.limit(_LOOKED_AT).subquery()
    ended_at = latest_few.c.ended_at
    question = (
        select(func.count(), func.min(ended_at), func.max(ended_at))
        .select_from(latest_few)
        .join(recipients, recipients.c.recipient_id == latest_few.c.recipient_id)
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(ended_at >= since, campaigns.c.channel == channel)
    )
    count, first, last = connection.execute(question).one()
    return Lately(count, first, last) if count else None
