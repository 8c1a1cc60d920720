"""How far a campaign is and when it goes on, as people read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.domain.campaign import Campaign, goes_out_on
from core.domain.forecast import clock_text, forecast, forecast_sentence
from core.domain.message import CONTACTED, RESULTS, STATES
from core.domain.organisation import LETTER, Organisation
from core.domain.small_cells import LEAST, rounded
from core.domain.window import first_send_at, next_window
from core.domain.wording import day_text


@dataclass(frozen=True)
class Later:
    """How many wait for a later day, by chance or since it was decided so, and the first of these days."""

    count: int
    on: date


@dataclass(frozen=True)
class Progress:
    """`results` counts recipients by result and adds up to `selected`; `claimed` are being handed over now.

    is_rough   the counts are rounded and add up only roughly; one that is hidden, as it is small, is 0
    held_out   how many chance held out, whatever kept the message from them besides; until their turn comes
               `held_waiting` of them stand in the result Waiting, the others in Not sent
    """

    selected: int
    finished: int
    claimed: int
    results: Mapping[str, int]
    is_rough: bool = False
    held_out: int = 0
    held_waiting: int = 0

    @property
    def waiting_count(self) -> int:
        """Those still to be decided or written to, the claimed ones included; nobody who is held out."""
        return max(self.selected - self.finished - self.held_waiting, 0)

    @property
    def to_contact(self) -> int:
        """Those selected whom chance did not hold out."""
        return max(self.selected - self.held_out, 0)

    @property
    def contacted_count(self) -> int:
        """To how many something was sent, or may have been."""
        return sum(self.results[name] for name in CONTACTED)

    @property
    def share(self) -> float:
        """The finished part, between 0 and 1."""
        return min(self.finished / self.selected, 1.0) if self.selected else 0.0

    @property
    def size(self) -> str:
        """'1 patient', '1,204 patients'; where counts are rounded 'about 40 patients' or 'fewer than 11 patients'."""
        words = f"{self.selected:,} patient{'s' * (self.selected != 1)}"
        if not self.is_rough:
            return words
        return f"about {words}" if self.selected else f"fewer than {LEAST} patients"

    def rough(self) -> "Progress":
        """The same for who may not see the patients (core.domain.small_cells). Of a campaign of a few there is nothing
        to be told but that it is one."""
        if rounded(self.selected) is None:
            return Progress(0, 0, 0, dict.fromkeys(self.results, 0), is_rough=True)
        results = {name: rounded(count) or 0 for name, count in self.results.items()}
        return Progress(
            rounded(self.selected) or 0,
            rounded(self.finished) or 0,
            rounded(self.claimed) or 0,
            results,
            is_rough=True,
            held_out=rounded(self.held_out) or 0,
            held_waiting=rounded(self.held_waiting) or 0,
        )


def progress_of(counts: Mapping[str, int], *, held_out: Mapping[str, int] | None = None) -> Progress:
    """Progress from counts by state; `held_out` counts those of them whom chance held out, by state too."""
    results = dict.fromkeys(RESULTS, 0)
    for state, count in counts.items():
        results[STATES[state].result] += count
    finished, held = _finished(counts), held_out or {}
    return Progress(
        sum(counts.values()),
        finished,
        counts.get("claimed", 0),
        results,
        held_out=sum(held.values()),
        held_waiting=sum(held.values()) - _finished(held),
    )


def _finished(counts: Mapping[str, int]) -> int:
    return sum(count for state, count in counts.items() if STATES[state].is_finished)


def status_shown(campaign: Campaign, progress: Progress) -> str:
    """What people read in lists: Inactive, Pending, Sending (a kind of Pending), Completed or Stopped."""
    if campaign.status != "active":
        return campaign.status.capitalize()
    return "Sending" if progress.finished or progress.claimed else "Pending"


def schedule_sentence(
    campaign: Campaign,
    organisation: Organisation,
    *,
    at: datetime,
    held: str = "",
    waiting_count: int = 0,
    per_minute: float | None = None,
    later: Later | None = None,
) -> str:
    """When the campaign goes out and is done, or ended: 'Goes out Mon 30 Nov 2026, from 9:00, done about 9:05'.

    held            why nothing leaves at all just now; said instead of going out now
    waiting_count   messages to forecast for; none leaves the forecast out
    per_minute      a measured pace, instead of the organisation's setting
    later           who of those is contacted later: '..., 240 more from Mon 11 Jan 2027'
    """
    if campaign.channel == LETTER:
        return _letters_sentence(campaign, ZoneInfo(organisation.time_zone))
    if campaign.status == "inactive":
        return f"Would go out on {day_text(goes_out_on(campaign, organisation))} if it were active"
    zone = ZoneInfo(organisation.time_zone)
    if campaign.status != "active":
        ended = (campaign.finished_at or campaign.changed_at).astimezone(zone)
        return f"{campaign.status.capitalize()} on {day_text(ended.date())}"
    start_on, waiting_count, more = _next(campaign, waiting_count, later, on=at.astimezone(zone).date())
    first = first_send_at(organisation, campaign.channel, start_on=start_on, at=at)
    if held:
        return held if first <= at else f"{_planned(first, zone)}. {held}"
    found = forecast(
        organisation,
        campaign.channel,
        waiting_count=waiting_count,
        start_on=start_on,
        at=at,
        per_minute=per_minute,
    )
    named = first.astimezone(zone).date() if first > at else None
    done = forecast_sentence(found, organisation, at=at, day=named) if found else ""
    if first > at:
        return _joined(_planned(first, zone), done, more)
    if found and found.windows == 1:
        return _joined("Going out now", done, more)
    _, closes_at = next_window(organisation, campaign.channel, at)
    return _joined(f"Going out now, until {clock_text(closes_at.astimezone(zone).time())}", done, more)


def _next(campaign: Campaign, waiting_count: int, later: Later | None, *, on: date) -> tuple[date, int, str]:
    """From which day how many are written to next, and what is said of the others."""
    if later is None or not later.count or on >= later.on:
        return campaign.start_on, waiting_count, ""
    if waiting_count <= later.count:  # everybody else has been decided about
        return later.on, later.count, ""
    return campaign.start_on, waiting_count - later.count, f"{later.count:,} more from {day_text(later.on)}"


def _letters_sentence(campaign: Campaign, zone: ZoneInfo) -> str:
    """Letters leave when somebody takes them to the post office: only their making is known, and the date on them."""
    dated = day_text(campaign.start_on)
    if campaign.status == "inactive":
        return f"Mail date {dated}; the letters are not made yet"
    ended = day_text((campaign.finished_at or campaign.changed_at).astimezone(zone).date())
    return f"Letters made on {ended}, mail date {dated}" if campaign.status == "completed" else f"Stopped on {ended}"


def _planned(first: datetime, zone: ZoneInfo) -> str:
    local = first.astimezone(zone)
    return f"Goes out {day_text(local.date())}, from {clock_text(local.time())}"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
