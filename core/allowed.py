"""What this user may do to a campaign now: the table of core.domain.life_cycle with what the database knows."""

from sqlalchemy import Connection

from core.approval_state import is_on, missing_approval, state, why_held
from core.domain.approval import APPROVED, WAITS
from core.domain.campaign import Campaign
from core.domain.life_cycle import (
    ACTIONS,
    ACTIVATE,
    APPROVE,
    ASK,
    DELETE,
    EDIT,
    PRINT,
    Asking,
    may_not,
    why_not,
)
from core.errors import NotAllowed
from core.printing_lock import being_printed_in
from core.store import approval_rows
from core.store import campaigns as rows
from core.store.database import reading
from core.workbench import Workbench


def allowed(wb: Workbench, campaign: Campaign) -> dict[str, str]:
    """By action (core.domain.life_cycle.ACTIONS) why this user cannot do it now and what can be done instead; an empty
    text where it is allowed."""
    with reading(wb.engine) as connection:
        return {action: _why(wb, connection, action, campaign) for action in ACTIONS}


def require(wb: Workbench, action: str, campaign: Campaign) -> None:
    """Raises NotAllowed with the reason when an action is not allowed."""
    with reading(wb.engine) as connection:
        require_in(wb, connection, action, campaign)


def require_in(wb: Workbench, connection: Connection, action: str, campaign: Campaign) -> None:
    """The same within the caller's transaction."""
    if why := _why(wb, connection, action, campaign):
        raise NotAllowed(why)


def asking(wb: Workbench, connection: Connection, campaign: Campaign) -> Asking:
    """Who asks, and what the campaign is to this user."""
    return Asking(
        wb.user,
        is_author=campaign.created_by == wb.user.user_id,
        sees_all=rows.may_change(connection, wb.user, campaign.campaign_id),
        is_editor=wb.user.user_id in approval_rows.editors(connection, campaign.campaign_id),
    )


def _why(wb: Workbench, connection: Connection, action: str, campaign: Campaign) -> str:
    has_begun = campaign.status == "active" and rows.has_begun(connection, campaign.campaign_id)
    return (
        why_not(action, campaign, wb.organisation(), on=wb.today(), has_begun=has_begun)
        or may_not(action, campaign, asking(wb, connection, campaign))
        or _more(wb, connection, action, campaign)
    )


def _more(wb: Workbench, connection: Connection, action: str, campaign: Campaign) -> str:
    """What is neither status, day nor person: letters that are being made, and approvals."""
    if action in (EDIT, PRINT, DELETE, APPROVE) and (busy := being_printed_in(connection, campaign)):
        return busy
    if action in (ACTIVATE, PRINT):
        return missing_approval(wb, connection, campaign)
    if action not in (ASK, APPROVE):
        return ""
    if not is_on(wb):
        return "The organisation asks for no approval by a second person."
    stands = state(wb, connection, campaign).state
    if stands == APPROVED:
        return f"The campaign '{campaign.name}' is approved already."
    if campaign.status == "active" and not why_held(wb, connection, campaign):
        return f"The campaign '{campaign.name}' goes out as it is: it was active before approval was asked for."
    return f"The campaign '{campaign.name}' waits for approval already." if stands == WAITS and action == ASK else ""
