"""Print runs: the letters and labels of a campaign, planned at once and made in the background (L2, L3).

Labels may be printed before the letters. When the letters are created the plan is worked out again; from then on it is
frozen, so that whatever is made again is the same. docs/decisions/letters.md
"""

import secrets
from collections import Counter
from typing import Any

from sqlalchemy import Connection

from core import campaigns, designs, print_files
from core.approval_state import missing_approval
from core.audit import record_in
from core.domain.campaign import Campaign
from core.domain.letter import settings
from core.domain.message import reason_sentence
from core.domain.organisation import LETTER
from core.domain.paper import LABEL_SHEETS
from core.domain.role import MAKE_CAMPAIGNS
from core.errors import NotAllowed, NotFound
from core.print_plans import Plan, plan
from core.print_progress import NOT_PRINTED as NOT_PRINTED
from core.print_progress import PrintRun as PrintRun
from core.print_progress import not_printed as not_printed
from core.print_progress import run_of as run_of
from core.print_progress import under_way as under_way
from core.printing import make_due as make_due
from core.printing import outdate_labels
from core.printing_lock import being_printed
from core.store import campaigns as campaign_rows
from core.store import download_rows, print_plan_rows, print_rows
from core.store.database import reading, writing
from core.store.messages import one_at_a_time
from core.store.print_rows import Run
from core.workbench import Workbench, needs


@needs(MAKE_CAMPAIGNS)
def start(
    wb: Workbench,
    campaign_id: str,
    *,
    letters: bool,
    labels: bool,
    version: int,
    on_sheet: tuple[str, int] | None = None,
) -> str:
    """Plan the letters and labels of a campaign and let a dispatcher make them; returns the id of the print run.

    `version` is that of the campaign on the screen. Raises NotAllowed when it was changed meanwhile, is stopped, has
    something that keeps it from being printed, or nobody would be written to; nothing is planned then. Once the letters
    are made only labels can be asked for: those of the same plan, on the sheet of the campaign or `on_sheet` (a key of
    LABEL_SHEETS, the first label), in place of those that are there.
    """
    if not letters and not labels:
        raise NotAllowed("Choose what to print: letters, labels or both.")
    wb = wb.settle()
    shown = campaigns.campaign(wb, campaign_id)
    _raise_if_not_printable(wb, shown, letters=letters, version=version)
    with writing(wb.engine) as connection:
        one_at_a_time(connection)
        print_rows.lock_campaign(connection, campaign_id)
        kept = campaign_rows.seen(connection, wb.user, campaign_id)
        _raise_if_changed(wb, connection, kept, version=version, status=shown.status)
        last = print_rows.latest(connection, campaign_id, lock=True)
        if kept.status == "inactive" and (waits := missing_approval(wb, connection, kept)):
            raise NotAllowed(waits)
        if kept.status == "completed":
            return _more_labels(wb, connection, last, on_sheet)
        return _planned(wb, connection, kept, last, letters=letters, labels=labels)


@needs(MAKE_CAMPAIGNS)
def make_again(wb: Workbench, run_id: str) -> None:
    """Let a dispatcher make the files anew that were deleted or expired: the same pages in the same order. A run that
    failed before it was ever ready is planned anew, as `start` does.

    Raises NotFound, and NotAllowed where nothing is missing or the run is not ready.
    """
    if failed := _failed(wb, run_id):
        version = campaigns.campaign(wb, failed.campaign_id).version
        start(wb, failed.campaign_id, letters=failed.has_letters, labels=failed.has_labels, version=version)
        return
    with writing(wb.engine) as connection:
        run = print_rows.run(connection, run_id)
        if run is None:
            raise NotFound("There is no such print run any more.")
        campaign_rows.seen(connection, wb.user, run.campaign_id)
        _raise_if_not_theirs(wb, connection, run.campaign_id)
        last = print_rows.latest(connection, run.campaign_id, lock=True)
        if last is None or last.run_id != run_id or last.is_open or not last.is_out:
            raise NotAllowed(
                "These letters are being made, or were replaced by newer ones. Look at the campaign again."
            )
        if len(download_rows.of_run(connection, run_id)) >= len(print_files.wanted(last)):
            raise NotAllowed("All files are there: download them.")
        _ask(wb, connection, run_id, action="print_run.asked_again")


def _failed(wb: Workbench, run_id: str) -> Run | None:
    """The run, when it failed before any of its files could be fetched and no other has followed."""
    with reading(wb.engine) as connection:
        run = print_rows.run(connection, run_id)
        if run is None or run.state != "failed" or run.is_out:
            return None
        last = print_rows.latest(connection, run.campaign_id)
    return run if last is not None and last.run_id == run_id else None


# ---- whether it can be printed -------------------------------------------------------------------------------------
def _raise_if_not_printable(wb: Workbench, shown: Campaign, *, letters: bool, version: int) -> None:
    """Looked at before anything is locked, since it reads much."""
    if shown.channel != LETTER:
        raise NotAllowed("Only letters are printed. Activate the campaign instead.")
    if shown.status == "stopped":
        raise NotAllowed(f"The campaign '{shown.name}' is stopped for good. Copy it to print letters.")
    if shown.status == "completed":
        if letters:
            raise NotAllowed(
                f"The letters of '{shown.name}' are made: nobody gets a second one. Download them, or make the files "
                "again if they were deleted."
            )
        return
    if busy := being_printed(wb, shown):
        raise NotAllowed(busy)
    found = campaigns.problems_of(wb, shown, was=shown)
    if found and shown.version == version:
        raise NotAllowed("The letters cannot be printed yet. " + " ".join(found.values()))


def _raise_if_changed(wb: Workbench, connection: Connection, kept: Campaign, *, version: int, status: str) -> None:
    _raise_if_not_theirs(wb, connection, kept.campaign_id)
    if kept.version != version or kept.status != status:
        raise NotAllowed(
            f"The campaign '{kept.name}' was changed meanwhile, or your changes are not saved. Open it again, look at "
            "it, and print it then."
        )


def _raise_if_not_theirs(wb: Workbench, connection: Connection, campaign_id: str) -> None:
    if not campaign_rows.may_change(connection, wb.user, campaign_id):
        raise NotAllowed("The campaign has patients you may not see, and somebody else made it. Ask its author.")


# ---- planning ------------------------------------------------------------------------------------------------------
def _planned(
    wb: Workbench, connection: Connection, campaign: Campaign, last: Run | None, *, letters: bool, labels: bool
) -> str:
    if last is not None and last.is_open and last.has_letters:
        raise NotAllowed("The letters are being made already. Wait until they are ready.")
    designs.draw(wb, connection, campaign)
    made = plan(wb, connection, campaign)
    if not made.letters:
        raise NotAllowed(_nobody(made))
    labels = labels or bool(last and last.is_open)  # those that are asked for already
    if labels:
        _raise_if_no_labels(made)
    if last is not None and not letters and _fits(connection, last, made, campaign):
        return last.run_id
    run = _run(wb, campaign, made, last, letters=letters, labels=labels)
    _supersede(wb, connection, last)
    print_rows.add(connection, run, made.stationery.logo)
    print_plan_rows.keep(connection, run.run_id, made.letters, made.reasons)
    outdate_labels(wb, connection, run, replaced=labels)
    record_in(
        wb, connection, "print_run.planned", run.run_id, campaign=campaign.campaign_id, letters=len(made.letters),
        not_printed=len(made.reasons), with_letters=letters, with_labels=labels,
    )  # fmt: skip
    return run.run_id


def _raise_if_no_labels(made: Plan) -> None:
    from core.channels.label_pdf import sender_problem

    if problem := sender_problem(made.stationery.sender, made.stationery.settings.sheet):
        raise NotAllowed(problem)


def _fits(connection: Connection, last: Run, made: Plan, campaign: Campaign) -> bool:
    """Whether labels are there, or on their way, that show the same on the same sheet."""
    if not last.has_labels or last.digest != made.digest or last.version != campaign.version:
        return False
    return last.is_open or (last.is_out and bool(download_rows.of_run(connection, last.run_id)))


def _run(wb: Workbench, campaign: Campaign, made: Plan, last: Run | None, *, letters: bool, labels: bool) -> Run:
    at = wb.now().replace(microsecond=0)
    return Run(
        run_id=secrets.token_hex(8),
        campaign_id=campaign.campaign_id,
        number=last.number + 1 if last else 1,
        state="waiting",
        has_letters=letters,
        has_labels=labels,
        frozen=made.stationery.values,
        letter_count=len(made.letters),
        digest=made.digest,
        version=campaign.version,
        planned_at=at,
        asked_at=at,
        asked_by=wb.user.user_id,
    )


def _supersede(wb: Workbench, connection: Connection, last: Run | None) -> None:
    """A run that failed, or whose labels were still being made, ends with the new one."""
    if last is None or last.is_out:
        return
    print_rows.change(connection, last.run_id, state="superseded", claimed_by=None, lease_until=None, mail_state="")
    download_rows.drop_of_run(connection, last.run_id, at=wb.now(), by=wb.user.user_id, how="outdated")


def _more_labels(wb: Workbench, connection: Connection, last: Run | None, on_sheet: tuple[str, int] | None) -> str:
    """Labels of letters that are made, from their plan."""
    if last is None or last.state == "stopped":
        raise NotAllowed("There are no letters whose labels could be printed.")
    if last.is_open:
        raise NotAllowed("The files are being made already. Wait until they are ready.")
    frozen = _on_sheet(last, on_sheet) if on_sheet else last.frozen
    is_same = frozen == last.frozen
    there = [each.file_id for each in download_rows.of_run(connection, last.run_id) if each.kind == "labels"]
    if last.has_labels and there and is_same:
        return last.run_id
    if not is_same:
        download_rows.drop_labels(connection, last.run_id, at=wb.now(), by=wb.user.user_id)
    print_rows.change(connection, last.run_id, has_labels=True, frozen=frozen)
    outdate_labels(wb, connection, last, replaced=True)
    _ask(wb, connection, last.run_id, action="print_run.labels_asked")
    return last.run_id


def _on_sheet(last: Run, on_sheet: tuple[str, int]) -> dict[str, Any]:
    """What is frozen, with other labels. Raises NotAllowed for a sheet or label that there is not."""
    key, first = on_sheet
    if key not in LABEL_SHEETS or not 1 <= first <= LABEL_SHEETS[key].count:
        raise NotAllowed("There is no such label. Choose a sheet of the list, and one of its labels to begin with.")
    fields = dict(last.frozen["fields"])
    known = settings(fields)
    if (key, first) != (known.sheet.key, known.first_label):
        fields |= {"sheet": key, "first_label": str(first)}
    return {**last.frozen, "fields": fields}


def _ask(wb: Workbench, connection: Connection, run_id: str, *, action: str) -> None:
    values = {"state": "waiting", "asked_at": wb.now(), "asked_by": wb.user.user_id, "try_count": 0, "problem": ""}
    print_rows.change(connection, run_id, **values, claimed_by=None, lease_until=None)
    record_in(wb, connection, action, run_id)


def _nobody(made: Plan) -> str:
    if not made.reasons:
        return "Nobody waits for a letter in this campaign."
    [(most, _)] = Counter(made.reasons.values()).most_common(1)
    return f"Nobody would get a letter; most often because {reason_sentence(most, LETTER)}. Nothing was planned."
