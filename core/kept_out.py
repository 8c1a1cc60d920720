"""Whom a campaign does not contact, or not yet, since chance decided so for one that it comes from.

Asked when a copy, follow-up or campaign by another mode is planned or activated, and once more when each message is
sent or each letter printed. docs/decisions/designs.md
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from core.domain.campaign import Campaign
from core.domain.effects.allocation import HOLD_OUT, LATER
from core.domain.effects.design import shares_arms
from core.store.origins import kept_back, origins
from core.workbench import Workbench


@dataclass(frozen=True)
class Turn:
    """Whether chance lets a patient be contacted, and before which day not; None: at once."""

    is_held_out: bool = False
    later_on: date | None = None

    def must_wait(self, on: date) -> bool:
        """Whether the day is still to come."""
        return self.later_on is not None and on < self.later_on


@dataclass(frozen=True)
class KeptOut:
    """held_out   patients whom one of the origins does not contact
    later_on   by patient the first day on which all of the origins contact them, of those who come later; it may have
               passed
    besides    the same without the campaign's sisters that share its arms: of these each has a day of its own
    """

    held_out: frozenset[str] = frozenset()
    later_on: Mapping[str, date] = field(default_factory=dict)
    besides: Mapping[str, date] = field(default_factory=dict)

    def turn(self, patient_id: str, arm: str, *, later_on: date) -> Turn:
        """The turn of a patient who is in this arm of the campaign itself, of which 'later' is contacted from
        `later_on`: nobody is contacted before the last of the days that hold for them."""
        if arm == HOLD_OUT or patient_id in self.held_out:
            return Turn(is_held_out=True)
        if arm != LATER:
            return Turn(later_on=self.later_on.get(patient_id))
        return Turn(later_on=max(later_on, self.besides.get(patient_id, later_on)))


_NOBODY = KeptOut()


def of_source(wb: Workbench, connection: Connection, source: Campaign, patient_ids: Collection[str]) -> KeptOut:
    """Who of these patients is left out, or comes later, of what is made of a campaign."""
    return _kept_out(wb, connection, origins(connection, source.campaign_id), patient_ids)


def turns(wb: Workbench, connection: Connection, campaign: Campaign, arms: Mapping[str, str]) -> dict[str, Turn]:
    """By patient what chance decided: for this campaign, whose arms are given, and for those that it comes from."""
    kept = _of_origins(wb, connection, campaign, arms)
    later_on = campaign.later_on(wb.organisation())
    return {each: kept.turn(each, arm, later_on=later_on) for each, arm in arms.items()}


def _of_origins(wb: Workbench, connection: Connection, campaign: Campaign, patient_ids: Collection[str]) -> KeptOut:
    if campaign.family_id is None and not campaign.work_list.get("copied_from"):
        return _NOBODY
    found = [each for each in origins(connection, campaign.campaign_id) if each.campaign_id != campaign.campaign_id]
    family = [each for each in found if each.family_id is not None and each.family_id == campaign.family_id]
    sisters = {each.campaign_id for each in family if shares_arms(each, campaign)}
    return _kept_out(wb, connection, found, patient_ids, sisters=sisters)


def _kept_out(
    wb: Workbench,
    connection: Connection,
    campaigns: Collection[Campaign],
    patient_ids: Collection[str],
    *,
    sisters: Collection[str] = (),
) -> KeptOut:
    if not campaigns:
        return _NOBODY
    organisation = wb.organisation()
    days = {each.campaign_id: each.later_on(organisation) for each in campaigns}
    found = kept_back(connection, days, patient_ids)
    held_out = {each for each, arms in found.items() if HOLD_OUT in {arm for _, arm in arms}}
    theirs = {each: {one: days[one] for one, _ in arms} for each, arms in found.items() if each not in held_out}
    besides = {each: {one: on for one, on in known.items() if one not in sisters} for each, known in theirs.items()}
    return KeptOut(
        frozenset(held_out),
        {each: max(known.values()) for each, known in theirs.items()},
        {each: max(known.values()) for each, known in besides.items() if known},
    )
