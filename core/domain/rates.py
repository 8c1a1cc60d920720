"""Rates with their interval, and how many patients are still needed to reach a target."""

from fractions import Fraction

import polars as pl

Z95 = 1.959963984540054  # the standard normal quantile of 0.975


def with_interval(counts: pl.DataFrame) -> pl.DataFrame:
    """The frame with rate, low and high, 0 to 1: satisfied / eligible and its 95 % score interval; all three null where
    nobody is eligible.

    counts   has satisfied and eligible, 0 <= satisfied <= eligible
    The interval of Wilson (J Am Stat Assoc 1927; 22: 209-212), method 3 of Newcombe (Stat Med 1998; 17: 857-872): it
    holds its level for small counts and for rates near 0 and 1, where the usual plus-minus does not.
    """
    satisfied, eligible = pl.col("satisfied").cast(pl.Float64), pl.col("eligible").cast(pl.Float64)
    rate = satisfied / eligible
    middle = (rate + Z95**2 / (2 * eligible)) / (1 + Z95**2 / eligible)
    half = Z95 * (rate * (1 - rate) / eligible + Z95**2 / (4 * eligible**2)).sqrt() / (1 + Z95**2 / eligible)
    # At 0 and at 1 the end is exactly that; the sum of floats is a hair beside it.
    low = pl.when(satisfied > 0).then(middle - half).otherwise(0.0)
    high = pl.when(satisfied < eligible).then(middle + half).otherwise(1.0)
    columns = {"rate": rate, "low": low, "high": high}
    return counts.with_columns(pl.when(eligible > 0).then(value).alias(name) for name, value in columns.items())


def still_needed(satisfied: int, eligible: int, target: float | None) -> int | None:
    """How many more patients must be up to date for the rate to reach the target: the smallest k >= 0 with
    (satisfied + k) / eligible >= target. None without a target or without anybody eligible.

    target   as it was written in decimals, more than 0 and at most 1: 0.7 means seven tenths, not the float beside it
    """
    if target is None or not eligible:
        return None
    wanted = Fraction(str(target)) * eligible
    return max(0, -(-wanted.numerator // wanted.denominator) - satisfied)


def overall_rate(slices: pl.DataFrame) -> float:
    """The rate of all slices together, 0 without anybody. `slices` has satisfied and eligible."""
    return int(slices["satisfied"].sum()) / max(int(slices["eligible"].sum()), 1)
