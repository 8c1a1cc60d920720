"""Print runs: the letters and labels of a campaign, planned at once and made in the background (L2, L3)."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from core.downloads import Download
from core.workbench import Workbench


@dataclass(frozen=True)
class PrintRun:
    """The print run of a campaign that counts: the last one.

    state                'waiting' (for a dispatcher), 'making', 'ready', 'failed' (see `problem`) or 'stopped'
    share                0 to 1, of the files that are to be made
    has_letters          whether letters were asked for; else labels only
    has_labels           whether labels were asked for
    letter_count         letters; with one for each household fewer than patients
    patient_count        patients who are written to
    not_printed          how many patients are not, by the reason people read
    files                those that can be downloaded now, letters first; those made again in place of those deleted
    is_labels_outdated   labels were printed before and do not fit the letters any more: make them again
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
    problem: str
    asked_at: datetime
    asked_by: str
    ready_at: datetime | None = None


def start(wb: Workbench, campaign_id: str, *, letters: bool, labels: bool, version: int) -> str:
    """Plan the letters and labels of a campaign and let a dispatcher make them; returns the id of the print run.

    `version` is that of the campaign on the screen. Raises NotAllowed when it was changed meanwhile, is stopped, has
    something that keeps it from being printed, or nobody would be written to; nothing is planned then.
    """
    raise NotImplementedError


def run_of(wb: Workbench, campaign_id: str) -> PrintRun | None:
    """The print run of a campaign; None when nothing was printed. Raises NotFound."""
    raise NotImplementedError


def not_printed(wb: Workbench, campaign_id: str) -> pl.DataFrame:
    """patient_id, name, reason (as people read it): whom the last print run left out, as far as the user may see."""
    raise NotImplementedError


def make_again(wb: Workbench, run_id: str) -> None:
    """Let a dispatcher make the files anew that were deleted or expired: the same pages in the same order."""
    raise NotImplementedError


def make_due(wb: Workbench, *, worker: str, stop: threading.Event | None = None) -> int:
    """Make the files of the print runs that wait, one at a time; returns how many. For dispatchers."""
    raise NotImplementedError
