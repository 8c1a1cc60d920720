"""Differences between two arms in the share of patients whose gap closed, with the interval that fits the design.

Shares are 0 to 1, differences those of the first arm less the second's. A plain split has the hybrid score interval of
Newcombe. Where patients were randomised within strata the estimate is that of Mantel and Haenszel, and its interval
that of Klingenberg, which inverts the test with Sato's variance and so keeps its level with small strata and rare
closures, where the usual plus-minus does not. Households, who were randomised together, widen it (`design_effect`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

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


def wilson(counts: Counts) -> Interval:
    """A share with its score interval (Wilson, J Am Stat Assoc 1927; 22: 209-212). The arm holds somebody."""
    size, rate, squared = counts.size, counts.rate, Z95**2
    middle = (rate + squared / (2 * size)) / (1 + squared / size)
    half = Z95 * sqrt(rate * (1 - rate) / size + squared / (4 * size**2)) / (1 + squared / size)
    # At 0 and at 1 the end is exactly that; the sum of floats is a hair beside it.
    return Interval(rate, middle - half if counts.closed else 0.0, middle + half if counts.closed < size else 1.0)


def newcombe(treated: Counts, control: Counts) -> Interval:
    """The difference of two shares with the hybrid score interval, method 10 of Newcombe (Stat Med 1998; 17: 873-890).
    Both arms hold somebody."""
    one, other = wilson(treated), wilson(control)
    difference = one.estimate - other.estimate
    low = difference - sqrt((one.estimate - one.low) ** 2 + (other.high - other.estimate) ** 2)
    high = difference + sqrt((one.high - one.estimate) ** 2 + (other.estimate - other.low) ** 2)
    return Interval(difference, low, high)


def mantel_haenszel(strata: Sequence[Stratum], *, widened: float = 1.0) -> Interval | None:
    """The difference of shares over strata (Greenland and Robins, Biometrics 1985; 41: 55-68) with the interval of
    Klingenberg (Stat Med 2014; 33: 2968-2983), from Sato's variance (Biometrics 1989; 45: 1323-1324).

    Strata in which an arm holds nobody say nothing and are left out; None when none is left. `widened` is the factor by
    which the variance is larger than that of patients who were randomised one by one, at least 1.
    """
    told = [(one, other) for one, other in strata if one.size and other.size]
    if not told:
        return None
    weights = sum(_weight(one, other) for one, other in told)
    difference = sum(_weight(one, other) * (one.rate - other.rate) for one, other in told) / weights
    squared = Z95**2 * widened
    skew = sum(_skew(one, other) for one, other in told) / weights**2
    spread = sum(_spread(one, other) for one, other in told) / weights**2
    middle = difference + squared * skew / 2
    half = sqrt(max(middle**2 - difference**2 + squared * spread, 0.0))
    return Interval(difference, max(middle - half, -1.0), min(middle + half, 1.0))


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


def design_effect(households: Sequence[tuple[int, int, float]]) -> float:
    """By what factor the variance grows because households were randomised together: 1 + (m - 1) rho, at least 1.

    households   patients, those whose gap closed, and the share expected of them (that of their arm and stratum)
    m is the mean size that a patient lives in, rho the correlation within households by their pairs: how often two of a
    household do the same beyond chance (Donner and Klar, Design and Analysis of Cluster Randomization Trials, 2000).
    """
    patients = sum(size for size, _, _ in households)
    if not patients:
        return 1.0
    mean_size = sum(size**2 for size, _, _ in households) / patients
    together = apart = pairs = 0.0
    for size, closed, share in households:
        total = closed - size * share
        alone = closed * (1 - share) ** 2 + (size - closed) * share**2  # the squares of each patient's deviation
        together += total**2 - alone  # twice the products of its pairs
        pairs += size * (size - 1)
        apart += alone
    if not pairs or not apart:
        return 1.0
    correlation = min(max((together / pairs) / (apart / patients), 0.0), 1.0)
    return 1 + (mean_size - 1) * correlation


def risk_ratio(treated: Counts, control: Counts) -> Interval | None:
    """How many times as often a gap closed, with the interval on the logarithm (Katz, Biometrics 1978; 34: 469-474).
    None when in an arm none has closed."""
    if not treated.closed or not control.closed:
        return None
    ratio = treated.rate / control.rate
    half = Z95 * sqrt(1 / treated.closed - 1 / treated.size + 1 / control.closed - 1 / control.size)
    return Interval(ratio, exp(log(ratio) - half), exp(log(ratio) + half))


def number_to_contact(difference: Interval) -> Interval | None:
    """How many must be contacted for one more closed gap, with its interval; None when the difference may be none, or
    is a harm."""
    if difference.low <= 0:
        return None
    return Interval(1 / difference.estimate, 1 / difference.high, 1 / difference.low)


def complier_effect(difference: Interval, *, delivered: float, control_delivered: float = 0.0) -> Interval | None:
    """The effect among those whom contact reached because they were allocated to it: the difference divided by how many
    more of that arm were reached. None when that is nobody."""
    more = delivered - control_delivered
    if more <= 0:
        return None
    return Interval(difference.estimate / more, difference.low / more, difference.high / more)


def p_value(treated: Counts, control: Counts) -> float:
    """How often chance alone makes a difference at least as large: two-sided z test with the pooled share."""
    share = (treated.closed + control.closed) / (treated.size + control.size)
    error = sqrt(share * (1 - share) * (1 / treated.size + 1 / control.size))
    return 1.0 if not error else 2 * NormalDist().cdf(-abs(treated.rate - control.rate) / error)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values of several comparisons, adjusted so that all together err in at most 5 % (Holm, Scand J Stat 1979;
    6: 65-70), in their order."""
    count, largest = len(p_values), 0.0
    adjusted = [0.0] * count
    for rank, place in enumerate(sorted(range(count), key=lambda place: p_values[place])):
        largest = max(largest, min((count - rank) * p_values[place], 1.0))
        adjusted[place] = largest
    return adjusted


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
