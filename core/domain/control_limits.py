"""Control limits of a funnel plot: how far a rate may be from the overall one by chance alone.

After Spiegelhalter, Funnel plots for comparing institutional performance, Stat Med 2005; 24: 1185-1202: a league table
ranks what mostly is chance; a funnel shows who is further away than chance goes. The limits are exact, from the
binomial distribution, and interpolated between its steps (appendix A.1.1 there), so that curves are smooth. The upper
ones are those of who is not up to date, seen from above: so a rate lies beyond a limit if and only if chance goes so
far in fewer than 0.1 % or 2.5 % of cases. Interpolated as the lower ones, a group of two patients who are both up to
date would lie beyond.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, lgamma, log, sqrt

LEVELS = (0.001, 0.025)  # of each side: 99.8 % of what chance does lies between the outer limits, 95 % of the inner


@dataclass(frozen=True)
class Limits:
    """Rates, 0 to 1, between which 99.8 % (outer) and 95 % (inner) of groups of one size fall by chance."""

    low_outer: float
    low_inner: float
    high_inner: float
    high_outer: float

    def place(self, rate: float) -> str:
        """'high_outer', 'high_inner', 'low_outer' or 'low_inner' for a rate beyond that limit, '' for one within."""
        if rate > self.high_inner:
            return "high_outer" if rate > self.high_outer else "high_inner"
        if rate < self.low_inner:
            return "low_outer" if rate < self.low_outer else "low_inner"
        return ""


@lru_cache(maxsize=4096)
def limits(eligible: int, overall: float) -> Limits:
    """The limits for a group of so many patients around the overall rate. Without chance (0 or 1) all are that rate."""
    if not 0 < overall < 1:
        return Limits(overall, overall, overall, overall)
    low = [max(0.0, count - part) for count, part in quantiles(eligible, overall, LEVELS)]
    high = [eligible - max(0.0, count - part) for count, part in quantiles(eligible, 1 - overall, LEVELS)]
    return Limits(*(end / eligible for end in (*low, *reversed(high))))


def quantiles(size: int, share: float, levels: Sequence[float]) -> list[tuple[int, float]]:
    """For each level, ascending: the smallest r with P(X <= r) >= level for X ~ Binomial(size, share), and which part
    of the step at r lies above the level, 0 when P(X <= r) is the level itself.

    size >= 1; 0 < share < 1.
    """
    found: list[tuple[int, float]] = []
    waiting = list(levels)
    below = 0.0
    for count, chance in _chances(size, share):
        up_to = below + chance
        while waiting and (up_to >= waiting[0] or count == size):
            part = (up_to - waiting.pop(0)) / chance if chance else 0.0
            found.append((count, min(max(part, 0.0), 1.0)))
        if not waiting:
            break
        below = up_to
    return found


def _chances(size: int, share: float) -> Iterator[tuple[int, float]]:
    """P(X = k) with k ascending, from where less than 1e-20 of the distribution lies below."""
    first = max(0, int(size * share - 12 * sqrt(size * share * (1 - share)) - 50))
    chance = exp(
        lgamma(size + 1)
        - lgamma(first + 1)
        - lgamma(size - first + 1)
        + first * log(share)
        + (size - first) * log(1 - share)
    )
    odds = share / (1 - share)
    for count in range(first, size + 1):
        yield count, chance
        chance *= (size - count) / (count + 1) * odds
