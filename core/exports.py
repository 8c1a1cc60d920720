"""Exports: tables as CSV, as a workbook or as Parquet, each with a manifest that says who made what, of when, by which
rules. What may be exported by whom is decided by those who make the tables."""

import json
import re
import unicodedata
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from io import BytesIO
from typing import IO

from core import rules
from core.audit import record
from core.domain.manifest import ExportTable, Manifest, of_tables
from core.errors import NotFound, TooMany
from core.feeds.feed import FORMATS
from core.store import feed_rows
from core.store.database import reading
from core.workbench import Workbench

MOST_ROWS = 1_048_575  # of a sheet, below its head
CSV, XLSX, PARQUET = "csv", "xlsx", "parquet"


@dataclass(frozen=True)
class Kind:
    """How a button calls a kind of file, and the ending and type of its files. A CSV of several tables is a zip."""

    name: str
    ending: str
    mime: str


KINDS = {
    CSV: Kind("CSV", "csv", "text/csv"),
    XLSX: Kind("Excel", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    PARQUET: Kind("Parquet", "zip", "application/zip"),
}


def about(wb: Workbench, what: str, *, filters: Mapping[str, str] | None = None) -> Manifest:
    """A manifest without tables: who exports now, as of which data and by which rules. `what` is a title, `filters`
    what was chosen, in words."""
    zone, in_force = wb.zone(), rules.in_force(wb)
    with reading(wb.engine) as connection:
        came = [at for _, at in feed_rows.last_arrivals(connection, FORMATS).values() if at]
    return Manifest(
        what=what,
        made_by=wb.user.name,
        made_at=wb.now().astimezone(zone).replace(microsecond=0),
        as_of=wb.today(),
        data_of=max(came).astimezone(zone).date() if came else None,
        time_zone=zone.key,
        rules=in_force.mark,
        rule_versions={name: rule.version for name, rule in in_force.measures.items()},
        careloop=version("careloop"),
        filters=filters or {},
    )


def write(
    wb: Workbench,
    out: IO[bytes],
    tables: Sequence[ExportTable],
    said: Manifest,
    *,
    kind: str,
    action: str,
    subject: str,
) -> Manifest:
    """Record the export, then write it; returns the manifest with its tables. For other modules of this package.

    One table as CSV is the plain file, several are a zip; a zip holds manifest.json, a workbook a first sheet 'About'.
    action, subject   of the line in the audit log, which holds the checksums as well
    Raises NotFound for an unknown kind of file and TooMany for more rows than a sheet has.
    """
    if kind not in KINDS:
        raise NotFound(f"There is no export as '{kind}'. There are {', '.join(KINDS)}.")
    if kind == XLSX and (most := max(each.rows.height for each in tables)) > MOST_ROWS:
        raise TooMany(
            f"A sheet has room for {MOST_ROWS:,} rows and this list has {most:,}. Export it as CSV or Parquet.",
            count=most,
            limit=MOST_ROWS,
        )
    safe = tuple(each.harmless() for each in tables)
    whole = replace(said, tables=of_tables(safe))
    listed = {each.stem: each.rows.height for each in safe}
    record(wb, action, subject, format=kind, rows=listed, sha256=[each["sha256"] for each in whole.tables])
    _write(out, safe, whole, kind)
    return whole


def file_name(stem: str, kind: str, *, count: int = 1) -> str:
    """What the file is called; it says nothing about a patient. Of a packed one the name says what is in it."""
    ending = "zip" if kind == CSV and count > 1 else KINDS[kind].ending
    return f"{stem}-{kind}.zip" if ending == "zip" else f"{stem}.{ending}"


def stem(name: str, what: str, day: date) -> str:
    """'mammogram-reminder-figures-2026-11-28': what a file is about, what it holds and of which day."""
    letters = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower())
    return "-".join(part for part in (letters[:60].strip("-"), what, day.isoformat()) if part)


def _write(out: IO[bytes], tables: Sequence[ExportTable], said: Manifest, kind: str) -> None:
    if kind == XLSX:
        from core.workbook_files import write_workbook

        write_workbook(out, tables, said)
    elif kind == CSV and len(tables) == 1:
        out.write(tables[0].csv())
    else:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for each in tables:
                archive.writestr(f"{each.stem}.{kind}", each.csv() if kind == CSV else _parquet(each))
            archive.writestr("manifest.json", json.dumps(said.to_json(), indent=2, ensure_ascii=False))


def _parquet(table: ExportTable) -> bytes:
    part = BytesIO()
    table.rows.write_parquet(part)
    return part.getvalue()
