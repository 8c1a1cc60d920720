"""Approvals of campaigns in SQL: who asked, who approved what, and which edit ended it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from core.domain.approval import SECOND_PERSON, Asked, Kept
from core.store.contacts import batches
from core.store.schema import (
    approvals,
    campaign_editors,
    campaigns,
    organisation_settings,
    recipients,
    setting_changes,
)

_KEY = "approval"  # of the organisation's setting


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
    """The campaigns that wait for approval: id, channel, and since when and who asked."""
    columns = (campaigns.c.campaign_id, campaigns.c.channel, campaigns.c.asked_at, campaigns.c.asked_by)
    is_open = campaigns.c.status.in_(("inactive", "active"))
    question = select(*columns).where(campaigns.c.asked_at.is_not(None), is_open)
    return [(row.campaign_id, row.channel, Asked(row.asked_at, row.asked_by)) for row in connection.execute(question)]


def add(connection: Connection, campaign_id: str, digest: str, *, at: datetime, by: str, note: str) -> None:
    """Keep an approval."""
    values = {"campaign_id": campaign_id, "digest": digest, "approved_at": at, "approved_by": by, "note": note}
    connection.execute(insert(approvals).values(values))


def add_editor(connection: Connection, campaign_id: str, *, at: datetime, by: str) -> None:
    """Somebody has changed what a campaign says, when or to whom."""
    mine = (campaign_editors.c.campaign_id == campaign_id) & (campaign_editors.c.user_id == by)
    connection.execute(delete(campaign_editors).where(mine))
    connection.execute(insert(campaign_editors).values(campaign_id=campaign_id, user_id=by, edited_at=at))


def editors(connection: Connection, campaign_id: str) -> set[str]:
    """Everybody who has changed a campaign since it was made or last approved."""
    question = select(campaign_editors.c.user_id).where(campaign_editors.c.campaign_id == campaign_id)
    return set(connection.scalars(question))


def forget_editors(connection: Connection, campaign_id: str) -> None:
    """A second person has approved what they wrote: from now on who changes it counts."""
    connection.execute(delete(campaign_editors).where(campaign_editors.c.campaign_id == campaign_id))


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


def turned_off(connection: Connection) -> Asked | None:
    """When and by whom approval was turned off, if it is off; None when it is on or was never on."""
    question = select(setting_changes).where(setting_changes.c.key == _KEY)
    last = connection.execute(question.order_by(setting_changes.c.change_id.desc()).limit(1)).first()
    return Asked(last.at, last.by) if last is not None and last.was == SECOND_PERSON else None


def first_asked_for(connection: Connection) -> datetime | None:
    """When the organisation asked for approval for the first time; None when it never did, or always has as far as its
    history goes."""
    question = select(setting_changes.c.was, setting_changes.c.at).where(setting_changes.c.key == _KEY)
    first = connection.execute(question.order_by(setting_changes.c.change_id).limit(1)).first()
    if first is not None:
        return None if first.was == SECOND_PERSON else first.at
    question_now = select(organisation_settings.c.changed_at).where(organisation_settings.c.key == _KEY)
    found: datetime | None = connection.scalar(question_now)
    return found


def approved_counts(connection: Connection) -> dict[str, int]:
    """How many campaigns that can still go out have an approval that no edit has ended, by channel."""
    standing = select(approvals.c.campaign_id).where(approvals.c.voided_at.is_(None))
    question = select(campaigns.c.channel, func.count()).where(
        campaigns.c.campaign_id.in_(standing), campaigns.c.status.in_(("inactive", "active"))
    )
    return {row.channel: int(row[1]) for row in connection.execute(question.group_by(campaigns.c.channel))}
