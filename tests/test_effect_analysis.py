"""The arms of a campaign are compared as they were drawn, as far as is known, and without them nothing is claimed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from core.domain.effects.achieved import achieved, both_units, points
from core.domain.effects.analysis import ALLOCATED, Effect, Plan, effect_of
from core.domain.effects.consequences import risk_ratio
from core.domain.effects.differences import Counts, Interval, mantel_haenszel, newcombe
from core.domain.effects.tables import how_compared

SENT = date(2026, 6, 1)
LONG_AGO = SENT + timedelta(days=200)


def rows(
    arm: str, size: int, closed: int, *, days: int = 20, stratum: str = "all", homes: int = 1, reached: float = 0.5
) -> list[tuple[Any, ...]]:
    """`size` patients of an arm, the first of whom closed a gap after so many days; `homes` of them live together."""
    return [
        (
            arm,
            stratum,
            f"{stratum}-{arm}-{number // homes}",
            number < size * reached and arm in ("contact", "a", "b"),
            False,
            False,
            False,
            number < closed,
            SENT + timedelta(days=days) if number < closed else None,
            days if number < closed else 90,
            number >= closed,
        )
        for number in range(size)
    ]


def found(*parts: list[tuple[Any, ...]], design: str = "hold_out", through: date = LONG_AGO, weeks: int = 0) -> Effect:
    allocated = pl.DataFrame([row for part in parts for row in part], schema=ALLOCATED, orient="row")
    return effect_of(allocated, Plan(design, SENT, through, lag_days=3, delay_weeks=weeks))


def test_a_plain_split_is_compared_by_newcombes_method() -> None:
    effect = found(rows("contact", 200, 60), rows("hold_out", 100, 15))

    one = effect.last.comparisons[0]
    assert (effect.last.days, one.arm, one.against, one.method) == (90, "contact", "hold_out", "newcombe")
    assert one.difference == newcombe(Counts(60, 200), Counts(15, 100))
    assert one.ratio == risk_ratio([(Counts(60, 200), Counts(15, 100))])
    assert one.more.estimate == pytest.approx(200 * 0.15)
    assert one.contact is not None and one.contact.estimate == pytest.approx(1 / 0.15)
    assert one.complier is not None and one.complier.estimate == pytest.approx(0.15 / 0.5)
    assert effect.log_rank is not None and effect.log_rank < 0.05


def test_strata_and_households_are_taken_into_account() -> None:
    parts = [
        rows(arm, size, closed, stratum=stratum, homes=homes)
        for stratum, homes in (("one", 1), ("two", 2))
        for arm, size, closed in (("contact", 60, 24), ("hold_out", 40, 10))
    ]

    one = found(*parts).last.comparisons[0]

    alone = mantel_haenszel([(Counts(24, 60), Counts(10, 40))] * 2)
    assert alone is not None
    assert one.method == "mantel_haenszel" and one.difference.estimate == pytest.approx(alone.estimate)
    assert one.difference.high - one.difference.low > alone.high - alone.low


def test_over_strata_it_is_said_that_the_difference_is_not_simply_that_of_the_shares() -> None:
    plain = found(rows("contact", 60, 24), rows("hold_out", 40, 10))
    strata = [rows(arm, 60, 24, stratum=each) for arm in ("contact", "hold_out") for each in ("one", "two")]

    assert how_compared(plain) == "Interval of the difference: Newcombe. Of a share: Wilson."
    assert "within providers and numbers of open gaps" in how_compared(found(*strata))
    assert "not simply that of the two shares" in how_compared(found(*strata))
    assert how_compared(found(rows("contact", 60, 24))) == ""


def test_a_difference_is_said_in_points_and_in_patients() -> None:
    one = found(rows("contact", 200, 60), rows("hold_out", 100, 15)).last.comparisons[0]

    assert both_units(one) == "15.0 points more (4.8 to 23.8), 30 patients more (10 to 48),"


def test_a_closing_counts_in_its_window_and_those_after() -> None:
    effect = found(rows("contact", 50, 20, days=30), rows("hold_out", 50, 10, days=31))

    closed = {window.days: [arm.counts.closed for arm in window.arms] for window in effect.windows}
    assert closed == {30: [20, 0], 60: [20, 10], 90: [20, 10]}


def test_a_window_that_is_not_over_says_when_it_is_known_and_compares_nothing() -> None:
    effect = found(rows("contact", 50, 20), rows("hold_out", 50, 10), through=SENT + timedelta(days=59))

    assert [window.known_from for window in effect.windows] == [
        None,
        SENT + timedelta(days=64),
        SENT + timedelta(days=94),
    ]
    assert [len(window.comparisons) for window in effect.windows] == [1, 0, 0]
    assert effect.last.days == 30


DELAYS = [(2, (14,)), (4, (28,)), (6, (30, 42)), (12, (30, 60, 84)), (13, (30, 60, 90)), (20, (30, 60, 90))]


@pytest.mark.parametrize(("weeks", "windows"), DELAYS)
def test_a_later_start_is_a_control_only_until_it_starts(weeks: int, windows: tuple[int, ...]) -> None:
    effect = found(rows("contact", 50, 20), rows("later", 50, 10), design="delayed", weeks=weeks)

    assert tuple(window.days for window in effect.windows) == windows
    assert max(effect.curves["later"]["day"]) <= windows[-1]


def test_arms_that_were_contacted_within_a_week_of_one_another_are_not_compared() -> None:
    effect = found(rows("contact", 50, 20), rows("later", 50, 10), design="delayed", weeks=0)

    assert effect.last.days == 90 and not effect.last.comparisons and effect.log_rank is None
    assert achieved(40, effect) == (
        "40 reached; 20 of the 50 to contact closed a gap within 90 days. Whether it changed anything cannot be told: "
        "those who come later were contacted within a week of the others."
    )


def test_without_a_control_there_is_a_course_and_no_comparison() -> None:
    effect = found(rows("contact", 50, 20), design="everyone")

    assert not effect.is_estimate and effect.log_rank is None
    assert effect.last.comparisons == () and effect.curves["contact"].height > 1


SENTENCES = [
    (
        [("contact", 1310, 187), ("hold_out", 600, 40)],
        "hold_out",
        "655 reached; 187 of the 1,310 to contact closed a gap within 90 days, 100 patients more than without it "
        "(62 to 134).",
    ),
    (
        [("contact", 50, 9), ("hold_out", 50, 8)],
        "hold_out",
        "655 reached; 9 of the 50 to contact closed a gap within 90 days, 1 patient more than without it, which may be "
        "chance (6 fewer to 8 more).",
    ),
    (
        [("contact", 50, 9)],
        "everyone",
        "655 reached; 9 of the 50 to contact closed a gap within 90 days. How many would have without it is not known: "
        "not an effect estimate.",
    ),
    (
        [("a", 400, 40), ("b", 400, 80)],
        "ab",
        "655 reached; 10.0 % of A and 20.0 % of B closed a gap within 90 days.",
    ),
    (
        [("a", 40, 4), ("b", 40, 5)],
        "ab",
        "655 reached; 10.0 % of A and 12.5 % of B closed a gap within 90 days, a difference that may be chance.",
    ),
]


@pytest.mark.parametrize(("arms", "design", "sentence"), SENTENCES)
def test_the_sentence_says_what_was_achieved_and_how_sure_it_is(
    arms: list[tuple[str, int, int]], design: str, sentence: str
) -> None:
    assert achieved(655, found(*(rows(*arm) for arm in arms), design=design)) == sentence


def test_the_sentence_waits_for_the_feed() -> None:
    effect = found(rows("contact", 50, 0), rows("hold_out", 50, 0), through=SENT + timedelta(days=5))
    assert achieved(40, effect) == "40 reached; who closed a gap is known from Sun 5 Jul 2026."


# ---- what cannot be told ---------------------------------------------------------------------------------------------
def test_without_anybody_reached_no_effect_is_claimed() -> None:
    effect = found(rows("contact", 50, 40, reached=0), rows("hold_out", 50, 5))

    assert effect.last.comparisons == () and effect.log_rank is None
    assert achieved(0, effect) == (
        "0 reached; 40 of the 50 to contact closed a gap within 90 days. Whether it changed anything cannot be told: "
        "nobody was reached, as far as is known."
    )


def test_of_too_few_households_only_counts_are_told() -> None:
    few = found(rows("contact", 4, 4, homes=4), rows("hold_out", 4, 0, homes=4))
    nine = found(rows("contact", 400, 100), rows("hold_out", 18, 0, homes=2))
    ten = found(rows("contact", 400, 100), rows("hold_out", 20, 0, homes=2))

    assert few.last.comparisons == nine.last.comparisons == () and few.log_rank is None
    assert achieved(2, few) == (
        "2 reached; 4 of the 4 to contact closed a gap within 90 days. Whether it changed anything cannot be told: "
        "an arm has fewer than 10 households that can be compared."
    )
    assert len(ten.last.comparisons) == 1


def test_strata_that_hold_one_arm_alone_do_not_make_it_enough() -> None:
    effect = found(rows("contact", 40, 20), rows("hold_out", 5, 1), rows("hold_out", 40, 10, stratum="held out alone"))
    assert effect.last.comparisons == () and "fewer than 10" in effect.last.untold


def test_where_all_are_in_one_arm_there_is_nothing_to_compare() -> None:
    held_out = found(rows("hold_out", 3, 3))
    contacted = found(rows("contact", 30, 3))

    assert not held_out.is_estimate and held_out.log_rank is None
    assert achieved(0, held_out) == "0 reached; all 3 are in the arm 'Held out', so that there is nothing to compare."
    assert achieved(9, contacted).endswith("How many would have without it is not known: not an effect estimate.")


def test_versions_that_cannot_be_compared_say_why() -> None:
    effect = found(rows("a", 5, 1), rows("b", 5, 5), design="ab")
    assert achieved(5, effect) == (
        "5 reached; 20.0 % of A and 100.0 % of B closed a gap within 90 days. Whether it changed anything cannot be "
        "told: an arm has fewer than 10 households that can be compared."
    )


@pytest.mark.parametrize("closed", [0, 20])
def test_couples_of_whom_nobody_or_everybody_closed_leave_room_for_chance(closed: int) -> None:
    effect = found(rows("contact", 20, closed, homes=2), rows("hold_out", 20, closed, homes=2))

    one = effect.last.comparisons[0]
    assert (one.method, one.difference.estimate) == ("newcombe_over_strata", 0)
    assert one.difference.low < -0.2 and one.difference.high > 0.2
    assert "0 patients more than without it, which may be chance (" in achieved(10, effect)


def test_couples_are_told_of_alike_by_all_that_is_said() -> None:
    """Nine couples of twenty against four: as single patients that would be more than chance."""
    effect = found(rows("contact", 40, 18, homes=2), rows("hold_out", 40, 8, homes=2))

    one = effect.last.comparisons[0]
    assert not one.difference.is_clear and one.p > 0.05 and effect.log_rank is not None and effect.log_rank > 0.05
    assert one.ratio is not None and one.ratio.low < 1 < one.ratio.high
    alone = found(rows("contact", 40, 18), rows("hold_out", 40, 8)).log_rank
    assert alone is not None and alone < 0.05


def test_a_ratio_that_would_claim_another_thing_than_the_difference_is_left_out() -> None:
    for treated in range(10, 30):
        one = found(rows("contact", 60, treated), rows("hold_out", 60, 8)).last.comparisons[0]
        assert one.ratio is None or (one.ratio.low > 1) == one.difference.is_clear


def test_the_effect_among_the_reached_needs_enough_of_them() -> None:
    few = found(rows("contact", 400, 60, reached=0.02), rows("hold_out", 400, 59)).last.comparisons[0]
    beyond = found(rows("contact", 60, 27, reached=0.3), rows("hold_out", 60, 9)).last.comparisons[0]
    assert few.complier is None and beyond.complier is None


def test_curves_and_shares_of_households_are_as_unsure_as_their_difference() -> None:
    couples, alone = (found(rows("contact", 200, 60, homes=homes), rows("hold_out", 200, 40)) for homes in (2, 1))

    def width(effect: Effect) -> float:
        share = effect.last.arms[0].share
        return share.high - share.low

    assert width(couples) > 1.1 * width(alone)
    assert couples.curves["contact"]["low"][-1] < alone.curves["contact"]["low"][-1]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ((0.02, -0.0004, 0.05), "2.0 points more (0.0 to 5.0)"),
        ((-0.02, -0.05, 0.0004), "2.0 points fewer (0.0 to 5.0 fewer)"),
        ((0.02, 0.0, 0.05), "2.0 points more (0.0 to 5.0)"),
        ((0.02, -0.01, 0.05), "2.0 points more (1.0 fewer to 5.0 more)"),
    ],
)
def test_no_limit_of_a_difference_is_minus_zero(limits: tuple[float, float, float], said: str) -> None:
    assert points(Interval(*limits)) == said


def test_a_window_is_over_on_the_day_after_its_last_one_is_known_and_no_later() -> None:
    plan = Plan("hold_out", SENT, SENT + timedelta(days=90), lag_days=3)

    assert plan.known_from(90) is None
    assert replace(plan, known_through=SENT + timedelta(days=89)).known_from(90) == SENT + timedelta(days=94)


def test_of_two_versions_nothing_is_told_of_those_reached() -> None:
    """Both are sent, so that a difference is none between who was reached and who was not."""
    one = found(rows("b", 200, 60), rows("a", 200, 30), design="ab").last.comparisons[0]

    assert one.difference.is_clear and one.complier is None
