"""What is said of arms over strata and households agrees with statsmodels and with the interval, and leaves room for
chance."""

import random
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.domain.effects.consequences import complier_effect, p_value, risk_ratio
from core.domain.effects.differences import (
    Counts,
    Interval,
    Stratum,
    mantel_haenszel,
    newcombe,
    newcombe_over_strata,
    pooled,
)
from core.domain.effects.households import design_effect
from core.domain.effects.survival import FOLLOWED, log_rank
from tests.late import late

pytestmark = pytest.mark.long

survdiff = late("statsmodels.duration.survfunc", "survdiff")
StratifiedTable = late("statsmodels.stats.contingency_tables", "StratifiedTable")

arms = st.integers(1, 60).flatmap(lambda size: st.builds(Counts, st.integers(0, size), st.just(size)))
extremes = st.integers(1, 60).flatmap(lambda size: st.builds(Counts, st.sampled_from([0, size]), st.just(size)))
strata_of = st.lists(st.tuples(arms | extremes, arms | extremes), min_size=1, max_size=6)


def tables(strata: list[Stratum]) -> Any:
    return StratifiedTable(
        [
            np.array([[one.closed, one.size - one.closed], [other.closed, other.size - other.closed]], float)
            for one, other in strata
        ]
    )


# ---- intervals -------------------------------------------------------------------------------------------------------
@given(strata_of, st.floats(1, 6))
def test_no_interval_is_empty_and_each_holds_its_estimate(strata: list[Stratum], design_effect: float) -> None:
    for found in (
        mantel_haenszel(strata, design_effect=design_effect),
        newcombe_over_strata(strata, design_effect=design_effect),
    ):
        assert found is not None and found.high - found.low > 0.01
        assert -1 <= found.low <= found.estimate + 1e-12 and found.estimate <= found.high + 1e-12 <= 1 + 1e-9


@pytest.mark.parametrize("size", [(20, 20), (1000, 1000), (90, 10)])
@pytest.mark.parametrize("is_closed", [False, True])
def test_where_nobody_or_everybody_closed_a_difference_in_both_directions_is_possible(
    size: tuple[int, int], is_closed: bool
) -> None:
    one, other = (Counts(each * is_closed, each) for each in size)

    found = mantel_haenszel([(one, other)])

    assert found is not None and found.low < 0 < found.high
    assert found == newcombe(one, other)


def test_strata_in_which_all_did_the_same_are_compared_within_themselves() -> None:
    found = mantel_haenszel([(Counts(10, 10), Counts(10, 10)), (Counts(0, 90), Counts(0, 10))])

    assert found is not None and found.estimate == pytest.approx(0, abs=1e-12)
    assert found.low < 0 < found.high


def test_a_run_in_which_nobody_closed_counts_among_several() -> None:
    none = mantel_haenszel([(Counts(0, 200), Counts(0, 200))])
    some = mantel_haenszel([(Counts(30, 200), Counts(10, 200))])
    assert none is not None and some is not None
    together = pooled([none, some])
    assert together is not None and together.runs == 2


def test_what_households_do_is_taken_as_alike_where_it_cannot_be_told() -> None:
    assert design_effect([[(4, 0)] * 20]) == 4.0
    assert design_effect([[(4, 4)], [(4, 0)]]) == 4.0
    assert design_effect([[(1, 0)] * 10 + [(3, 0)] * 10]) == pytest.approx((10 + 90) / 40)
    assert design_effect([[(1, 0)] * 20]) == 1.0


@pytest.mark.parametrize(("size", "homes"), [(2, 2), (2, 3), (4, 2), (4, 10)])
@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
def test_how_alike_households_are_is_told_also_where_a_stratum_has_two(size: int, homes: int, alike: float) -> None:
    draw = random.Random(f"{size}{homes}{alike}")

    def home() -> tuple[int, int]:
        common = draw.random()
        shared = [common if draw.random() < alike**0.5 else draw.random() for _ in range(size)]
        return size, sum(each < 0.3 for each in shared)

    found = design_effect([[home() for _ in range(homes)] for _ in range(3000)])

    assert found == pytest.approx(1 + (size - 1) * alike, abs=0.07 * size)


# ---- what agrees with the interval -----------------------------------------------------------------------------------
@given(strata_of)
def test_the_risk_ratio_and_the_test_over_strata_are_those_of_statsmodels(strata: list[Stratum]) -> None:
    found = risk_ratio(strata)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = tables(strata).riskratio_pooled
    if found is None:
        assert not np.isfinite(expected) or expected == 0
    else:
        assert found.estimate == pytest.approx(expected, rel=1e-6)
    is_told = any(0 < one.closed + other.closed < one.size + other.size for one, other in strata)
    assume(len(strata) > 1 and is_told)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = tables(strata).test_null_odds(correction=False).pvalue
    assert p_value(strata) == pytest.approx(expected, abs=1e-6)


def test_strata_that_differ_are_not_mixed_up() -> None:
    """Half as many close in the second stratum, where most are held out: without strata that looks like an effect."""
    strata = [(Counts(80, 160), Counts(20, 40)), (Counts(4, 40), Counts(16, 160))]

    found = risk_ratio(strata)

    assert found is not None and found.estimate == pytest.approx(1) and found.low < 1 < found.high
    assert p_value(strata) == pytest.approx(1) and p_value([(Counts(84, 200), Counts(36, 200))]) < 0.001


def test_households_widen_the_ratio_and_the_tests_as_they_do_the_difference() -> None:
    strata = [(Counts(30, 100), Counts(18, 100)), (Counts(25, 100), Counts(15, 100))]
    plain, wide = risk_ratio(strata), risk_ratio(strata, design_effect=4.0)
    assert plain is not None and wide is not None and plain.estimate == wide.estimate
    assert np.log(wide.high / wide.low) == pytest.approx(2 * np.log(plain.high / plain.low))
    alone = NormalDist().inv_cdf(p_value(strata) / 2)
    assert NormalDist().inv_cdf(p_value(strata, design_effect=4.0) / 2) == pytest.approx(alone / 2)


rows = st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.sampled_from("uvw")), min_size=2, max_size=60)


@given(rows, rows)
def test_the_test_between_curves_within_strata_is_that_of_statsmodels(
    one: list[tuple[int, bool, str]], other: list[tuple[int, bool, str]]
) -> None:
    frames = [pl.DataFrame(each, schema={**FOLLOWED, "stratum": pl.String}, orient="row") for each in (one, other)]
    both, group = pl.concat(frames), [0] * len(one) + [1] * len(other)
    names = both["stratum"].to_numpy()
    each_has_both = all({g for g, s in zip(group, names, strict=True) if s == name} == {0, 1} for name in set(names))
    assume(each_has_both and both["stratum"].n_unique() > 1)
    args = (both["days"].to_numpy(), both["closed"].to_numpy().astype(int), group)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            chi_squared, expected = survdiff(*args, strata=names)
    except np.linalg.LinAlgError:
        return
    found = log_rank(*frames)
    assert found == (1.0 if np.isnan(expected) else pytest.approx(expected, abs=1e-6))
    half = log_rank(*frames, design_effect=2.0)
    if not np.isnan(expected):
        assert half == pytest.approx(2 * NormalDist().cdf(-np.sqrt(chi_squared / 2)), abs=1e-6)


def test_the_effect_among_the_reached_is_not_told_beyond_everybody() -> None:
    assert complier_effect(Interval(0.25, -0.055, 0.507), delivered=0.3) is None
    assert complier_effect(Interval(0.6, 0.3, 0.8), delivered=0.2) is None
    assert complier_effect(Interval(0.1, 0.05, 0.15), delivered=0.3) is not None
