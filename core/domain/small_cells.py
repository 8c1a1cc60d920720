"""Small cells of a table that leaves the practice: counts from which somebody could be recognised.

Hiding small ones does not keep them from being worked out where tables can be made of any part: by group, by mode, of
any days. So what is left is rounded as well (docs/decisions/small-cells.md), as NHS Digital rounds its hospital counts.

The Centers for Medicare & Medicaid Services let no cell of fewer than 11 patients be shown, nor one that can be worked
out from others (CMS cell size suppression policy). A row of a table of rates holds three counts, since the third is
the difference of the first two: eligible, up to date, and not up to date.
"""

import polars as pl

LEAST = 11
BASE = 5  # what is not hidden is rounded to the nearest multiple of it
LOWEST = 15  # of what is shown: 11 to 17
ROUNDED = f"Counts under {LEAST} are hidden and the others rounded to the nearest {BASE}: sums are right only roughly."


def rounded(count: int) -> int | None:
    """A count as it may leave the practice: 0 to 10 is None, 11 to 17 is 15, 18 to 22 is 20, 23 to 27 is 25 ..."""
    return None if count < LEAST else max(LOWEST, (count + BASE // 2) // BASE * BASE)


def rounded_column(name: str) -> pl.Expr:
    """The same of a column of whole numbers; what is null stays it."""
    nearest = (pl.col(name) + BASE // 2) // BASE * BASE
    return pl.when(pl.col(name) >= LEAST).then(pl.max_horizontal(nearest, pl.lit(LOWEST))).alias(name)


def possible(shown: int | None, *, most: int = 10**6) -> range:
    """Which counts may be behind one that `rounded` shows."""
    if shown is None:
        return range(LEAST)
    low = LEAST if shown == LOWEST else shown - BASE // 2
    return range(low, min(shown + BASE // 2, most) + 1)


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


def small(counts: pl.Series, *, is_whole: bool) -> pl.Series:
    """`suppressed` of counts that are no parts of anything else. Null is no count, and is not hidden."""
    known = counts.fill_null(2 * LEAST)
    return suppressed(pl.DataFrame({"eligible": known * 2, "satisfied": known}), is_whole=is_whole)


def _is_safe(cells: pl.DataFrame, hidden: list[bool]) -> bool:
    together = cells.filter(pl.Series(hidden, dtype=pl.Boolean)).sum().row(0)
    return sum(hidden) >= 2 and min(together) >= LEAST
