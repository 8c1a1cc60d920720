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


def origins(connection: Connection, of: Campaign) -> list[Campaign]:
    """A campaign and all that it descends from: its sisters, that of which one of them is a copy or follow-up, the
    sisters of that one, and so on. The campaign itself comes first, as it was given."""
    found, ahead = {of.campaign_id: of}, [of]
    while ahead:
        one = ahead.pop()
        source_id = one.work_list.get("copied_from")
        near = rows.family(connection, one, with_deleted=True)
        if source_id and source_id not in found:
            near += rows.some(connection, [source_id])
        ahead += [each for each in near if each.campaign_id not in found]
        found |= {each.campaign_id: each for each in near if each.campaign_id not in found}
    return list(found.values())


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
