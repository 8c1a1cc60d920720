"""The sections of reports for a meeting: made of the same frames and figures as the pages.

A part of a report is a function that returns sections; `of_campaign` and `of_overview` say in which order they stand.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from core import campaign_list, charts, report_parts
from core.board_overview import contact_sections
from core.board_parts import part_sections
from core.campaign_list import Listed
from core.domain.campaign import goes_out_on
from core.domain.message import RESULTS
from core.domain.organisation import LETTER
from core.domain.report_document import Lead, Numbers, Paragraph, Section, table_of
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
    listed = [each for each in _gone_out(wb) if first_on <= goes_out_on(each.campaign, wb.organisation()) <= last_on]
    return (*_totals(listed), *contact_sections(wb, first_on, last_on), *_modes(wb, listed), *_each(wb, listed))


# ---- of a campaign ---------------------------------------------------------------------------------------------------
def _results(shown: Report, achieved: str) -> tuple[Section, ...]:
    total = {"result": "Selected", "reason": "", "count": shown.progress.selected, "share": 1.0}
    rows = shown.ledger.select(*_LEDGER)
    rows = pl.concat([rows, pl.DataFrame([total], schema=rows.schema)])
    return (
        Section("", (Lead(achieved), Paragraph(shown.headline)) if achieved else (Lead(shown.headline),)),
        Section(
            "Results",
            (
                charts.printed(charts.results_bar(shown.ledger)),
                table_of(rows, _LEDGER, percents=("share",), has_total=True),
                Paragraph("Every selected patient is counted once.", is_note=True),
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


def _totals(listed: Sequence[Listed]) -> tuple[Section, ...]:
    counts = {result: sum(each.progress.results[result] for each in listed) for result in RESULTS}
    selected, reached = sum(counts.values()), counts["Successful"]
    if not listed:
        return (Section("", (Lead("No campaign went out in this period."),)),)
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
    return (Section("", (Lead(f"{said} ({_of(reached, selected)})."), Numbers(cells))), Section("Results", (figure,)))


def _modes(wb: Workbench, listed: Sequence[Listed]) -> tuple[Section, ...]:
    if not listed:
        return ()
    rows = (
        _rows(wb, listed).group_by("mode").agg(pl.len().cast(pl.Int64).alias("campaigns"), *_sum("selected", "reached"))
    )
    order = list(_MODES.values())
    rows = rows.with_columns(_share()).sort(pl.col("mode").cast(pl.Enum(order)))
    return (Section("By mode", (table_of(rows, _BY_MODE, percents=("share",)),)),)


def _each(wb: Workbench, listed: Sequence[Listed]) -> tuple[Section, ...]:
    if not listed:
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
            each.progress.selected,
            each.progress.results["Successful"],
            each.progress.results["Waiting"],
        )
        for each in listed
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _sum(*names: str) -> list[pl.Expr]:
    return [pl.col(name).sum() for name in names or ("selected", "reached", "waiting")]


def _share() -> pl.Expr:
    return pl.when(pl.col("selected") > 0).then(pl.col("reached") / pl.col("selected")).alias("share")


def _of(count: int, of: int) -> str:
    return percent(count / of if of else None)
