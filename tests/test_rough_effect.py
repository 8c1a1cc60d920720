"""An effect that is passed on hangs on rounded counts alone, and on none of a few."""

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from core.domain.effects.analysis import ALLOCATED, Plan
from core.domain.effects.rough import rough_effect
from core.domain.small_cells import LEAST, possible, rounded
from tests.drawn import drawn

BEGUN = date(2026, 3, 1)
PLAN = Plan("hold_out", BEGUN, BEGUN + timedelta(days=120))
CLOSED = st.lists(st.integers(0, 40), min_size=3, max_size=3).map(sorted)  # by the end of each window


def allocated(arms: dict[str, tuple[int, list[int]]]) -> pl.DataFrame:
    """An arm of so many patients, of whom so many closed a gap by day 30, 60 and 90."""
    rows: list[dict[str, Any]] = []
    for arm, (size, closed) in arms.items():
        for place in range(size):
            days = next((day for day, count in zip((30, 60, 90), closed, strict=True) if place < count), None)
            known = {"arm": arm, "stratum": f"s{place % 3}", "household": f"h{place // 2}", "delivered": True}
            is_closed = days is not None
            rows.append(
                dict.fromkeys(ALLOCATED, False)
                | known
                | {"closed": is_closed, "is_censored": not is_closed, "days": days if is_closed else 90}
                | {"closed_on": BEGUN + timedelta(days=days) if days is not None else None}
            )
    return pl.DataFrame(rows, schema=ALLOCATED)


def told(arms: dict[str, tuple[int, list[int]]]) -> Any:
    found = rough_effect(allocated(arms), PLAN)
    if found is None:
        return None
    curves = {arm: curve.rows() for arm, curve in found.curves.items()}
    return found.windows, curves, found.at_risk, found.log_rank


@drawn(daily=25, many=400, one=CLOSED, other=CLOSED, step=st.integers(-2, 2))
def test_counts_that_are_rounded_alike_have_one_effect(one: list[int], other: list[int], step: int) -> None:
    arms = {"contact": (60, one), "hold_out": (50, other)}
    alike = {
        arm: (size + abs(step) % 3, [_alike(count, step) for count in closed]) for arm, (size, closed) in arms.items()
    }

    assert told(arms) == told(alike)


def _alike(count: int, step: int) -> int:
    """Another count that is shown as the same."""
    same = possible(rounded(count))
    return min(max(count + step, same[0]), same[-1])


@drawn(daily=25, many=400, one=CLOSED, other=CLOSED)
def test_no_window_is_told_of_which_an_arm_has_few_closings(one: list[int], other: list[int]) -> None:
    found = rough_effect(allocated({"contact": (60, one), "hold_out": (50, other)}), PLAN)

    windows = found.windows if found else ()
    safe = [day for day, *counts in zip((30, 60, 90), one, other, strict=True) if min(counts) >= LEAST]
    assert [window.days for window in windows] == safe
    for window in windows:
        for arm in window.arms:
            counts = one if arm.arm == "contact" else other
            assert arm.counts.closed == rounded(counts[(30, 60, 90).index(window.days)])


def test_an_arm_of_a_few_has_no_effect_to_be_told() -> None:
    assert rough_effect(allocated({"contact": (60, [20, 20, 20]), "hold_out": (10, [10, 10, 10])}), PLAN) is None
    assert rough_effect(allocated({}), PLAN) is None
