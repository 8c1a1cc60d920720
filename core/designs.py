"""Whom a campaign contacts, whom later and whom not: drawn when it is activated, foreseen before that.

docs/decisions/designs.md
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import polars as pl
from sqlalchemy import Connection

from core import care_gaps, family_designs
from core.audit import record_in
from core.domain.campaign import AB, DELAYED, Campaign, goes_out_on
from core.domain.effects.allocation import CONTACT, A, Allocation, completed
from core.domain.effects.design import empty_problem, passed_problem, shares
from core.domain.effects.outcomes import compared_within, is_closed, is_open
from core.domain.effects.outlook import Outlook, outlook
from core.domain.progress import Later
from core.domain.role import READ_PATIENTS
from core.errors import NotAllowed
from core.kept_out import Turn, turns
from core.store import arms, overview_rows
from core.store import campaigns as rows
from core.store.database import reading
from core.store.messages import one_at_a_time
from core.workbench import Workbench, needs

BASE_DAYS = 90


@dataclass(frozen=True)
class HeldBack:
    """How many patients are held out, and by their day how many are contacted later."""

    held_out: int
    later: Mapping[date, int]


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
        _keep(wb, connection, campaign, {})
        return
    inherited = family_designs.inherited(connection, campaign)
    drawn = _drawn(connection, campaign, inherited.drawn)
    _raise_if(empty_problem(campaign, inherited.drawn | drawn))
    _keep(wb, connection, campaign, drawn)
    arms.set_allocated(connection, campaign.campaign_id, inherited.at or wb.now())
    counts = Counter(one.arm for one in drawn.values())
    record_in(wb, connection, "campaign.allocated", campaign.campaign_id, design=campaign.design, **counts)


def _keep(wb: Workbench, connection: Connection, campaign: Campaign, drawn: Mapping[str, Allocation]) -> None:
    """Write the arms, and who waits until when: by their arm, or by what the campaign is made of."""
    found = _turns(
        wb, connection, campaign, drawn, {each for _, each in arms.people_of(connection, campaign.campaign_id)}
    )
    goes_on, zone = goes_out_on(campaign, wb.organisation()), wb.zone()
    days = {each: turn.later_on for each, turn in found.items() if turn.must_wait(goes_on)}
    waits = {each: datetime.combine(on, time(), zone) for each, on in days.items() if on is not None}
    if drawn or waits:
        arms.keep(connection, campaign.campaign_id, drawn, waits=waits)


def _turns(
    wb: Workbench,
    connection: Connection,
    campaign: Campaign,
    drawn: Mapping[str, Allocation],
    patient_ids: Collection[str],
) -> dict[str, Turn]:
    return turns(
        wb, connection, campaign, {each: drawn[each].arm if each in drawn else CONTACT for each in patient_ids}
    )


@needs(READ_PATIENTS)
def foreseen(wb: Workbench, draft: Campaign, *, base: float, wanted: float) -> Outlook:
    """Who would be in which arm of a draft, were it activated now, and what such a campaign could show.

    base, wanted   0 to 1: the share that closes within 90 days in the arm to compare with, and the rise that one
                   hopes to show within the days that are compared
    Raises ValueError for a design without arms.
    """
    with reading(wb.engine) as connection:
        drawn = arms_of(connection, draft)
        since = family_designs.counted_from(wb, connection, draft)
        weeks = weeks_compared(wb, connection, draft, since=since)
    against = A if draft.design == AB else ""
    is_together = draft.design == DELAYED and weeks == 0
    days = 0 if is_together else compared_within(draft.design, weeks)[-1]
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
def held_back(wb: Workbench, draft: Campaign, patient_ids: Collection[str]) -> HeldBack:
    """How many of these patients of a draft would be held out, or contacted later: by its arms, or by what it is made
    of."""
    with reading(wb.engine) as connection:
        found = _turns(wb, connection, draft, arms_of(connection, draft), patient_ids).values()
    goes_on = max(goes_out_on(draft, wb.organisation()), wb.today())
    later = Counter(turn.later_on for turn in found if turn.later_on is not None and turn.must_wait(goes_on))
    return HeldBack(sum(turn.is_held_out for turn in found), dict(sorted(later.items())))


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


def waiting_later(wb: Workbench, connection: Connection, campaign_id: str = "") -> pl.DataFrame:
    """LATER (core.store.overview_rows): who waits in active campaigns, or one of them, for another day than today."""
    tomorrow = datetime.combine(wb.today() + timedelta(days=1), time(), wb.zone())
    return overview_rows.waiting_later(connection, wb.user.scope, at=tomorrow, campaign_id=campaign_id)


def laters(wb: Workbench, connection: Connection, campaign_id: str = "") -> dict[str, Later]:
    """By active campaign how many of those who wait are contacted later, and from which day on, where some are."""
    waiting, zone = waiting_later(wb, connection, campaign_id), wb.zone()
    summed = waiting.group_by("campaign_id").agg(pl.sum("waiting"), pl.min("next_at"))
    return {each: Later(count, first.astimezone(zone).date()) for each, count, first in summed.iter_rows()}


def later(wb: Workbench, campaign: Campaign, *, waiting_count: int) -> Later | None:
    """The same of one campaign that is active, or shown as if it were; None where nobody is. While nobody is in an arm
    yet it is their share."""
    if campaign.status != "active":
        return None
    if campaign.design == DELAYED and campaign.allocated_at is None:
        on = campaign.later_on(wb.organisation())
        return Later(round(waiting_count * campaign.holdout_share / 100), on)
    with reading(wb.engine) as connection:
        return laters(wb, connection, campaign.campaign_id).get(campaign.campaign_id)


def problem_of(wb: Workbench, draft: Campaign) -> str:
    """Why a draft cannot go out with its design: it does not fit that of the campaigns of other modes for the same
    patients, the day of those who come later has passed, or an arm would be empty; '' when it can. Of an arm that would
    be empty nobody is told who neither made the campaign nor sees all of its patients: by which shares it would be
    tells how many these are."""
    with reading(wb.engine) as connection:
        is_theirs = wb.user.may(READ_PATIENTS) and rows.may_change(connection, wb.user, draft.campaign_id)
        return _unfit(wb, connection, draft) or (_empty_arm(connection, draft) if is_theirs else "")


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
