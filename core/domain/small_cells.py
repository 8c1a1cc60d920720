"""Small cells of a table that leaves the practice: counts from which somebody could be recognised.

The Centers for Medicare & Medicaid Services let no cell of fewer than 11 patients be shown, nor one that can be worked
out from others (CMS cell size suppression policy). A row of a table of rates holds three counts, since the third is
the difference of the first two: eligible, up to date, and not up to date.
"""

import polars as pl

LEAST = 11


def suppressed(counts: pl.DataFrame, *, is_whole: bool) -> pl.Series:
    """True for each row that may not be shown.

    counts     has eligible and satisfied, no nulls
    is_whole   the rows add up to a total that is known: then what is hidden can be worked out together, so the smallest
               of the other rows are hidden too (complementary suppression) until at least two rows are hidden and
               these together are no small cell either
    """
    cells = counts.select("eligible", "satisfied", other=pl.col("eligible") - pl.col("satisfied")).cast(pl.Int64)
    hidden = cells.select(pl.any_horizontal(pl.all() < LEAST)).to_series().to_list()
    if is_whole and any(hidden):
        by_size = sorted(range(cells.height), key=lambda row: (cells["eligible"][row], row))
        for row in by_size:
            if _is_safe(cells, hidden):
                break
            hidden[row] = True
    return pl.Series("suppressed", hidden, dtype=pl.Boolean)


def _is_safe(cells: pl.DataFrame, hidden: list[bool]) -> bool:
    together = cells.filter(pl.Series(hidden, dtype=pl.Boolean)).sum().row(0)
    return sum(hidden) >= 2 and min(together) >= LEAST
