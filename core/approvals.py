"""Approval by a second person: asked for, given, and what it comes to (C11).

It is bound to a hash of content, schedule and recipients, and any edit ends it. docs/decisions/approval.md
"""

from sqlalchemy import Connection

from core import approval_mail, campaigns
from core.allowed import allowed_each, require_in
from core.approval_state import digest, why_held
from core.approval_state import is_on as is_on
from core.approval_state import state as state_in
from core.audit import record_in
from core.domain.approval import Approval, Asked
from core.domain.campaign import Campaign
from core.domain.life_cycle import APPROVE, ASK
from core.domain.role import ACTIVATE_CAMPAIGNS, MAKE_CAMPAIGNS
from core.errors import NotAllowed
from core.store import approval_rows as rows
from core.store import campaigns as campaign_rows
from core.store.database import reading, writing
from core.workbench import Workbench, needs

LONGEST_NOTE = 500


def state(wb: Workbench, campaign_id: str) -> Approval:
    """How a campaign stands with its approval. Raises NotFound."""
    with reading(wb.engine) as connection:
        return state_in(wb, connection, campaign_rows.seen(connection, wb.user, campaign_id))


def waiting(wb: Workbench) -> list[tuple[Campaign, Asked | None]]:
    """The campaigns that wait for an approval which this user may give: first the active ones that are held, of which
    nobody need have asked, then who waits longest."""
    if not is_on(wb) or not wb.user.may(ACTIVATE_CAMPAIGNS):
        return []
    with reading(wb.engine) as connection:
        seen = [one for one in campaign_rows.visible(connection, wb.user) if one.status in ("inactive", "active")]
        asked = rows.asked(connection, [one.campaign_id for one in seen])
        found = [
            (one, asked.get(one.campaign_id))
            for one in seen
            if one.campaign_id in asked or (one.status == "active" and why_held(wb, connection, one))
        ]
        may = allowed_each(wb, [one for one, _ in found], actions=(APPROVE,))
    mine = [each for each in found if not may[each[0].campaign_id][APPROVE]]
    return sorted(mine, key=lambda each: (each[0].status != "active", each[1].at if each[1] else each[0].changed_at))


@needs(MAKE_CAMPAIGNS)
def ask(wb: Workbench, campaign_id: str, *, version: int | None = None) -> int:
    """Ask for approval: it stands on the Home of those who may give it, and the dispatcher sends them an email.
    Returns to how many.

    Raises NotAllowed when something keeps the campaign from being active, or nobody has to approve it.
    """
    asked = campaigns.campaign(wb, campaign_id)
    found = campaigns.problems_of(wb, asked, was=asked)
    if found:
        raise NotAllowed("Approval cannot be asked for yet. " + " ".join(found.values()))
    with writing(wb.engine) as connection:
        asked = _current(wb, connection, campaign_id, version)
        require_in(wb, connection, ASK, asked)
        rows.set_asked(connection, campaign_id, Asked(wb.now(), wb.user.user_id))
        record_in(wb, connection, "campaign.approval_asked", campaign_id)
        return approval_mail.queue(wb, connection, asked)


@needs(ACTIVATE_CAMPAIGNS)
def approve(wb: Workbench, campaign_id: str, *, version: int, note: str = "") -> Approval:
    """Approve the campaign as it is in this version: who made it, or has changed it since then or since it was last
    approved, cannot. A draft is not active by that; an active one that was held goes on.

    Raises Conflict when it was changed since it was looked at, NotAllowed when something keeps it from being active.
    """
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise NotAllowed(f"The note has {len(note)} characters; at most {LONGEST_NOTE} are possible.")
    looked_at = campaigns.campaign(wb, campaign_id)
    found = campaigns.problems_of(wb, looked_at, was=looked_at)
    if found:
        raise NotAllowed("The campaign cannot be approved yet. " + " ".join(found.values()))
    with writing(wb.engine) as connection:
        campaign = _current(wb, connection, campaign_id, version)
        require_in(wb, connection, APPROVE, campaign)
        what = digest(wb, connection, campaign)
        rows.add(connection, campaign_id, what, at=wb.now(), by=wb.user.user_id, note=note)
        rows.forget_editors(connection, campaign_id)
        rows.set_asked(connection, campaign_id, None)
        record_in(wb, connection, "campaign.approved", campaign_id, digest=what[:16])
        return state_in(wb, connection, campaign)


def _current(wb: Workbench, connection: Connection, campaign_id: str, version: int | None) -> Campaign:
    """The campaign, locked until the transaction ends. Raises Conflict when another version was looked at."""
    campaign_rows.lock(connection, campaign_id)
    found = campaign_rows.seen(connection, wb.user, campaign_id)
    if version is not None and found.version != version:
        raise campaigns.conflict(wb, found)
    return found
