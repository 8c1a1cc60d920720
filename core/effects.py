"""Whether a campaign worked: the arms that chance made, compared by closed gaps; without such arms only a course."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from core import campaigns, designs, readers
from core.domain.campaign import Campaign
from core.domain.effects import differences
from core.domain.effects.analysis import ALLOCATED, Effect, Plan, effect_of
from core.domain.effects.design import EVERYONE
from core.domain.effects.differences import Pooled
from core.domain.effects.outcomes import WINDOWS
from core.domain.effects.rough import rough_effect
from core.domain.role import READ_PATIENTS
from core.outcomes import allocated_on
from core.store import campaign_people, outcome_rows
from core.store import campaigns as rows
from core.store.database import reading
from core.store.origins import first_starts
from core.workbench import Workbench, needs


def effect(wb: Workbench, campaign_id: str) -> Effect | None:
    """What the campaign changed, among the patients in the user's scope; None while nothing is known of what became of
    them. Of rounded counts for who may not see patients. Raises NotFound.

    With `is_estimate` False the arms were not made by chance: there is a course, and it is no effect.
    """
    campaign = campaigns.campaign(wb, campaign_id)
    return effect_among(wb, campaign, _flagged(wb, campaign), is_rough=readers.is_rough(wb))


def is_awaited(wb: Workbench, campaign: Campaign) -> bool:
    """Whether chance made arms whose patients have not been followed yet; they are within a minute. Letters that are
    planned have arms and are followed only once they are made."""
    has_arms = campaign.measures and campaign.design != EVERYONE and campaign.allocated_at is not None
    is_followed = bool(has_arms) and campaign.status != "inactive"
    return is_followed and campaign.start_on <= wb.today() and _plan(wb, campaign) is None


def effect_among(wb: Workbench, campaign: Campaign, flagged: pl.DataFrame, *, is_rough: bool) -> Effect | None:
    """`effect` from rows of core.store.campaign_people.flagged that were read already; `is_rough`: of rounded counts,
    and None about too few patients (core.domain.effects.rough)."""
    plan = _plan(wb, campaign)
    if plan is None:
        return None
    once = _once(wb, campaign, flagged)
    if is_rough:
        return rough_effect(_allocated(once, plan), plan)
    return effect_of(_allocated(once, plan), replace(plan, doubled=flagged.height - once.height))


def known_through(wb: Workbench, campaign: Campaign) -> date | None:
    """The last day of which feeds have told what became of the patients; None while nothing is known."""
    plan = _plan(wb, campaign)
    return plan.known_through if plan else None


@needs(READ_PATIENTS)
def frame(wb: Workbench, campaign_id: str) -> pl.DataFrame:
    """One row for each allocated patient whom the user may see: patient_id and ALLOCATED
    (core.domain.effects.analysis), for notebooks. Raises NotFound. Empty while nothing is known."""
    campaign = campaigns.campaign(wb, campaign_id)
    plan, flagged = _plan(wb, campaign), _once(wb, campaign, _flagged(wb, campaign))
    if plan is None:
        return pl.DataFrame(schema={"patient_id": pl.String, **ALLOCATED})
    known = flagged.filter("is_known")
    return known.select("patient_id").hstack(_allocated(known, plan))


def repeats(wb: Workbench, campaign_id: str) -> list[Campaign]:
    """The campaigns that are runs of the same: template, mode, measures, design and what the messages say, among those
    the user may see, the campaign itself too; none for one without a control."""
    campaign = campaigns.campaign(wb, campaign_id)
    if campaign.design == EVERYONE:
        return []
    with reading(wb.engine) as connection:
        found = rows.visible(connection, wb.user)
    return [one for one in found if _kind(one) == _kind(campaign) and one.allocated_at is not None]


def pooled(wb: Workbench, campaign_ids: Sequence[str], *, days: int = WINDOWS[-1]) -> Pooled | None:
    """Several runs of the same campaign taken together, within so many days; of a run whose window is not over, or
    whose arms cannot be compared, nothing is taken. None when nothing is left. Raises NotFound."""
    effects = [each for campaign_id in campaign_ids if (each := effect(wb, campaign_id))]
    told = [window for each in effects for window in each.windows if window.days == days]
    return differences.pooled([one.difference for window in told for one in window.comparisons[:1]])


def _kind(campaign: Campaign) -> tuple[object, ...]:
    return (
        campaign.template_id,
        campaign.channel,
        frozenset(campaign.measures),
        campaign.design,
        campaign.delay_weeks,
        frozenset(campaign.messages.items()),
        frozenset(campaign.variant.items()),
    )


def _flagged(wb: Workbench, campaign: Campaign) -> pl.DataFrame:
    with reading(wb.engine) as connection:
        return campaign_people.flagged(connection, campaign.campaign_id, campaign.channel, scope=wb.user.scope)


def _plan(wb: Workbench, campaign: Campaign) -> Plan | None:
    with reading(wb.engine) as connection:
        known = outcome_rows.follow_up(connection, campaign.campaign_id)
        if known is None or campaign.start_on > wb.today():  # what an earlier version counted before it is no effect
            return None
        first = first_starts(connection).get(campaign.campaign_id, campaign.start_on)
        weeks = designs.weeks_compared(wb, connection, campaign, since=known.allocated_on)
    if campaign.allocated_at is None:
        return Plan(EVERYONE, known.allocated_on, known.known_through, known.lag_days)
    by_now = allocated_on(replace(campaign, start_on=first), wb.zone())
    return Plan(
        campaign.design,
        known.allocated_on,
        known.known_through,
        known.lag_days,
        weeks,
        is_late=known.allocated_on > by_now,
    )


def _once(wb: Workbench, campaign: Campaign, flagged: pl.DataFrame) -> pl.DataFrame:
    """The recipients with each person once: of ids that were merged, and may have been in different arms, the one that
    stays, else the first."""
    with reading(wb.engine) as connection:
        now = outcome_rows.contacts(connection, campaign.campaign_id).select("recipient_id", now="patient_id")
    named = flagged.join(now, on="recipient_id", how="left", maintain_order="left")
    is_other = pl.col("patient_id").ne_missing(pl.col("now"))
    kept = named.sort(is_other, "recipient_id").unique("now", keep="first")["recipient_id"]
    return flagged.filter(pl.col("recipient_id").is_in(kept.implode()))


def _allocated(flagged: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """ALLOCATED: everybody in the arm they were put in."""
    start, last = pl.lit(plan.allocated_on), pl.lit(plan.allocated_on + timedelta(days=WINDOWS[-1]))
    until = pl.coalesce("closed_on", pl.min_horizontal(pl.col("followed_through").fill_null(start), last))
    is_closed = pl.col("closed_on").is_not_null()
    return flagged.with_columns(
        booked=pl.col("booked_on").is_not_null(),
        kept=pl.col("kept_on").is_not_null(),
        closed=is_closed,
        days=(until - start).dt.total_days().clip(0),
        is_censored=~is_closed,
    ).select(pl.col(name).cast(kind) for name, kind in ALLOCATED.items())
