"""A report for a meeting as what it says: sections of numbers, text, tables and charts, drawn by channels.report_pdf.

It holds figures and names of campaigns, never a patient.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from core.domain.chart import Chart
from core.domain.wording import day_text, moment_text, percent


@dataclass(frozen=True)
class Lead:
    """The sentence that matters, larger than the rest."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; a note is smaller and grey."""

    text: str
    is_note: bool = False


@dataclass(frozen=True)
class Numbers:
    """A few numbers side by side, each with its word and what stands below it, which may be empty."""

    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Table:
    """Cells as they are printed; is_number says of each column whether it is set to the right. `empty` stands in the
    place of a table without rows, and a last row that `has_total` is set apart."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_number: tuple[bool, ...]
    has_total: bool = False
    empty: str = ""


Block = Lead | Paragraph | Numbers | Table | Chart


@dataclass(frozen=True)
class Section:
    """Blocks under a heading, which may be empty."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ReportDocument:
    """facts   what it is about and who made it, as pairs of word and value, such as ('As of', 'Tue 24 Nov 2026')
    footer  by which rules and program it was made; at the foot of each page"""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    footer: str


def table_of(
    frame: pl.DataFrame,
    names: Mapping[str, str],
    *,
    percents: Collection[str] = (),
    has_total: bool = False,
    empty: str = "",
) -> Table:
    """These columns of a frame under these names: counts with thousands, shares from 0 to 1 as percents, days as on
    screens, a dash for nothing."""
    columns = [[_cell(value, is_share=key in percents) for value in frame[key]] for key in names]
    if has_total:
        for column in columns:
            column[-1] = "" if column[-1] == "–" else column[-1]
    is_number = tuple(frame.schema[key].is_numeric() for key in names)
    return Table(tuple(names.values()), tuple(zip(*columns, strict=True)), is_number, has_total, empty)


def _cell(value: Any, *, is_share: bool) -> str:
    if value is None:
        return "–"
    if is_share:
        return percent(value)
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return day_text(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}" if isinstance(value, float) else str(value)
