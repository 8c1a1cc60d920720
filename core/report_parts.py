"""The parts of a campaign's report that say how far its patients came, why some were not reached, and what it changed.

Figures count the patients in the user's scope; which patients they are is asked apart, of who may see patients.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl

from core import campaigns, effects, feed_lags, readers, rules
from core.domain import campaign_steps
from core.domain.campaign import Campaign
from core.domain.contact_steps import is_held_out
from core.domain.effects.achieved import achieved
from core.domain.effects.analysis import Effect
from core.domain.failures import failures
from core.domain.message import STATES
from core.domain.role import READ_PATIENTS
from core.domain.small_cells import rounded
from core.domain.small_counts import rough_rows
from core.store import campaign_people
from core.store.database import reading
from core.workbench import Workbench, needs

STEP, FAILURE = "step", "failure"


class Slice(NamedTuple):
    """Patients of a campaign whom a part of its report counts.

    kind   STEP: those who came as far as the step before and not to `value`, and do not wait for it; FAILURE: with the
           result `value` and the reason `key`; or a key of campaign_steps.BREAK_DOWNS: of whom it is `value`
    """

    kind: str
    value: str | None
    key: str = ""


@dataclass(frozen=True)
class Parts:
    """funnel, slices by what they are broken down by: core.domain.campaign_steps; failures: core.domain.failures.

    achieved       one sentence; empty while nothing is known, or the campaign is about no care gap
    known_through  the last day of which feeds have told; None while nothing is known
    is_rough       small counts are hidden and the others rounded
    silent         a sentence where a source sends no more what would close gaps, so that windows stay open; else empty
    is_effect_hidden  what the campaign changed is known, and hangs on too few patients to be told
    """

    funnel: pl.DataFrame
    failures: pl.DataFrame
    slices: Mapping[str, pl.DataFrame]
    effect: Effect | None
    achieved: str
    known_through: date | None
    is_rough: bool = False
    is_effect_hidden: bool = False
    silent: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the time in which a closed gap counts has passed, and feeds have told of all of it."""
        return self.effect is not None and self.effect.windows[-1].known_from is None


def parts(wb: Workbench, campaign: Campaign, *, is_passed_on: bool = False) -> Parts:
    """The parts of a report that `reports.report` has given the user. Small counts are hidden from who may not see
    patients, and in what is passed on to others; the other counts are rounded then. How many were reached is told in
    what was achieved as exactly as in the results (`reports.report`)."""
    flagged = _flagged(wb, campaign)
    is_rough = readers.is_rough(wb, is_passed_on=is_passed_on)
    effect = effects.effect_among(wb, campaign, flagged, is_rough=is_rough)
    funnel, failed = campaign_steps.funnel(flagged, campaign.channel), failures(flagged, campaign.channel)
    reached: int = dict(funnel.select("key", "count").iter_rows())["delivered"]
    is_about = is_rough and not readers.may_tell_totals(wb, flagged.height)
    if is_rough:
        funnel, failed = campaign_steps.rough_funnel(funnel), rough_rows(failed)
    known_through = effects.known_through(wb, campaign)
    shown = effect if campaign.measures else None
    return Parts(
        funnel,
        failed,
        {by: campaign_steps.slices(flagged, by, names_nobody=is_rough) for by in campaign_steps.BREAK_DOWNS},
        shown,
        achieved(rounded(reached) if is_about else reached, shown, is_about=is_about) if shown else "",
        known_through,
        is_rough,
        is_effect_hidden=is_rough and effect is None and known_through is not None and bool(campaign.measures),
        silent=_silent(wb, campaign) if shown is not None and shown.windows[-1].known_from is not None else "",
    )


def _silent(wb: Workbench, campaign: Campaign) -> str:
    known = rules.every(wb)
    return feed_lags.silent(wb, [known[each] for each in campaign.measures if each in known])


@needs(READ_PATIENTS)
def patient_ids(wb: Workbench, campaign_id: str, wanted: Slice) -> list[str]:
    """The patients of a slice in the user's scope; nobody whom chance held out. Raises NotFound."""
    campaign = campaigns.campaign(wb, campaign_id)
    found = _of(_flagged(wb, campaign), wanted).filter(~is_held_out(), pl.col("is_known"))
    return found["patient_id"].to_list()


def _flagged(wb: Workbench, campaign: Campaign) -> pl.DataFrame:
    with reading(wb.engine) as connection:
        return campaign_people.flagged(connection, campaign.campaign_id, campaign.channel, scope=wb.user.scope)


def _of(flagged: pl.DataFrame, wanted: Slice) -> pl.DataFrame:
    if wanted.kind == STEP:
        return campaign_steps.not_reached(flagged, str(wanted.value))
    if wanted.kind == FAILURE:
        states = [state for state, meaning in STATES.items() if meaning.result == wanted.value]
        return flagged.filter(pl.col("state").is_in(states), pl.col("reason") == wanted.key)
    return flagged.filter(pl.col(wanted.kind).eq_missing(pl.lit(wanted.value, pl.String)))
