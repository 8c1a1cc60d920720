"""Cells that a spreadsheet would run as a formula, made harmless before a frame is exported."""

import polars as pl

# A cell that begins with one of these is a formula to Excel, LibreOffice or Google Sheets (OWASP, 'CSV injection');
# the wide forms are turned into the narrow ones by some of them.
_STARTS_A_FORMULA = "^[\\s\\x00]*[=+\\-@＝＋－＠]|^[\\t\\r\\n]"


def neutral(frame: pl.DataFrame) -> pl.DataFrame:
    """The same frame with an apostrophe before every text cell that a spreadsheet would calculate.

    Only text columns change: numbers, dates and true/false cannot be formulas. Categories become text.
    """
    return frame.with_columns(
        _neutral(pl.col(name).cast(pl.String)).alias(name)
        for name, dtype in frame.schema.items()
        if dtype in (pl.String, pl.Categorical, pl.Enum)
    )


def _neutral(cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.str.contains(_STARTS_A_FORMULA)).then(pl.lit("'") + cell).otherwise(cell)
