"""How far a campaign is and when it goes on, as people read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.domain.campaign import Campaign, goes_out_on
from core.domain.message import RESULTS, STATES
from core.domain.organisation import Organisation
from core.domain.window import first_send_at, next_window
from core.domain.wording import day_text


@dataclass(frozen=True)
class Progress:
    """`results` counts recipients by result and adds up to `selected`; `claimed` are being handed over now."""

    selected: int
    finished: int
    claimed: int
    results: Mapping[str, int]

    @property
    def share(self) -> float:
        """The finished part, between 0 and 1."""
        return self.finished / self.selected if self.selected else 0.0


def progress_of(counts: Mapping[str, int]) -> Progress:
    """Progress from counts by state."""
    results = dict.fromkeys(RESULTS, 0)
    for state, count in counts.items():
        results[STATES[state].result] += count
    finished = sum(count for state, count in counts.items() if STATES[state].is_finished)
    return Progress(sum(counts.values()), finished, counts.get("claimed", 0), results)


def status_shown(campaign: Campaign, progress: Progress) -> str:
    """What people read in lists: Inactive, Pending, Sending (a kind of Pending), Completed or Stopped."""
    if campaign.status != "active":
        return campaign.status.capitalize()
    return "Sending" if progress.finished or progress.claimed else "Pending"


def schedule_sentence(campaign: Campaign, organisation: Organisation, *, at: datetime, held: str = "") -> str:
    """When the campaign goes out or ended: 'Goes out Mon 30 Nov 2026, from 9:00'.

    held   why nothing leaves at all just now; said instead of going out now
    """
    if campaign.status == "inactive":
        return f"Would go out on {day_text(goes_out_on(campaign, organisation))} if it were active"
    zone = ZoneInfo(organisation.time_zone)
    if campaign.status != "active":
        ended = (campaign.finished_at or campaign.changed_at).astimezone(zone)
        return f"{campaign.status.capitalize()} on {day_text(ended.date())}"
    first = first_send_at(organisation, campaign.channel, start_on=campaign.start_on, at=at)
    if first > at:
        local = first.astimezone(zone)
        planned = f"Goes out {day_text(local.date())}, from {_clock(local)}"
        return f"{planned}. {held}" if held else planned
    if held:
        return held
    _, closes_at = next_window(organisation, campaign.channel, at)
    return f"Going out now, until {_clock(closes_at.astimezone(zone))}"


def _clock(at: datetime) -> str:
    return f"{at.hour}:{at:%M}"
