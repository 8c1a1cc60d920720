"""How a campaign stands with its approval, and whether what is active may leave (C11).

With the organisation's setting `approval` on 'second_person', nothing goes out or is printed that was not approved, as
it is now, by somebody who neither made it nor changed it last. docs/decisions/approval.md
"""

import hashlib
from typing import Any

from sqlalchemy import Connection

from core import logos, return_addresses
from core.domain.approval import APPROVED, SECOND_PERSON, Approval, approval_of, content_digest
from core.domain.campaign import Campaign
from core.domain.introduction import INTRODUCTORY
from core.domain.letter import settings
from core.domain.organisation import LETTER
from core.errors import NotAllowed, NotFound
from core.store import approval_rows as rows
from core.workbench import Workbench


class NotApproved(NotAllowed):
    """An active campaign is held: nobody has approved what it is now."""


def is_on(wb: Workbench) -> bool:
    """Whether a second person must approve."""
    return wb.organisation().approval == SECOND_PERSON


def digest(wb: Workbench, connection: Connection, campaign: Campaign) -> str:
    """The hash of everything that decides what leaves, to whom and when."""
    places = rows.places(connection, campaign.campaign_id)
    return content_digest(campaign, places, _printed(wb, campaign))


def state(wb: Workbench, connection: Connection, campaign: Campaign) -> Approval:
    """What the last approval and the last question come to now."""
    ids = [campaign.campaign_id]
    kept = rows.latest(connection, ids).get(campaign.campaign_id)
    asked = rows.asked(connection, ids).get(campaign.campaign_id)
    now = digest(wb, connection, campaign) if kept else ""
    return approval_of(campaign, kept, asked, digest=now)


def why_held(wb: Workbench, connection: Connection, campaign: Campaign) -> str:
    """Why an active campaign may not leave now; empty when it may.

    What was activated before the organisation turned approval on goes out as it was activated: an edit would make it
    inactive.
    """
    if not is_on(wb) or campaign.kind == INTRODUCTORY:
        return ""
    if state(wb, connection, campaign).state == APPROVED:
        return ""
    since = rows.setting_since(connection, "approval")
    if campaign.activated_at and since and campaign.activated_at < since:
        return ""
    return (
        f"Held: nobody has approved '{campaign.name}' as it is now. Somebody who may activate campaigns, and neither "
        "made nor changed it, has to."
    )


def missing_approval(wb: Workbench, connection: Connection, campaign: Campaign) -> str:
    """Why it cannot be activated or printed yet for want of an approval; empty when it can."""
    if not is_on(wb) or state(wb, connection, campaign).state == APPROVED:
        return ""
    return (
        f"The campaign '{campaign.name}' waits for approval by a second person, who neither made nor changed it. Ask "
        "for approval on its Summary."
    )


def _printed(wb: Workbench, campaign: Campaign) -> dict[str, Any]:
    """The sender and the logo of letters as they are now."""
    if campaign.channel != LETTER:
        return {}
    sender = return_addresses.chosen(wb, campaign)
    logo_id = settings(campaign.fields).logo_id
    try:
        logo = logos.logo(wb, logo_id) if logo_id else logos.organisation_logo(wb)
    except NotFound:
        logo = logos.organisation_logo(wb)
    picture = hashlib.sha256(logo.content).hexdigest() if logo and logo.content else ""
    return {"sender": list(sender.lines) if sender else [], "logo": picture}
