"""The report of a campaign as files: its patients for who may export them, its figures for whoever may read it."""

from collections.abc import Mapping
from typing import IO

import polars as pl

from core import exports, report_parts, rules
from core.domain.campaign_steps import BREAK_DOWNS
from core.domain.effects.design import design_sentence
from core.domain.effects.tables import ARMS, DIFFERENCES, arms, differences
from core.domain.manifest import ExportTable
from core.domain.role import EXPORT_PATIENTS
from core.domain.slices import NOT_RECORDED
from core.domain.wording import LANGUAGES
from core.reports import Report, export_names
from core.workbench import Workbench, needs

_RESULTS = {"result": "Result", "reason": "Reason", "count": "Patients", "share": "Share"}
_COURSE = {"at": "When", "result": "Result", "count": "Patients"}
_STEPS = {"name": "Step", "count": "Patients", "share": "Of selected", "part": "Of the step before", "about": "Counts"}
_FAILURES = {"result": "Result", "reason": "Reason", "count": "Patients", "advice": "What to do"}
_COUNTS = {"selected": "Selected", "delivered": "Reached", "booked": "Booked", "closed": "Gap closed"}
_LIMITS = {"low": "95 % from", "high": "95 % to"}
_ARMS = {
    "within": "Within days",
    "arm": "Arm",
    "size": "Patients",
    "closed": "Closed a gap",
    "share": "Share",
    **_LIMITS,
}
_DIFFERENCES = {
    "within": "Within days",
    "arm": "Arm",
    "against": "Against",
    "difference": "Difference",
    **_LIMITS,
    "method": "Method",
    "p": "p",
}


@needs(EXPORT_PATIENTS)
def write_patients(wb: Workbench, shown: Report, out: IO[bytes], *, kind: str) -> int:
    """Write the patients of a report as `kind` (core.exports.KINDS) and record it; returns their number. A CSV holds
    the patients alone; a workbook and Parquet hold the figures too."""
    patients = ExportTable(
        "Patients", shown.patients.select(*export_names(shown.campaign.channel)).rename(_names(shown))
    )
    tables = (patients,) if kind == exports.CSV else (*_figures(wb, shown), patients)
    _write(wb, shown, out, tables, kind, action="report.exported")
    return shown.patients.height


def write_figures(wb: Workbench, shown: Report, out: IO[bytes], *, kind: str) -> int:
    """Write the figures of a report, without a patient and as far as the page shows them to the user, and record it;
    returns the number of results."""
    _write(wb, shown, out, _figures(wb, shown), kind, action="report.figures_exported")
    return shown.ledger.height


def _names(shown: Report) -> dict[str, str]:
    return export_names(shown.campaign.channel)


def _figures(wb: Workbench, shown: Report) -> tuple[ExportTable, ...]:
    """Every part of the report, the same tables for every campaign."""
    parts = report_parts.parts(wb, shown.campaign)
    effect = parts.effect
    return (
        _table("Results", shown.ledger, _RESULTS, shares=("share",)),
        _table("Over time", shown.over_time, _COURSE),
        _table("Steps", parts.funnel, _STEPS, shares=("share", "part")),
        _table("Not reached", parts.failures, _FAILURES),
        *(_slices(by, rows) for by, rows in parts.slices.items()),
        _table("Effect arms", arms(effect) if effect else _none(ARMS), _ARMS, shares=("share", "low", "high")),
        _table(
            "Effect",
            differences(effect) if effect else _none(DIFFERENCES),
            _DIFFERENCES,
            shares=("difference", "low", "high"),
        ),
    )


def _none(columns: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame(schema=columns)


def _slices(by: str, rows: pl.DataFrame) -> ExportTable:
    name, words = BREAK_DOWNS[by], LANGUAGES if by == "language" else {}
    named = rows.filter(~pl.col("is_hidden")).with_columns(pl.col("slice").replace(words).fill_null(NOT_RECORDED))
    return _table(f"By {name.lower()}", named, {"slice": name, **_COUNTS})


def _table(name: str, rows: pl.DataFrame, heads: Mapping[str, str], *, shares: tuple[str, ...] = ()) -> ExportTable:
    return ExportTable(name, rows.select(*heads).rename(heads), tuple(heads[each] for each in shares))


def _write(
    wb: Workbench, shown: Report, out: IO[bytes], tables: tuple[ExportTable, ...], kind: str, *, action: str
) -> None:
    said = exports.about(wb, f"Report of the campaign {shown.campaign.name}", filters=_about(wb, shown))
    exports.write(wb, out, tables, said, kind=kind, action=action, subject=shown.campaign.campaign_id)


def _about(wb: Workbench, shown: Report) -> dict[str, str]:
    """What the figures are about, in words, beside the campaign's id."""
    campaign, known = shown.campaign, rules.every(wb)
    names = [known[each].name if each in known else each for each in campaign.measures]
    told = {
        "Campaign": campaign.campaign_id,
        "Mode": campaign.channel,
        "Start date": campaign.start_on.isoformat(),
        "Who is contacted": design_sentence(campaign),
        "Care gaps": ", ".join(names) or "none",
    }
    return told | ({"Figures": " ".join(shown.notes)} if shown.notes else {})
