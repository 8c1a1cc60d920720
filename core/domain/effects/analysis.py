"""What a campaign changed: the arms that chance made, compared within 30, 60 and 90 days of the allocation.

Everybody counts in the arm they were put in, whatever became of the message (intention to treat). Who was reached is a
second line. Without an arm that was not contacted there is no effect to show, and neither while nobody was reached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

import polars as pl

from core.domain.campaign import DELAYED
from core.domain.clinical import schema
from core.domain.effects.allocation import CONTACT, HOLD_OUT, LATER, A, B
from core.domain.effects.comparison import Comparison, compared, design_effect_of, untold
from core.domain.effects.consequences import holm
from core.domain.effects.differences import Counts, Interval, wilson
from core.domain.effects.outcomes import compared_within
from core.domain.effects.survival import at_risk, closure_curve, log_rank

ARMS = (CONTACT, HOLD_OUT, LATER, B, A)  # of a pair the first is compared with the second
_LATE = "gaps were counted from too late a day, which the next feed puts right"
_TOGETHER = "those who come later were contacted within a week of the others"
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
        "days": pl.Int64,  # from the day that closures count from to the closing, or as long as is known
        "is_censored": pl.Boolean,  # not closed as far as is known
    }
)


@dataclass(frozen=True)
class Plan:
    """How patients were allocated, and how far it is known what became of them.

    doubled   records that turned out to be a person who is counted already
    is_late   closures were counted from a later day than they would be by now, as another mode began before
    """

    design: str
    allocated_on: date
    known_through: date
    lag_days: int = 0
    delay_weeks: int = 0
    doubled: int = 0
    is_late: bool = False

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
    """Of an arm who closed a gap within a window, with Wilson's interval, widened by households."""

    arm: str
    counts: Counts
    share: Interval


@dataclass(frozen=True)
class Window:
    """Who closed a gap within so many days. While `known_from` names a day nothing is compared.

    untold   why arms of a window that is over cannot be compared, to follow a colon; '' where they can
    """

    days: int
    known_from: date | None
    arms: tuple[Arm, ...]
    comparisons: tuple[Comparison, ...]
    untold: str = ""


@dataclass(frozen=True)
class Effect:
    """Of one campaign.

    windows    by their days, one at least; each has the same arms
    curves     by arm the share closed by day (core.domain.effects.survival.CURVE), up to day `days_told`; empty where
               nothing may be told of any day
    at_risk    by arm how many are open and followed at the days of `ticks`; None where that is not told
    log_rank   how often chance alone sets the curves as far apart; None without two arms
    is_rough   of rounded counts (core.domain.effects.rough)
    """

    plan: Plan
    windows: tuple[Window, ...]
    curves: Mapping[str, pl.DataFrame]
    days_told: int
    ticks: tuple[int, ...]
    at_risk: Mapping[str, tuple[int | None, ...]]
    log_rank: float | None
    is_rough: bool = False

    @property
    def is_estimate(self) -> bool:
        """Whether chance made arms that can be compared."""
        return len(self.windows[0].arms) > 1

    @property
    def is_of_versions(self) -> bool:
        """Whether two versions of the message are compared, both of them sent."""
        return any(one.arm in (A, B) for one in self.windows[0].arms)

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
    design_effect, known = design_effect_of(with_closed(allocated, horizon)), plan.days_known
    is_told = len(arms) == 2 and not _why_untold(allocated, arms[0], arms[1], plan)
    return Effect(
        plan,
        tuple(_window(allocated, arms, plan, window) for window in plan.windows),
        {arm: closure_curve(rows, design_effect=design_effect) for arm, rows in followed.items()},
        known,
        ticks,
        {arm: at_risk_until(rows, ticks, known) for arm, rows in followed.items()},
        log_rank(*followed.values(), design_effect=design_effect) if is_told else None,
    )


def at_risk_until(followed: pl.DataFrame, ticks: Sequence[int], last: int) -> tuple[int | None, ...]:
    """How many of FOLLOWED are open and followed at each of these days; None beyond the last that is told."""
    counts = at_risk(followed, list(ticks))
    return tuple(count if day <= last else None for day, count in zip(ticks, counts, strict=True))


def _followed(rows: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """FOLLOWED of core.domain.effects.survival with the stratum: to the horizon at most."""
    is_closed = pl.col("closed") & (pl.col("days") <= horizon)
    return rows.select(pl.col("days").clip(0, horizon), "stratum", closed=is_closed)


def with_closed(allocated: pl.DataFrame, days: int) -> pl.DataFrame:
    """ALLOCATED with `is_closed`: closed a gap within so many days."""
    return allocated.with_columns(is_closed=pl.col("closed") & (pl.col("days") <= days))


def _window(allocated: pl.DataFrame, arms: Sequence[str], plan: Plan, days: int) -> Window:
    rows = with_closed(allocated, days)
    counts = {arm: _counts(rows.filter(pl.col("arm") == arm)) for arm in arms}
    known_from, design_effect = plan.known_from(days), design_effect_of(rows)
    pairs = list(combinations(arms, 2)) if known_from is None else []
    why = {pair: _why_untold(rows, *pair, plan) for pair in pairs}
    told = [compared(rows, counts, *pair) for pair in pairs if not why[pair]]
    adjusted = holm([each.p for each in told])
    return Window(
        days,
        known_from,
        tuple(Arm(arm, counts[arm], wilson(counts[arm], design_effect=design_effect)) for arm in arms),
        tuple(_with_p(each, p) for each, p in zip(told, adjusted, strict=True)),
        next(filter(None, why.values()), ""),
    )


def _why_untold(rows: pl.DataFrame, arm: str, against: str, plan: Plan) -> str:
    """Why two arms cannot be compared (`untold`): not those that were contacted together, nor those counted from too
    late a day, on which another mode had begun."""
    if plan.design == DELAYED and plan.delay_weeks == 0:
        return _TOGETHER
    return _LATE if plan.is_late else untold(rows, arm, against)


def _with_p(one: Comparison, p: float) -> Comparison:
    return Comparison(**{**vars(one), "p": p})


def _counts(rows: pl.DataFrame) -> Counts:
    return Counts(int(rows["is_closed"].sum()), rows.height)
