"""Where a campaign comes from and what comes from it, in SQL: by another mode, as a copy, as a follow-up.

Deleted campaigns count like all others: whom they held out is held out all the same.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, func, select

from core.domain.campaign import Campaign
from core.domain.effects.allocation import HOLD_OUT, LATER
from core.domain.effects.design import KEEPS_OUT
from core.domain.merge import LEFT
from core.store import campaigns as rows
from core.store.contacts import batches
from core.store.schema import campaigns, merges, recipients

_SOURCE = campaigns.c.work_list["copied_from"].as_string()


def origins(connection: Connection, campaign_id: str) -> list[Campaign]:
    """Of a campaign and all that it descends from those whose arms are drawn: its sisters, that of which one of them is
    a copy or follow-up, the sisters of that one, and so on. One statement, however many there are."""
    c = campaigns.c
    found = select(c.campaign_id, c.family_id, _SOURCE.label("source_id")).where(c.campaign_id == campaign_id)
    above = found.cte("origins", recursive=True)
    is_near = (c.campaign_id == above.c.source_id) | (c.family_id == above.c.family_id)
    near = select(c.campaign_id, c.family_id, _SOURCE).join(above, is_near)
    above = above.union(near)  # without those that are there, so it ends
    return rows.with_arms(connection, select(above.c.campaign_id))


def descendants(connection: Connection, campaign_ids: Collection[str]) -> set[str]:
    """These campaigns, the copies and follow-ups of them, the copies of those, and so on."""
    found, ahead = set(campaign_ids), set(campaign_ids)
    while ahead:
        made: set[str] = set()
        for ids in batches(ahead):
            made |= set(connection.scalars(select(campaigns.c.campaign_id).where(_SOURCE.in_(ids))))
        ahead = made - found
        found |= ahead
    return found


def kept_back(
    connection: Connection, campaign_ids: Collection[str], patient_ids: Collection[str]
) -> dict[str, set[tuple[str, str]]]:
    """By patient in which of these campaigns they are held out or come later, as (campaign_id, arm); also under an id
    that was merged into theirs. Whoever is contacted like everybody is left out."""
    now = {each: each for each in patient_ids}
    for ids in batches(patient_ids):
        question = select(merges.c.merged_id, merges.c.patient_id).where(merges.c.patient_id.in_(ids))
        now |= {row.merged_id: row.patient_id for row in connection.execute(question)}
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    columns = (recipients.c.patient_id, recipients.c.campaign_id, recipients.c.arm)
    for ids in batches(now):
        question = select(*columns).where(
            recipients.c.patient_id.in_(ids),
            recipients.c.campaign_id.in_(campaign_ids),
            recipients.c.arm.in_((HOLD_OUT, LATER)),
        )
        for row in connection.execute(question):
            found[now[row.patient_id]].add((row.campaign_id, row.arm))
    return dict(found)


def first_starts(connection: Connection) -> dict[str, date]:
    """The first start date of the sisters that share arms by which some are not contacted, or later; by each of them,
    deleted ones too."""
    first = func.min(campaigns.c.start_on).over(partition_by=(campaigns.c.family_id, campaigns.c.design))
    question = select(campaigns.c.campaign_id, first.label("first")).where(
        campaigns.c.family_id.is_not(None), campaigns.c.allocated_at.is_not(None), campaigns.c.design.in_(KEEPS_OUT)
    )
    return {row.campaign_id: row.first for row in connection.execute(question)}


def has_contacted(connection: Connection, campaign_ids: Collection[str]) -> str | None:
    """One of these campaigns from which a message has left, may have, or is about to; None when there is none."""
    has_left = (recipients.c.attempt_count > 0) | recipients.c.state.in_(LEFT)
    question = select(recipients.c.campaign_id).where(recipients.c.campaign_id.in_(campaign_ids), has_left)
    return connection.scalar(question.limit(1))
