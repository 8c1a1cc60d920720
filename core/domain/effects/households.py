"""What households, who were randomised together, take from how sure a comparison is."""

from collections.abc import Sequence
from dataclasses import dataclass

# Households that an arm needs for anything to be told of it. With one or two in the smaller arm up to 12 in 100
# campaigns without effect would be told to have one, with eight up to 8, from ten on fewer than 6 (single patients,
# arms and shares of all sizes, by Newcombe's interval; docs/decisions/effects.md).
LEAST_HOUSEHOLDS = 10


Household = tuple[int, int]  # its patients, and those of them whose gap closed


@dataclass(frozen=True)
class _Sums:
    """Of an arm within a stratum, or of several together: what squares of deviations from its share come to, and what
    they do in expectation, over the variance of one patient, as `a + rho * b`.

    homes, patients   the squares of households' sums, and of patients
    """

    homes: float = 0.0
    homes_a: float = 0.0
    homes_b: float = 0.0
    patients: float = 0.0
    patients_a: float = 0.0
    patients_b: float = 0.0

    def __add__(self, other: "_Sums") -> "_Sums":
        return _Sums(*(one + two for one, two in zip(vars(self).values(), vars(other).values(), strict=True)))


def design_effect(cells: Sequence[Sequence[Household]]) -> float:
    """By what factor the variance grows because households were randomised together: 1 + (m - 1) rho, at least 1.

    cells   the households of each arm within each stratum
    m is the mean size that a patient lives in, rho the correlation within households: how often two of a household do
    the same beyond chance (Donner and Klar, Design and Analysis of Cluster Randomization Trials, 2000). It is that of
    which the squares of the households' deviations from the share of their cell are to be expected: with few households
    in a cell that share follows them, and products of pairs alone would make rho too small. Where all of each cell do
    the same, rho cannot be told and is taken as 1.
    """
    sizes = [size for cell in cells for size, _ in cell]
    if not sizes or max(sizes) == 1:
        return 1.0
    mean_size = sum(size**2 for size in sizes) / sum(sizes)
    return 1 + (mean_size - 1) * min(max(_correlation(sum(map(_sums, cells), _Sums())), 0.0), 1.0)


def _correlation(told: _Sums) -> float:
    """rho, so that homes to patients are as is to be expected of it."""
    below = told.patients * told.homes_b - told.homes * told.patients_b
    if not told.patients or below <= 0:
        return 1.0
    return (told.homes * told.patients_a - told.patients * told.homes_a) / below


def _sums(cell: Sequence[Household]) -> _Sums:
    patients, closed = sum(size for size, _ in cell), sum(count for _, count in cell)
    squares, pairs = sum(size**2 for size, _ in cell), sum(size * (size - 1) for size, _ in cell)
    return _Sums(
        homes=sum((count - size * closed / patients) ** 2 for size, count in cell),
        homes_a=sum(size * (1 - 2 * size / patients) for size, _ in cell) + squares / patients,
        homes_b=sum(size * (size - 1) * (1 - 2 * size / patients) for size, _ in cell) + pairs * squares / patients**2,
        patients=closed * (patients - closed) / patients,
        patients_a=patients - 1,
        patients_b=-pairs / patients,
    )
