"""Deleting a campaign: gone from every list, never from the histories of the patients it has written to (C12)."""

from dataclasses import dataclass

from core import designs
from core.allowed import require, require_in
from core.audit import record_in
from core.domain.life_cycle import DELETE
from core.domain.message import PRINTED
from core.domain.progress import progress_of
from core.domain.role import DELETE_CAMPAIGNS
from core.errors import Conflict
from core.printing_lock import stop_printing_in
from core.store import accounts
from core.store import campaigns as rows
from core.store.database import reading, writing
from core.workbench import Workbench, needs


@dataclass(frozen=True)
class Deletion:
    """What deleting a campaign would do.

    selected         patients of it
    contacted        to whom something was sent, or may have been: that stays in their histories
    not_contacted    who still wait and will not be written to
    unknown          messages that may have left: nobody can decide about them any more
    not_mailed       letters that are printed and not marked as mailed: nobody can mark them any more
    """

    selected: int
    contacted: int
    not_contacted: int
    unknown: int
    not_mailed: int


@needs(DELETE_CAMPAIGNS)
def plan_deletion(wb: Workbench, campaign_id: str) -> Deletion:
    """The numbers to confirm. Raises NotFound, and NotAllowed for a campaign that must be stopped first."""
    with reading(wb.engine) as connection:
        campaign = rows.seen(connection, wb.user, campaign_id)
        counts = rows.state_counts(connection, [campaign_id], scope=wb.user.scope)[campaign_id]
    require(wb, DELETE, campaign)
    progress = progress_of(counts)
    waiting = counts.get("waiting", 0)
    unknown = progress.results["Unknown"]
    return Deletion(progress.selected, progress.contacted_count, waiting, unknown, counts.get(PRINTED, 0))


@needs(DELETE_CAMPAIGNS)
def delete(wb: Workbench, campaign_id: str, *, version: int) -> None:
    """Let a campaign be gone from every list, report and calendar; its name is free again.

    What it sent stays in the histories of its patients and counts for them as before. A draft is stopped, files of
    letters are thrown away. `version` is that of the campaign whose numbers were confirmed: Conflict when it was
    changed meanwhile. Raises NotFound, and NotAllowed for an active one, which must be stopped first.
    """
    with writing(wb.engine) as connection:
        campaign = rows.seen(connection, wb.user, campaign_id)
        require_in(wb, connection, DELETE, campaign)
        at, by = wb.now(), wb.user.user_id
        if not rows.delete(connection, campaign_id, version=version, at=at, by=by):
            name = accounts.user_name(wb.engine, campaign.changed_by)
            raise Conflict(
                f"The campaign '{campaign.name}' was changed by {name} meanwhile. Nothing was deleted: look again.",
                by=name,
                at=campaign.changed_at,
            )
        designs.undo(connection, campaign)
        count = rows.stop_waiting(connection, campaign_id, at=at)
        stop_printing_in(wb, connection, campaign_id)
        record_in(wb, connection, "campaign.deleted", campaign_id, not_contacted=count, status=campaign.status)
