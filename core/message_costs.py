"""About what the texts or calls of a campaign cost, before anything is sent."""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from core import message_previews, patients
from core.domain.call_words import words_of
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.effects.allocation import CONTACT, HOLD_OUT
from core.domain.effects.design import shares
from core.domain.organisation import PHONE
from core.domain.spoken import speech_seconds
from core.domain.text_segments import estimate
from core.workbench import Workbench


@dataclass(frozen=True)
class Cost:
    """patients   whom it would be for, were everybody selected reached; who is held out is left out
    dollars    with the organisation's price of a segment or minute
    units      segments of a text, or begun minutes of a call that is heard to its end, by language
    """

    patients: int
    dollars: Decimal
    units: dict[str, int]

    @property
    def sentence(self) -> str:
        """'about $24.60 for 1,025 patients'."""
        return f"about ${self.dollars:,.2f} for {self.patients:,} patient{'' if self.patients == 1 else 's'}"


def cost(wb: Workbench, campaign: Campaign, patient_ids: Collection[str]) -> Cost:
    """About what a text or phone campaign costs: each patient's language decides the message, example values fill it.

    Raises TemplateError for a message that cannot be filled in.
    """
    languages = Counter(_language(campaign, person.language) for person in patients.people(wb, patient_ids))
    units = {language: units_of(campaign, language) for language in campaign.messages}
    organisation = wb.organisation()
    price = Decimal(str(organisation.call_minute_price if campaign.channel == PHONE else organisation.segment_price))
    by_arm = _by_arm(campaign, languages)
    dollars = sum(
        (
            estimate(number, units_of(campaign.version_for(arm), language), price)
            for arm, numbers in by_arm.items()
            for language, number in numbers.items()
        ),
        Decimal(0),
    )
    return Cost(sum(numbers.total() for numbers in by_arm.values()), dollars, units)


def _by_arm(campaign: Campaign, languages: Counter[str]) -> dict[str, Counter[str]]:
    """How many of each language get which version; those who are held out get none."""
    of_arms = shares(campaign)
    if not of_arms:
        return {CONTACT: languages}
    first, other = of_arms
    others = Counter({language: round(number * of_arms[other]) for language, number in languages.items()})
    return {first: languages - others} | ({} if other == HOLD_OUT else {other: others})


def units_of(campaign: Campaign, language: str) -> int:
    """Segments of a text, or the minutes of a call: script and keys' menu, each begun minute counts."""
    if campaign.channel != PHONE:
        return message_previews.example_text(campaign, language=language).segments.count
    seconds = message_previews.example_call(campaign, language=language).script_seconds
    return math.ceil((seconds + speech_seconds(words_of(language).menu, language)) / 60)


def _language(campaign: Campaign, spoken: str | None) -> str:
    return spoken if spoken and spoken in campaign.messages else DEFAULT_LANGUAGE
