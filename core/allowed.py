"""What this user may do to a campaign now: the table of core.domain.life_cycle with what the database knows."""

from collections.abc import Collection, Iterable
from functools import cached_property

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
    return allowed_each(wb, [campaign])[campaign.campaign_id]


def allowed_each(
    wb: Workbench, campaigns: Iterable[Campaign], *, actions: Collection[str] = ACTIONS
) -> dict[str, dict[str, str]]:
    """The same for several campaigns by their ids, of these actions alone."""
    wb = wb.settle()
    with reading(wb.engine) as connection:
        facts = [_Facts(wb, connection, each) for each in campaigns]
        return {each.campaign.campaign_id: {action: _why(each, action) for action in actions} for each in facts}


def require(wb: Workbench, action: str, campaign: Campaign) -> None:
    """Raises NotAllowed with the reason when an action is not allowed."""
    with reading(wb.engine) as connection:
        require_in(wb, connection, action, campaign)


def require_in(wb: Workbench, connection: Connection, action: str, campaign: Campaign) -> None:
    """The same within the caller's transaction."""
    if why := _why(_Facts(wb.settle(), connection, campaign), action):
        raise NotAllowed(why)


def asking(wb: Workbench, connection: Connection, campaign: Campaign) -> Asking:
    """Who asks, and what the campaign is to this user."""
    return Asking(
        wb.user,
        is_author=campaign.created_by == wb.user.user_id,
        sees_all=rows.may_change(connection, wb.user, campaign.campaign_id),
        is_editor=is_on(wb) and wb.user.user_id in approval_rows.editors(connection, campaign.campaign_id),
    )


class _Facts:
    """What the database knows of a campaign: each fact is asked for once, when the first action needs it."""

    def __init__(self, wb: Workbench, connection: Connection, campaign: Campaign) -> None:
        self.wb, self.connection, self.campaign = wb, connection, campaign

    @cached_property
    def has_begun(self) -> bool:
        return self.campaign.status == "active" and rows.has_begun(self.connection, self.campaign.campaign_id)

    @cached_property
    def asking(self) -> Asking:
        return asking(self.wb, self.connection, self.campaign)

    @cached_property
    def being_printed(self) -> str:
        return being_printed_in(self.connection, self.campaign)

    @cached_property
    def missing_approval(self) -> str:
        stands = self.stands if is_on(self.wb) else None
        return missing_approval(self.wb, self.connection, self.campaign, stands=stands)

    @cached_property
    def stands(self) -> str:
        return state(self.wb, self.connection, self.campaign).state

    @cached_property
    def held(self) -> str:
        return why_held(self.wb, self.connection, self.campaign, stands=self.stands)


def _why(facts: _Facts, action: str) -> str:
    organisation, on = facts.wb.organisation(), facts.wb.today()
    return (
        why_not(action, facts.campaign, organisation, on=on, has_begun=facts.has_begun)
        or may_not(action, facts.campaign, facts.asking)
        or _more(facts, action)
    )


def _more(facts: _Facts, action: str) -> str:
    """What is neither status, day nor person: letters that are being made, and approvals."""
    name = facts.campaign.name
    if action in (EDIT, PRINT, DELETE, APPROVE) and facts.being_printed:
        return facts.being_printed
    if action in (ACTIVATE, PRINT):
        return facts.missing_approval
    if action not in (ASK, APPROVE):
        return ""
    if not is_on(facts.wb):
        return "The organisation asks for no approval by a second person."
    if facts.stands == APPROVED:
        return f"The campaign '{name}' is approved already."
    if facts.campaign.status == "active" and not facts.held:
        return f"The campaign '{name}' goes out as it is: it was active before approval was asked for."
    return f"The campaign '{name}' waits for approval already." if facts.stands == WAITS and action == ASK else ""
