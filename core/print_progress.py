"""How far the letters and labels of a campaign are: its last print run with its files, and whom it left out and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from core import patients, print_files, readers
from core.domain.clinical import schema
from core.domain.message import reason_sentence
from core.domain.organisation import LETTER
from core.downloads import Download
from core.store import campaigns as campaign_rows
from core.store import download_rows, print_plan_rows, print_rows
from core.store.database import reading
from core.workbench import Workbench

NOT_PRINTED = schema({"patient_id": pl.String, "name": pl.String, "reason": pl.String})


@dataclass(frozen=True)
class PrintRun:
    """The print run of a campaign that counts: the last one.

    state                'waiting' (for a dispatcher), 'making', 'ready', 'failed' (see `problem`) or 'stopped'
    share                0 to 1, of the files that are to be made
    has_letters          whether letters were asked for; else labels only
    has_labels           whether labels were asked for
    letter_count         letters; with one for each household fewer than patients; 0 for whose letters they are not
    patient_count        patients who are written to; 0 as before
    not_printed          how many patients are not, by the reason people read; empty as before
    files                those that can be downloaded now, letters first; also labels that were printed before
    is_labels_outdated   labels were printed before and do not fit the letters any more: print them again
    letter_file_count    files of letters that there are to be
    missing_file_count   files that were deleted or expired: `make_again` makes the same
    """

    run_id: str
    campaign_id: str
    state: str
    share: float
    has_letters: bool
    has_labels: bool
    letter_count: int
    patient_count: int
    not_printed: Mapping[str, int]
    files: tuple[Download, ...]
    is_labels_outdated: bool
    missing_file_count: int
    letter_file_count: int
    problem: str
    asked_at: datetime
    asked_by: str
    ready_at: datetime | None = None


def run_of(wb: Workbench, campaign_id: str) -> PrintRun | None:
    """The print run of a campaign; None when nothing was printed. Raises NotFound."""
    with reading(wb.engine) as connection:
        campaign_rows.seen(connection, wb.user, campaign_id)
        run = print_rows.latest(connection, campaign_id)
        if run is None:
            return None
        own = download_rows.of_run(connection, run.run_id)
        before = [
            each
            for earlier in print_rows.earlier(connection, campaign_id, than=run.number)
            for each in download_rows.of_run(connection, earlier.run_id)
            if earlier.is_out
        ]
        counts = print_plan_rows.reason_counts(connection, run.run_id)
        written_to = print_plan_rows.patient_count(connection, run.run_id)
        may_have = bool(campaign_rows.with_files_for(connection, wb.user, [campaign_id]))
    tells = may_have and not readers.is_rough(wb)
    files = ([*own, *before] if run.is_out else before) if may_have else []
    files_of_it = print_files.wanted(run)
    wanted = len(files_of_it)
    return PrintRun(
        run_id=run.run_id,
        campaign_id=campaign_id,
        state=run.state,
        share=1.0 if run.state == "ready" else min(len(own) / max(wanted, 1), 0.99),
        has_letters=run.has_letters,
        has_labels=run.has_labels,
        letter_count=run.letter_count if tells else 0,
        patient_count=written_to if tells else 0,
        not_printed={reason_sentence(key, LETTER): count for key, count in counts.items()} if tells else {},
        files=tuple(files),
        is_labels_outdated=any(each.is_outdated for each in before),
        missing_file_count=max(wanted - len(own), 0) if run.is_out else 0,
        letter_file_count=sum(each.kind == "letters" for each in files_of_it),
        problem=run.problem if run.state == "failed" else "",
        asked_at=run.asked_at,
        asked_by=run.asked_by,
        ready_at=run.ready_at,
    )


def under_way(wb: Workbench) -> dict[str, PrintRun]:
    """The print runs whose files are being made, or wait for it, by the name of their campaign, as far as the user may
    see it."""
    with reading(wb.engine) as connection:
        found = print_rows.open_campaigns(connection)
        named = {each.campaign_id: each.name for each in campaign_rows.visible(connection, wb.user)} if found else {}
    runs = {named[each]: run_of(wb, each) for each in found if each in named}
    return {name: run for name, run in runs.items() if run is not None and run.state in print_rows.OPEN}


def not_printed(wb: Workbench, campaign_id: str) -> pl.DataFrame:
    """NOT_PRINTED: whom the last print run left out and why, as far as the user may see them."""
    with reading(wb.engine) as connection:
        campaign_rows.seen(connection, wb.user, campaign_id)
        run = print_rows.latest(connection, campaign_id)
        left_out = print_plan_rows.not_printed(connection, run.run_id) if run else []
    people = {each.patient_id: each for each in patients.people(wb, [patient_id for patient_id, _ in left_out])}
    rows = [
        (each, people[each].name if each in people else "", reason_sentence(key, LETTER))
        for each, key in left_out
        if each in people or (wb.user.scope.groups is None and wb.user.scope.providers is None)
    ]
    return pl.DataFrame(rows, schema=NOT_PRINTED, orient="row")
