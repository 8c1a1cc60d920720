"""An effect that is passed on claims nothing that the exact one does not, and tells of no count of a few."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

import polars as pl
import pytest
from hypothesis import strategies as st

from core.domain.effects.achieved import achieved
from core.domain.effects.analysis import ALLOCATED, Effect, Plan, Window, effect_of
from core.domain.effects.rough import FEW_REACHED, rough_effect
from core.domain.effects.survival import share_by
from core.domain.effects.tables import agrees
from core.domain.small_cells import LEAST, possible, rounded
from tests.drawn import drawn

BEGUN = date(2026, 3, 1)
WINDOWS = (30, 60, 90)
PLAN = Plan("hold_out", BEGUN, BEGUN + timedelta(days=120))
CLOSED = st.lists(st.integers(0, 40), min_size=3, max_size=3).map(sorted)  # by the end of each window
Patient = tuple[str, str, bool, int | None]  # stratum, household, whether reached, and on which day a gap closed


def table(arms: Mapping[str, Sequence[Patient]], *, known: int = 120) -> pl.DataFrame:
    """ALLOCATED, of which so many days are known."""
    rows: list[dict[str, Any]] = []
    for arm, patients in arms.items():
        for stratum, household, is_reached, day in patients:
            is_closed = day is not None and day <= known
            one = {"arm": arm, "stratum": stratum, "household": f"{arm}-{household}", "delivered": is_reached}
            one |= {"closed": is_closed, "is_censored": not is_closed, "days": day if is_closed else min(known, 90)}
            rows.append(dict.fromkeys(ALLOCATED, False) | {"closed_on": None} | one)
    return pl.DataFrame(rows, schema=ALLOCATED)


def singles(size: int, closed: Sequence[int], *, reached: int = 1000) -> list[Patient]:
    """Patients who live alone, in one stratum, of whom so many closed a gap by day 30, 60 and 90."""
    days = [next((day for day, count in zip(WINDOWS, closed, strict=True) if n < count), None) for n in range(size)]
    return [("all", str(n), n < reached, day) for n, day in enumerate(days)]


def homes(count: int, size: int, closed: int) -> list[Patient]:
    """So many homes of a size, each of whose patients did the same: in so many all closed a gap on day 20."""
    return [("all", str(home), True, 20 if home < closed else None) for home in range(count) for _ in range(size)]


def told(allocated: pl.DataFrame, plan: Plan = PLAN) -> Any:
    found = rough_effect(allocated, plan)
    if found is None:
        return None
    curves = {arm: curve.rows() for arm, curve in found.curves.items()}
    return found.windows, curves, found.days_told, found.ticks, found.at_risk


def both(allocated: pl.DataFrame, plan: Plan = PLAN) -> tuple[Effect, Effect]:
    rough = rough_effect(allocated, plan)
    assert rough is not None
    return effect_of(allocated, plan), rough


@st.composite
def campaigns(draw: st.DrawFn) -> tuple[pl.DataFrame, Plan]:
    """Two arms of households in strata, in which closing a gap has chances of its own, as far as it is known."""
    dice = random.Random(draw(st.integers(0, 10**9)))
    design = draw(st.sampled_from(["hold_out", "delayed", "ab"]))
    most, together = draw(st.integers(1, 5)), draw(st.sampled_from([0.0, 0.5, 1.0]))
    strata, reach = draw(st.integers(1, 4)), draw(st.sampled_from([0.0, 0.05, 0.3, 1.0]))
    known = draw(st.sampled_from([5, 25, 40, 75, 120]))
    counts = [draw(st.sampled_from([4, 9, 12, 30, 60, 120])) for _ in range(2)]
    lifts = draw(st.sampled_from([(0.0, 0.0), (0.15, 0.0), (0.0, 0.15), (0.3, 0.0)]))
    first, second = {"hold_out": ("contact", "hold_out"), "delayed": ("contact", "later"), "ab": ("a", "b")}[design]
    arms = {}
    for arm, count, lift in zip((first, second), counts, lifts, strict=True):
        may_reach, skew = reach if arm not in ("hold_out", "later") else 0.0, draw(st.sampled_from([0.2, 1.0, 5.0]))
        arms[arm] = [*_patients(dice, count, most, strata, skew, lift, together, may_reach)]
    weeks = draw(st.integers(1, 13)) if design == "delayed" else 0
    allocated = table(arms, known=known)
    return allocated, Plan(design, BEGUN, BEGUN + timedelta(days=known), delay_weeks=weeks)


def _patients(
    dice: random.Random, count: int, most: int, strata: int, skew: float, lift: float, together: float, reach: float
) -> Iterator[Patient]:
    for home in range(count):
        # Arms may differ in which strata they have most of: the plain difference is not that over strata then.
        stratum = int(dice.random() ** skew * strata)
        common = dice.random(), dice.randint(1, 100)
        for _ in range(dice.randint(1, most)):
            chance, day = common if dice.random() < together else (dice.random(), dice.randint(1, 100))
            is_closed = chance < 0.15 + 0.2 * stratum + lift
            yield f"s{stratum}", str(home), dice.random() < reach, day if is_closed else None


@drawn(daily=15, many=400, campaign=campaigns())
def test_paper_claims_nothing_that_the_exact_effect_does_not(campaign: tuple[pl.DataFrame, Plan]) -> None:
    allocated, plan = campaign
    exact, rough = effect_of(allocated, plan), rough_effect(allocated, plan)

    if rough is None:
        return
    assert (rough.is_estimate, rough.is_of_versions) == (exact.is_estimate, exact.is_of_versions)
    assert rough.log_rank is None
    by_days = {window.days: window for window in exact.windows}
    for window in rough.windows:
        true = by_days[window.days]
        assert window.known_from == true.known_from and len(window.comparisons) <= len(true.comparisons)
        assert bool(window.untold) >= bool(true.untold) and "nobody" not in window.untold
        for one, true_one in zip(window.comparisons, true.comparisons, strict=False):
            assert one.difference.low <= 0 or true_one.difference.low > 0
            assert one.difference.high >= 0 or true_one.difference.high < 0
            assert one.difference.is_clear or one.contact is None
            assert one.ratio is None or one.difference.is_clear == (not one.ratio.low <= 1 <= one.ratio.high)


@drawn(daily=15, many=400, campaign=campaigns())
def test_paper_shows_no_count_of_a_few(campaign: tuple[pl.DataFrame, Plan]) -> None:
    allocated, plan = campaign
    rough = rough_effect(allocated, plan)

    if rough is None:
        return
    for window in rough.windows:
        for one in window.arms:
            rows = allocated.filter(pl.col("arm") == one.arm)
            assert one.counts.size == rounded(rows.height)
            closed = rows.filter(pl.col("closed") & (pl.col("days") <= window.days)).height
            assert one.counts.closed == (rounded(closed) if window.known_from is None else 0)
    assert all(count is None or count >= LEAST for counts in rough.at_risk.values() for count in counts)
    over = [window for window in rough.windows if window.known_from is None]
    assert rough.days_told == (over[-1].days if over else 0) and bool(rough.curves) == bool(over)
    for arm, curve in rough.curves.items():
        assert curve["day"][-1] <= rough.days_told
        for window in over:
            assert share_by(curve, window.days) == pytest.approx(_arm(window, arm).share.estimate)


def _arm(window: Window, arm: str) -> Any:
    return next(one for one in window.arms if one.arm == arm)


@drawn(daily=3, many=30, sizes=st.tuples(st.integers(15, 80), st.integers(15, 80)), draw=st.randoms())
def test_whatever_counts_are_rounded_alike_the_same_is_told(sizes: tuple[int, int], draw: random.Random) -> None:
    """Of single patients whose arms are known exactly each count that may be behind what is shown shows the same: so
    those shown leave open what rounding does, 5 at least."""
    shown = [rounded(draw.randint(11, size)) for size in sizes]
    plan = Plan("delayed", BEGUN, BEGUN + timedelta(days=120), delay_weeks=4)
    every = product(*([n for n in possible(each) if n <= size] for each, size in zip(shown, sizes, strict=True)))
    found = []
    for closed in every:
        arms = zip(("contact", "later"), sizes, closed, strict=True)
        found.append(told(table({arm: singles(size, [count] * 3) for arm, size, count in arms}), plan))

    assert all(each == found[0] for each in found)


@drawn(daily=10, many=200, one=CLOSED, other=CLOSED, step=st.integers(-2, 2))
def test_counts_that_are_rounded_alike_have_one_effect(one: list[int], other: list[int], step: int) -> None:
    arms = {"contact": (60, one), "hold_out": (50, other)}
    alike = {
        arm: (size + abs(step) % 3, [_alike(count, step) for count in closed]) for arm, (size, closed) in arms.items()
    }

    first, second = (table({arm: singles(*each) for arm, each in found.items()}) for found in (arms, alike))

    assert told(first) == told(second)


def _alike(count: int, step: int) -> int:
    """Another count that is shown as the same."""
    same = possible(rounded(count))
    return min(max(count + step, same[0]), same[-1])


@drawn(daily=10, many=200, one=CLOSED, other=CLOSED)
def test_no_window_is_told_of_which_an_arm_has_few_closings(one: list[int], other: list[int]) -> None:
    found = rough_effect(table({"contact": singles(60, one), "hold_out": singles(50, other)}), PLAN)

    windows = found.windows if found else ()
    safe = [day for day, *counts in zip(WINDOWS, one, other, strict=True) if min(counts) >= LEAST]
    assert [window.days for window in windows] == safe


def test_an_arm_of_a_few_has_no_effect_to_be_told() -> None:
    few = table({"contact": singles(60, [20, 20, 20]), "hold_out": singles(10, [10, 10, 10])})

    assert rough_effect(few, PLAN) is None
    assert rough_effect(table({}), PLAN) is None


def test_of_too_few_households_paper_tells_no_effect_either() -> None:
    exact, rough = both(table({"contact": homes(9, 8, 5), "hold_out": homes(9, 8, 2)}))

    assert rough.last.untold == exact.last.untold == "an arm has fewer than 10 households that can be compared"
    assert not rough.last.comparisons


def test_households_who_do_the_same_widen_what_paper_says() -> None:
    exact, rough = both(table({"contact": homes(50, 4, 25), "hold_out": homes(50, 4, 17)}))

    [one], [true] = rough.last.comparisons, exact.last.comparisons
    assert not true.difference.is_clear and not one.difference.is_clear
    assert one.design_effect >= true.design_effect and not agrees(0.01, is_clear=one.difference.is_clear)


def test_paper_claims_no_difference_that_lies_between_strata_alone() -> None:
    few = [("few", f"f{n}", True, 20 if n % 10 == 0 else None) for n in range(300)]
    many = [("many", f"m{n}", True, None if n % 10 == 0 else 20) for n in range(300)]
    exact, rough = both(table({"contact": [*few[:100], *many], "hold_out": [*few, *many[:100]]}))

    [one], [true] = rough.last.comparisons, exact.last.comparisons
    assert abs(true.difference.estimate) < 0.01 and not true.difference.is_clear
    assert one.difference.estimate > 0.3 and not one.difference.is_clear and one.contact is None


@pytest.mark.parametrize("reached", [0, 8])
def test_that_nobody_was_reached_is_not_said_on_paper(reached: int) -> None:
    contacted, others = singles(300, [60, 60, 60], reached=reached), singles(300, [40, 40, 40], reached=0)
    _, rough = both(table({"contact": contacted, "hold_out": others}))

    assert rough.last.untold == FEW_REACHED and not rough.last.comparisons
    assert achieved(None, rough) == (
        "Fewer than 11 reached; about 60 of about 300 to contact closed a gap within 90 days. "
        "Whether it changed anything cannot be told: too few were reached."
    )


def test_a_curve_ends_with_the_last_window_that_is_told() -> None:
    arms = {"contact": singles(300, [40, 90, 90]), "hold_out": singles(300, [20, 60, 60])}
    plan = Plan("hold_out", BEGUN, BEGUN + timedelta(days=45))
    rough = rough_effect(table(arms, known=45), plan)

    assert rough is not None and rough.days_told == 30
    assert {arm: share_by(curve, 90) for arm, curve in rough.curves.items()} == pytest.approx(
        {"contact": 40 / 300, "hold_out": 20 / 300}
    )
    assert rough.at_risk == {"contact": (300, 260, None, None), "hold_out": (300, 280, None, None)}


def test_before_a_window_is_told_there_is_no_curve() -> None:
    arms = {"contact": singles(300, [60, 60, 60]), "hold_out": singles(300, [40, 40, 40])}
    plan = Plan("hold_out", BEGUN, BEGUN + timedelta(days=20))
    rough = rough_effect(table(arms, known=20), plan)

    assert rough is not None and rough.is_estimate and not rough.curves and not rough.at_risk
    assert "who closed a gap is known from" in achieved(200, rough)


def test_of_everybody_who_is_contacted_no_effect_is_denied() -> None:
    _, rough = both(table({"contact": singles(300, [60, 60, 60], reached=8)}))

    assert not rough.is_estimate and rough.last.untold == ""
