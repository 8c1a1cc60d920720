"""Differences between two arms in the share of patients whose gap closed, with the interval that fits the design.

Shares are 0 to 1, differences those of the first arm less the second's. A plain split has the hybrid score interval of
Newcombe. Where patients were randomised within strata the estimate is that of Mantel and Haenszel, and its interval
that of Klingenberg, which inverts the test with Sato's variance and so keeps its level with small strata and rare
closures, where the usual plus-minus does not. Where that variance vanishes, since nobody closed or everybody did, it is
Newcombe's over strata. Households, who were randomised together, widen it (core.domain.effects.households).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from core.domain.rates import Z95


@dataclass(frozen=True)
class Counts:
    """How many of an arm's patients have had their gap closed: 0 <= closed <= size."""

    closed: int
    size: int

    @property
    def rate(self) -> float:
        """Share closed, 0 to 1; the arm holds somebody."""
        return self.closed / self.size


@dataclass(frozen=True)
class Interval:
    """An estimate between its 95 % limits."""

    estimate: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether chance alone is an unlikely explanation: the interval leaves out no difference (0)."""
        return self.low > 0 or self.high < 0


Stratum = tuple[Counts, Counts]  # the contacted and the others of one stratum


def wilson(counts: Counts, *, design_effect: float = 1.0) -> Interval:
    """A share with its score interval (Wilson, J Am Stat Assoc 1927; 22: 209-212). The arm holds somebody.

    design_effect   the factor by which the variance is larger than that of patients who were randomised one by one: so
                    many times fewer patients tell as much
    """
    return _score(counts.rate, counts.size / design_effect)


def newcombe(treated: Counts, control: Counts) -> Interval:
    """The difference of two shares with the hybrid score interval, method 10 of Newcombe (Stat Med 1998; 17: 873-890).
    Both arms hold somebody."""
    return _hybrid(wilson(treated), wilson(control))


def newcombe_over_strata(strata: Sequence[Stratum], *, design_effect: float = 1.0) -> Interval | None:
    """The difference of Mantel and Haenszel with Newcombe's interval: the share of each arm is the mean over strata by
    their weights, and counts for as many patients as would tell as much in one stratum (after Yan and Su, Stat
    Biopharm Res 2010; 2: 472-482, with one common share). None where no stratum holds both arms. It is never empty."""
    told = both_arms(strata)
    if not told:
        return None
    weights = [_weight(one, other) for one, other in told]
    arms = [_mean_share([pair[place] for pair in told], weights, design_effect=design_effect) for place in (0, 1)]
    return _hybrid(*arms)


def mantel_haenszel(strata: Sequence[Stratum], *, design_effect: float = 1.0) -> Interval | None:
    """The difference of shares over strata (Greenland and Robins, Biometrics 1985; 41: 55-68) with the interval of
    Klingenberg (Stat Med 2014; 33: 2968-2983), from Sato's variance (Biometrics 1989; 45: 1323-1324); where that is 0
    `newcombe_over_strata`.

    Strata in which an arm holds nobody say nothing and are left out; None when none is left. `design_effect` is the
    factor by which the variance is larger than that of patients who were randomised one by one, at least 1.
    """
    told = both_arms(strata)
    if not has_spread(told):
        return newcombe_over_strata(told, design_effect=design_effect)
    weights = sum(_weight(one, other) for one, other in told)
    difference = sum(_weight(one, other) * (one.rate - other.rate) for one, other in told) / weights
    squared = Z95**2 * design_effect
    skew = sum(_skew(one, other) for one, other in told) / weights**2
    spread = sum(_spread(one, other) for one, other in told) / weights**2
    middle = difference + squared * skew / 2
    half = sqrt(max(middle**2 - difference**2 + squared * spread, 0.0))
    return Interval(difference, max(middle - half, -1.0), min(middle + half, 1.0))


def both_arms(strata: Sequence[Stratum]) -> list[Stratum]:
    """The strata that hold somebody of both arms."""
    return [(one, other) for one, other in strata if one.size and other.size]


def has_spread(strata: Sequence[Stratum]) -> bool:
    """Whether there is a stratum in which some closed a gap and others did not, so that a variance can be told."""
    return any(_spread(one, other) > 0 for one, other in both_arms(strata))


def _score(rate: float, size: float) -> Interval:
    squared = Z95**2
    middle = (rate + squared / (2 * size)) / (1 + squared / size)
    half = Z95 * sqrt(rate * (1 - rate) / size + squared / (4 * size**2)) / (1 + squared / size)
    # At 0 and at 1 the end is exactly that; the sum of floats is a hair beside it.
    return Interval(rate, middle - half if rate > 0 else 0.0, middle + half if rate < 1 else 1.0)


def _hybrid(one: Interval, other: Interval) -> Interval:
    difference = one.estimate - other.estimate
    low = difference - sqrt((one.estimate - one.low) ** 2 + (other.high - other.estimate) ** 2)
    high = difference + sqrt((one.high - one.estimate) ** 2 + (other.estimate - other.low) ** 2)
    return Interval(difference, low, high)


def _mean_share(arm: Sequence[Counts], weights: Sequence[float], *, design_effect: float) -> Interval:
    """The share of an arm over strata, from as many patients in one stratum as have the same variance."""
    total = sum(weights)
    open_share = sum(weight * (1 - each.rate) for weight, each in zip(weights, arm, strict=True)) / total
    share = sum(weight * each.rate for weight, each in zip(weights, arm, strict=True)) / total
    size = total**2 / sum(weight**2 / each.size for weight, each in zip(weights, arm, strict=True))
    return _score(min(share, 1.0) if open_share else 1.0, size / design_effect)


def _weight(one: Counts, other: Counts) -> float:
    return one.size * other.size / (one.size + other.size)


def _skew(one: Counts, other: Counts) -> float:
    """Sato's P of a stratum: what the variance gains with the difference."""
    n, m = one.size, other.size
    return (n**2 * other.closed - m**2 * one.closed + n * m * (m - n) / 2) / (n + m) ** 2


def _spread(one: Counts, other: Counts) -> float:
    """Sato's Q of a stratum: the variance where there is no difference."""
    open_one, open_other = one.size - one.closed, other.size - other.closed
    return (one.closed * open_other + other.closed * open_one) / (2 * (one.size + other.size))


@dataclass(frozen=True)
class Pooled:
    """The same campaign run several times, taken together.

    heterogeneity   I squared, 0 to 1: the part of the differences between the runs that is more than chance
    """

    difference: Interval
    heterogeneity: float
    runs: int


def pooled(runs: Sequence[Interval]) -> Pooled | None:
    """Fixed effect by inverse variance, with Higgins' I squared (BMJ 2003; 327: 557-560). None without runs.

    The variance of a run is that of its interval: its width over twice 1.96, squared.
    """
    told = [(run.estimate, ((run.high - run.low) / (2 * Z95)) ** 2) for run in runs if run.high > run.low]
    if not told:
        return None
    weights = [1 / variance for _, variance in told]
    total = sum(weights)
    mean = sum(weight * estimate for weight, (estimate, _) in zip(weights, told, strict=True)) / total
    half = Z95 / sqrt(total)
    apart = sum(weight * (estimate - mean) ** 2 for weight, (estimate, _) in zip(weights, told, strict=True))
    beyond = max(0.0, (apart - (len(told) - 1)) / apart) if apart else 0.0
    return Pooled(Interval(mean, mean - half, mean + half), beyond, len(told))
