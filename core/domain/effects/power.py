"""Which effect a campaign can show, before it is sent: two-sided 5 %, power 80 %.

By the normal approximation with each arm's own variance (Chow, Shao and Wang, Sample Size Calculations in Clinical
Research, 2008, section 4.2): rise = (1.96 + 0.84) * sqrt(p1 (1 - p1) / n1 + p0 (1 - p0) / n0).
"""

from math import ceil, sqrt
from statistics import NormalDist

_Z = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)


def detectable(base: float, *, treated: float, control: float) -> float | None:
    """The smallest rise above `base` (the share who close without contact, 0 to 1) that four of five campaigns of this
    size show.

    treated, control   patients in each arm; divide them by the design effect where households are randomised together
    None when not even everybody closing would be shown, or an arm is empty.
    """
    if treated <= 0 or control <= 0 or not _shows(base, 1 - base, treated, control):
        return None
    low, high = 0.0, 1 - base
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _shows(base, middle, treated, control) else (middle, high)
    return high


def needed(base: float, rise: float, *, control_share: float = 0.5) -> int | None:
    """How many patients in all show a rise of so much above `base`, of whom the share `control_share` is not contacted.

    None for no rise, or one beyond everybody.
    """
    if not 0 < rise <= 1 - base or not 0 < control_share < 1:
        return None
    other = base + rise
    variance = other * (1 - other) / (1 - control_share) + base * (1 - base) / control_share
    return max(2, ceil(_Z**2 * variance / rise**2 - 1e-9))


def _shows(base: float, rise: float, treated: float, control: float) -> bool:
    other = base + rise
    return rise >= _Z * sqrt(other * (1 - other) / treated + base * (1 - base) / control)
