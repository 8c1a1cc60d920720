"""What households, who were randomised together, take from how sure a comparison is."""

from collections.abc import Sequence

# Households that an arm needs for anything to be told of it. With one or two in the smaller arm up to 12 in 100
# campaigns without effect would be told to have one, with eight up to 8, from ten on fewer than 6 (single patients,
# arms and shares of all sizes, by Newcombe's interval; docs/decisions/effects.md).
LEAST_HOUSEHOLDS = 10


def design_effect(households: Sequence[tuple[int, int, float]]) -> float:
    """By what factor the variance grows because households were randomised together: 1 + (m - 1) rho, at least 1.

    households   patients, those whose gap closed, and the share expected of them (that of their arm and stratum)
    m is the mean size that a patient lives in, rho the correlation within households by their pairs: how often two of a
    household do the same beyond chance (Donner and Klar, Design and Analysis of Cluster Randomization Trials, 2000).
    Where all of each arm and stratum do the same, rho cannot be told and is taken as 1.
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
    if not pairs:
        return 1.0
    correlation = (together / pairs) / (apart / patients) if apart else 1.0
    return 1 + (mean_size - 1) * min(max(correlation, 0.0), 1.0)
