"""What left for one patient, campaign by campaign: for the picture of the patient's time."""

from typing import Any

from sqlalchemy import Connection, func, select

from core.store.schema import attempts, campaigns, recipients

_LEFT = ("calling", "handed_over", "delivered", "unconfirmed", "returned", "unsuccessful", "introductory", "unknown")


def contacts(connection: Connection, patient_id: str) -> list[dict[str, Any]]:
    """Everything that left or was tried, the first one first: at (of the first attempt), campaign_id, campaign,
    channel, message, state, reason."""
    first = select(func.min(attempts.c.started_at)).where(attempts.c.recipient_id == recipients.c.recipient_id)
    at = func.coalesce(first.scalar_subquery(), recipients.c.handed_over_at, recipients.c.finished_at)
    question = (
        select(
            at.label("at"),
            campaigns.c.campaign_id,
            campaigns.c.name.label("campaign"),
            campaigns.c.channel,
            recipients.c.message,
            recipients.c.state,
            recipients.c.reason,
        )
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(recipients.c.patient_id == patient_id, recipients.c.state.in_(_LEFT))
    )
    found = connection.execute(question.order_by(recipients.c.recipient_id)).mappings().all()
    return sorted((dict(row) for row in found if row["at"] is not None), key=lambda row: row["at"])
