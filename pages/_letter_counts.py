"""How many letters of a campaign wait for somebody to mail them."""

from core.campaign_list import Listed
from core.domain.organisation import LETTER


def printed_count(one: Listed) -> int:
    """Patients of a completed letter campaign whose letter is printed and not marked as mailed."""
    is_printed = one.campaign.channel == LETTER and one.campaign.status == "completed"
    return one.progress.results["Waiting"] if is_printed else 0


def done_share(one: Listed) -> float:
    """The part of a campaign that is done, between 0 and 1; a printed letter still waits for somebody to mail it."""
    progress = one.progress
    return (progress.finished - printed_count(one)) / progress.selected if progress.selected else 0.0
