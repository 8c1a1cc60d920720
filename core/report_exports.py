"""The report of a campaign as files: its patients for who may export them, its figures for whoever may read it."""

from typing import IO

from core import exports
from core.domain.manifest import ExportTable
from core.domain.role import EXPORT_PATIENTS
from core.reports import Report, export_names
from core.workbench import Workbench, needs


@needs(EXPORT_PATIENTS)
def write_patients(wb: Workbench, shown: Report, out: IO[bytes], *, kind: str) -> int:
    """Write the patients of a report as `kind` (core.exports.KINDS) and record it; returns their number. A CSV holds
    the patients alone; a workbook and Parquet hold the figures too."""
    patients = ExportTable(
        "Patients", shown.patients.select(*export_names(shown.campaign.channel)).rename(_names(shown))
    )
    tables = (patients,) if kind == exports.CSV else (*_figures(shown), patients)
    _write(wb, shown, out, tables, kind, action="report.exported")
    return shown.patients.height


def write_figures(wb: Workbench, shown: Report, out: IO[bytes], *, kind: str) -> int:
    """Write results and course of a report, without a patient, and record it; returns the number of results."""
    _write(wb, shown, out, _figures(shown), kind, action="report.figures_exported")
    return shown.ledger.height


def _names(shown: Report) -> dict[str, str]:
    return export_names(shown.campaign.channel)


def _figures(shown: Report) -> tuple[ExportTable, ...]:
    ledger = shown.ledger.select("result", "reason", "count", "share")
    course = shown.over_time.select("at", "result", "count")
    return (
        ExportTable(
            "Results",
            ledger.rename({"result": "Result", "reason": "Reason", "count": "Patients", "share": "Share"}),
            ("Share",),
        ),
        ExportTable("Over time", course.rename({"at": "When", "result": "Result", "count": "Patients"})),
    )


def _write(
    wb: Workbench, shown: Report, out: IO[bytes], tables: tuple[ExportTable, ...], kind: str, *, action: str
) -> None:
    filters = {"Campaign": shown.campaign.campaign_id} | ({"Figures": " ".join(shown.notes)} if shown.notes else {})
    said = exports.about(wb, f"Report of the campaign {shown.campaign.name}", filters=filters)
    exports.write(wb, out, tables, said, kind=kind, action=action, subject=shown.campaign.campaign_id)
