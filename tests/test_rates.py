"""The mathematics of rates: intervals, patients still needed, control limits, and small cells that stay hidden."""

from fractions import Fraction
from math import comb

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.control_limits import LEVELS, limits, quantiles
from core.domain.rates import still_needed, with_interval
from core.domain.small_cells import LEAST, suppressed


def counts(*rows: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"satisfied": pl.Int64, "eligible": pl.Int64}, orient="row")


# The examples of Newcombe 1998, table I, method 3.
WILSON = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
    (29, 29, 0.8830, 1.0000),
]


@pytest.mark.parametrize(("satisfied", "eligible", "low", "high"), WILSON)
def test_the_interval_is_that_of_wilson(satisfied: int, eligible: int, low: float, high: float) -> None:
    row = with_interval(counts((satisfied, eligible))).row(0, named=True)

    assert row["rate"] == satisfied / eligible
    assert (round(row["low"], 4), round(row["high"], 4)) == (low, high)


def test_without_anybody_eligible_there_is_no_rate() -> None:
    row = with_interval(counts((0, 0))).row(0, named=True)

    assert (row["rate"], row["low"], row["high"]) == (None, None, None)


@given(st.integers(1, 10**6).flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size))))
def test_the_rate_is_always_within_its_interval(row: tuple[int, int]) -> None:
    found = with_interval(counts(row)).row(0, named=True)

    assert 0 <= found["low"] <= found["rate"] <= found["high"] <= 1
    assert found["low"] < found["high"]


NEEDED = [
    (5, 10, 0.7, 2),
    (7, 10, 0.7, 0),  # exactly at the target
    (9, 10, 0.7, 0),
    (0, 3, 0.5, 2),  # one of three is not half
    (299, 1000, 0.3, 1),
    (0, 0, 0.7, None),
    (5, 10, None, None),
    (5, 10, 1.0, 5),
]


@pytest.mark.parametrize(("satisfied", "eligible", "target", "needed"), NEEDED)
def test_the_patients_still_needed_are_counted(
    satisfied: int, eligible: int, target: float | None, needed: int | None
) -> None:
    assert still_needed(satisfied, eligible, target) == needed


@given(
    st.integers(1, 5000).flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size))), st.integers(1, 10_000)
)
def test_still_needed_is_the_smallest_number_that_reaches_the_target(row: tuple[int, int], target: int) -> None:
    satisfied, eligible = row
    needed = still_needed(satisfied, eligible, target / 10_000)

    wanted = Fraction(target, 10_000)
    assert needed is not None
    assert Fraction(satisfied + needed, eligible) >= wanted
    assert needed == 0 or Fraction(satisfied + needed - 1, eligible) < wanted


def slow_quantile(size: int, share: Fraction, level: Fraction) -> int:
    """The smallest r with P(X <= r) >= level, by adding up exact fractions."""
    up_to = Fraction(0)
    for count in range(size + 1):
        up_to += comb(size, count) * share**count * (1 - share) ** (size - count)
        if up_to >= level:
            return count
    raise AssertionError


def test_quantiles_are_those_of_printed_tables_of_the_binomial_distribution() -> None:
    # P(X <= 2) = 56/1024 = 0.0547, P(X <= 1) = 11/1024 = 0.0107; P(X <= 8) = 1013/1024 = 0.9893, P(X <= 7) = 0.9453
    [(low, _), (high, part)] = quantiles(10, 0.5, (0.025, 0.975))

    assert (low, high) == (2, 8)
    assert part == pytest.approx((1013 / 1024 - 0.975) / (45 / 1024))


@given(st.integers(1, 60), st.integers(1, 99))
def test_quantiles_are_exact(size: int, hundredths: int) -> None:
    levels = (*LEVELS, 0.975, 0.999)
    found = [count for count, _ in quantiles(size, hundredths / 100, levels)]

    share = Fraction(hundredths / 100)
    assert found == [slow_quantile(size, share, Fraction(str(level))) for level in levels]


def test_limits_of_a_large_group_are_those_of_the_normal_approximation() -> None:
    found = limits(1_000_000, 0.3)

    sd = (0.3 * 0.7 / 1_000_000) ** 0.5
    assert found.low_inner == pytest.approx(0.3 - 1.959964 * sd, abs=2e-6)
    assert found.high_outer == pytest.approx(0.3 + 3.090232 * sd, abs=2e-6)


@given(st.integers(1, 3000), st.floats(0.001, 0.999))
def test_limits_are_in_order_around_the_overall_rate(size: int, overall: float) -> None:
    found = limits(size, overall)

    assert 0 <= found.low_outer <= found.low_inner <= found.high_inner <= found.high_outer <= 1


def test_a_rate_is_placed_by_the_limit_that_it_lies_beyond() -> None:
    found = limits(100, 0.5)

    assert [found.place(rate) for rate in (0.2, 0.38, 0.5, 0.62, 0.8)] == [
        "low_outer",
        "low_inner",
        "",
        "high_inner",
        "high_outer",
    ]
    assert limits(100, 0.0).place(0.0) == limits(100, 1.0).place(1.0) == ""


OUTER, INNER = Fraction(1, 1000), Fraction(25, 1000)


def tail(size: int, share: Fraction, counts: range) -> Fraction:
    return sum((comb(size, n) * share**n * (1 - share) ** (size - n) for n in counts), Fraction(0))


@given(st.integers(1, 40), st.integers(1, 99))
@example(3, 90)
def test_a_rate_lies_beyond_a_limit_if_chance_seldom_goes_so_far(size: int, hundredths: int) -> None:
    share, found = Fraction(hundredths / 100), limits(size, hundredths / 100)

    for count in range(size + 1):
        low = tail(size, share, range(count + 1))
        high = tail(size, share, range(count, size + 1))
        side, chance = ("low", low) if low < high else ("high", high)
        if any(abs(chance - line) < Fraction(1, 10**12) for line in (OUTER, INNER)):
            continue  # 3 of 3 who miss what nine of ten do: on the very line, where a float may lie on either side
        place = "outer" if chance < OUTER else "inner" if chance < INNER else ""
        assert found.place(count / size) == (f"{side}_{place}" if place else "")


def test_two_patients_who_are_both_up_to_date_are_within_chance() -> None:
    assert limits(2, 0.7).place(1.0) == ""


SUPPRESSED = [
    ("nothing is small", [(50, 100), (40, 90)], True, [False, False]),
    ("few eligible, and the smallest other with it", [(4, 8), (40, 90), (30, 60)], True, [True, False, True]),
    ("few up to date", [(10, 100), (40, 90), (30, 60)], True, [True, False, True]),
    ("few not up to date", [(95, 100), (40, 90), (30, 60)], True, [True, False, True]),
    ("eleven is not small", [(11, 22), (40, 90)], True, [False, False]),
    ("two small ones whose sum is small too", [(1, 3), (2, 4), (30, 60), (50, 100)], True, [True, True, True, False]),
    ("two small ones whose sum is none", [(8, 16), (9, 18), (30, 60)], True, [True, True, False]),
    ("alone", [(4, 8)], True, [True]),
    ("only one other", [(4, 8), (40, 90)], True, [True, True]),
    ("rows that add up to nothing", [(4, 8), (40, 90)], False, [True, False]),
    ("no rows", [], True, []),
]


@pytest.mark.parametrize(
    ("rows", "is_whole", "hidden"), [case[1:] for case in SUPPRESSED], ids=[c[0] for c in SUPPRESSED]
)
def test_small_cells_and_what_gives_them_away_are_hidden(
    rows: list[tuple[int, int]], is_whole: bool, hidden: list[bool]
) -> None:
    assert suppressed(counts(*rows), is_whole=is_whole).to_list() == hidden


ROWS = st.lists(
    st.integers(1, 80).flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size))), min_size=1, max_size=12
)


@given(ROWS)
def test_nothing_small_is_shown_or_can_be_worked_out_from_the_total(rows: list[tuple[int, int]]) -> None:
    hidden = suppressed(counts(*rows), is_whole=True).to_list()

    cells = [(satisfied, eligible, eligible - satisfied) for satisfied, eligible in rows]
    shown = [cell for cell, is_hidden in zip(cells, hidden, strict=True) if not is_hidden]
    assert all(count >= LEAST for cell in shown for count in cell)
    rest = [sum(cell[n] for cell in cells) - sum(cell[n] for cell in shown) for n in range(3)]
    assert not any(hidden) or not shown or (sum(hidden) >= 2 and min(rest) >= LEAST)
