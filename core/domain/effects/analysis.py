"""What a campaign changed: the arms that chance made, compared within 30, 60 and 90 days of the allocation.

Everybody counts in the arm they were put in, whatever became of the message (intention to treat). Who was reached is a
second line. Without an arm that was not contacted there is no effect to show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

import polars as pl

from core.domain.clinical import schema
from core.domain.effects.allocation import CONTACT, HOLD_OUT, LATER, A, B
from core.domain.effects.differences import (
    Counts,
    Interval,
    complier_effect,
    design_effect,
    holm,
    mantel_haenszel,
    newcombe,
    number_to_contact,
    p_value,
    risk_ratio,
    wilson,
)
from core.domain.effects.outcomes import compared_within
from core.domain.effects.survival import at_risk, closure_curve, log_rank

ARMS = (CONTACT, HOLD_OUT, LATER, B, A)  # of a pair the first is compared with the second
ALLOCATED = schema(
    {
        "arm": pl.String,
        "stratum": pl.String,
        "household": pl.String,
        "delivered": pl.Boolean,
        "answered": pl.Boolean,
        "booked": pl.Boolean,
        "kept": pl.Boolean,
        "closed": pl.Boolean,  # one gap at least, within 90 days
        "closed_on": pl.Date,
        "days": pl.Int64,  # from the allocation to the closing, or as long as is known
        "is_censored": pl.Boolean,  # not closed as far as is known
    }
)


@dataclass(frozen=True)
class Plan:
    """How patients were allocated, and how far it is known what became of them."""

    design: str
    allocated_on: date
    known_through: date
    lag_days: int = 0
    delay_weeks: int = 0

    @property
    def windows(self) -> tuple[int, ...]:
        """Days within which arms are compared."""
        return compared_within(self.design, self.delay_weeks)

    @property
    def days_known(self) -> int:
        """How many days after the allocation are known in full, up to the last window."""
        return min(max((self.known_through - self.allocated_on).days, 0), self.windows[-1])

    def known_from(self, window: int) -> date | None:
        """From which day's feed on a window is known in full; None when it is."""
        last = self.allocated_on + timedelta(days=window)
        return None if self.known_through >= last else last + timedelta(days=1 + self.lag_days)


@dataclass(frozen=True)
class Arm:
    """Of an arm who closed a gap within a window, with Wilson's interval."""

    arm: str
    counts: Counts
    share: Interval


@dataclass(frozen=True)
class Comparison:
    """Two arms.

    difference   of the shares who closed a gap
    method       'newcombe', or 'mantel_haenszel' over the strata and widened by households
    more         how many more of the first arm closed a gap than would have otherwise
    ratio, contact, complier   the risk ratio, the number to contact for one more, and the effect among those reached
    p            of versions A and B, adjusted for the number of comparisons (Holm)
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


@dataclass(frozen=True)
class Window:
    """Who closed a gap within so many days. While `known_from` names a day nothing is compared."""

    days: int
    known_from: date | None
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Effect:
    """Of one campaign.

    windows    by their days
    curves     by arm the share closed by day (core.domain.effects.survival.CURVE), up to `horizon` days
    at_risk    by arm how many are open and followed at the days of `ticks`
    log_rank   how often chance alone sets the curves as far apart; None without two arms
    """

    plan: Plan
    windows: tuple[Window, ...]
    curves: Mapping[str, pl.DataFrame]
    ticks: tuple[int, ...]
    at_risk: Mapping[str, tuple[int, ...]]
    log_rank: float | None

    @property
    def is_estimate(self) -> bool:
        """Whether chance made arms that can be compared."""
        return len(self.curves) > 1

    @property
    def is_of_versions(self) -> bool:
        """Whether two versions of the message are compared, both of them sent."""
        return A in self.curves or B in self.curves

    @property
    def last(self) -> Window:
        """The longest window that is over, else the first."""
        over = [window for window in self.windows if window.known_from is None]
        return over[-1] if over else self.windows[0]


def effect_of(allocated: pl.DataFrame, plan: Plan) -> Effect:
    """The effect from a row for each patient who was allocated (ALLOCATED)."""
    horizon = plan.windows[-1]
    arms = [arm for arm in ARMS if (allocated["arm"] == arm).any()]
    followed = {arm: _followed(allocated.filter(pl.col("arm") == arm), horizon) for arm in arms}
    ticks = tuple(sorted({0, *(window for window in plan.windows)}))
    return Effect(
        plan,
        tuple(_window(allocated, arms, plan, window) for window in plan.windows),
        {arm: closure_curve(rows) for arm, rows in followed.items()},
        ticks,
        {arm: tuple(at_risk(rows, list(ticks))) for arm, rows in followed.items()},
        log_rank(*followed.values()) if len(arms) == 2 else None,
    )


def _followed(rows: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """FOLLOWED of core.domain.effects.survival: to the horizon at most."""
    is_closed = pl.col("closed") & (pl.col("days") <= horizon)
    return rows.select(pl.col("days").clip(0, horizon), closed=is_closed)


def _window(allocated: pl.DataFrame, arms: Sequence[str], plan: Plan, days: int) -> Window:
    rows = allocated.with_columns(is_closed=pl.col("closed") & (pl.col("days") <= days))
    counts = {arm: _counts(rows.filter(pl.col("arm") == arm)) for arm in arms}
    known_from = plan.known_from(days)
    pairs = list(combinations(arms, 2)) if known_from is None else []
    told = [_comparison(rows, counts, *pair) for pair in pairs]
    adjusted = holm([each.p for each in told])
    return Window(
        days,
        known_from,
        tuple(Arm(arm, counts[arm], wilson(counts[arm])) for arm in arms),
        tuple(_with_p(each, p) for each, p in zip(told, adjusted, strict=True)),
    )


def _with_p(one: Comparison, p: float) -> Comparison:
    return Comparison(**{**vars(one), "p": p})


def _counts(rows: pl.DataFrame) -> Counts:
    return Counts(int(rows["is_closed"].sum()), rows.height)


def _comparison(rows: pl.DataFrame, counts: Mapping[str, Counts], arm: str, against: str) -> Comparison:
    both = rows.filter(pl.col("arm").is_in([arm, against]))
    one, other = counts[arm], counts[against]
    difference, method = _difference(both, one, other, arm, against)
    reached = dict(both.group_by("arm").agg(pl.mean("delivered")).iter_rows())
    size = one.size
    return Comparison(
        arm,
        against,
        difference,
        method,
        Interval(*(size * each for each in (difference.estimate, difference.low, difference.high))),
        risk_ratio(one, other),
        number_to_contact(difference),
        None if arm == B else complier_effect(difference, delivered=reached[arm]),
        p_value(one, other),
    )


def _difference(both: pl.DataFrame, one: Counts, other: Counts, arm: str, against: str) -> tuple[Interval, str]:
    """By Newcombe's method where each patient was allocated by themselves in one stratum, else over strata."""
    is_plain = both["stratum"].n_unique() == 1 and both["household"].n_unique() == both.height
    strata = [] if is_plain else _strata(both, arm, against)
    found = mantel_haenszel(strata, widened=_widened(both)) if strata else None
    return (found, "mantel_haenszel") if found else (newcombe(one, other), "newcombe")


def _strata(both: pl.DataFrame, arm: str, against: str) -> list[tuple[Counts, Counts]]:
    def of(name: str) -> list[pl.Expr]:
        is_in = pl.col("arm") == name
        return [(is_in & pl.col("is_closed")).sum().alias(f"{name}_closed"), is_in.sum().alias(f"{name}_size")]

    rows = both.group_by("stratum", maintain_order=True).agg(*of(arm), *of(against))
    return [(Counts(a, b), Counts(c, d)) for _, a, b, c, d in rows.iter_rows()]


def _widened(both: pl.DataFrame) -> float:
    """The design effect of households, against the share of their arm and stratum."""
    shares = both.with_columns(share=pl.col("is_closed").mean().over("arm", "stratum"))
    homes = shares.group_by("arm", "household").agg(pl.len(), pl.col("is_closed").sum(), pl.mean("share"))
    return design_effect(homes.select("len", "is_closed", "share").rows())
