"""What a print run that is on its way forbids: changing its campaign. Stopping the campaign ends the run."""

from sqlalchemy import Connection

from core.audit import record_in
from core.domain.campaign import Campaign
from core.domain.organisation import LETTER
from core.store import download_rows, print_rows
from core.store.database import reading
from core.workbench import Workbench


def being_printed(wb: Workbench, campaign: Campaign) -> str:
    """Why the campaign cannot be changed now: its letters are being made; '' when it can."""
    with reading(wb.engine) as connection:
        return being_printed_in(connection, campaign)


def being_printed_in(connection: Connection, campaign: Campaign) -> str:
    """The same within the caller's transaction."""
    if campaign.channel != LETTER:
        return ""
    run = print_rows.latest(connection, campaign.campaign_id)
    if run is None or not run.is_open or not run.has_letters:
        return ""
    return (
        f"The letters of the campaign '{campaign.name}' are being made just now, so it cannot be changed. Wait until "
        "they are ready, or stop the campaign and copy it."
    )


def stop_printing_in(wb: Workbench, connection: Connection, campaign_id: str) -> None:
    """A stopped campaign prints nothing: its files are thrown away, those of labels as well."""
    run = print_rows.latest(connection, campaign_id, lock=True)
    if run is None:
        return
    at, by = wb.now(), wb.user.user_id
    print_rows.change(connection, run.run_id, state="stopped", claimed_by=None, lease_until=None, mail_state="")
    gone: list[str] = []
    for each in (run, *print_rows.earlier(connection, campaign_id, than=run.number)):
        gone += download_rows.drop_of_run(connection, each.run_id, at=at, by=by, how="stopped")
    record_in(wb, connection, "print_run.stopped", run.run_id, files=len(gone))
