"""How a campaign stands with its approval, and whether what is active may leave (C11).

With the organisation's setting `approval` on 'second_person', nothing goes out or is printed that was not approved, as
it is now, by somebody who neither made nor changed it. docs/decisions/approval.md
"""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from core import introductory_email, logos, return_addresses
from core.domain.approval import APPROVED, SECOND_PERSON, SHOWN, Approval, approval_of, content_digest
from core.domain.campaign import Campaign
from core.domain.introduction import INTRODUCTORY
from core.domain.letter import settings
from core.domain.organisation import EMAIL, LETTER
from core.errors import NotAllowed
from core.mailer import LOGO_KINDS
from core.store import approval_rows as rows
from core.store.contacts import introduces
from core.workbench import Workbench


class NotApproved(NotAllowed):
    """An active campaign is held: nobody has approved what it is now."""


def is_on(wb: Workbench) -> bool:
    """Whether a second person must approve."""
    return wb.organisation().approval == SECOND_PERSON


def digest(wb: Workbench, connection: Connection, campaign: Campaign) -> str:
    """The hash of everything that decides what leaves, to whom and when."""
    places = rows.places(connection, campaign.campaign_id)
    return content_digest(campaign, places, _beside(wb, connection, campaign))


def state(wb: Workbench, connection: Connection, campaign: Campaign) -> Approval:
    """What the last approval and the last question come to now."""
    ids = [campaign.campaign_id]
    kept = rows.latest(connection, ids).get(campaign.campaign_id)
    asked = rows.asked(connection, ids).get(campaign.campaign_id)
    now = digest(wb, connection, campaign) if kept and kept.voided_at is None else ""
    return approval_of(campaign, kept, asked, digest=now, editors=rows.editors(connection, campaign.campaign_id))


def why_held(wb: Workbench, connection: Connection, campaign: Campaign, *, stands: str | None = None) -> str:
    """Why an active campaign may not leave now; empty when it may. `stands` is its `state` where that is known.

    What was activated before the organisation asked for approval for the first time goes out as it was activated: an
    edit would make it inactive. What was activated while approval was turned off later needs one all the same.
    """
    if not is_on(wb) or campaign.kind == INTRODUCTORY:
        return ""
    if (stands or state(wb, connection, campaign).state) == APPROVED:
        return ""
    first = rows.first_asked_for(connection)
    if campaign.activated_at and first and campaign.activated_at < first:
        return ""
    return (
        f"Held: nobody has approved '{campaign.name}' as it is now. Somebody who may activate campaigns, and neither "
        "made nor changed it, has to."
    )


def missing_approval(wb: Workbench, connection: Connection, campaign: Campaign, *, stands: str | None = None) -> str:
    """Why it cannot be activated or printed yet for want of an approval; empty when it can. `stands` is its `state`
    where that is known."""
    if not is_on(wb) or (stands or state(wb, connection, campaign).state) == APPROVED:
        return ""
    return (
        f"The campaign '{campaign.name}' waits for approval by a second person, who neither made nor changed it. Ask "
        "for approval on its Summary."
    )


def _beside(wb: Workbench, connection: Connection, campaign: Campaign) -> dict[str, Any]:
    """What patients see or hear of the organisation in this campaign, as it is now. What the environment of a process
    says is left out: the dispatcher's need not be that of the pages."""
    organisation = wb.organisation()
    found: dict[str, Any] = {name: getattr(organisation, name) for name in SHOWN[campaign.channel]}
    if campaign.channel == EMAIL:
        found["logo"] = logos.shown_id(wb, connection, LOGO_KINDS)
        if introduces(connection):
            found["introduction"] = _introduction(wb)
    if campaign.channel == LETTER:
        sender = return_addresses.chosen(wb, campaign)
        logo_id = logos.shown_id(wb, connection, own=settings(campaign.fields).logo_id)
        found |= {"sender": list(sender.lines) if sender else [], "logo": logo_id}
    return found


def _introduction(wb: Workbench) -> dict[str, Any]:
    """The email that patients who have had none get in the campaign's place, with its sender."""
    organisation = wb.organisation()
    texts = {language: asdict(message) for language, message in introductory_email.messages(wb).items()}
    return {"from": [organisation.from_name, organisation.from_email], "messages": texts}
