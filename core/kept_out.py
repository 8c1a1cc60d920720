"""Whom a campaign does not contact, or not yet, since chance decided so for one that it comes from.

Asked when a copy, follow-up or campaign by another mode is planned, and once more when each message is sent or each
letter printed. docs/decisions/designs.md
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from core.domain.campaign import Campaign
from core.domain.effects.allocation import HOLD_OUT
from core.store.origins import kept_back, origins
from core.workbench import Workbench


@dataclass(frozen=True)
class KeptOut:
    """held_out   patients whom one of the origins does not contact
    later_on   by patient the first day on which all of the origins contact them, of those who come later; it may have
               passed
    """

    held_out: frozenset[str] = frozenset()
    later_on: Mapping[str, date] = field(default_factory=dict)

    def first_day(self, patient_id: str, *, own: date | None) -> date | None:
        """The first day on which a patient may be contacted: neither an origin nor `own`, the later day by the
        campaign's own arms, contacts them before. None for who is contacted at once."""
        return max(filter(None, (self.later_on.get(patient_id), own)), default=None)


_NOBODY = KeptOut()


def of_source(wb: Workbench, connection: Connection, source: Campaign, patient_ids: Collection[str]) -> KeptOut:
    """Who of these patients is left out, or comes later, of what is made of a campaign."""
    return _kept_out(wb, connection, origins(connection, source), patient_ids)


def of_origins(wb: Workbench, connection: Connection, campaign: Campaign, patient_ids: Collection[str]) -> KeptOut:
    """Who of these patients is left out of a campaign, or comes later, by those that it comes from. What its own arms
    say is not in it."""
    if campaign.family_id is None and not campaign.work_list.get("copied_from"):
        return _NOBODY
    return _kept_out(wb, connection, origins(connection, campaign)[1:], patient_ids)


def _kept_out(
    wb: Workbench, connection: Connection, campaigns: Collection[Campaign], patient_ids: Collection[str]
) -> KeptOut:
    with_arms = {each.campaign_id: each for each in campaigns if each.allocated_at is not None}
    if not with_arms:
        return _NOBODY
    organisation = wb.organisation()
    days = {each: one.later_on(organisation) for each, one in with_arms.items()}
    found = kept_back(connection, with_arms, patient_ids)
    held_out = {each for each, arms in found.items() if HOLD_OUT in {arm for _, arm in arms}}
    later_on = {each: max(days[campaign_id] for campaign_id, _ in arms) for each, arms in found.items()}
    later_on = {each: on for each, on in later_on.items() if each not in held_out}
    return KeptOut(frozenset(held_out), later_on)
