"""From selected to gap closed: each step is a part of another, in whatever state messages are."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.campaign_steps import STEPS, funnel, not_reached, slices, with_flags
from core.domain.message import RESULTS, STATES
from core.domain.progress import progress_of
from core.store.campaign_people import ANSWERS, PEOPLE
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

AT = datetime(2026, 6, 1, 15, tzinfo=UTC)
DAY = date(2026, 6, 10)


def person(number: int, **known: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(PEOPLE)
    row |= {"recipient_id": number, "patient_id": f"p{number}", "arm": "contact", "stratum": "", "household": ""}
    row |= {"state": "delivered", "reason": "", "message": "campaign", "handed_over_at": AT, "is_known": True}
    row |= {"attempt_count": 1}
    return row | known


def flagged(*people: dict[str, Any], answers: list[tuple[int, datetime, bool]] | None = None) -> pl.DataFrame:
    told = pl.DataFrame(answers or [], schema=ANSWERS, orient="row")
    return with_flags(pl.DataFrame(list(people), schema=PEOPLE), told, "email")


def counts(frame: pl.DataFrame) -> dict[str, int | None]:
    return dict(funnel(frame, "text").select("key", "count").iter_rows())


KNOWN = {"gap_count": 1, "closed_30": 0, "closed_60": 0, "closed_90": 0, "followed_through": DAY}
PLACES = [
    # what is kept of a recipient; the steps reached
    ({"state": "waiting", "handed_over_at": None}, "selected eligible"),
    ({"state": "not_sent", "handed_over_at": None}, "selected"),
    ({"state": "stopped", "handed_over_at": None}, "selected eligible"),
    ({"state": "hold_out", "handed_over_at": None, "arm": "hold_out"}, "selected"),
    ({"state": "stopped", "handed_over_at": None, "arm": "hold_out"}, "selected"),
    ({"state": "not_sent", "handed_over_at": None, "arm": "hold_out"}, "selected"),
    ({"state": "hold_out", "handed_over_at": None, "arm": "later"}, "selected"),
    ({"state": "waiting", "handed_over_at": None, "arm": "later"}, "selected eligible"),
    ({"state": "introductory", "message": "introductory"}, "selected eligible"),
    ({"state": "returned", "message": "introductory"}, "selected eligible"),
    ({"state": "returned"}, "selected eligible sent"),
    ({"state": "unsuccessful"}, "selected eligible sent"),
    ({"state": "unsuccessful", "handed_over_at": None}, "selected eligible"),
    ({"state": "unknown", "handed_over_at": None}, "selected eligible"),
    ({"state": "mailed"}, "selected eligible sent delivered"),
    ({"booked_on": DAY}, "selected eligible sent delivered booked"),
    ({"booked_on": DAY, "kept_on": DAY}, "selected eligible sent delivered booked kept"),
    ({"closed_90": 1}, "selected eligible sent delivered closed"),
    ({"state": "returned", "closed_90": 1, "booked_on": DAY}, "selected eligible sent"),
]


@pytest.mark.parametrize(("known", "steps"), PLACES)
def test_how_far_a_patient_came(known: dict[str, Any], steps: str) -> None:
    found = counts(flagged(person(1, **KNOWN | known)))
    assert {key for key, count in found.items() if count} == set(steps.split())


ANSWERED = [
    # days after the message, whether it was a stop; the steps reached beside delivered
    ([(14, False)], {"answered"}),
    ([(14.1, False)], set()),
    ([(-1, False)], set()),
    ([(1, True)], {"stopped"}),
    ([(1, False), (2, True)], {"stopped"}),
    ([(1, False), (20, True)], {"answered"}),
]


@pytest.mark.parametrize(("told", "steps"), ANSWERED)
def test_an_answer_counts_within_two_weeks_and_stop_is_told_apart(
    told: list[tuple[float, bool]], steps: set[str]
) -> None:
    found = counts(flagged(person(1), answers=[(1, AT + timedelta(days=days), stop) for days, stop in told]))
    assert {key for key in ("answered", "stopped") if found[key]} == steps


def test_what_no_feed_has_told_is_not_counted_as_nothing() -> None:
    found = counts(flagged(person(1)))
    assert (found["booked"], found["kept"], found["closed"], found["delivered"]) == (None, None, None, 1)


DAYS = st.none() | st.just(DAY)
RECIPIENTS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(sorted(STATES)),
        "arm": st.sampled_from(["contact", "hold_out", "later", "a", "b"]),
        "message": st.sampled_from(["campaign", "introductory"]),
        "handed_over_at": st.none() | st.just(AT),
        "booked_on": DAYS,
        "kept_on": DAYS,
        "gap_count": st.none() | st.integers(0, 3),
        "closed_90": st.integers(0, 2),
    }
)


@given(
    people=st.lists(RECIPIENTS, max_size=12),
    answers=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 20), st.booleans()), max_size=8),
)
def test_no_step_counts_more_than_the_one_it_is_a_part_of_and_the_ledger_adds_up(
    people: list[dict[str, Any]], answers: list[tuple[int, int, bool]]
) -> None:
    told = [(number, AT + timedelta(days=days), stop) for number, days, stop in answers]
    frame = flagged(*(person(number, **known) for number, known in enumerate(people)), answers=told)

    found = counts(frame)

    for step in STEPS[1:]:
        assert (found[step.key] or 0) <= (found[step.of] or 0)
    assert (found["answered"] or 0) + (found["stopped"] or 0) <= (found["delivered"] or 0)
    progress = progress_of(dict(frame.group_by("state").len().iter_rows()))
    assert sum(progress.results[result] for result in RESULTS) == found["selected"] == len(people)
    assert found["delivered"] <= progress.results["Successful"]  # type: ignore[operator]
    for step in STEPS[1:]:
        missed = not_reached(frame, step.key)
        assert not {"hold_out"} & {*missed["arm"], *missed["state"]} and not missed["has_stopped"].any()


def test_slices_hide_small_cells_from_who_may_not_see_the_patients() -> None:
    people = [person(number, language="en" if number < 60 else "es", **KNOWN) for number in range(65)]

    whole = slices(flagged(*people), "language", names_nobody=False)
    hidden = slices(flagged(*people), "language", names_nobody=True)

    assert whole.rows() == [("en", 60, 60, 0, 0, False), ("es", 5, 5, 0, 0, False)]
    assert hidden["is_hidden"].to_list() == [True, True]
    assert hidden["selected"].to_list() == [None, None]
