"""What ledgers tell of messages since a backup: by recipient and attempt, what is known of each.

Lines are told in the order of their moments; the last word about an attempt counts. An attempt of which nothing but
its beginning is told may have left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.domain.message import RESTORED


@dataclass(frozen=True)
class Told:
    """How one attempt ended."""

    outcome: str
    state: str
    reason: str
    code: str
    provider_id: str | None
    at: datetime


@dataclass
class Try:
    """One attempt: begun, and perhaps ended, or taken back before anything left."""

    patient_id: str
    begun_at: datetime | None = None
    message: str = "campaign"
    mark: str = ""  # of the address
    told: Told | None = None
    is_back: bool = False


@dataclass
class Story:
    """Everything that was told, by campaign, recipient and number of the attempt."""

    campaigns: dict[str, dict[str, Any]] = field(default_factory=dict)
    tries: dict[str, dict[int, dict[int, Try]]] = field(default_factory=dict)
    letters: dict[str, dict[int, tuple[str, str, datetime]]] = field(default_factory=dict)
    changes: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def hear(self, line: Mapping[str, Any]) -> None:
        """Take in a line about messages, letters or a campaign; others say nothing here."""
        kind, at = line.get("k"), line["at"]
        if kind == "out":
            self._begun(line["c"], line["p"], at)
        elif kind == "end":
            self._ended(line["c"], line["p"], at)
        elif kind == "back":
            for recipient_id, patient_id, number in line["p"]:
                self._try(line["c"], recipient_id, number, patient_id).is_back = True
        elif kind == "letters":
            self._letters(line["c"], line["p"], line["to"], at)
        elif kind == "campaign":
            self.changes[line["c"]] = (line["to"], at)

    def _begun(self, campaign: dict[str, Any], people: Sequence[Any], at: datetime) -> None:
        campaign_id = campaign["campaign_id"]
        self.campaigns[campaign_id] = campaign
        for recipient_id, patient_id, number, message, mark in people:
            numbers = self.tries.setdefault(campaign_id, {}).setdefault(recipient_id, {})
            numbers[number] = Try(patient_id, at, message, mark)

    def _ended(self, campaign_id: str, people: Sequence[Any], at: datetime) -> None:
        for recipient_id, patient_id, number, outcome, state, reason, code, provider_id in people:
            one = self._try(campaign_id, recipient_id, number, patient_id)
            one.told = Told(outcome, state, reason, code, provider_id, at)

    def _letters(self, campaign: dict[str, Any], people: Sequence[Any], state: str, at: datetime) -> None:
        campaign_id = campaign["campaign_id"]
        self.campaigns[campaign_id] = campaign
        for recipient_id, patient_id in people:
            self.letters.setdefault(campaign_id, {})[recipient_id] = (patient_id, state, at)

    def _try(self, campaign_id: str, recipient_id: int, number: int, patient_id: str) -> Try:
        numbers = self.tries.setdefault(campaign_id, {}).setdefault(recipient_id, {})
        return numbers.setdefault(number, Try(patient_id))


def state_after(one: Try) -> tuple[str, str]:
    """State and reason of a recipient whose last attempt this was. What may have left never waits."""
    if one.told is None:
        return ("waiting", "") if one.is_back else ("unknown", RESTORED)
    if one.told.outcome == "unknown":
        return "unknown", one.told.reason or RESTORED
    return one.told.state, one.told.reason
