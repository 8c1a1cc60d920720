"""The files of a print run, made from its frozen plan: which there are to be, which are missing, what is in each."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from core.domain.print_plan import Part, parts
from core.downloads import Download
from core.frozen_letters import Stationery
from core.store import download_rows, print_plan_rows, print_rows
from core.store.database import reading
from core.store.print_rows import Run
from core.workbench import Workbench

_OF_EARLIER_RUNS = 200  # letters in a file of runs that do not say how many


@dataclass(frozen=True)
class PrintFile:
    """One file of a print run. kind: 'letters' or 'labels'."""

    kind: str
    part: Part

    def name(self, run: Run) -> str:
        """With nothing personal in it."""
        short = run.run_id[:6]
        many = f"-{self.part.number}-of-{self.part.of}" if self.part.of > 1 else ""
        return f"{self.kind}-{short}{many}.pdf"


def wanted(run: Run) -> list[PrintFile]:
    """All files of a run, letters first."""
    per_file = run.frozen.get("per_file", _OF_EARLIER_RUNS)
    files = [PrintFile("letters", part) for part in parts(run.letter_count, per_file)] if run.has_letters else []
    return [*files, PrintFile("labels", Part(1, 1, 1, run.letter_count))] if run.has_labels else files


def missing(wb: Workbench, run: Run) -> list[PrintFile]:
    """Those that are not there, or not any more."""
    with reading(wb.engine) as connection:
        present = {(each.kind, each.part) for each in download_rows.of_run(connection, run.run_id)}
    return [each for each in wanted(run) if (each.kind, each.part.number) not in present]


def made(wb: Workbench, run: Run, file: PrintFile) -> Download:
    """The file with its content: the same bytes each time. Nothing is kept yet."""
    content, pages = _content(wb, run, file)
    return Download(
        file_id=secrets.token_hex(8),
        kind=file.kind,
        name=file.name(run),
        mime="application/pdf",
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        made_at=wb.now(),
        made_by=run.asked_by,
        campaign_id=run.campaign_id,
        run_id=run.run_id,
        part=file.part.number,
        parts=file.part.of,
        first=file.part.first,
        count=file.part.count,
        pages=pages,
        expires_at=wb.now() + timedelta(wb.organisation().downloads_kept_days),
        content=content,
    )


def _content(wb: Workbench, run: Run, file: PrintFile) -> tuple[bytes, int]:
    """What is in it, and how many pages it has."""
    from core.channels.letter_pdf import labels_pdf, letters_pdf

    part = file.part
    with reading(wb.engine) as connection:
        planned = list(print_plan_rows.letters(connection, run.run_id, first=part.first, count=part.count))
        paper = Stationery(run.frozen, print_rows.logo(connection, run.run_id))
    settings = paper.settings
    if file.kind == "labels":
        sheet, first = settings.sheet, settings.first_label
        content = labels_pdf(paper.labels(planned), sheet, first=first, title=paper.label_title, made_at=run.planned_at)
        return content, -(-(first - 1 + len(planned)) // sheet.count)
    letters = letters_pdf(paper.letters(planned), paper.letterhead, title=paper.title, made_at=run.planned_at)
    return letters.content, letters.pages
