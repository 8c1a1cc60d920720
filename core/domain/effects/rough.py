"""An effect as it may be passed on: of counts that are rounded, and without windows about too few patients.

An estimate with its interval gives away the counts behind it. So nothing of the real rows goes into it: a table with
the rounded counts is made up, and its effect is told. Strata and households are not in it, nor the day of any closing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl

from core.domain.effects.analysis import ALLOCATED, Effect, Plan, effect_of
from core.domain.small_cells import rounded


def rough_effect(allocated: pl.DataFrame, plan: Plan) -> Effect | None:
    """The effect of the rounded counts of ALLOCATED; None where every window has an arm of which fewer than LEAST
    closed a gap."""
    arms = allocated.partition_by("arm")
    if not arms or any(rounded(rows.height) is None for rows in arms):
        return None
    told = [days for days in plan.windows if plan.known_from(days) is not None or all(_is_safe(r, days) for r in arms)]
    known = [days for days in told if plan.known_from(days) is None]
    if not told:
        return None
    made_up = [row for rows in arms for row in _made_up(rows, plan, known)]
    found = effect_of(pl.DataFrame(made_up, schema=ALLOCATED), plan)
    return replace(found, windows=tuple(window for window in found.windows if window.days in told))


def _closed(rows: pl.DataFrame, days: int) -> int:
    return rows.filter(pl.col("closed") & (pl.col("days") <= days)).height


def _is_safe(rows: pl.DataFrame, days: int) -> bool:
    return rounded(_closed(rows, days)) is not None


def _made_up(rows: pl.DataFrame, plan: Plan, windows: Sequence[int]) -> Iterator[dict[str, Any]]:
    """As many rows as the arm has, rounded, with the closings of each window spread evenly over it."""
    arm, size = rows["arm"][0], rounded(rows.height) or 0
    days = [*_days(rows, windows)][:size]
    delivered = rounded(int(rows["delivered"].sum())) or 0
    followed = min((plan.known_through - plan.allocated_on).days, plan.windows[-1])
    for place in range(size):
        is_closed = place < len(days)
        day = days[place] if is_closed else max(followed, 0)
        yield dict.fromkeys(ALLOCATED, False) | {
            "arm": arm,
            "stratum": "all",
            "household": f"{arm}-{place}",
            "delivered": place < delivered,
            "closed": is_closed,
            "closed_on": plan.allocated_on + timedelta(days=day) if is_closed else None,
            "days": day,
            "is_censored": not is_closed,
        }


def _days(rows: pl.DataFrame, windows: Sequence[int]) -> Iterator[int]:
    begun, so_far = 0, 0
    for window in windows:
        more = (rounded(_closed(rows, window)) or 0) - so_far
        yield from (begun + 1 + place * (window - begun - 1) // more for place in range(more))
        begun, so_far = window, so_far + more
