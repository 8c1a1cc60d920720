"""The designs of a campaign: whom it contacts, whom later, whom not, so that its effect can be told.

Which patients are in which arm is drawn when the campaign is activated, or its letters are first planned
(core.domain.effects.allocation). docs/decisions/designs.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

from core.domain.campaign import AB, DELAYED, Campaign, goes_out_on, problems
from core.domain.effects.allocation import CONTACT, HOLD_OUT, LATER, A, Allocation, B
from core.domain.organisation import LETTER, Organisation
from core.domain.wording import LANGUAGES, day_text

EVERYONE, HELD_OUT = "everyone", "hold_out"
KEEPS_OUT = frozenset({HELD_OUT, DELAYED})  # designs by which some are not contacted, or later
DELAY_WEEKS = (1, 26)
USUAL_DELAY = 13  # weeks: the effect within 90 days can then be told whole


@dataclass(frozen=True)
class Design:
    """One design in words.

    arms      the one that is contacted first, and the other, whose share the author chooses; none: no arms
    share     what the author's share is called
    least, most, usual   percent. Below 5 % held out hardly anything shows, and beyond 50 % patients go without in vain
    """

    key: str
    name: str
    about: str
    arms: tuple[str, ...] = ()
    share: str = ""
    least: int = 0
    most: int = 0
    usual: int = 0


DESIGNS: dict[str, Design] = {
    one.key: one
    for one in (
        Design(EVERYONE, "Everybody", "Everybody is contacted. What that changes cannot be told."),
        Design(
            DELAYED,
            "Some later",
            "Chance decides who is contacted some weeks later. Nobody goes without: the kindest way to see the effect.",
            (CONTACT, LATER),
            "Contacted later",
            10,
            90,
            50,
        ),
        Design(
            HELD_OUT,
            "Some not at all",
            "Chance decides who is not contacted by this campaign, nor by a copy or another mode of it.",
            (CONTACT, HOLD_OUT),
            "Held out",
            5,
            50,
            10,
        ),
        Design(
            AB,
            "Two versions",
            "Chance decides who gets version B. It tells which wording does better, not what contacting does.",
            (A, B),
            "Get version B",
            10,
            90,
            50,
        ),
    )
}
ARM_NAMES = {
    CONTACT: "Contacted",
    LATER: "Contacted later",
    HOLD_OUT: "Held out",
    A: "Version A",
    B: "Version B",
}


def arm_name(arm: str, *, is_alone: bool) -> str:
    """What people call an arm; where chance made none there is everybody."""
    return "Everybody" if is_alone else ARM_NAMES[arm]


def designs_of(channel: str, *, is_sister: bool = False) -> list[str]:
    """The designs that a mode has. Letters are printed at once and from one text; those for the patients of another
    mode (`is_sister`) may start later with it, and are printed for whoever is contacted at first alone.
    docs/decisions/designs.md"""
    if channel != LETTER:
        return list(DESIGNS)
    return [EVERYONE, DELAYED, HELD_OUT] if is_sister else [EVERYONE, HELD_OUT]


def shares(campaign: Campaign) -> dict[str, float]:
    """The share of each arm, 0 to 1, for `allocation.allocate`; empty when everybody is contacted alike."""
    arms = DESIGNS[campaign.design].arms
    share = campaign.holdout_share / 100
    return dict(zip(arms, (1 - share, share), strict=True)) if arms else {}


def changed_to(campaign: Campaign, key: str) -> dict[str, Any]:
    """What changes in a campaign that gets another design, with the usual share and delay."""
    found: dict[str, Any] = {"design": key, "holdout_share": DESIGNS[key].usual}
    found["delay_weeks"] = USUAL_DELAY if key == DELAYED else 0
    found["variant"] = (campaign.variant or dict(campaign.messages)) if key == AB else {}
    return found


def design_sentence(campaign: Campaign) -> str:
    """Who is contacted, as people read it: '90 % are contacted, 10 % are not, by chance'."""
    share = campaign.holdout_share
    if campaign.design == HELD_OUT:
        return f"{100 - share} % are contacted, {share} % are not, by chance"
    if campaign.design == DELAYED:
        weeks = f"{campaign.delay_weeks} week{'' if campaign.delay_weeks == 1 else 's'}"
        return f"{100 - share} % at first, {share} % {weeks} later, by chance"
    if campaign.design == AB:
        return f"Everybody: {100 - share} % with version A, {share} % with version B, by chance"
    return "Everybody"


def design_problems(campaign: Campaign) -> dict[str, str]:
    """What keeps the design from being kept, by field: 'design' or 'variant'."""
    design = DESIGNS.get(campaign.design)
    if design is None:
        return {"design": "Choose who is contacted: " + ", ".join(one.name for one in DESIGNS.values()) + "."}
    if campaign.design not in designs_of(campaign.channel, is_sister=campaign.family_id is not None):
        return {"design": _not_by_letter(design)}
    found = {"design": _share_problem(campaign, design) or _delay_problem(campaign)}
    if campaign.design == AB:
        found["variant"] = _variant_problem(campaign)
    return {name: sentence for name, sentence in found.items() if sentence}


def keeps_out(campaign: Campaign) -> bool:
    """Whether by the campaign's design some are not contacted, or later."""
    return campaign.design in KEEPS_OUT


def shares_arms(campaign: Campaign, other: Campaign) -> bool:
    """Whether two campaigns for the same patients have the same design, by which some are not contacted, or later."""
    return campaign.design == other.design and keeps_out(campaign)


def family_problem(campaign: Campaign, lead: Campaign) -> str:
    """Why a campaign does not fit one by another mode for the same patients that is active or has its arms; '' when it
    does. Whoever one of them holds out, or contacts later, the other may not contact otherwise."""
    if not KEEPS_OUT & {campaign.design, lead.design}:
        return ""
    if not shares_arms(campaign, lead):
        return (
            f"The campaign by {lead.channel} for the same patients has the design '{DESIGNS[lead.design].name}': "
            "choose the same here, so that whoever is not contacted there is not contacted here either."
        )
    if campaign.holdout_share != lead.holdout_share:
        return (
            f"By {lead.channel} chance has decided with {lead.holdout_share} % for the same patients, and that holds "
            f"here too: choose {lead.holdout_share} % instead of {campaign.holdout_share} %."
        )
    return ""


def early_problem(campaign: Campaign, leads: Sequence[Campaign], organisation: Organisation) -> str:
    """Why a campaign contacts those who come later too early: before each of the campaigns by other modes for the same
    patients that were made before it, active or with their arms; '' when it does not."""
    days = [(each.later_on(organisation), each.channel) for each in leads if each.design == DELAYED]
    first, channel = min(days, default=(date.min, ""))
    if campaign.later_on(organisation) >= first:
        return ""
    return (
        f"By {channel} those of the same patients who come later are contacted from {day_text(first)}: choose a start "
        "date or a delay that is no earlier."
    )


def passed_problem(campaign: Campaign, organisation: Organisation, *, on: date) -> str:
    """Why letters of which some are for later cannot be printed on a day: the later one counts from the mail date and
    has come, so that everybody would get one at once; '' when they can."""
    later_on = campaign.later_on(organisation)
    if (campaign.channel, campaign.design) != (LETTER, DELAYED) or on < later_on:
        return ""
    return (
        f"Those who come later would get their letter together with the others, since their day, {day_text(later_on)}, "
        "counts from the mail date: choose a new mail date."
    )


def contacted_problem(by: Campaign) -> str:
    """Why nobody can be held out, or contacted later, any more."""
    return (
        f"By {by.channel} some of these patients were contacted already, before chance decided who is: choose "
        "'Everybody', or make a campaign of its own from a work list."
    )


def empty_problem(campaign: Campaign, drawn: Mapping[str, Allocation]) -> str:
    """Why the arms of a campaign cannot be told apart: nobody is in one of them; '' when somebody is in each."""
    if not drawn:
        return ""
    filled = {one.arm for one in drawn.values()}
    empty = [ARM_NAMES[arm] for arm in shares(campaign) if arm not in filled]
    if not empty:
        return ""
    patients, homes = len(drawn), len({one.household for one in drawn.values()})
    who = f"{patients:,} patients of {homes:,} households" if homes > 1 else f"{patients:,} patients of one household"
    who = who if patients > 1 else "one patient"
    return (
        f"Nobody would be in the group '{empty[0]}': {who}, and those of a household are treated alike. "
        "Choose 'Everybody', a share nearer to half, or more patients."
    )


def fitted(campaign: Campaign, lead: Campaign, organisation: Organisation) -> dict[str, Any]:
    """What changes in a campaign so that it fits `lead`."""
    weeks = lead.delay_weeks
    if lead.design == DELAYED:
        days = (lead.later_on(organisation) - goes_out_on(campaign, organisation)).days
        weeks = max(DELAY_WEEKS[0], ceil(days / 7))
    return {"design": lead.design, "holdout_share": lead.holdout_share, "delay_weeks": weeks, "variant": {}}


def _share_problem(campaign: Campaign, design: Design) -> str:
    if not design.arms or design.least <= campaign.holdout_share <= design.most:
        return ""
    return f"{design.share}: choose between {design.least} and {design.most} percent."


def _delay_problem(campaign: Campaign) -> str:
    least, most = DELAY_WEEKS
    if campaign.design != DELAYED or least <= campaign.delay_weeks <= most:
        return ""
    return f"Those who come later wait between {least} and {most} weeks: choose how many."


def _variant_problem(campaign: Campaign) -> str:
    """B is judged like A, and is there in the same languages: else its arm would read A in some of them."""
    if not campaign.variant:
        return "Version B is missing: choose a template for it under Delivery."
    missing = [LANGUAGES.get(each, each) for each in campaign.messages if each not in campaign.variant]
    if missing:
        return f"Version B has no message in {' and '.join(missing)}: write one, or take it out of version A."
    if campaign.variant == campaign.messages:
        return "Version B says the same as version A: change its words, or choose another template."
    found = problems(campaign.version_for(B)).get("messages", "")
    return f"Version B: {found}" if found else ""


def _not_by_letter(design: Design) -> str:
    return (
        f"'{design.name}' is not possible for letters: all are printed at once, from one text. Choose another design."
    )
