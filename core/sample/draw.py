"""Chance that falls the same way on every machine and in every version of Python.

Only `Random.random` is used, whose sequence Python promises to keep for a text as seed; `choice`, `gauss` and the like
may change from version to version. No logarithm or sine either, whose last digit depends on the machine.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Weighted(Generic[T]):
    """Items with the share of times that each is drawn; the shares need not add up to one."""

    def __init__(self, shares: Mapping[T, float]) -> None:
        self.items = tuple(shares)
        self.limits = tuple(accumulate(shares.values()))


class Draw:
    """The chance of one household or one patient. `key` names it: the same key, the same draws."""

    def __init__(self, *key: object) -> None:
        self.random = Random(":".join(str(part) for part in key)).random  # noqa: S311  # nosec B311 # draws invented people and spreads retries; guards nothing

    def chance(self, share: float) -> bool:
        """True that share of times."""
        return self.random() < share

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both possible."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all alike."""
        return items[int(self.random() * len(items))]

    def one_of(self, weighted: Weighted[T]) -> T:
        """One of the items, by their shares."""
        return weighted.items[bisect(weighted.limits, self.random() * weighted.limits[-1])]

    def bell(self) -> float:
        """About normal with mean 0 and deviation 1, never beyond 3.5: the sum of four even draws, scaled."""
        random = self.random
        return (random() + random() + random() + random() - 2.0) * 1.7320508
