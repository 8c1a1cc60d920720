"""What follows from the counts of two arms beside their difference: how many times as often a gap closed, how often
chance alone does as much, how many to contact for one more, and what contact did among those it reached.

Arms are compared within strata, and households widen what is said (core.domain.effects.households), as they do for the
difference, so that all say the same. In one stratum of single patients they are the plain ones.
"""

from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import NormalDist

from core.domain.effects.differences import Interval, Stratum, both_arms
from core.domain.rates import Z95


def risk_ratio(strata: Sequence[Stratum], *, design_effect: float = 1.0) -> Interval | None:
    """How many times as often a gap closed, of Mantel and Haenszel with the interval on the logarithm (Greenland and
    Robins, Biometrics 1985; 41: 55-68); of one stratum Katz's (Biometrics 1978; 34: 469-474). None when in an arm none
    has closed."""
    told = both_arms(strata)
    treated = sum(one.closed * other.size / (one.size + other.size) for one, other in told)
    control = sum(other.closed * one.size / (one.size + other.size) for one, other in told)
    if not treated or not control:
        return None
    spread = sum(
        (one.size * other.size * (one.closed + other.closed) / (one.size + other.size) - one.closed * other.closed)
        / (one.size + other.size)
        for one, other in told
    )
    ratio, half = treated / control, Z95 * sqrt(design_effect * max(spread, 0.0) / (treated * control))
    return Interval(ratio, exp(log(ratio) - half), exp(log(ratio) + half))


def p_value(strata: Sequence[Stratum], *, design_effect: float = 1.0) -> float:
    """How often chance alone makes a difference at least as large, two-sided: the test of Mantel and Haenszel (J Natl
    Cancer Inst 1959; 22: 719-748) without correction; of one stratum the z test with the pooled share."""
    told = both_arms(strata)
    beyond = variance = 0.0
    for one, other in told:
        size, closed = one.size + other.size, one.closed + other.closed
        degrees = size if len(told) == 1 else size - 1
        beyond += one.closed - one.size * closed / size
        variance += one.size * other.size * closed * (size - closed) / (size**2 * degrees)
    return 2 * NormalDist().cdf(-abs(beyond) / sqrt(design_effect * variance)) if variance else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values of several comparisons, adjusted so that all together err in at most 5 % (Holm, Scand J Stat 1979;
    6: 65-70), in their order."""
    count, largest = len(p_values), 0.0
    adjusted = [0.0] * count
    for rank, place in enumerate(sorted(range(count), key=lambda place: p_values[place])):
        largest = max(largest, min((count - rank) * p_values[place], 1.0))
        adjusted[place] = largest
    return adjusted


def number_to_contact(difference: Interval) -> Interval | None:
    """How many must be contacted for one more closed gap, with its interval; None when the difference may be none, or
    is a harm."""
    if difference.low <= 0:
        return None
    return Interval(1 / difference.estimate, 1 / difference.high, 1 / difference.low)


def complier_effect(difference: Interval, *, delivered: float) -> Interval | None:
    """The effect among those whom contact reached because they were allocated to it: the difference divided by the
    share of that arm that was reached, since of the other nobody is. None when that is nobody, or when a limit is
    beyond -1 to 1: then so few were reached that the difference says nothing of them, or contact has done something to
    the others too."""
    if delivered <= 0:
        return None
    found = Interval(*(each / delivered for each in (difference.estimate, difference.low, difference.high)))
    return found if found.low >= -1 and found.high <= 1 else None
