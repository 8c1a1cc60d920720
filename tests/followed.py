"""Campaigns with what became of their patients, written as feeds would have told."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from core.domain.effects.outcomes import CLOSED_COLUMNS
from core.store.database import writing
from core.store.schema import campaigns, follow_ups, outcomes, recipients
from core.workbench import Workbench

SENT = date(2026, 6, 1)
LONG_AGO = SENT + timedelta(days=120)


def followed(
    wb: Workbench,
    rows: dict[str, dict[str, Any]],
    *,
    campaign_id: str = "c1",
    through: date = LONG_AGO,
    **changes: Any,
) -> None:
    """Keep what a campaign's messages and its patients became: by patient columns of recipients, `closed` after so many
    days, `booked` and `kept`."""
    with writing(wb.engine) as connection:
        connection.execute(
            update(campaigns)
            .where(campaigns.c.campaign_id == campaign_id)
            .values(**{"allocated_at": wb.now(), "start_on": SENT} | changes)
        )
        connection.execute(
            insert(follow_ups).values(
                campaign_id=campaign_id,
                allocated_on=SENT,
                known_through=through,
                lag_days=0,
                generation="g",
                evaluated_at=wb.now(),
            )
        )
        question = select(recipients.c.recipient_id, recipients.c.patient_id)
        for row in connection.execute(question.where(recipients.c.campaign_id == campaign_id)).all():
            known: dict[str, Any] = {"state": "delivered", "arm": "contact", "handed_over_at": wb.now()} | rows.get(
                row.patient_id, {}
            )
            days: Any = known.pop("closed", None)
            flags = {name: known.pop(name, None) for name in ("booked_on", "kept_on")}
            connection.execute(
                update(recipients).where(recipients.c.recipient_id == row.recipient_id).values(stratum="all", **known)
            )
            closed = {name: int(days is not None and days <= int(name[7:])) for name in CLOSED_COLUMNS}
            connection.execute(
                insert(outcomes).values(
                    recipient_id=row.recipient_id,
                    campaign_id=campaign_id,
                    gap_count=1,
                    closed_on=None if days is None else SENT + timedelta(days=days),
                    followed_through=through,
                    **closed,
                    **flags,
                )
            )


def split(size: int, contact: int, held_out: int) -> dict[str, dict[str, Any]]:
    """p1 to p<size> are contacted, and as many after them held out; so many of each closed a gap on day 20."""
    found: dict[str, dict[str, Any]] = {}
    for number in range(1, 2 * size + 1):
        is_held_out = number > size
        closes = number - size <= held_out if is_held_out else number <= contact
        found[f"p{number}"] = {"closed": 20} if closes else {}
        if is_held_out:
            found[f"p{number}"] |= {"arm": "hold_out", "state": "hold_out", "handed_over_at": None}
    return found
