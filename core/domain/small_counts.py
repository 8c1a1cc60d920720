"""Counts of campaigns of which small ones are hidden, in tables with a row for each slice (core.domain.small_cells)."""

import polars as pl

from core.domain.roll_up import COUNTS
from core.domain.small_cells import suppressed

# What counts no patients is hidden where these are: from it they could be told.
_GO_WITH = {"gaps_closed": "closed", "segments": "selected", "call_minutes": "selected", "letters": "selected"}


def without_small(counts: pl.DataFrame, *, is_whole: bool = True) -> pl.DataFrame:
    """The frame with null in the place of each of COUNTS that is about too few patients, or could be worked out from
    the others.

    counts    has COUNTS; `selected` is everybody in a row, the others are parts of them
    is_whole  the rows add up to a total that is known
    """
    masks = {name: _hidden(counts, name, is_whole=is_whole) for name in COUNTS if name not in _GO_WITH}
    masks |= {name: masks[other] for name, other in _GO_WITH.items()}
    return counts.with_columns(pl.when(~pl.lit(mask)).then(pl.col(name)).alias(name) for name, mask in masks.items())


def _hidden(counts: pl.DataFrame, name: str, *, is_whole: bool) -> pl.Series:
    """`selected` is no part of anything: as half of twice as many it is small if and only if it is small itself."""
    selected = counts["selected"]
    eligible = selected * 2 if name == "selected" else selected
    return suppressed(pl.DataFrame({"eligible": eligible, "satisfied": counts[name]}), is_whole=is_whole)
