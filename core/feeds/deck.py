"""The files of a deck: deck.json, expected.csv, and the bundle of each test patient."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from core.domain.clinical import schema
from core.domain.reporting_rule import POPULATIONS
from core.errors import DataError
from core.feeds.fhir_bundle import read_bundle
from core.feeds.fhir_values import Resource
from core.feeds.value_set_table import spreadsheet_text

KEY = ("case", "group", "period_start", "period_end")
EXPECTED = schema(
    {"case": pl.String, "group": pl.String, "period_start": pl.Date, "period_end": pl.Date}
    | dict.fromkeys(POPULATIONS, pl.Boolean)
)
_FILE = "expected.csv"
_TRUTHS = {"1": True, "0": False, "": False}


def read_about(folder: Path) -> tuple[str, int]:
    """Measure and year, as deck.json says them. Raises DataError."""
    content = _object(folder / "deck.json")
    measure, year = content.get("measure"), content.get("year")
    if not isinstance(measure, str) or not isinstance(year, int) or isinstance(year, bool):
        raise DataError(f'{folder.name}/deck.json: expected {{"measure": "CMS125", "year": 2026}}.')
    return measure, year


def _object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path.name} cannot be read ({error.strerror}). Check the deck.") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name}, line {getattr(error, 'lineno', 1)}: this is not readable JSON.") from None
    if not isinstance(content, dict):
        raise DataError(f"{path.name}: expected a JSON object.")
    return content


def read_case(folder: Path, case: str) -> Resource:
    """The bundle of a test patient. Raises DataError."""
    name = f"patients/{case}.json"
    try:
        is_there = (folder / name).is_file()
    except OSError:  # no file can have such a name
        is_there = False
    if not is_there:
        raise DataError(f"{_FILE} names the case, but {name} is missing.")
    return read_bundle(folder / name, name)


def read_expected(folder: Path, *, years: range) -> pl.DataFrame:
    """EXPECTED, in the order of the file. years: those in which a period may lie. Raises DataError with the line."""
    try:
        text = spreadsheet_text((folder / _FILE).read_bytes())
    except OSError as error:
        raise DataError(f"{_FILE} cannot be read ({error.strerror}). Check the deck.") from None
    rows = list(_rows(text, years))
    if not rows:
        raise DataError(f"{_FILE} names no case. Expected a row for each case and group.")
    return pl.DataFrame(rows, schema=EXPECTED, orient="row")


def _rows(text: str, years: range) -> Iterator[tuple[Any, ...]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = [name for name in EXPECTED if name not in (reader.fieldnames or ())]
        if missing:
            raise DataError(f"{_FILE}, line 1: the column {missing[0]} is missing. Expected {', '.join(EXPECTED)}.")
        for row in reader:
            yield _row(row, reader.line_num, years)
    except csv.Error:
        line = reader.line_num + 1
        raise DataError(
            f"{_FILE}, line {line}: this is no row of values that commas divide. Correct the line."
        ) from None


def _row(row: dict[str, str], line: int, years: range) -> tuple[Any, ...]:
    try:
        first, last = (date.fromisoformat(row[name].strip()) for name in ("period_start", "period_end"))
        truths = [_TRUTHS[row[name].strip()] for name in POPULATIONS]
    except (AttributeError, KeyError, ValueError):  # a line that ends early has None
        raise DataError(f"{_FILE}, line {line}: expected days as YYYY-MM-DD and populations as 1 or 0.") from None
    if not (first <= last and first.year in years and last.year in years):
        raise DataError(
            f"{_FILE}, line {line}: the period must begin before it ends and lie in {years[0]} to {years[-1]}."
        )
    return (row["case"], row["group"], first, last, *truths)
