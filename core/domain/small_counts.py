"""Counts of campaigns of which small ones are hidden, in tables with a row for each slice (core.domain.small_cells)."""

import polars as pl

from core.domain.roll_up import COUNTS
from core.domain.small_cells import rounded_column, small, suppressed

_UNITS = ("segments", "call_minutes", "letters")  # of what contacts cost
# What counts no patients is hidden where these are: from it they could be told.
_GO_WITH = {"gaps_closed": "closed", **dict.fromkeys(_UNITS, "handed_over")}


def without_small(counts: pl.DataFrame, *, is_whole: bool = True, is_rounded: bool = True) -> pl.DataFrame:
    """The frame with null in the place of each of COUNTS that is about too few patients, or could be worked out from
    the others; what is left is rounded (core.domain.small_cells). Of what a mode does not use the number stays 0.

    counts      has COUNTS; `selected` is everybody in a row, the others are parts of them
    is_whole    the rows add up to a total that is known
    is_rounded  False for somebody who may see the patients: then a part is hidden of which few are not in it, as well
    """
    masks = {name: _hidden(counts, name, is_whole, is_rounded) for name in COUNTS if name not in _GO_WITH}
    masks |= {name: masks[other] for name, other in _GO_WITH.items()}
    shown = counts.with_columns(pl.when(~pl.lit(mask)).then(pl.col(name)).alias(name) for name, mask in masks.items())
    if not is_rounded:
        return shown
    return shown.with_columns(_units(name) if name in _UNITS else rounded_column(name) for name in COUNTS)


def _units(name: str) -> pl.Expr:
    return pl.when(pl.col(name) == 0).then(0).otherwise(rounded_column(name)).cast(pl.Int64).alias(name)


def _hidden(counts: pl.DataFrame, name: str, is_whole: bool, is_rounded: bool) -> pl.Series:
    if is_rounded or name == "selected":
        return small(counts[name], is_whole=is_whole)
    return suppressed(pl.DataFrame({"eligible": counts["selected"], "satisfied": counts[name]}), is_whole=is_whole)


def rough_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of which each has a `count` of patients, and which add up to a number that is known: without those of too
    few, and those that would give them away; the counts of the others are rounded."""
    return rows.filter(~small(rows["count"], is_whole=True)).with_columns(rounded_column("count"))
