"""The arithmetic of effects against statsmodels, published tables and examples worked by hand."""

import gc
import random
from collections.abc import Iterator
from math import isclose, isnan

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.effects.consequences import complier_effect, holm, number_to_contact, p_value, risk_ratio
from core.domain.effects.differences import (
    Counts,
    Interval,
    mantel_haenszel,
    newcombe,
    pooled,
    wilson,
)
from core.domain.effects.households import design_effect
from core.domain.effects.power import detectable, needed
from core.domain.effects.survival import FOLLOWED, at_risk, closure_curve, log_rank, share_by
from tests.late import late

SurvfuncRight = late("statsmodels.duration.survfunc", "SurvfuncRight")
survdiff = late("statsmodels.duration.survfunc", "survdiff")
combine_effects = late("statsmodels.stats.meta_analysis", "combine_effects")
multipletests = late("statsmodels.stats.multitest", "multipletests")
confint_proportions_2indep = late("statsmodels.stats.proportion", "confint_proportions_2indep")
proportion_confint = late("statsmodels.stats.proportion", "proportion_confint")
proportions_ztest = late("statsmodels.stats.proportion", "proportions_ztest")
SAME = 1e-9
sizes = st.integers(1, 400)
arms = sizes.flatmap(lambda size: st.builds(Counts, st.integers(0, size), st.just(size)))


@given(arms)
def test_the_interval_of_a_share_is_that_of_statsmodels(arm: Counts) -> None:
    found = wilson(arm)
    low, high = proportion_confint(arm.closed, arm.size, method="wilson")
    assert found.low == pytest.approx(low, abs=SAME) and found.high == pytest.approx(high, abs=SAME)


@given(arms, arms)
def test_the_difference_of_a_plain_split_is_that_of_statsmodels(one: Counts, other: Counts) -> None:
    found = newcombe(one, other)
    low, high = confint_proportions_2indep(
        one.closed, one.size, other.closed, other.size, method="newcomb", compare="diff", correction=False
    )
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-8)
    assert found.low <= found.estimate <= found.high


def test_the_difference_is_that_of_newcombes_own_table() -> None:
    """Table II of the paper, contrasts (a), (d) and (f) by method 10."""
    for one, other, low, high in (
        (Counts(56, 70), Counts(48, 80), 0.0524, 0.3339),
        (Counts(9, 10), Counts(3, 10), 0.1705, 0.8090),
        (Counts(10, 10), Counts(0, 20), 0.6791, 1.0),
    ):
        found = newcombe(one, other)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 60), st.data())
def test_the_risk_ratio_is_that_of_statsmodels(closed: int, data: st.DataObject) -> None:
    one = Counts(closed, closed + data.draw(st.integers(1, 200)))
    other = Counts(data.draw(st.integers(1, 60)), 300)
    found = risk_ratio([(one, other)])
    low, high = confint_proportions_2indep(
        one.closed, one.size, other.closed, other.size, method="log", compare="ratio", correction=False
    )
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-8)
    assert risk_ratio([(Counts(0, 9), other)]) is None and risk_ratio([(one, Counts(0, 9))]) is None


@given(arms, arms)
def test_the_test_of_two_shares_is_that_of_statsmodels(one: Counts, other: Counts) -> None:
    if 0 < one.closed + other.closed < one.size + other.size:
        _, expected = proportions_ztest([one.closed, other.closed], [one.size, other.size])
        assert p_value([(one, other)]) == pytest.approx(expected, abs=SAME)
    else:
        assert p_value([(one, other)]) == 1.0


@pytest.fixture
def nothing_to_collect() -> Iterator[None]:
    """statsmodels collects garbage at each adjustment, which takes long in a process that holds much."""
    gc.freeze()
    yield
    gc.unfreeze()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@pytest.mark.usefixtures("nothing_to_collect")
def test_several_comparisons_are_adjusted_as_by_statsmodels(values: list[float]) -> None:
    expected = multipletests(values, method="holm")[1]
    assert holm(values) == pytest.approx(list(expected), abs=SAME)


@given(st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(0.01, 0.2)), min_size=2, max_size=8))
def test_runs_are_pooled_as_by_statsmodels(runs: list[tuple[float, float]]) -> None:
    z = 1.959963984540054
    found = pooled([Interval(estimate, estimate - z * error, estimate + z * error) for estimate, error in runs])
    estimates, variances = np.array(runs).T[0], np.array(runs).T[1] ** 2
    with np.errstate(divide="ignore", over="ignore"):  # no differences between the runs
        expected = combine_effects(estimates, variances)
    assert found is not None and found.runs == len(runs)
    assert found.difference.estimate == pytest.approx(expected.mean_effect_fe, abs=SAME)
    assert found.difference.high - found.difference.low == pytest.approx(2 * z * expected.sd_eff_w_fe, abs=SAME)
    if expected.q > 1e-9:  # below, rounding decides
        assert found.heterogeneity == pytest.approx(max(expected.i2, 0.0), abs=1e-6)


def test_nothing_is_pooled_from_no_runs() -> None:
    assert pooled([]) is None


# ---- over strata -----------------------------------------------------------------------------------------------------
def test_the_difference_over_strata_is_the_weighted_mean_of_theirs() -> None:
    strata = [(Counts(8, 20), Counts(3, 10)), (Counts(2, 30), Counts(4, 30))]
    weights = [20 * 10 / 30, 30 * 30 / 60]
    found = mantel_haenszel(strata)
    assert found is not None
    expected = (weights[0] * (0.4 - 0.3) + weights[1] * (2 / 30 - 4 / 30)) / sum(weights)
    assert found.estimate == pytest.approx(expected, abs=1e-12)


@given(arms, arms)
def test_one_stratum_has_the_plain_difference_and_turns_with_the_arms(one: Counts, other: Counts) -> None:
    found, turned = mantel_haenszel([(one, other)]), mantel_haenszel([(other, one)])
    assert found is not None and turned is not None
    assert isclose(found.estimate, one.rate - other.rate, abs_tol=1e-12)
    assert found.low <= found.estimate + 1e-12 and found.estimate <= found.high + 1e-12
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low))


def test_the_interval_over_strata_is_that_of_another_program() -> None:
    """Success with a cream and without in the eight centres of Beitler and Landis (Biometrics 1985; 41: 991-1000). The
    ends are the roots that scipy's brentq finds of Klingenberg's equation, with Sato's variance as SAS documents it
    (PROC FREQ, COMMONRISKDIFF)."""
    cream = [(11, 36), (16, 20), (14, 19), (2, 16), (6, 17), (1, 11), (1, 5), (4, 6)]
    control = [(10, 37), (22, 32), (7, 19), (1, 17), (0, 12), (0, 10), (1, 9), (6, 7)]

    found = mantel_haenszel([(Counts(*one), Counts(*other)) for one, other in zip(cream, control, strict=True)])

    assert found is not None
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (0.1298705066, 0.0290936775, 0.2262476785), abs=1e-9
    )


def test_the_interval_over_strata_solves_its_own_equation() -> None:
    """Klingenberg: at both ends the squared distance is z squared times the variance by Sato with that difference."""
    strata = [(Counts(8, 20), Counts(3, 10)), (Counts(2, 30), Counts(4, 30)), (Counts(0, 3), Counts(1, 2))]
    found = mantel_haenszel(strata)
    assert found is not None
    total = sum(a.size * b.size / (a.size + b.size) for a, b in strata)
    p = sum(
        (a.size**2 * b.closed - b.size**2 * a.closed + a.size * b.size * (b.size - a.size) / 2) / (a.size + b.size) ** 2
        for a, b in strata
    )
    q = sum(
        (a.closed * (b.size - b.closed) + b.closed * (a.size - a.closed)) / (2 * (a.size + b.size)) for a, b in strata
    )
    for end in (found.low, found.high):
        assert (found.estimate - end) ** 2 == pytest.approx(1.959963984540054**2 * (end * p + q) / total**2, abs=1e-12)


def test_strata_without_a_control_say_nothing() -> None:
    strata = [(Counts(8, 20), Counts(3, 10)), (Counts(5, 5), Counts(0, 0))]
    assert mantel_haenszel(strata) == mantel_haenszel(strata[:1])
    assert mantel_haenszel(strata[1:]) is None


def test_households_that_do_the_same_widen_the_interval_and_single_patients_do_not() -> None:
    assert design_effect([[(1, number % 2) for number in range(100)]]) == 1.0
    assert design_effect([]) == 1.0
    assert design_effect([[(2, 2 * (number % 2)) for number in range(100)]]) == pytest.approx(2.0)
    assert design_effect([[(2, 1)] * 100]) == 1.0  # the opposite of each other: never narrower
    strata = [(Counts(30, 100), Counts(20, 100))]
    plain, wide = mantel_haenszel(strata), mantel_haenszel(strata, design_effect=2.0)
    assert plain is not None and wide is not None and wide.low < plain.low < plain.high < wide.high


# ---- what follows from a difference ----------------------------------------------------------------------------------
def test_the_number_to_contact_is_told_only_of_a_clear_gain() -> None:
    assert number_to_contact(Interval(0.1, 0.05, 0.2)) == Interval(10, 5, 20)
    assert number_to_contact(Interval(0.1, -0.01, 0.2)) is None
    assert number_to_contact(Interval(-0.1, -0.2, -0.05)) is None


def test_the_effect_among_the_reached_is_the_difference_over_how_many_more_were_reached() -> None:
    found = complier_effect(Interval(0.04, 0.01, 0.07), delivered=0.8)
    assert found is not None
    assert (found.estimate, found.low, found.high) == pytest.approx((0.05, 0.0125, 0.0875))
    assert complier_effect(Interval(0.04, 0.01, 0.07), delivered=0.0) is None


# ---- time to closure -------------------------------------------------------------------------------------------------
followed = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=60).map(
    lambda rows: pl.DataFrame(rows, schema=FOLLOWED, orient="row")
)


@given(followed)
def test_the_curve_of_closures_is_that_of_statsmodels(frame: pl.DataFrame) -> None:
    curve = closure_curve(frame)
    if not frame["closed"].any():
        assert curve.rows() == [(0, frame.height, 0, 0.0, None, None)]
        return
    expected = SurvfuncRight(frame["days"].to_numpy(), frame["closed"].to_numpy().astype(int))
    told = dict(zip(expected.surv_times, zip(expected.surv_prob, expected.n_risk, strict=True), strict=True))
    for row in curve.filter(pl.col("closed") > 0).iter_rows(named=True):
        survival, risk = told[row["day"]]
        assert row["share"] == pytest.approx(1 - survival, abs=SAME) and row["at_risk"] == risk
        if row["low"] is not None:
            assert 0 <= row["low"] <= row["share"] <= row["high"] <= 1


@given(followed, followed)
def test_the_test_between_two_curves_is_that_of_statsmodels(one: pl.DataFrame, other: pl.DataFrame) -> None:
    both = pl.concat([one, other])
    groups = [0] * one.height + [1] * other.height
    found = log_rank(one, other)
    try:
        _, expected = survdiff(both["days"].to_numpy(), both["closed"].to_numpy().astype(int), groups)
    except np.linalg.LinAlgError:  # at no closure was somebody of both arms still followed
        expected = float("nan")
    assert found == (1.0 if isnan(expected) else pytest.approx(expected, abs=1e-8))


def test_who_is_still_followed_is_counted_below_the_curve() -> None:
    frame = pl.DataFrame([(0, True), (5, False), (5, True), (9, True)], schema=FOLLOWED, orient="row")
    assert at_risk(frame, [0, 5, 6, 10]) == [4, 3, 1, 0]
    curve = closure_curve(frame)
    assert share_by(curve, 0) == pytest.approx(0.25)
    assert share_by(curve, 30) == 1.0
    assert closure_curve(frame.clear()).rows() == [(0, 0, 0, 0.0, None, None)]


def test_the_limits_of_the_curve_are_those_of_a_worked_example() -> None:
    """Remission under 6-MP (Freireich 1963): at week 10 survival is 0.753 with Greenwood's error 0.0963."""
    weeks = [(6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1), (17, 0)]
    weeks += [(19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]
    frame = pl.DataFrame([(days, bool(closed)) for days, closed in weeks], schema=FOLLOWED, orient="row")
    row = closure_curve(frame).filter(pl.col("day") == 10).row(0, named=True)
    assert round(1 - row["share"], 3) == 0.753
    assert (round(1 - row["high"], 3), round(1 - row["low"], 3)) == (0.503, 0.889)


# ---- power -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("base", "rise", "an_arm", "one_in_ten"),
    [
        (0.294, 0.02, 8300, 45_426),
        (0.271, 0.013, 18_620, 102_247),
        (0.161, 0.047, 1066, 5450),
        (0.32, 0.092, 427, 2268),
        (0.365, 0.062, 973, 5288),
        (0.164, 0.123, 178, 830),
        (0.17, 0.28, 39, 169),
    ],
)
def test_the_size_needed_is_that_of_the_usual_tables(base: float, rise: float, an_arm: int, one_in_ten: int) -> None:
    half, tenth = needed(base, rise), needed(base, rise, control_share=0.1)
    assert half is not None and tenth is not None
    assert abs(half - 2 * an_arm) <= 1 and abs(tenth - one_in_ten) <= 1


def test_what_can_be_shown_is_the_rise_for_which_the_size_is_needed() -> None:
    draw = random.Random(7)
    for _ in range(200):
        base, share, size = draw.uniform(0.02, 0.6), draw.uniform(0.05, 0.95), draw.randint(60, 20_000)
        rise = detectable(base, treated=size * (1 - share), control=size * share)
        if rise is not None:
            found = needed(base, rise, control_share=share)
            assert found is not None and abs(found - size) <= 1


def test_a_campaign_that_can_show_nothing_says_so() -> None:
    assert detectable(0.9, treated=5, control=2) is None
    assert detectable(0.1, treated=100, control=0) is None
    assert needed(0.5, 0.0) is None and needed(0.5, 0.6) is None
