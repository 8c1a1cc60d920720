"""The list of campaigns as people see it: status, counts, and when each goes out (C10, C12)."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from core import designs, readers
from core.approval_state import is_on, state, why_held
from core.domain.campaign import STATUS_ICONS, Campaign, goes_out_on
from core.domain.organisation import CHANNELS
from core.domain.progress import Later, Progress, progress_of, schedule_sentence, status_shown
from core.domain.twilio_errors import CARRIERS_REFUSE
from core.domain.wording import day_text
from core.pace import measured_pace
from core.sending_control import held_sentence
from core.store import campaigns as rows
from core.store.database import reading
from core.workbench import Workbench

_LATELY = timedelta(days=14)
_WHAT_TO_DO = {
    "filtered": (
        "carriers filtered its texts as unwanted, so it was stopped. Change the wording (no short links, no capitals, "
        "the practice's name first) and ask Twilio why, before another text campaign."
    ),
    "unregistered_sender": (
        "carriers take no texts from the sending number, so it was stopped. Register the number with Twilio "
        "(A2P 10DLC) before another text campaign."
    ),
}


@dataclass(frozen=True)
class Listed:
    """One line of the list. `status` is what people read, `icon` a Material symbol, `schedule` a sentence; `approval`
    how a draft stands with its approval where one is asked for (core.domain.approval), else empty; `later` who of those
    who wait is contacted later."""

    campaign: Campaign
    status: str
    icon: str
    progress: Progress
    schedule: str
    approval: str = ""
    later: Later | None = None

    @property
    def size(self) -> str:
        """How many it is for: of an active campaign who still waits, as Overview says it, and who is contacted later;
        of others whom it has selected."""
        waiting = max(self.progress.results["Waiting"] - self.progress.held_waiting, 0)
        if self.campaign.status != "active" or not waiting:
            return self.progress.size
        if self.later is None or not self.later.count:
            return f"{_patients(waiting)} to contact"
        more = f"{self.later.count:,} from {day_text(self.later.on)}"
        soon = max(waiting - self.later.count, 0)
        return (
            f"{_patients(soon)} to contact, {more}"
            if soon
            else f"{_patients(waiting)} to contact from {day_text(self.later.on)}"
        )

    @property
    def group(self) -> str:
        """The status by which lists are filtered: Sending is a kind of Pending (C10)."""
        return _group(self.status)


def refused_by_carriers(wb: Workbench) -> list[tuple[Campaign, str]]:
    """Text campaigns that were stopped in the last two weeks because carriers refuse them, with why, as a sentence."""
    with reading(wb.engine) as connection:
        found = rows.stopped_for(connection, CARRIERS_REFUSE, since=wb.now() - _LATELY)
        shown = [one for one in rows.visible(connection, wb.user) if one.campaign_id in found] if found else []
    return [(one, _WHAT_TO_DO[found[one.campaign_id]]) for one in shown]


@dataclass(frozen=True)
class Page:
    """Some of the campaigns in a list: `number` says which page it is, the first being 1, and `count` how many
    campaigns all pages have."""

    listed: list[Listed]
    number: int
    count: int


def by_day(wb: Workbench, month: date) -> dict[date, list[Listed]]:
    """The campaigns whose effective day lies in the month of `month`, by day; of letters the mail date."""
    wb = wb.settle()
    with reading(wb.engine) as connection:
        days = [(goes_out_on(one[0], wb.organisation()), one) for one in _counted(wb, connection)]
        found = sorted((each for each in days if _is_in(each[0], month)), key=lambda each: each[0])
        listed = _listed(wb, connection, [one for _, one in found])
    by_days: dict[date, list[Listed]] = {}
    for (day, _), one in zip(found, listed, strict=True):
        by_days.setdefault(day, []).append(one)
    return by_days


def campaigns(wb: Workbench) -> list[Listed]:
    """The campaigns the user may see, the newest first. Counts are of the recipients in the user's scope, and rounded
    for who may not see patients."""
    wb = wb.settle()
    with reading(wb.engine) as connection:
        return _listed(wb, connection, _counted(wb, connection))


def page(wb: Workbench, *, group: str = "", number: int = 1, size: int) -> Page:
    """So many of the campaigns of a group (see Listed; empty: of all), the newest first. For a number that is too large
    it is the last page."""
    wb = wb.settle()
    with reading(wb.engine) as connection:
        found = [one for one in _counted(wb, connection) if group in ("", _group(status_shown(*one)))]
        number = max(1, min(number, -(-len(found) // size)))
        return Page(_listed(wb, connection, found[(number - 1) * size : number * size]), number, len(found))


def _patients(count: int) -> str:
    return f"{count:,} patient{'s' * (count != 1)}"


def _group(status: str) -> str:
    return "Pending" if status == "Sending" else status


def _is_in(day: date, month: date) -> bool:
    return (day.year, day.month) == (month.year, month.month)


def _counted(wb: Workbench, connection: Connection) -> list[tuple[Campaign, Progress]]:
    """Every campaign the user may see with its exact counts, the newest first."""
    found = rows.visible(connection, wb.user)
    ids = [one.campaign_id for one in found]
    counts = rows.state_counts(connection, ids, scope=wb.user.scope)
    held = rows.held_out(connection, ids, scope=wb.user.scope)
    return [(one, progress_of(counts[one.campaign_id], held_out=held[one.campaign_id])) for one in found]


def _listed(wb: Workbench, connection: Connection, counted: list[tuple[Campaign, Progress]]) -> list[Listed]:
    """What is said of each of these beside its counts: it takes some questions for every one."""
    channels = {one.channel for one, _ in counted} & set(CHANNELS)  # letters are neither held nor measured
    paces = {channel: measured_pace(wb, channel) for channel in channels}
    held = {channel: held_sentence(wb, channel) for channel in channels}
    listed = []
    is_rough = readers.is_rough(wb)
    laters = {} if is_rough else designs.laters(wb, connection)
    for one, exact in counted:
        status, progress = status_shown(one, exact), exact.rough() if is_rough else exact
        unapproved = why_held(wb, connection, one) if one.status == "active" else ""
        later = laters.get(one.campaign_id)
        schedule = schedule_sentence(
            one,
            wb.organisation(),
            at=wb.now(),
            held=held.get(one.channel) or unapproved,
            waiting_count=progress.waiting_count,
            per_minute=paces.get(one.channel),
            later=later,
        )
        approval = state(wb, connection, one).state if one.status == "inactive" and is_on(wb) else ""
        listed.append(Listed(one, status, STATUS_ICONS[status], progress, schedule, approval, later))
    return listed
