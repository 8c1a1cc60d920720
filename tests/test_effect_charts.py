"""The figures of what a campaign changed: they show no day that is not known, and their titles say what was found."""

from datetime import timedelta

import polars as pl
import pytest

from core import charts
from core.domain.campaign_steps import SLICES
from core.domain.effects.analysis import Effect
from tests.test_effect_analysis import SENT, found, rows


def effect(*, known_days: int, arms: tuple[str, ...] = ("contact", "hold_out")) -> Effect:
    """Of 20 in each arm 10 and 5 closed a gap on day 3, if that day is known."""
    closed = {"contact": 10, "hold_out": 5} if known_days >= 3 else dict.fromkeys(arms, 0)
    parts = [rows(arm, 20, closed[arm], days=3) for arm in arms]
    return found(*parts, through=SENT + timedelta(days=known_days))


@pytest.mark.parametrize(
    ("known_days", "title"),
    [
        (200, "Closed a gap within 90 days: 50.0% contacted, 25.0% held out"),
        (90, "Closed a gap within 90 days: 50.0% contacted, 25.0% held out"),
        (20, "After 20 of 90 days: 50.0% contacted, 25.0% held out"),
        (0, "Who closed a gap is not known of any day yet"),
    ],
)
def test_a_curve_ends_with_the_last_day_that_is_known(known_days: int, title: str) -> None:
    figure = charts.closure_curves(effect(known_days=known_days))

    assert figure.layout.title.text.replace("<br>", " ") == title
    assert max(max(line.x) for line in figure.data) == min(known_days, 90)


def test_without_arms_the_course_is_of_everybody() -> None:
    figure = charts.closure_curves(effect(known_days=20, arms=("contact",)))

    assert figure.layout.title.text == "After 20 of 90 days: 50.0%"
    assert figure.data[-1].name == "Everybody"


def slices(*told: tuple[str, int, int]) -> pl.DataFrame:
    shown = [
        {"slice": name, "selected": delivered, "delivered": delivered, "closed": closed, "is_hidden": False}
        for name, delivered, closed in told
    ]
    return pl.DataFrame([dict.fromkeys(SLICES) | row for row in shown], schema=SLICES)


@pytest.mark.parametrize(
    ("told", "is_over", "title"),
    [
        ([("en", 40, 10), ("es", 20, 2)], True, "Of those reached 10% (Spanish) to 25% (English) closed a gap"),
        ([("en", 40, 10), ("es", 20, 5)], False, "Of those reached of each language 25% closed a gap so far"),
        ([("en", 40, 0), ("es", 1, 1)], True, "Of those reached of English 0% closed a gap"),
        ([("en", 10, 0)], True, "Too few of each language were reached to tell"),
        ([], True, "Too few of each language were reached to tell"),
    ],
)
def test_the_shares_by_language_say_who_did_least_and_best(
    told: list[tuple[str, int, int]], is_over: bool, title: str
) -> None:
    names = {"en": "English", "es": "Spanish"}
    figure = charts.shares(slices(*told), names, by="Language", is_over=is_over)

    assert figure.layout.title.text.replace("<br>", " ") == title


@pytest.mark.parametrize(
    ("closed", "is_over", "title"),
    [
        (0, False, "30 of 40 selected were reached"),
        (3, False, "30 of 40 selected were reached, 3 of them closed a gap so far"),
        (0, True, "30 of 40 selected were reached, 0 of them closed a gap"),
    ],
)
def test_that_nobody_closed_a_gap_is_said_when_the_time_is_over(closed: int, is_over: bool, title: str) -> None:
    counts = {"selected": 40, "delivered": 30, "closed": closed}
    funnel = pl.DataFrame([{"key": key, "name": key, "count": count, "share": 0.5} for key, count in counts.items()])

    figure = charts.funnel_steps(funnel, is_over=is_over)

    assert figure.layout.title.text.replace("<br>", " ") == title
