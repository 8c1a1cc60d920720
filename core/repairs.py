"""The data repair list: patients who cannot be reached, by reason and clinic, as a list, work list and export."""

from dataclasses import dataclass
from typing import IO

import polars as pl

from core.audit import record
from core.contact_problems import problems_of, rows_of
from core.domain import found
from core.domain.clinical import schema
from core.domain.csv_cells import neutral
from core.domain.panel_frame import Panel
from core.domain.repair import PROBLEM, PROBLEMS
from core.domain.role import EXPORT_PATIENTS, READ_PATIENTS
from core.domain.work_list import Filter, Sort, WorkList
from core.panels import panel
from core.store import repair_rows
from core.store.database import reading
from core.workbench import Workbench, needs

NO_CLINIC = "No clinic"
FIELD, CLINIC = "contact_problem", "clinic"  # keys of core.domain.fields
COUNTS = schema({"problem": PROBLEM, "clinic": pl.String, "count": pl.UInt32})
_ROWS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class Listed:
    """One page of the list: `rows` with patient_id, name, problem (PROBLEM) and clinic, and how many there are."""

    rows: pl.DataFrame
    count: int


@needs(READ_PATIENTS)
def counts(wb: Workbench) -> pl.DataFrame:
    """COUNTS: how many patients whom the user may see have each problem, by the clinic of their PCP."""
    opened = panel(wb)
    rows = _seen(wb, opened, problems_of(wb, opened))
    clinics = _clinics(wb, opened)
    coded = rows.select("problem", pcp=opened.frame["pcp"].gather(rows["row"]))
    counted = coded.group_by("problem", "pcp").len("count")
    counted = counted.with_columns(clinic=clinics.gather(counted["pcp"]))
    return counted.group_by("problem", "clinic").agg(pl.col("count").sum()).select(*COUNTS).sort("problem", "clinic")


@needs(READ_PATIENTS)
def listed(wb: Workbench, problem: str, *, clinic: str | None = None, page: int = 0, size: int = 50) -> Listed:
    """A page (from 0) of the patients with a problem (a key of PROBLEMS), of one clinic if it is given, by name."""
    opened = panel(wb)
    rows = _chosen(wb, opened, problem, clinic)
    return Listed(_shown(wb, opened, rows.slice(page * size, size)), rows.height)


def work_list(problem: str, clinic: str | None = None) -> WorkList:
    """The same patients as a work list."""
    filters = [Filter(FIELD, "equals", PROBLEMS[problem].name)]
    if clinic is not None:
        filters.append(Filter(CLINIC, "empty") if clinic == NO_CLINIC else Filter(CLINIC, "equals", clinic))
    columns = ("name", "age", FIELD, CLINIC, "phone_mobile", "phone_home", "email", "next_appointment", "pcp")
    return WorkList(filters=(tuple(filters),), sorts=(Sort("name"),), columns=columns)


@needs(EXPORT_PATIENTS)
def export_csv(wb: Workbench, out: IO[bytes], *, problem: str | None = None, clinic: str | None = None) -> int:
    """Write the list as CSV for a spreadsheet: patient, reason, clinic, what to do; all problems unless one is given.
    Recorded. Returns the number of rows."""
    opened = panel(wb)
    rows = _chosen(wb, opened, problem, clinic)
    record(wb, "repair_list.exported", problem or "", patients=rows["row"].n_unique(), rows=rows.height)
    for start in range(0, max(rows.height, 1), _ROWS_AT_A_TIME):
        cells = _cells(_shown(wb, opened, rows.slice(start, _ROWS_AT_A_TIME)))
        neutral(cells).write_csv(out, include_header=start == 0, include_bom=start == 0)
    return rows.height


def clinic_names(wb: Workbench, ids: pl.Series) -> pl.Series:
    """For work lists: the clinic of the PCP of each of the patients, as a list of one or none."""
    opened = panel(wb)
    lists = [[name] if name else [] for name in _clinics(wb, opened, missing=None)]
    codes = opened.frame["pcp"].gather(rows_of(opened, ids)["row"])
    return pl.Series(lists, dtype=pl.List(pl.String)).gather(codes.fill_null(0))


def clinics(wb: Workbench) -> list[str]:
    """The names of the clinics that have a provider, sorted."""
    with reading(wb.engine) as connection:
        return sorted(set(repair_rows.clinics(connection).values()))


# ---- whom and where ------------------------------------------------------------------------------------------------
def _chosen(wb: Workbench, opened: Panel, problem: str | None, clinic: str | None) -> pl.DataFrame:
    rows = problems_of(wb, opened)
    rows = _seen(wb, opened, rows if problem is None else rows.filter(pl.col("problem") == problem))
    if clinic is not None:
        of_row = _clinics(wb, opened).gather(opened.frame["pcp"].gather(rows["row"]))
        rows = rows.filter(of_row == clinic)
    return rows.sort("row", "problem")


def _seen(wb: Workbench, opened: Panel, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(found.in_scope(opened, wb.user.scope).gather(rows["row"]))


def _shown(wb: Workbench, opened: Panel, rows: pl.DataFrame) -> pl.DataFrame:
    place = rows["row"]
    return pl.DataFrame(
        {
            "patient_id": opened.frame["patient_id"].gather(place),
            "name": opened.frame["name"].gather(place),
            "problem": rows["problem"],
            "clinic": _clinics(wb, opened).gather(opened.frame["pcp"].gather(place)),
        }
    )


def _cells(rows: pl.DataFrame) -> pl.DataFrame:
    remedy = {problem.key: problem.remedy for problem in PROBLEMS.values()}
    return rows.select(
        pl.col("patient_id").alias("Patient Id"),
        pl.col("name").alias("Patient"),
        pl.col("problem").replace_strict(_NAMES, return_dtype=pl.String).alias("Reason"),
        pl.col("clinic").alias("Clinic"),
        pl.col("problem").replace_strict(remedy, return_dtype=pl.String).alias("What to do"),
    )


def _clinics(wb: Workbench, opened: Panel, *, missing: str | None = NO_CLINIC) -> pl.Series:
    """The name of the clinic of each code of `pcp`."""
    with reading(wb.engine) as connection:
        names = repair_rows.clinics(connection)
    keys = opened.words["pcp"].keys
    return pl.Series("clinic", [names.get(key or "", missing) for key in keys], dtype=pl.String)


_NAMES = {problem.key: problem.name for problem in PROBLEMS.values()}
