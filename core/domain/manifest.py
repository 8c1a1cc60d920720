"""What stands beside every export: who made it, when, of what, by which rules, and what each of its tables holds."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from core.domain.csv_cells import neutral

NAMES = {
    "what": "What",
    "made_by": "Made by",
    "made_at": "Made at",
    "as_of": "As of",
    "data_of": "Last feed",
    "time_zone": "Time zone",
    "rules": "Rules in force",
    "careloop": "Careloop",
}


@dataclass(frozen=True)
class ExportTable:
    """name     of the file or sheet: letters, digits and spaces, at most 31
    rows     columns are named as people read them; text that a spreadsheet would calculate is made harmless
    percents  the columns that hold shares from 0 to 1"""

    name: str
    rows: pl.DataFrame
    percents: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """The name of its file without an ending, such as 'over-time'."""
        return self.name.lower().replace(" ", "-")

    def harmless(self) -> "ExportTable":
        """The same with no formula in any cell, moments in local time without their zone, and shares to four digits."""
        zoned = [name for name, kind in self.rows.schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone]
        local = self.rows.with_columns(pl.col(zoned).dt.replace_time_zone(None)) if zoned else self.rows
        short = local.with_columns(pl.col(name).round(4) for name in self.percents)
        return ExportTable(self.name, neutral(short), self.percents)

    def csv(self) -> bytes:
        """As CSV for a spreadsheet: UTF-8 with a mark at its beginning."""
        return self.rows.write_csv(include_bom=True, datetime_format="%Y-%m-%d %H:%M").encode()

    @property
    def digest(self) -> str:
        """SHA-256 of its CSV: equal for equal content, whatever the kind of file."""
        return hashlib.sha256(self.csv()).hexdigest()


@dataclass(frozen=True)
class Manifest:
    """made_at is ISO 8601 with its offset; as_of the organisation's day, data_of the day of the last feed or None;
    filters what was chosen, in words; rule_versions by measure; tables have name, rows, columns, sha256 (of the table
    as CSV)."""

    what: str
    made_by: str
    made_at: datetime
    as_of: date
    data_of: date | None
    time_zone: str
    rules: str
    rule_versions: Mapping[str, int]
    careloop: str
    filters: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The same for a JSON file."""
        days = {"as_of": self.as_of.isoformat(), "data_of": self.data_of.isoformat() if self.data_of else None}
        listed = [dict(table) for table in self.tables]
        return {**asdict(self), "made_at": self.made_at.isoformat(timespec="seconds"), **days, "tables": listed}

    def lines(self) -> list[tuple[str, str]]:
        """The same as words and values, for the first sheet of a workbook."""
        said = self.to_json()
        told = [(name, str(said[key] if said[key] is not None else "none yet")) for key, name in NAMES.items()]
        chosen = [(f"Filter: {name}", value) for name, value in self.filters.items()]
        tables = [(f"Sheet {each['name']}", _of_table(each)) for each in self.tables]
        return [
            *told,
            *chosen,
            *tables,
            *((f"Rule {name}", f"version {one}") for name, one in self.rule_versions.items()),
        ]


def _of_table(table: Mapping[str, Any]) -> str:
    return f"{table['rows']:,} rows, SHA-256 of the table as CSV {table['sha256']}"


def of_tables(tables: tuple[ExportTable, ...]) -> tuple[Mapping[str, Any], ...]:
    """What a manifest says of its tables."""
    return tuple(
        {"name": each.name, "rows": each.rows.height, "columns": each.rows.columns, "sha256": each.digest}
        for each in tables
    )
