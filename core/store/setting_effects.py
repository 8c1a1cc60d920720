"""What a change of a setting touches, counted in SQL over all campaigns, whoever may see them."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from core.store.print_rows import OPEN
from core.store.schema import campaigns, print_runs, recipients


def campaign_counts(connection: Connection, status: str) -> dict[str, int]:
    """How many campaigns of this status there are, by channel; the streams of introductory emails are none."""
    question = select(campaigns.c.channel, func.count()).where(
        campaigns.c.status == status, campaigns.c.kind == "campaign"
    )
    return {row.channel: int(row[1]) for row in connection.execute(question.group_by(campaigns.c.channel))}


def printing_count(connection: Connection) -> int:
    """How many print runs are being made, or wait for it."""
    question = select(func.count()).select_from(print_runs).where(print_runs.c.state.in_(OPEN))
    return int(connection.scalar(question) or 0)


def waiting_counts(connection: Connection) -> dict[str, int]:
    """How many messages of active campaigns wait, by channel."""
    question = (
        select(campaigns.c.channel, func.count())
        .join(recipients, recipients.c.campaign_id == campaigns.c.campaign_id)
        .where(campaigns.c.status == "active", recipients.c.state == "waiting")
    )
    return {row.channel: int(row[1]) for row in connection.execute(question.group_by(campaigns.c.channel))}


def sender_count(connection: Connection, addresses: Collection[str]) -> int:
    """How many inactive or active campaigns have one of these From Email Addresses."""
    question = select(func.count()).select_from(campaigns)
    question = question.where(campaigns.c.from_email.in_(addresses), campaigns.c.status.in_(("inactive", "active")))
    return int(connection.scalar(question) or 0)
