"""What a dispatcher does for print runs: makes their files one at a time, and says when they are ready.

A file is kept in one transaction when it is whole, so a worker that dies leaves no half of one; the next one goes on
with those that are missing. Nothing of a run can be fetched before all its files are there.
"""

import logging
import threading
import traceback
from typing import Any

from sqlalchemy import Connection

from core import ledgers, print_files
from core.approval_state import missing_approval
from core.audit import record_in
from core.domain.campaign import status_after
from core.domain.eligibility import HOLD_OUT
from core.domain.message import PRINTED
from core.errors import CareloopError
from core.print_files import PrintFile
from core.print_plans import is_against_chance, plan
from core.ready_mail import tell_who_asked
from core.store import campaigns as campaign_rows
from core.store import download_rows, mailing_rows, print_plan_rows, print_rows, restore_rows
from core.store.database import reading, writing
from core.store.messages import DatabaseLost, one_at_a_time
from core.store.print_rows import Run
from core.workbench import Workbench

_FAILED = "Something went wrong while the files were made ({0}). Nothing was printed: try again."
_KILLED = (
    "The dispatcher ended several times while the files were made, perhaps for want of memory. Nothing was printed: "
    "try again, and tell who looks after the server if that happens again."
)

_CHANGING = (
    "The records changed again and again while the letters were made, perhaps because a feed is being loaded. Nothing "
    "was printed: try again when it is done."
)
_MOST_PLANS = 5  # of one run, before a person is asked

_log = logging.getLogger(__name__)


class _NotMine(Exception):
    """The lease ran out, or the campaign was stopped: somebody else decides what follows."""


def make_due(wb: Workbench, *, worker: str, stop: threading.Event | None = None) -> int:
    """Make the files of the print runs that wait, one at a time, and tell who asked; returns how many were made."""
    made, stop = 0, stop or threading.Event()
    while not stop.is_set():
        run = _next(wb, worker)
        if run is None:
            break
        made += _make(wb, run, worker, stop)
    if not stop.is_set():
        tell_who_asked(wb)
    return made


def leave(wb: Workbench, worker: str) -> None:
    """The worker ends in good order: others go on at once with what it holds."""
    with reading(wb.engine) as connection:
        if not print_rows.holds(connection, worker):
            return
    with writing(wb.engine) as connection:
        print_rows.give_back(connection, worker)


def outdate_labels(wb: Workbench, connection: Connection, run: Run, *, replaced: bool) -> None:
    """Labels that were printed before: thrown away when the run has its own, else marked when they do not fit it."""
    for before in print_rows.earlier(connection, run.campaign_id, than=run.number):
        if replaced:
            download_rows.drop_of_run(connection, before.run_id, at=wb.now(), by=wb.user.user_id, how="outdated")
        elif before.digest != run.digest:
            count = download_rows.outdate_labels(connection, before.run_id)
            if count:
                record_in(wb, connection, "print_run.labels_outdated", before.run_id, files=count)


def _next(wb: Workbench, worker: str) -> Run | None:
    with reading(wb.engine) as connection:
        if not print_rows.is_due(connection, at=wb.now()) or restore_rows.unreconciled(connection):
            return None  # after a restore the letters may have been printed and mailed already
    with writing(wb.engine) as connection:
        return print_rows.take(connection, worker=worker, at=wb.now())


def _make(wb: Workbench, run: Run, worker: str, stop: threading.Event) -> int:
    wb, made = wb.settle(), 0
    try:
        if run.try_count > print_rows.MOST_TRIES:
            raise CareloopError(_KILLED)
        run = _fresh(wb, run, worker)
        for _ in range(_MOST_PLANS):
            for each in print_files.missing(wb, run):
                if stop.is_set():
                    return made
                _keep(wb, run, each, worker)
                made += 1
            again = _finish(wb, run, worker)
            if again is None:
                return made
            run = again
        raise CareloopError(_CHANGING)
    except _NotMine:
        return made
    except DatabaseLost:
        raise
    except CareloopError as error:
        _fail(wb, run, worker, str(error))
    except Exception as error:
        _log.error("print run %s failed:\n%s", run.run_id, _where(error))
        _fail(wb, run, worker, _FAILED.format(type(error).__name__))
    return made


def _where(error: BaseException) -> str:
    """Where something went wrong, without the error's own words: those may be a patient's."""
    return "".join([*traceback.format_tb(error.__traceback__), type(error).__name__])


def _keep(wb: Workbench, run: Run, file: PrintFile, worker: str) -> None:
    """Make a file and keep it, if the run is still this worker's."""
    made = print_files.made(wb, run, file)
    with writing(wb.engine) as connection:
        _hold(wb, connection, run, worker)
        before = [
            each.digest
            for each in download_rows.of_run(connection, run.run_id, with_deleted=True)
            if (each.kind, each.part) == (made.kind, made.part) and each.deleted_how != "outdated"
        ]
        download_rows.add(connection, made)
        told: dict[str, Any] = {"run": run.run_id, "kind": made.kind, "pages": made.pages}
        if before:
            told["is_same"] = made.digest == before[-1]
        record_in(wb, connection, "download.made", made.file_id, **told)


def _fresh(wb: Workbench, run: Run, worker: str) -> Run:
    """A plan of another day, of which nothing is made yet, is worked out anew, which saves making its files twice."""
    is_of_today = run.planned_at.astimezone(wb.zone()).date() == wb.today()
    with reading(wb.engine) as connection:
        is_begun = bool(download_rows.of_run(connection, run.run_id, with_deleted=True))
        is_frozen = campaign_rows.campaign(connection, run.campaign_id).status != "inactive"
    if is_of_today or is_begun or is_frozen:
        return run
    with writing(wb.engine) as connection:
        one_at_a_time(connection)
        _hold(wb, connection, run, worker)
        return _planned_anew(wb, connection, run)


def _hold(wb: Workbench, connection: Connection, run: Run, worker: str) -> None:
    if not print_rows.hold(connection, run.run_id, worker=worker, at=wb.now()):
        raise _NotMine


def _still_holds(wb: Workbench, run: Run) -> bool:
    """Whether the plan would be the same now. Between asking for letters and the last file somebody may have died,
    moved or been booked, the longer the more dispatchers were away."""
    with reading(wb.engine) as connection:
        campaign = campaign_rows.campaign(connection, run.campaign_id)
        if not run.has_letters or campaign.status != "inactive":
            return True
        made = plan(wb, connection, campaign)
        return print_plan_rows.is_planned(connection, run.run_id, made.letters, made.reasons)


def _planned_anew(wb: Workbench, connection: Connection, run: Run) -> Run:
    campaign = campaign_rows.campaign(connection, run.campaign_id)
    if waits := missing_approval(wb, connection, campaign):
        raise CareloopError(waits)
    made = plan(wb, connection, campaign)
    if not made.letters:
        raise CareloopError(
            "Nobody would get a letter any more, so nothing was printed. Look at who is in the campaign."
        )
    download_rows.drop_of_run(connection, run.run_id, at=wb.now(), by=wb.user.user_id, how="outdated")
    values = {"planned_at": wb.now().replace(microsecond=0), "letter_count": len(made.letters), "digest": made.digest}
    print_rows.change(connection, run.run_id, **values, frozen=dict(made.stationery.values), logo=made.stationery.logo)
    print_plan_rows.keep(connection, run.run_id, made.letters, made.reasons)
    again = print_rows.run(connection, run.run_id)
    assert again is not None
    outdate_labels(wb, connection, again, replaced=again.has_labels)
    record_in(wb, connection, "print_run.planned_again", run.run_id, letters=len(made.letters))
    return again


def _finish(wb: Workbench, run: Run, worker: str) -> Run | None:
    """All files are whole: the run is ready, and with its letters the campaign is completed. Returns the run with a new
    plan when somebody of the old one is not to be written to any more; None when it is ready."""
    still_holds = _still_holds(wb, run)
    with writing(wb.engine) as connection:
        one_at_a_time(connection)
        print_rows.lock_campaign(connection, run.campaign_id)
        _hold(wb, connection, run, worker)
        campaign = campaign_rows.campaign(connection, run.campaign_id)
        is_first = run.has_letters and campaign.status == "inactive"
        still_holds = still_holds and print_plan_rows.all_wait(connection, run.run_id)
        if is_first and (not still_holds or is_against_chance(wb, connection, campaign, run.run_id)):
            return _planned_anew(wb, connection, run)
        if is_first:
            _complete(wb, connection, run)
        told = "due" if _has_address(wb, run.asked_by) else ""
        print_rows.change(
            connection, run.run_id, state="ready", ready_at=wb.now(), claimed_by=None, lease_until=None, try_count=0,
            mail_state=told, mail_tries=0, mail_at=None,
        )  # fmt: skip
        record_in(wb, connection, "print_run.ready", run.run_id, campaign=run.campaign_id, letters=run.letter_count)
    return None


def _complete(wb: Workbench, connection: Connection, run: Run) -> None:
    campaign = campaign_rows.campaign(connection, run.campaign_id)
    reasons = print_plan_rows.reason_counts(connection, run.run_id)
    print_plan_rows.finish(connection, run.run_id, at=wb.now(), reasons=list(reasons), hold_out=HOLD_OUT)
    campaign_rows.complete_printed(
        connection, campaign.campaign_id, status_after("print", campaign), at=wb.now(), by=run.asked_by
    )
    record_in(wb, connection, "campaign.completed", campaign.campaign_id, print_run=run.run_id)
    printed = mailing_rows.letters(connection, campaign.campaign_id)
    ledgers.letters(wb, campaign, [(one.recipient_id, one.patient_id) for one in printed], PRINTED)


def _has_address(wb: Workbench, user_id: str) -> bool:
    try:
        return bool(wb.as_user(user_id).user.email)
    except CareloopError:  # not active any more
        return False


def _fail(wb: Workbench, run: Run, worker: str, problem: str) -> None:
    _log.error("print run %s: %s", run.run_id, problem)
    with writing(wb.engine) as connection:
        if print_rows.hold(connection, run.run_id, worker=worker, at=wb.now()):
            values = {"state": "failed", "problem": problem, "claimed_by": None, "lease_until": None}
            print_rows.change(connection, run.run_id, **values)
            record_in(wb, connection, "print_run.failed", run.run_id)
