"""The parts of a campaign's report that say how far its patients came, why some were not reached, and what it changed.

Figures count everybody; which patients they are is asked apart, and answered as far as the user may see them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl

from core import campaigns, effects
from core.domain import campaign_steps
from core.domain.campaign import Campaign
from core.domain.effects.achieved import achieved
from core.domain.effects.allocation import HOLD_OUT
from core.domain.effects.analysis import Effect
from core.domain.failures import failures
from core.domain.message import STATES
from core.domain.role import READ_PATIENTS
from core.workbench import Workbench, needs

STEP, FAILURE = "step", "failure"


class Slice(NamedTuple):
    """Patients of a campaign whom a part of its report counts.

    kind   STEP: those who came as far as the step before and not to `value`; FAILURE: with the result `value` and the
           reason `key`; or a key of campaign_steps.BREAK_DOWNS: of whom it is `value`
    """

    kind: str
    value: str | None
    key: str = ""


@dataclass(frozen=True)
class Parts:
    """funnel, slices by what they are broken down by: core.domain.campaign_steps; failures: core.domain.failures.

    achieved       one sentence; empty while nothing is known, or the campaign is about no care gap
    known_through  the last day of which feeds have told; None while nothing is known
    """

    funnel: pl.DataFrame
    failures: pl.DataFrame
    slices: Mapping[str, pl.DataFrame]
    effect: Effect | None
    achieved: str
    known_through: date | None

    @property
    def is_over(self) -> bool:
        """Whether the time in which a closed gap counts has passed, and feeds have told of all of it."""
        return self.effect is not None and self.effect.windows[-1].known_from is None


def parts(wb: Workbench, campaign: Campaign, *, is_passed_on: bool = False) -> Parts:
    """The parts of a report that `reports.report` has given the user. Small cells are hidden from a user who may not
    see all of its patients, and in what is passed on to others."""
    flagged = effects.people(wb, campaign)
    effect = effects.effect_among(wb, campaign, flagged)
    funnel = campaign_steps.funnel(flagged, campaign.channel)
    names_nobody = is_passed_on or not flagged["is_seen"].all()
    reached: int = funnel.filter(pl.col("key") == "delivered")["count"][0]
    return Parts(
        funnel,
        failures(flagged, campaign.channel),
        {by: campaign_steps.slices(flagged, by, names_nobody=names_nobody) for by in campaign_steps.BREAK_DOWNS},
        effect if campaign.measures else None,
        achieved(reached, effect) if effect and campaign.measures else "",
        effect.plan.known_through if effect else None,
    )


@needs(READ_PATIENTS)
def patient_ids(wb: Workbench, campaign_id: str, wanted: Slice) -> list[str]:
    """The patients of a slice whom the user may see; nobody whom chance held out. Raises NotFound."""
    campaign = campaigns.campaign(wb, campaign_id)
    flagged = effects.people(wb, campaign)
    found = _of(flagged, wanted).filter(pl.col("arm") != HOLD_OUT, pl.col("is_seen"))
    return found["patient_id"].to_list()


def _of(flagged: pl.DataFrame, wanted: Slice) -> pl.DataFrame:
    if wanted.kind == STEP:
        return campaign_steps.not_reached(flagged, str(wanted.value))
    if wanted.kind == FAILURE:
        states = [state for state, meaning in STATES.items() if meaning.result == wanted.value]
        return flagged.filter(pl.col("state").is_in(states), pl.col("reason") == wanted.key)
    return flagged.filter(pl.col(wanted.kind).eq_missing(pl.lit(wanted.value, pl.String)))
