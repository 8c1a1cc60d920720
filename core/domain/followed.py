"""Of campaigns together: whose closed gaps are known in full, and through which day those of the others are."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from core.domain.effects.outcomes import LATE, WINDOWS

_WINDOW, _LATE = timedelta(days=WINDOWS[-1]), timedelta(days=LATE)


@dataclass(frozen=True)
class Known:
    """How far closings are known of some campaigns that contacted somebody about care gaps.

    through     the day through which those of every campaign are known that is still followed; None while none are
    open_count  of how many campaigns the time in which a closed gap counts is not over, or not all told of yet
    next_on     the first day on which one of these will be known in full; None without one that is followed
    """

    through: date | None
    open_count: int
    next_on: date | None


def is_over() -> pl.Expr:
    """Whether all days in which a closed gap counts are known, of rows with allocated_on and known_through."""
    return (pl.col("known_through") >= pl.col("allocated_on") + _WINDOW).fill_null(False)


def known_of(campaigns: pl.DataFrame) -> Known:
    """Of rows with handed_over, is_about_gaps, allocated_on, known_through and lag_days. What is settled changes no
    more, so it says nothing of how far the others are known."""
    shown = campaigns.filter(pl.col("handed_over") > 0, pl.col("is_about_gaps"))
    still = shown.filter(pl.col("known_through") < pl.col("allocated_on") + _WINDOW + _LATE)["known_through"].to_list()
    every = shown["known_through"].drop_nulls().to_list()
    waits = shown.filter(~is_over())
    days = pl.duration(days=pl.col("lag_days") + 1)
    after = waits.select(pl.col("allocated_on") + _WINDOW + days).to_series().drop_nulls().to_list()
    return Known(min(still) if still else max(every, default=None), waits.height, min(after, default=None))
