"""An effect as it may be passed on: of rounded counts, claiming nothing that the exact effect does not.

The exact effect decides what is told: which arms can be compared, by how much households widen it, and whether there
is a difference at all. The numbers are those of the rounded counts, and limits hold whichever counts are behind them,
so that neither tells more of these than they do. No day of any closing goes into it: curves are even between windows.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import ceil

import polars as pl

from core.domain.effects.analysis import Arm, Effect, Plan, Window, at_risk_until, effect_of, with_closed
from core.domain.effects.comparison import Comparison, design_effect_of, of_difference
from core.domain.effects.differences import Counts, Interval, Stratum, mantel_haenszel, newcombe, wilson
from core.domain.effects.survival import FOLLOWED, closure_curve
from core.domain.small_cells import possible, rounded

FEW_REACHED = "too few were reached"
_STEP = 0.25  # to which a design effect is rounded up


def rough_effect(allocated: pl.DataFrame, plan: Plan) -> Effect | None:
    """The effect of the rounded counts of ALLOCATED; None where an arm is of a few, or every window has an arm of which
    fewer than LEAST closed a gap. While a window is not over it counts no closings. Curves end at the last window that
    is told. Without log-rank test, which asks on which days gaps closed."""
    exact = effect_of(allocated, plan)
    windows = tuple(told for each in exact.windows if (told := _window(each, allocated, plan)))
    if not windows or not windows[0].arms:
        return None
    over = [each for each in windows if each.known_from is None]
    last, ticks = over[-1].days if over else 0, (0, *(each.days for each in windows))
    design_effect = _up(design_effect_of(with_closed(allocated, last)))
    followed = {each.arm: _followed(each.arm, over) for each in over[-1].arms} if over else {}
    return Effect(
        plan,
        windows,
        {arm: closure_curve(rows, design_effect=design_effect) for arm, rows in followed.items()},
        last,
        ticks,
        {arm: _without_few(at_risk_until(rows, ticks, last)) for arm, rows in followed.items()},
        log_rank=None,
        is_rough=True,
    )


def _window(exact: Window, allocated: pl.DataFrame, plan: Plan) -> Window | None:
    """A window of rounded counts; None where one of them would be of a few."""
    is_over = exact.known_from is None
    counts = {each.arm: _rounded(each.counts, is_over=is_over) for each in exact.arms}
    told = {arm: each for arm, each in counts.items() if each is not None}
    if len(told) < len(counts):
        return None
    design_effect = _up(design_effect_of(with_closed(allocated, exact.days)))
    arms = tuple(Arm(arm, each, wilson(each, design_effect=design_effect)) for arm, each in told.items())
    if not is_over:
        return Window(exact.days, exact.known_from, arms, ())
    reached = dict(allocated.group_by("arm").agg(pl.col("delivered").sum()).iter_rows())
    is_few = rounded(sum(reached.values())) is None and len(arms) > 1 and not plan.is_late
    untold = FEW_REACHED if is_few else exact.untold
    pairs = () if untold else exact.comparisons
    return Window(exact.days, None, arms, tuple(_compared(each, told, reached[each.arm]) for each in pairs), untold)


def _rounded(counts: Counts, *, is_over: bool) -> Counts | None:
    """None of a few."""
    size, closed = rounded(counts.size), rounded(counts.closed) if is_over else 0
    return None if size is None or closed is None else Counts(closed, size)


def _compared(exact: Comparison, counts: Mapping[str, Counts], delivered: int) -> Comparison:
    pair, design_effect = (counts[exact.arm], counts[exact.against]), _up(exact.design_effect)
    is_plain = exact.method == "newcombe"
    found = _no_surer(_difference(pair, design_effect, is_plain=is_plain), exact.difference)
    return of_difference(
        (exact.arm, exact.against),
        (found, "rounded_newcombe" if is_plain else "rounded"),
        [pair],
        size=pair[0].size,
        delivered=Counts(rounded(delivered) or 0, pair[0].size),
        design_effect=design_effect,
    )


def _difference(pair: Stratum, design_effect: float, *, is_plain: bool) -> Interval:
    """Of two arms, with the outermost limits of all counts that are rounded to theirs."""

    def of(one: Stratum) -> Interval:
        found = newcombe(*one) if is_plain else mantel_haenszel([one], design_effect=design_effect)
        assert found is not None  # both arms hold somebody
        return found

    every = [of(each) for each in product(_ends(pair[0]), _ends(pair[1]))]
    return Interval(of(pair).estimate, min(one.low for one in every), max(one.high for one in every))


def _ends(counts: Counts) -> list[Counts]:
    """The fewest and most that may be behind rounded counts, of the smallest and largest arm."""
    sizes, closed = possible(counts.size), possible(counts.closed)
    return [Counts(min(one, size), size) for size in (sizes[0], sizes[-1]) for one in (closed[0], closed[-1])]


def _no_surer(found: Interval, exact: Interval) -> Interval:
    """An interval that holds 0 where that of the exact counts does: within strata arms may differ otherwise."""
    low = found.low if exact.low > 0 else min(found.low, 0.0)
    high = found.high if exact.high < 0 else max(found.high, 0.0)
    return Interval(found.estimate, low, high)


def _up(design_effect: float) -> float:
    """Rounded up, so that it does not tell of the households."""
    return ceil(design_effect / _STEP) * _STEP


def _without_few(counts: Sequence[int | None]) -> tuple[int | None, ...]:
    return tuple(None if each is None or rounded(each) is None else each for each in counts)


def _followed(arm: str, over: Sequence[Window]) -> pl.DataFrame:
    """FOLLOWED of as many patients as the arm has, rounded, whose closings are spread evenly over each window."""
    counts = {window.days: one.counts for window in over for one in window.arms if one.arm == arm}
    days, last = [*_days({window: each.closed for window, each in counts.items()})], over[-1].days
    still_open = counts[last].size - len(days)
    return pl.DataFrame(
        {"days": [*days, *[last] * still_open], "closed": [*[True] * len(days), *[False] * still_open]},
        schema=FOLLOWED,
    )


def _days(closed: Mapping[int, int]) -> Iterator[int]:
    """The days of so many closings by the end of each window."""
    begun, so_far = 0, 0
    for window, count in closed.items():
        more = count - so_far
        yield from (begun + 1 + place * (window - begun - 1) // more for place in range(more))
        begun, so_far = window, count
