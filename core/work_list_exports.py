"""A work list as a workbook or as Parquet, with what was asked for; as CSV see core.work_lists."""

from typing import IO

from core import exports, work_lists
from core.domain import found as domain
from core.domain.fields import action, field
from core.domain.found import Found
from core.domain.manifest import ExportTable
from core.domain.period import Period
from core.domain.role import EXPORT_PATIENTS
from core.domain.work_list import Filter
from core.errors import TooMany
from core.workbench import Workbench, needs


@needs(EXPORT_PATIENTS)
def write(wb: Workbench, found: Found, out: IO[bytes], *, kind: str, view_id: str = "") -> int:
    """Write everybody found as `kind` (core.exports.KINDS), in order, and record it; returns their number. Raises
    TooMany for more patients than a sheet has rows."""
    if kind == exports.CSV:
        return work_lists.export_csv(wb, found, out, view_id=view_id)
    if kind == exports.XLSX and found.count > exports.MOST_ROWS:
        raise TooMany(
            f"A sheet has room for {exports.MOST_ROWS:,} patients and this list has {found.count:,}. Export it as CSV.",
            count=found.count,
            limit=exports.MOST_ROWS,
        )
    rows = domain.shown(found.panel, found.ordered_rows, found.work_list.columns, live=found.live)
    table = ExportTable("Patients", work_lists.export_cells(found.panel, rows))
    said = exports.about(wb, "Work list", filters=_filters(found))
    exports.write(wb, out, (table,), said, kind=kind, action="work_list.exported", subject=view_id)
    return found.count


def _filters(found: Found) -> dict[str, str]:
    """What was asked for, in words; which groups and providers by their ids."""
    asked = found.work_list
    chosen = {"Groups": ", ".join(asked.groups), "Providers": ", ".join(asked.providers)}
    rows = [" and ".join(_words(row, found) for row in group) for group in asked.filters]
    asked_for = {("Filters" if not place else f"or filters {place + 1}"): words for place, words in enumerate(rows)}
    return {name: value for name, value in (chosen | asked_for).items() if value}


def _words(row: Filter, found: Found) -> str:
    of = field(row.field, found.panel.labs)
    return f"{of.name} {action(of, row.action).name} {_value(row.value)}".strip()


def _value(value: object) -> str:
    if isinstance(value, Period):
        return f"{value.count} {value.unit}"
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)
