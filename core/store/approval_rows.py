"""Approvals of campaigns in SQL: who asked, who approved what, and which edit ended it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from core.domain.approval import Asked, Kept
from core.store.contacts import batches
from core.store.schema import approvals, campaigns, organisation_settings, recipients


def latest(connection: Connection, campaign_ids: Collection[str]) -> dict[str, Kept]:
    """The last approval of each of these campaigns that has one."""
    found: dict[str, Kept] = {}
    for ids in batches(campaign_ids):
        question = select(approvals).where(approvals.c.campaign_id.in_(ids)).order_by(approvals.c.approval_id)
        for row in connection.execute(question):
            found[row.campaign_id] = Kept(
                row.digest, row.approved_at, row.approved_by, row.note, row.voided_at, row.voided_by
            )
    return found


def asked(connection: Connection, campaign_ids: Collection[str]) -> dict[str, Asked]:
    """Since when those of these campaigns wait for approval that do, and who asked."""
    found: dict[str, Asked] = {}
    for ids in batches(campaign_ids):
        question = select(campaigns.c.campaign_id, campaigns.c.asked_at, campaigns.c.asked_by).where(
            campaigns.c.campaign_id.in_(ids), campaigns.c.asked_at.is_not(None)
        )
        found |= {row.campaign_id: Asked(row.asked_at, row.asked_by) for row in connection.execute(question)}
    return found


def waiting(connection: Connection) -> list[tuple[str, str, Asked]]:
    """The drafts that wait for approval: id, channel, and since when and who asked."""
    columns = (campaigns.c.campaign_id, campaigns.c.channel, campaigns.c.asked_at, campaigns.c.asked_by)
    question = select(*columns).where(campaigns.c.asked_at.is_not(None), campaigns.c.status == "inactive")
    return [(row.campaign_id, row.channel, Asked(row.asked_at, row.asked_by)) for row in connection.execute(question)]


def add(connection: Connection, campaign_id: str, digest: str, *, at: datetime, by: str, note: str) -> None:
    """Keep an approval."""
    values = {"campaign_id": campaign_id, "digest": digest, "approved_at": at, "approved_by": by, "note": note}
    connection.execute(insert(approvals).values(values))


def void(connection: Connection, campaign_id: str, *, at: datetime, by: str) -> int:
    """End the approvals of a campaign that was edited; returns how many still counted."""
    statement = update(approvals).where(approvals.c.campaign_id == campaign_id, approvals.c.voided_at.is_(None))
    return connection.execute(statement.values(voided_at=at, voided_by=by)).rowcount


def set_asked(connection: Connection, campaign_id: str, asked: Asked | None) -> None:
    """From when it waits for approval, or that it waits no more. Nothing that an editor holds changes."""
    values = {"asked_at": asked.at if asked else None, "asked_by": asked.by if asked else None}
    connection.execute(update(campaigns).where(campaigns.c.campaign_id == campaign_id).values(values))


def places(connection: Connection, campaign_id: str) -> list[int]:
    """Every recipient of a campaign. A merge of patients changes whose a place is, never which there are."""
    question = select(recipients.c.recipient_id).where(recipients.c.campaign_id == campaign_id)
    return list(connection.scalars(question))


def setting_since(connection: Connection, key: str) -> datetime | None:
    """Since when a setting of the organisation is what it is; None when it was never set."""
    question = select(organisation_settings.c.changed_at).where(organisation_settings.c.key == key)
    found: datetime | None = connection.scalar(question)
    return found
