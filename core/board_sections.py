"""The sections of reports for a meeting: made of the same frames and figures as the pages.

A part of a report is a function that returns sections; `of_campaign` and `of_overview` say in which order they stand.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from core import campaign_list, charts, readers, report_parts
from core.board_overview import contact_sections
from core.board_parts import part_sections
from core.campaign_list import Listed
from core.domain.campaign import goes_out_on
from core.domain.message import RESULTS
from core.domain.organisation import LETTER
from core.domain.report_document import Lead, Numbers, Paragraph, Section, table_of
from core.domain.small_cells import LEAST, ROUNDED
from core.domain.wording import percent
from core.reports import Report
from core.workbench import Workbench

_MODES = {"email": "Email", "text": "Text", "phone": "Phone", "letter": "Letter"}
_LEDGER = {"result": "Result", "reason": "Reason", "count": "Patients", "share": "Share"}
_CAMPAIGNS = {
    "name": "Campaign",
    "mode": "Mode",
    "on": "Went out",
    "selected": "Selected",
    "reached": "Reached",
    "share": "Share",
    "waiting": "Waiting",
}
_BY_MODE = {"mode": "Mode", "campaigns": "Campaigns", "selected": "Selected", "reached": "Reached", "share": "Share"}
_SCHEMA = pl.Schema(
    {
        "name": pl.String,
        "mode": pl.String,
        "on": pl.Date,
        "selected": pl.Int64,
        "reached": pl.Int64,
        "waiting": pl.Int64,
    }
)


def mode_name(channel: str) -> str:
    """'Email', as on screens."""
    return _MODES[channel]


def of_campaign(wb: Workbench, shown: Report) -> tuple[Section, ...]:
    """All sections of the report of one campaign, in their order."""
    parts = report_parts.parts(wb, shown.campaign, is_passed_on=True)
    return (*_results(shown, parts.achieved), *_course(shown), *part_sections(parts))


def of_overview(wb: Workbench, first_on: date, last_on: date) -> tuple[Section, ...]:
    """All sections of the report of a period, in their order."""
    inside = [each for each in _gone_out(wb) if first_on <= goes_out_on(each.campaign, wb.organisation()) <= last_on]
    listed = [_as_told(wb, each) for each in inside]
    return (*_totals(wb, listed), *contact_sections(wb, first_on, last_on), *_modes(wb, listed), *_each(wb, listed))


# ---- of a campaign ---------------------------------------------------------------------------------------------------
def _results(shown: Report, achieved: str) -> tuple[Section, ...]:
    lead = (Lead(achieved), Paragraph(shown.headline)) if achieved else (Lead(shown.headline),)
    first = Section("", (*lead, *(Paragraph(each, is_note=True) for each in shown.notes)))
    if shown.ledger.is_empty():
        return (first,)
    total = {"result": "Selected", "reason": "", "count": shown.progress.selected, "share": 1.0}
    rows = shown.ledger.select(*_LEDGER)
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
                table_of(rows, _LEDGER, percents=("share",), has_total=True),
                *once,
                *(Paragraph(each, is_note=True) for each in shown.advice),
            ),
        ),
    )


def _course(shown: Report) -> tuple[Section, ...]:
    if shown.over_time.is_empty() or shown.campaign.channel == LETTER:
        return ()
    return (Section("Over time", (charts.printed(charts.over_time(shown.over_time)),)),)


# ---- of a period -----------------------------------------------------------------------------------------------------
def _gone_out(wb: Workbench) -> list[Listed]:
    """What the user may see, without drafts; the newest first."""
    return [each for each in campaign_list.campaigns(wb) if each.campaign.status != "inactive"]


def _as_told(wb: Workbench, each: Listed) -> Listed:
    """With counts that may be passed on."""
    is_exact = readers.may_tell_totals(wb, each.progress.selected)
    return each if is_exact else replace(each, progress=each.progress.rough())


def _is_few(each: Listed) -> bool:
    """Whether a campaign is of so few patients that it has no figures."""
    return each.progress.is_rough and not each.progress.selected


def _notes(wb: Workbench, listed: Sequence[Listed]) -> tuple[Paragraph, ...]:
    found = [f"Of the patients of {readers.whose(wb)}."] if readers.whose(wb) else []
    if any(each.progress.is_rough and not _is_few(each) for each in listed):
        found.append(ROUNDED)
    if few := sum(map(_is_few, listed)):
        found.append(f"{few:,} of the campaigns had fewer than {LEAST} patients, who are in no figure.")
    return tuple(Paragraph(each, is_note=True) for each in found)


def _totals(wb: Workbench, listed: Sequence[Listed]) -> tuple[Section, ...]:
    counts = {result: sum(each.progress.results[result] for each in listed) for result in RESULTS}
    selected, reached = sum(counts.values()), counts["Successful"]
    if not listed:
        return (Section("", (Lead("No campaign went out in this period."),)),)
    if not selected:
        few = "The campaigns of this period were for too few patients for figures."
        return (Section("", (Lead(few), *_notes(wb, listed))),)
    word = "campaign" if len(listed) == 1 else "campaigns"
    said = f"{len(listed):,} {word} selected {selected:,} patients and reached {reached:,} of them"
    cells = (
        ("Campaigns", f"{len(listed):,}", ""),
        ("Selected", f"{selected:,}", "once per campaign"),
        ("Reached", f"{reached:,}", _of(reached, selected)),
        ("Not sent", f"{counts['Not sent']:,}", _of(counts["Not sent"], selected)),
        ("Waiting", f"{counts['Waiting']:,}", ""),
    )
    ledger = pl.DataFrame({"result": list(counts), "count": list(counts.values())})
    figure = charts.printed(charts.results_bar(ledger))
    lead = Lead(f"{said} ({_of(reached, selected)}).")
    return (Section("", (lead, Numbers(cells), *_notes(wb, listed))), Section("Results", (figure,)))


def _modes(wb: Workbench, listed: Sequence[Listed]) -> tuple[Section, ...]:
    if all(map(_is_few, listed)):
        return ()
    rows = (
        _rows(wb, listed).group_by("mode").agg(pl.len().cast(pl.Int64).alias("campaigns"), *_sum("selected", "reached"))
    )
    order = list(_MODES.values())
    rows = rows.with_columns(_share()).sort(pl.col("mode").cast(pl.Enum(order)))
    return (Section("By mode", (table_of(rows, _BY_MODE, percents=("share",)),)),)


def _each(wb: Workbench, listed: Sequence[Listed]) -> tuple[Section, ...]:
    if all(map(_is_few, listed)):
        return ()
    rows = _rows(wb, listed).sort("on", "name", descending=[True, False])
    total = rows.select(
        pl.lit("All").alias("name"), pl.lit("").alias("mode"), pl.lit(None, pl.Date).alias("on"), *_sum()
    )
    rows = pl.concat([rows, total.select(rows.columns)]).with_columns(_share())
    return (Section("Campaigns", (table_of(rows, _CAMPAIGNS, percents=("share",), has_total=True),)),)


def _rows(wb: Workbench, listed: Sequence[Listed]) -> pl.DataFrame:
    organisation = wb.organisation()
    rows = [
        (
            each.campaign.name,
            _MODES[each.campaign.channel],
            goes_out_on(each.campaign, organisation),
            *(_told(each, count) for count in _counts(each)),
        )
        for each in listed
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _counts(each: Listed) -> tuple[int, int, int]:
    progress = each.progress
    return progress.selected, progress.results["Successful"], progress.results["Waiting"]


def _told(each: Listed, count: int) -> int | None:
    """None for a count that is hidden."""
    return None if each.progress.is_rough and not count else count


def _sum(*names: str) -> list[pl.Expr]:
    """Null where every one is hidden."""
    every = names or ("selected", "reached", "waiting")
    return [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in every]


def _share() -> pl.Expr:
    return pl.when(pl.col("selected") > 0).then((pl.col("reached") / pl.col("selected")).clip(0, 1)).alias("share")


def _of(count: int, of: int) -> str:
    return percent(min(count / of, 1.0) if of else None)
