"""What a campaign of this design could show, before it is sent: whom it puts where, and which rise it would find."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import ceil

from core.domain.effects.allocation import Allocation
from core.domain.effects.households import LEAST_HOUSEHOLDS
from core.domain.effects.outcomes import WINDOWS
from core.domain.effects.power import detectable, needed

# How far those of a household do alike. Nothing is published for reminders; a half is on the safe side.
ALIKE = 0.5
# Who closed without a reminder, in trials of reminders to be immunised (Cochrane CD003941.pub3, 2018), by mode.
PUBLISHED = {"email": 0.29, "text": 0.161, "phone": 0.365, "letter": 0.32}
PUBLISHED_SOURCE = "in trials of reminders to be immunised (Cochrane, 2018)"


@dataclass(frozen=True)
class Outlook:
    """What is to be expected.

    patients, households   in each arm, by the arm
    base         the share, 0 to 1, that closes within `days` in the arm to compare with
    days         within which arms are compared; 0: not at all, since both are contacted within a week
    design_effect   by how much the variance grows since households are drawn together, 1 or more
    rise         above `base` that four of five such campaigns would show; None: none, also where an arm has too few
                 households to be compared
    rise_at_half    the same were the arms of equal size
    needed       patients in all that show `wanted`; None when so much is not possible
    """

    patients: Mapping[str, int]
    households: Mapping[str, int]
    base: float
    days: int
    wanted: float
    design_effect: float
    rise: float | None
    rise_at_half: float | None
    needed: int | None


def outlook(
    drawn: Mapping[str, Allocation],
    shares: Mapping[str, float],
    *,
    base: float,
    wanted: float,
    against: str = "",
    days: int = WINDOWS[-1],
) -> Outlook:
    """What patients so allocated could show.

    shares    of the two arms
    base      the share, 0 to 1, that closes within 90 days in the arm to compare with
    against   that arm: the second, unless named
    days      within which arms are compared; of fewer than 90 a smaller share closes, at the same rate; 0: they are not
    """
    other = against or list(shares)[-1]
    first = next(arm for arm in shares if arm != other)
    base = within(base, days)
    patients = Counter(one.arm for one in drawn.values())
    homes = {one.household: one.arm for one in drawn.values()}
    effect = household_effect(Counter(one.household for one in drawn.values()).values())
    half = len(drawn) / 2 / effect
    size = needed(base, wanted, control_share=shares[other]) if days else None
    households = {arm: Counter(homes.values())[arm] for arm in shares}
    is_compared = days > 0 and min(households.values()) >= LEAST_HOUSEHOLDS
    return Outlook(
        patients={arm: patients[arm] for arm in shares},
        households=households,
        base=base,
        days=days,
        wanted=wanted,
        design_effect=effect,
        rise=detectable(base, treated=patients[first] / effect, control=patients[other] / effect)
        if is_compared
        else None,
        rise_at_half=detectable(base, treated=half, control=half)
        if days and len(homes) >= 2 * LEAST_HOUSEHOLDS
        else None,
        needed=None if size is None else round(size * effect),
    )


def within(base: float, days: int) -> float:
    """Of a share that closes within 90 days, 0 to 1, the share that closes within fewer days at the same rate."""
    return base if days == WINDOWS[-1] else 1 - (1 - base) ** (days / WINDOWS[-1])


def household_effect(sizes: Collection[int]) -> float:
    """1 + (m - 1) ALIKE, where m is the size of the household that a patient has on average."""
    return 1 + (sum(size * size for size in sizes) / sum(sizes) - 1) * ALIKE if sizes else 1.0


def outlook_sentences(shown: Outlook, *, about: str) -> list[str]:
    """What it comes to in words. `about` says whose share it is: 'held out', 'contacted later', 'with version B'."""
    if not shown.days:
        return ["Those who come later are contacted within a week of the others, so that no effect could be shown."]
    total, other = sum(shown.patients.values()), list(shown.patients.values())[-1]
    base = f"{100 * shown.base:.0f}\u00a0%"
    days = f"within {shown.days}\u00a0days "
    if shown.rise is None:
        found = [f"With {other:,} {about} of {total:,} patients no rise above {base} {days}could be told from chance."]
    else:
        found = [
            f"With {other:,} {about} of {total:,} patients, a rise {days}from {base} to "
            f"{_percent(shown.base + shown.rise)} or more would show; a smaller one most likely not."
        ]
    if shown.rise_at_half is not None and (shown.rise is None or shown.rise_at_half < 0.95 * shown.rise):
        found.append(f"Half and half would show a rise to {_percent(shown.base + shown.rise_at_half)}.")
    if shown.needed is not None:
        enough = "are enough" if shown.needed <= total else "are needed"
        found.append(f"To show {100 * shown.wanted:g} points more, {shown.needed:,} patients {enough}.")
    return found


def _percent(share: float) -> str:
    """Rounded up: what is promised shows."""
    return f"{min(100, ceil(100 * share - 1e-9))}\u00a0%"
