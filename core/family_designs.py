"""What campaigns by other modes for the same patients mean for a campaign's design: its arms are theirs.

Deleted ones count: whoever they hold out is held out. docs/decisions/designs.md
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from core.domain.campaign import DELAYED, Campaign
from core.domain.effects.allocation import HOLD_OUT, Allocation
from core.domain.effects.design import contacted_problem, early_problem, family_problem, keeps_out, shares_arms
from core.store import arms
from core.store import campaigns as rows
from core.store.origins import descendants, has_contacted
from core.workbench import Workbench


@dataclass(frozen=True)
class Inherited:
    """The arms that were drawn for the same patients in another mode, by patient, and when that was at first."""

    drawn: dict[str, Allocation]
    at: datetime | None = None


def problem(wb: Workbench, connection: Connection, draft: Campaign) -> str:
    """Why the design does not fit what campaigns of other modes for the same patients do, or have done; '' when it
    does."""
    if draft.family_id is None:
        return ""
    organisation, bound = wb.organisation(), bound_to(connection, draft)
    found = next(filter(None, (family_problem(draft, each) for each in bound)), "")
    found = found or early_problem(draft, [each for each in bound if _is_before(each, draft)], organisation)
    if found or not keeps_out(draft) or any(each.allocated_at is not None for each in bound):
        return found
    return _contacted(connection, draft)


def bound_to(connection: Connection, draft: Campaign) -> list[Campaign]:
    """The campaigns of other modes for the same patients that hold this one to their design: those that are active, and
    those whose arms are drawn."""
    return [
        each
        for each in rows.family(connection, draft, with_deleted=True)
        if each.campaign_id != draft.campaign_id and (each.status == "active" or each.allocated_at is not None)
    ]


def _is_before(one: Campaign, other: Campaign) -> bool:
    """Of a family: whether one was made before the other. So a mode keeps its day whatever those that came of it have
    chosen, also when it is edited or taken back and activated again."""
    return _order(one) < _order(other)


def _order(one: Campaign) -> tuple[bool, datetime, str]:
    return one.campaign_id != one.family_id, one.created_at, one.campaign_id


def inherited(connection: Connection, campaign: Campaign) -> Inherited:
    """The arms that hold here too. Whoever is held out by one is held out; of others the first arm counts."""
    found: dict[str, Allocation] = {}
    held_out: dict[str, Allocation] = {}
    at: datetime | None = None
    for each in _with_its_arms(connection, campaign):
        known = {
            patient_id: one for patient_id, one in arms.drawn(connection, each.campaign_id).items() if one.household
        }
        found = known | found
        held_out |= {patient_id: one for patient_id, one in known.items() if one.arm == HOLD_OUT}
        at = at or each.allocated_at
    return Inherited(found | held_out, at)


def first_later_on(wb: Workbench, connection: Connection, campaign: Campaign) -> date | None:
    """The first day on which a campaign, or a sister with its arms, contacts those who come later; one that was stopped
    before its own day does not. None for other designs."""
    if campaign.design != DELAYED:
        return None
    organisation = wb.organisation()
    same = [campaign, *_with_its_arms(connection, campaign)]
    days = [each.later_on(organisation) for each in same if not _is_stopped_before(wb, each)]
    return min(days, default=campaign.later_on(organisation))


def counted_from(wb: Workbench, connection: Connection, draft: Campaign) -> date:
    """The day from which closures of a draft would count, were it activated now: that of core.outcomes.allocated_on."""
    same = _with_its_arms(connection, draft)
    at = next((each.allocated_at for each in same if each.allocated_at is not None), wb.now())
    return max(at.astimezone(wb.zone()).date(), min(each.start_on for each in (draft, *same)))


def _with_its_arms(connection: Connection, campaign: Campaign) -> list[Campaign]:
    """The sisters that have arms which are the campaign's, the first to have any first."""
    drawn = [(each.allocated_at, each) for each in bound_to(connection, campaign) if shares_arms(each, campaign)]
    found = [(at, each.campaign_id, each) for at, each in drawn if at is not None]
    return [each for _, _, each in sorted(found, key=lambda one: one[:2])]


def _is_stopped_before(wb: Workbench, campaign: Campaign) -> bool:
    if campaign.status != "stopped" or campaign.finished_at is None:
        return False
    return campaign.finished_at.astimezone(wb.zone()).date() < campaign.later_on(wb.organisation())


def _contacted(connection: Connection, draft: Campaign) -> str:
    """A sentence when somebody was contacted already by a sister, or a copy of one, though no arms were drawn."""
    family = {each.campaign_id for each in rows.family(connection, draft, with_deleted=True)}
    others = descendants(connection, family) - {draft.campaign_id}
    by = has_contacted(connection, others)
    return contacted_problem(rows.campaign(connection, by)) if by else ""
