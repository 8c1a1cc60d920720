"""The arms of a campaign are compared as they were drawn, as far as is known, and without them nothing is claimed."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from core.domain.effects.achieved import achieved
from core.domain.effects.analysis import ALLOCATED, Effect, Plan, effect_of
from core.domain.effects.differences import Counts, mantel_haenszel, newcombe, risk_ratio

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
    assert one.ratio == risk_ratio(Counts(60, 200), Counts(15, 100))
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


def test_without_a_control_there_is_a_course_and_no_comparison() -> None:
    effect = found(rows("contact", 50, 20), design="everyone")

    assert not effect.is_estimate and effect.log_rank is None
    assert effect.last.comparisons == () and effect.curves["contact"].height > 1


SENTENCES = [
    (
        [("contact", 1310, 187), ("hold_out", 600, 40)],
        "hold_out",
        "655 reached; 187 of the 1,310 to contact closed a gap within 90 days, 100 more than without it (62 to 134).",
    ),
    (
        [("contact", 50, 9), ("hold_out", 50, 8)],
        "hold_out",
        "655 reached; 9 of the 50 to contact closed a gap within 90 days, 1 more than without it, which may be chance "
        "(6 fewer to 8 more).",
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
