"""The list of campaigns as people see it: status, counts, and when each goes out (C10, C12)."""

from dataclasses import dataclass

from core.domain.campaign import STATUS_ICONS, Campaign
from core.domain.progress import Progress, progress_of, schedule_sentence, status_shown
from core.pace import measured_pace
from core.sending_control import held_sentence
from core.store import campaigns as rows
from core.store.database import reading
from core.workbench import Workbench


@dataclass(frozen=True)
class Listed:
    """One line of the list. `status` is what people read, `icon` a Material symbol, `schedule` a sentence."""

    campaign: Campaign
    status: str
    icon: str
    progress: Progress
    schedule: str


def campaigns(wb: Workbench) -> list[Listed]:
    """The campaigns the user may see, the newest first. Counts are of all recipients of a campaign."""
    organisation, at = wb.organisation(), wb.now()
    with reading(wb.engine) as connection:
        found = rows.visible(connection, wb.user)
        counts = rows.state_counts(connection, [one.campaign_id for one in found])
    channels = {one.channel for one in found}
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
            held=held[one.channel],
            waiting_count=progress.waiting_count,
            per_minute=paces[one.channel],
        )
        listed.append(Listed(one, status, STATUS_ICONS[status], progress, schedule))
    return listed
