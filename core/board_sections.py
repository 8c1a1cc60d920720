"""The sections of the report of a campaign for a meeting: made of the same frames and figures as the page.

A part of a report is a function that returns sections; `of_campaign` says in which order they stand.
"""

import polars as pl

from core import charts, report_parts
from core.board_parts import part_sections
from core.domain.organisation import LETTER
from core.domain.report_document import Lead, Paragraph, Section, table_of
from core.reports import Report
from core.workbench import Workbench

MODES = {"email": "Email", "text": "Text", "phone": "Phone", "letter": "Letter"}
_LEDGER = {"result": "Result", "reason": "Reason", "count": "Patients", "share": "Share"}


def mode_name(channel: str) -> str:
    """'Email', as on screens."""
    return MODES[channel]


def of_campaign(wb: Workbench, shown: Report) -> tuple[Section, ...]:
    """All sections of the report of one campaign, in their order."""
    parts = report_parts.parts(wb, shown.campaign, is_passed_on=True)
    return (*_results(shown, parts.achieved), *_course(shown), *part_sections(parts))


def _results(shown: Report, achieved: str) -> tuple[Section, ...]:
    lead = (Lead(achieved), Paragraph(shown.headline)) if achieved else (Lead(shown.headline),)
    first = Section("", (*lead, *(Paragraph(each, is_note=True) for each in shown.notes)))
    if shown.ledger.is_empty():
        return (first,)
    total = {"result": "Selected", "reason": "", "count": shown.progress.selected, "share": 1.0}
    has_reasons = (shown.ledger["reason"].fill_null("") != "").any()
    names = {key: name for key, name in _LEDGER.items() if has_reasons or key != "reason"}
    rows = shown.ledger.select(*names)
    rows = pl.concat([rows, pl.DataFrame([total], schema=rows.schema)])
    once = [] if shown.progress.is_rough else [Paragraph("Every selected patient is counted once.", is_note=True)]
    return (
        first,
        Section(
            "Results",
            (
                charts.printed(
                    charts.results_bar(
                        shown.ledger, held_out=shown.progress.held_out, held_waiting=shown.progress.held_waiting
                    )
                ),
                table_of(rows, names, percents=("share",), has_total=True),
                *once,
                *(Paragraph(each, is_note=True) for each in shown.advice),
            ),
        ),
    )


def _course(shown: Report) -> tuple[Section, ...]:
    if shown.over_time.is_empty() or shown.campaign.channel == LETTER:
        return ()
    return (Section("Over time", (charts.printed(charts.over_time(shown.over_time)),)),)
