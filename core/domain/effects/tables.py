"""What a campaign changed as frames, alike for paper and files, and how its arms were compared in words."""

import polars as pl

from core.domain.clinical import schema
from core.domain.effects.analysis import Effect
from core.domain.effects.design import ARM_NAMES, arm_name

METHODS = {
    "newcombe": "Newcombe",
    "mantel_haenszel": "Mantel and Haenszel, over strata and households",
    "newcombe_over_strata": "Newcombe, over strata and households",
    "rounded_newcombe": "Newcombe, as wide as the rounded counts leave it",
    "rounded": "Mantel and Haenszel, widened by households, as wide as the rounded counts leave it",
}
_OVER_STRATA = ("mantel_haenszel", "newcombe_over_strata")
_WITHIN = (
    "Arms are compared within providers and numbers of open gaps, as they were drawn, and then taken together: the "
    "difference is not simply that of the two shares."
)
ARMS = schema(
    {
        "within": pl.Int64,  # days
        "arm": pl.String,
        "size": pl.Int64,
        "closed": pl.Int64,  # this and the following: null while it is not known
        "share": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
)
DIFFERENCES = schema(
    {
        "within": pl.Int64,  # days
        "arm": pl.String,
        "against": pl.String,
        "difference": pl.Float64,  # of the shares
        "low": pl.Float64,
        "high": pl.Float64,
        "method": pl.String,
        "p": pl.Float64,  # null where the test claims another thing than the interval
    }
)


def arms(effect: Effect) -> pl.DataFrame:
    """ARMS: who closed a gap within each window."""
    is_alone = not effect.is_estimate
    found = []
    for window in effect.windows:
        for each in window.arms:
            row = {"within": window.days, "arm": arm_name(each.arm, is_alone=is_alone), "size": each.counts.size}
            if window.known_from is None:
                row |= {"closed": each.counts.closed, "share": each.share.estimate}
                row |= {"low": each.share.low, "high": each.share.high}
            found.append(row)
    return pl.DataFrame(found, schema=ARMS, orient="row")


def differences(effect: Effect) -> pl.DataFrame:
    """DIFFERENCES: the arms of each window that could be compared."""
    found = [
        {
            "within": window.days,
            "arm": ARM_NAMES[one.arm],
            "against": ARM_NAMES[one.against],
            "difference": one.difference.estimate,
            "low": one.difference.low,
            "high": one.difference.high,
            "method": METHODS[one.method],
            "p": one.p if agrees(one.p, is_clear=one.difference.is_clear) else None,
        }
        for window in effect.windows
        for one in window.comparisons
    ]
    return pl.DataFrame(found, schema=DIFFERENCES, orient="row")


def agrees(p: float, *, is_clear: bool) -> bool:
    """Whether a test claims what the interval of the difference does."""
    return (p < 0.05) == is_clear


def how_compared(effect: Effect) -> str:
    """By which method, and that this is not the plain difference where it is not; '' where nothing is compared."""
    methods = {one.method for window in effect.windows for one in window.comparisons}
    if not methods:
        return ""
    said = f"Interval of the difference: {', '.join(sorted(METHODS[each] for each in methods))}. Of a share: Wilson."
    return said if methods.isdisjoint(_OVER_STRATA) else f"{_WITHIN} {said}"
