"""The list of campaigns as people see it: status, counts, and when each goes out (C10, C12)."""

from dataclasses import dataclass
from datetime import date, timedelta

from core.approval_state import is_on, state, why_held
from core.domain.campaign import STATUS_ICONS, Campaign, goes_out_on
from core.domain.organisation import CHANNELS
from core.domain.progress import Progress, progress_of, schedule_sentence, status_shown
from core.domain.twilio_errors import CARRIERS_REFUSE
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
    how a draft stands with its approval where one is asked for (core.domain.approval), else empty."""

    campaign: Campaign
    status: str
    icon: str
    progress: Progress
    schedule: str
    approval: str = ""

    @property
    def group(self) -> str:
        """The status by which lists are filtered: Sending is a kind of Pending (C10)."""
        return "Pending" if self.status == "Sending" else self.status


def refused_by_carriers(wb: Workbench) -> list[tuple[Campaign, str]]:
    """Text campaigns that were stopped in the last two weeks because carriers refuse them, with why, as a sentence."""
    with reading(wb.engine) as connection:
        found = rows.stopped_for(connection, CARRIERS_REFUSE, since=wb.now() - _LATELY)
        shown = [one for one in rows.visible(connection, wb.user) if one.campaign_id in found] if found else []
    return [(one, _WHAT_TO_DO[found[one.campaign_id]]) for one in shown]


def by_day(wb: Workbench, month: date) -> dict[date, list[Listed]]:
    """The campaigns whose effective day lies in the month of `month`, by day; of letters the mail date."""
    organisation = wb.organisation()
    found: dict[date, list[Listed]] = {}
    for one in campaigns(wb):
        day = goes_out_on(one.campaign, organisation)
        if (day.year, day.month) == (month.year, month.month):
            found.setdefault(day, []).append(one)
    return dict(sorted(found.items()))


def campaigns(wb: Workbench) -> list[Listed]:
    """The campaigns the user may see, the newest first. Counts are of all recipients of a campaign."""
    organisation, at = wb.organisation(), wb.now()
    with reading(wb.engine) as connection:
        found = rows.visible(connection, wb.user)
        counts = rows.state_counts(connection, [one.campaign_id for one in found])
        active = [one for one in found if one.status == "active"]
        unapproved = {one.campaign_id: why_held(wb, connection, one) for one in active} if is_on(wb) else {}
        approvals = (
            {each.campaign_id: state(wb, connection, each).state for each in found if each.status == "inactive"}
            if is_on(wb)
            else {}
        )
    channels = {one.channel for one in found} & set(CHANNELS)  # letters are neither held nor measured
    paces = {channel: measured_pace(wb, channel) for channel in channels}
    held = {channel: held_sentence(wb, channel) for channel in channels}
    listed = []
    for one in found:
        progress = progress_of(counts[one.campaign_id])
        status = status_shown(one, progress)
        schedule = schedule_sentence(
            one,
            organisation,
            at=at,
            held=held.get(one.channel) or unapproved.get(one.campaign_id, ""),
            waiting_count=progress.waiting_count,
            per_minute=paces.get(one.channel),
        )
        approval = approvals.get(one.campaign_id, "")
        listed.append(Listed(one, status, STATUS_ICONS[status], progress, schedule, approval))
    return listed
