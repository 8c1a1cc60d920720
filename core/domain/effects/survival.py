"""Time to closure of a gap: the share closed by each day (Kaplan and Meier) and the log-rank test between arms.

A patient is followed for `days` from the allocation, a whole number >= 0, until the gap closed (`closed` true) or until
nothing more is known: the end of the feed, death, or leaving the practice (`closed` false).
"""

from math import erfc, sqrt

import polars as pl

from core.domain.clinical import schema
from core.domain.rates import Z95

FOLLOWED = schema({"days": pl.Int64, "closed": pl.Boolean})
CURVE = schema(
    {
        "day": pl.Int64,
        "at_risk": pl.Int64,  # followed for at least so long and still open just before
        "closed": pl.Int64,  # on that day
        "share": pl.Float64,  # closed by the end of that day, 0 to 1
        "low": pl.Float64,  # its 95 % interval
        "high": pl.Float64,
    }
)


def closure_curve(followed: pl.DataFrame, *, design_effect: float = 1.0) -> pl.DataFrame:
    """CURVE: 1 - Kaplan-Meier of FOLLOWED, a row for each day on which a gap closed, after a row for day 0.

    The interval is on the log-log scale with Greenwood's variance, so that it stays between 0 and 1 (Kalbfleisch and
    Prentice, The Statistical Analysis of Failure Time Data, 2002, section 1.4); null where the share is 0 or 1.
    `design_effect` is the factor by which the variance is larger since households were randomised together.
    """
    start = pl.DataFrame([(0, followed.height, 0, 0.0, None, None)], schema=CURVE, orient="row")
    days = _events(followed)
    if days.is_empty():
        return start
    survival = pl.col("open").log().cum_sum().exp()
    variance = (pl.col("closed") / (pl.col("at_risk") * (pl.col("at_risk") - pl.col("closed")))).cum_sum()
    curve = days.with_columns(open=1 - pl.col("closed") / pl.col("at_risk")).with_columns(
        survival=survival, error=(design_effect * variance).sqrt()
    )
    log_survival = pl.col("survival").log()
    width = Z95 * pl.col("error") / log_survival
    inside = (pl.col("survival") > 0) & (pl.col("survival") < 1)
    told = curve.select(
        "day",
        "at_risk",
        "closed",
        share=1 - pl.col("survival"),
        low=pl.when(inside).then(1 - pl.col("survival").pow((width).exp())),
        high=pl.when(inside).then(1 - pl.col("survival").pow((-width).exp())),
    ).cast(CURVE)
    first = told["day"][0] == 0
    return told if first else pl.concat([start, told])


def share_by(curve: pl.DataFrame, day: int) -> float:
    """The share closed by the end of a day, 0 to 1, from a CURVE."""
    return float(curve.filter(pl.col("day") <= day)["share"][-1]) if curve["day"][0] <= day else 0.0


def at_risk(followed: pl.DataFrame, days: list[int]) -> list[int]:
    """How many of FOLLOWED are open and still followed just before each of the days."""
    return [followed.filter(pl.col("days") >= day).height for day in days]


def log_rank(one: pl.DataFrame, other: pl.DataFrame, *, design_effect: float = 1.0) -> float:
    """How often chance alone sets two FOLLOWED arms at least as far apart, 0 to 1: the log-rank test (Mantel, Cancer
    Chemother Rep 1966; 50: 163-170), chi squared with one degree of freedom. 1.0 where nothing tells them apart.

    one, other      with a column `stratum` they are compared within strata
    design_effect   by what factor the variance is larger since households were randomised together
    """
    both = pl.concat([frame.with_columns(is_first=pl.lit(name)) for name, frame in ((True, one), (False, other))])
    key = "stratum" if "stratum" in both.columns else pl.lit(0).alias("stratum")
    ended = both.group_by(key, "days").agg(
        n=pl.len(),
        m=pl.col("is_first").sum(),
        d=pl.col("closed").sum(),
        mine=(pl.col("closed") & pl.col("is_first")).sum(),
    )
    ended = ended.cast(dict.fromkeys("nmd", pl.Float64)).sort("stratum", "days")
    ended = ended.with_columns(pl.col("n", "m").cum_sum(reverse=True).over("stratum"))  # still followed
    n, d, m = pl.col("n"), pl.col("d"), pl.col("m")
    difference, variance = ended.select(
        (pl.col("mine") - d * m / n).sum(),
        pl.when(n > 1).then(d * (m / n) * (1 - m / n) * (n - d) / (n - 1)).otherwise(0.0).sum().alias("variance"),
    ).row(0)
    return erfc(sqrt(difference**2 / (design_effect * variance) / 2)) if variance else 1.0


def _events(followed: pl.DataFrame) -> pl.DataFrame:
    """A row for each day on which a gap closed: day, at_risk, closed."""
    days = _closed_on(followed).sort("day")
    return days.with_columns(pl.Series("at_risk", _still_followed(followed, days["day"]), dtype=pl.Int64))


def _closed_on(followed: pl.DataFrame) -> pl.DataFrame:
    closed = followed.filter("closed").group_by(day="days").agg(closed=pl.len().cast(pl.Int64))
    return closed.cast({"day": pl.Int64})


def _still_followed(followed: pl.DataFrame, days: pl.Series) -> pl.Series:
    """How many are followed for at least each of these days."""
    ordered = followed["days"].sort()
    return followed.height - ordered.search_sorted(days, side="left").cast(pl.Int64)
