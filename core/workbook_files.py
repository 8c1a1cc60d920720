"""Tables as the sheets of a workbook for Excel: formatted, with a frozen head, and before them a sheet about it all."""

from collections.abc import Sequence
from typing import IO, Any

import polars as pl

from core.domain.manifest import ExportTable, Manifest

_HEAD = {"bold": True, "bg_color": "#E7EFEE", "font_color": "#1F2A2C", "bottom": 1, "bottom_color": "#7B8A8C"}
_WIDEST, _NARROWEST = 420, 64  # pixels
_LETTER = 7  # pixels
_SAFE = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_workbook(out: IO[bytes], tables: Sequence[ExportTable], said: Manifest) -> None:
    """Write a sheet 'About', then one for each table."""
    import xlsxwriter

    with xlsxwriter.Workbook(out, _SAFE) as book:
        book.set_properties({"title": said.what, "author": said.made_by, "created": said.made_at.replace(tzinfo=None)})
        _about(book, said)
        for table in tables:
            _sheet(book, table)


def _about(book: Any, said: Manifest) -> None:
    sheet = book.add_worksheet("About")
    bold, plain = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True})
    sheet.set_column(0, 0, 26, bold)
    sheet.set_column(1, 1, 90, plain)
    sheet.hide_gridlines(2)
    for row, (word, value) in enumerate(said.lines()):
        sheet.write_string(row, 0, word)
        sheet.write_string(row, 1, value)


def _sheet(book: Any, table: ExportTable) -> None:
    rows = table.rows
    formats: dict[Any, str] = {name: "0.0%" for name in table.percents if name in rows.columns}
    rows.write_excel(
        book,
        table.name,
        table_style={"style": "Table Style Light 1", "banded_rows": False},
        header_format=_HEAD,
        column_formats=formats,
        dtype_formats={
            pl.Datetime: "yyyy-mm-dd hh:mm",
            pl.Date: "yyyy-mm-dd",
            pl.Int64: "#,##0",
            pl.Float64: "#,##0.0",
        },
        column_widths={name: _width(rows[name]) for name in rows.columns},
        freeze_panes=(1, 0),
    )


def _width(column: pl.Series) -> int:
    """As wide as its words ask for, within limits."""
    longest = column.cast(pl.String).str.len_chars().max() if column.dtype != pl.List else _WIDEST // _LETTER
    letters = max(len(column.name) + 3, int(str(longest or 0)))
    return min(max(letters * _LETTER + 12, _NARROWEST), _WIDEST)
