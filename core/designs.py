"""Whom a campaign contacts, whom later and whom not: drawn when it is activated, foreseen before that.

docs/decisions/designs.md
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from core import care_gaps, family_designs
from core.audit import record_in
from core.domain.campaign import AB, DELAYED, Campaign
from core.domain.effects.allocation import HOLD_OUT, LATER, A, Allocation, completed
from core.domain.effects.design import empty_problem, passed_problem, shares
from core.domain.effects.outcomes import compared_within, is_closed, is_open
from core.domain.effects.outlook import Outlook, outlook
from core.domain.progress import Later
from core.domain.role import READ_PATIENTS
from core.errors import NotAllowed
from core.kept_out import of_origins
from core.store import arms
from core.store import campaigns as rows
from core.store.database import reading
from core.store.messages import one_at_a_time
from core.workbench import Workbench, needs

BASE_DAYS = 90


def draw(wb: Workbench, connection: Connection, campaign: Campaign) -> None:
    """Put everybody of a campaign that is about to go out into an arm. The same seed and data give the same arms; a
    campaign of other modes for the same patients that has its arms already gives them. Once anybody was decided about
    nobody's arm changes any more. Raises NotAllowed when the design does not fit that of a sister by now, the later
    day of letters has passed, or an arm would be empty."""
    one_at_a_time(connection)
    _raise_if(_unfit(wb, connection, campaign))
    if arms.is_decided(connection, campaign.campaign_id):
        return
    if not shares(campaign):
        _clear(connection, campaign)
        return
    inherited = family_designs.inherited(connection, campaign)
    drawn = _drawn(connection, campaign, inherited.drawn)
    _raise_if(empty_problem(campaign, inherited.drawn | drawn))
    arms.keep(connection, campaign.campaign_id, drawn, later_at=later_at(wb, campaign))
    arms.set_allocated(connection, campaign.campaign_id, inherited.at or wb.now())
    counts = Counter(one.arm for one in drawn.values())
    record_in(wb, connection, "campaign.allocated", campaign.campaign_id, design=campaign.design, **counts)


@needs(READ_PATIENTS)
def foreseen(wb: Workbench, draft: Campaign, *, base: float, wanted: float) -> Outlook:
    """Who would be in which arm of a draft, were it activated now, and what such a campaign could show.

    base, wanted   0 to 1: the share that closes within 90 days in the arm to compare with, and the rise that one
                   hopes to show within the days that are compared
    Raises ValueError for a design without arms.
    """
    with reading(wb.engine) as connection:
        drawn = arms_of(connection, draft)
    against = A if draft.design == AB else ""
    days = compared_within(draft.design, draft.delay_weeks)[-1]
    return outlook(drawn, shares(draft), base=base, wanted=wanted, against=against, days=days)


def arms_of(connection: Connection, draft: Campaign) -> dict[str, Allocation]:
    """By patient the arm of a draft as it is drawn, or would be now; empty when everybody is contacted alike."""
    if not shares(draft):
        return {}
    kept = rows.campaign(connection, draft.campaign_id)
    if kept.allocated_at and shares(kept) == shares(draft):
        return arms.drawn(connection, draft.campaign_id)
    return _drawn(connection, draft, family_designs.inherited(connection, draft).drawn)


@needs(READ_PATIENTS)
def held_back(wb: Workbench, draft: Campaign, patient_ids: Collection[str]) -> int:
    """How many of these patients of a draft would be held out, or contacted later: by its arms, or by what it is made
    of."""
    with reading(wb.engine) as connection:
        drawn = arms_of(connection, draft)
        held_out = of_origins(wb, connection, draft, patient_ids).held_out
    return sum(each in held_out or (each in drawn and drawn[each].arm in (HOLD_OUT, LATER)) for each in patient_ids)


@needs(READ_PATIENTS)
def own_base(wb: Workbench, draft: Campaign) -> float | None:
    """The share of the care gaps open 90 days ago, of the measures the campaign is about, that something done closed
    since, among the patients whom the user may see. Whoever was contacted meanwhile is among them. None when none was
    open."""
    then = wb.today() - timedelta(days=BASE_DAYS)
    asked = draft.measures or None
    pair = ["patient_id", "measure_id"]
    before = care_gaps.gaps(wb, as_of=then, measures=asked).filter(is_open()).select(pair).collect()
    closed = care_gaps.gaps(wb, measures=asked).filter(is_closed()).select(pair).collect()
    return before.join(closed, on=pair, how="semi").height / before.height if before.height else None


def undo(connection: Connection, campaign: Campaign) -> None:
    """Nobody is in an arm any more: the campaign was taken back, edited, stopped or deleted before anybody was decided
    about."""
    if campaign.allocated_at is not None:
        one_at_a_time(connection)
        if not arms.is_decided(connection, campaign.campaign_id):
            _clear(connection, campaign)


def later_at(wb: Workbench, campaign: Campaign) -> datetime:
    """The moment from which those of the arm 'later' may be contacted: midnight of their day."""
    return datetime.combine(campaign.later_on(wb.organisation()), time(), wb.zone())


def later(wb: Workbench, campaign: Campaign, *, waiting_count: int) -> Later | None:
    """How many of those who wait are contacted later, and from which day; None for other designs. While nobody is in an
    arm yet it is their share."""
    if campaign.design != DELAYED or campaign.status != "active":
        return None
    on = campaign.later_on(wb.organisation())
    if campaign.allocated_at is None:
        return Later(round(waiting_count * campaign.holdout_share / 100), on)
    with reading(wb.engine) as connection:
        return Later(arms.later_count(connection, campaign.campaign_id, scope=wb.user.scope), on)


def problem_of(wb: Workbench, draft: Campaign) -> str:
    """Why a draft cannot go out with its design: it does not fit that of the campaigns of other modes for the same
    patients, the day of those who come later has passed, or an arm would be empty; '' when it can."""
    with reading(wb.engine) as connection:
        return _unfit(wb, connection, draft) or _empty_arm(connection, draft)


def weeks_compared(wb: Workbench, connection: Connection, campaign: Campaign, *, since: date) -> int:
    """For how many whole weeks from a day on nobody of the arm 'later' is contacted by the campaign or a sister: of one
    without sisters its delay, whichever day it was drawn on."""
    if campaign.family_id is None:
        return campaign.delay_weeks
    later_on = family_designs.first_later_on(wb, connection, campaign)
    return 0 if later_on is None else max(0, (later_on - since).days // 7)


def _unfit(wb: Workbench, connection: Connection, draft: Campaign) -> str:
    of_family = family_designs.problem(wb, connection, draft)
    return of_family or passed_problem(draft, wb.organisation(), on=wb.today())


def _empty_arm(connection: Connection, draft: Campaign) -> str:
    if not shares(draft):
        return ""
    known = family_designs.inherited(connection, draft).drawn
    return empty_problem(draft, known | _drawn(connection, draft, known))


def _drawn(connection: Connection, campaign: Campaign, known: Mapping[str, Allocation]) -> dict[str, Allocation]:
    """By patient of the campaign the arm: that which is known, and for the others a new one."""
    ids = {patient_id for _, patient_id in arms.people_of(connection, campaign.campaign_id)}
    if ids <= known.keys():
        return {each: known[each] for each in ids}
    people = arms.candidates(connection, ids | known.keys(), measures=campaign.measures)
    found = completed(known, people, shares(campaign), campaign_id=campaign.campaign_id, seed=campaign.seed)
    return {each: one for each, one in found.items() if each in ids}


def _raise_if(problem: str) -> None:
    if problem:
        raise NotAllowed(problem)


def _clear(connection: Connection, campaign: Campaign) -> None:
    arms.clear(connection, campaign.campaign_id)
    arms.set_allocated(connection, campaign.campaign_id, None)
