"""Two arms of a campaign within a window: how far apart they are, and what follows, or why that cannot be told.

Frames are ALLOCATED (core.domain.effects.analysis) with a column `is_closed`: closed a gap within the window.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from core.domain.effects import households
from core.domain.effects.allocation import B
from core.domain.effects.consequences import complier_effect, number_to_contact, p_value, risk_ratio
from core.domain.effects.differences import (
    Counts,
    Interval,
    Stratum,
    has_spread,
    mantel_haenszel,
    newcombe,
)
from core.domain.effects.households import LEAST_HOUSEHOLDS


@dataclass(frozen=True)
class Comparison:
    """Two arms.

    difference   of the shares who closed a gap
    method       'newcombe', or over the strata and widened by households 'mantel_haenszel', and 'newcombe_over_strata'
                 where nobody closed a gap or everybody did; 'rounded_newcombe' and 'rounded' of rounded counts
    more         how many more of the first arm closed a gap than would have otherwise
    ratio        how many times as often; None where none closed, or where it would claim another thing than the
                 difference
    contact, complier   the number to contact for one more, and the effect among those reached; None where they cannot
                 be told
    p            of versions A and B, adjusted for the number of comparisons (Holm)
    design_effect   by what factor households make the variance larger
    """

    arm: str
    against: str
    difference: Interval
    method: str
    more: Interval
    ratio: Interval | None
    contact: Interval | None
    complier: Interval | None
    p: float
    design_effect: float


def untold(rows: pl.DataFrame, arm: str, against: str) -> str:
    """Why two arms cannot be compared, after a colon; '' when they can."""
    both = _in_common_strata(rows, arm, against)
    if not rows.filter(pl.col("arm").is_in([arm, against]))["delivered"].any():
        return "nobody was reached, as far as is known"
    homes = dict(both.group_by("arm").agg(pl.col("household").n_unique()).iter_rows())
    if min(homes.get(each, 0) for each in (arm, against)) < LEAST_HOUSEHOLDS:
        return f"an arm has fewer than {LEAST_HOUSEHOLDS} households that can be compared"
    return ""


def _in_common_strata(rows: pl.DataFrame, arm: str, against: str) -> pl.DataFrame:
    """The patients of two arms in strata that hold both."""
    both = rows.filter(pl.col("arm").is_in([arm, against]))
    return both.filter(pl.col("arm").n_unique().over("stratum") == 2)


def compared(rows: pl.DataFrame, counts: Mapping[str, Counts], arm: str, against: str) -> Comparison:
    """Two arms that can be compared, of whose patients so many closed a gap (`counts`, by arm)."""
    both = _in_common_strata(rows, arm, against)
    strata, design_effect = _strata(both, arm, against), design_effect_of(both)
    is_plain = len(strata) == 1 and both["household"].n_unique() == both.height
    difference, method = (newcombe(*strata[0]), "newcombe") if is_plain else _over_strata(strata, design_effect)
    delivered = rows.filter(pl.col("arm") == arm)["delivered"]
    return of_difference(
        (arm, against),
        (difference, method),
        strata,
        size=counts[arm].size,
        delivered=Counts(int(delivered.sum()), delivered.len()),
        design_effect=design_effect,
    )


def of_difference(
    arms: tuple[str, str],
    found: tuple[Interval, str],
    strata: Sequence[Stratum],
    *,
    size: int,
    delivered: Counts,
    design_effect: float,
) -> Comparison:
    """What follows from a difference, told as found by a method, beside what the strata tell.

    size        of the first arm
    delivered   how many of it were reached, in the place of `closed`
    """
    difference, method = found
    ratio = risk_ratio(strata, design_effect=design_effect)
    return Comparison(
        *arms,
        difference,
        method,
        Interval(*(size * each for each in (difference.estimate, difference.low, difference.high))),
        ratio if ratio and difference.is_clear == (not ratio.low <= 1 <= ratio.high) else None,
        number_to_contact(difference),
        None if arms[0] == B else _among_reached(difference, delivered),
        p_value(strata, design_effect=design_effect),
        design_effect,
    )


def _among_reached(difference: Interval, delivered: Counts) -> Interval | None:
    return complier_effect(difference, delivered=delivered.rate) if delivered.closed >= LEAST_HOUSEHOLDS else None


def _over_strata(strata: Sequence[Stratum], design_effect: float) -> tuple[Interval, str]:
    found = mantel_haenszel(strata, design_effect=design_effect)
    assert found is not None  # `untold` has seen that a stratum holds both
    return found, "mantel_haenszel" if has_spread(strata) else "newcombe_over_strata"


def _strata(both: pl.DataFrame, arm: str, against: str) -> list[Stratum]:
    def of(name: str) -> list[pl.Expr]:
        is_in = pl.col("arm") == name
        return [(is_in & pl.col("is_closed")).sum().alias(f"{name}_closed"), is_in.sum().alias(f"{name}_size")]

    rows = both.group_by("stratum", maintain_order=True).agg(*of(arm), *of(against))
    return [(Counts(a, b), Counts(c, d)) for _, a, b, c, d in rows.iter_rows()]


def design_effect_of(rows: pl.DataFrame) -> float:
    """The design effect of households, of each arm within each stratum."""
    cell = ["arm", "stratum"]
    homes = rows.group_by(*cell, "household").agg(pl.len(), pl.col("is_closed").sum()).sort(*cell, "household")
    cells = homes.select(*cell, "len", "is_closed").partition_by(cell, include_key=False)
    return households.design_effect([each.rows() for each in cells])
