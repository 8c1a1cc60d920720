"""The feed gate: when it closes, who opens it, and that one release never counts for another problem."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.feed_gate import Gate, Release, covers, decide, good_rows
from core.domain.feed_quality import TableQuality, quantile
from core.domain.organisation import FeedRule

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
PATIENTS = FeedRule("patients", max_age_days=7, largest_shrink=20)
ROW = TableQuality(
    load_id=1,
    source_system="ehr",
    feed_table="patients",
    is_full=True,
    is_there=True,
    rows=100,
    rows_before=100,
    rows_median=100,
    latest_on=None,
    received_at=NOW,
    lag_median=None,
    lag_p90=None,
    loaded_at=NOW,
)


def kinds(gate: Gate) -> list[str]:
    return [problem.kind for problem in gate.problems]


#    rows  before  full   there  days old   what is wrong
DRAWN = [
    (100, None, True, True, 0, []),  # the first load
    (100, 100, True, True, 0, []),
    (150, 100, True, True, 0, []),
    (80, 100, True, True, 0, []),  # exactly the largest loss
    (79, 100, True, True, 0, ["shrunken"]),
    (0, 100, True, True, 0, ["shrunken"]),
    (1, 100, False, True, 0, []),  # only what is new
    (0, 0, True, True, 0, []),
    (0, 100, True, False, 0, ["missing"]),
    (100, 100, True, True, 7, []),  # exactly the largest age
    (100, 100, True, True, 7.1, ["stale"]),
    (100, 100, False, True, 30, ["stale"]),
    (50, 100, True, True, 8, ["stale", "shrunken"]),
    (100, 100, True, True, -3, []),  # a source whose clock is ahead
]


@pytest.mark.parametrize(("rows", "before", "is_full", "is_there", "days", "wrong"), DRAWN)
def test_the_gate_is_closed_by_a_table_that_is_missing_stale_or_has_shrunk(
    rows: int, before: int | None, is_full: bool, is_there: bool, days: float, wrong: list[str]
) -> None:
    received_at = NOW - timedelta(days=days) if is_there else None
    row = replace(
        ROW, rows=rows, rows_before=before, is_full=is_full, is_there=is_there, received_at=received_at, load_id=2
    )

    assert kinds(decide([row], [], [PATIENTS], now=NOW)) == wrong


def test_a_source_whose_clock_is_ahead_grows_old_like_others() -> None:
    row = replace(ROW, received_at=NOW + timedelta(days=300))

    assert kinds(decide([row], [], [PATIENTS], now=NOW + timedelta(days=8))) == ["stale"]


def test_tables_that_sending_does_not_need_and_sources_that_ended_close_nothing() -> None:
    old = replace(ROW, received_at=NOW - timedelta(days=400))

    assert decide([replace(old, feed_table="labs")], [], [PATIENTS], now=NOW).is_open
    assert decide([old], [], [PATIENTS], now=NOW, ended_sources=("ehr",)).is_open
    assert kinds(decide([old], [], [PATIENTS], now=NOW, ended_sources=("other",))) == ["stale"]
    assert kinds(decide([old, replace(ROW, source_system="b", load_id=2)], [], [PATIENTS], now=NOW)) == ["stale"]


def test_without_limits_nothing_is_stale_or_shrunken() -> None:
    row = replace(ROW, rows=1, received_at=NOW - timedelta(days=400))

    assert decide([row], [], [FeedRule("patients", max_age_days=None, largest_shrink=None)], now=NOW).is_open


def test_a_closed_gate_says_since_when_and_why_in_numbers() -> None:
    gate = decide([replace(ROW, rows=1_200, rows_before=20_000)], [], [PATIENTS], now=NOW)

    assert gate.since == NOW
    assert gate.reason == (
        "The table patients of ehr has 1,200 rows; the last good load had 20,000. It may lose at most 20%."
    )


def test_the_release_of_a_stale_table_counts_as_long_as_a_table_may_be_old() -> None:
    old = replace(ROW, received_at=NOW - timedelta(days=8), loaded_at=NOW - timedelta(days=8))
    release = Release(decide([old], [], [PATIENTS], now=NOW).keys, NOW, "ana", "The source is being repaired.")

    def at(days: float) -> Gate:
        return decide([old], [release], [PATIENTS], now=NOW + timedelta(days=days))

    assert at(0).is_open and at(7).is_open
    assert [problem.kind for problem in at(0).released] == ["stale"]
    assert at(0).releases == (release,)
    assert kinds(at(7.1)) == ["stale"]


def test_half_of_the_events_and_nine_of_ten_came_within_so_many_days() -> None:
    lags = {0: 5, 2: 1, 30: 3, 90: 1}

    assert (quantile(lags, 0.5), quantile(lags, 0.9), quantile({}, 0.5)) == (0, 30, None)


# ---- sequences of loads: a model that is as plain as can be ---------------------------------------------------------
load = st.tuples(st.sampled_from(["full", "new only", "left out"]), st.integers(0, 130), st.booleans())


@given(st.lists(load, min_size=1, max_size=12))
def test_over_any_loads_the_gate_opens_by_a_good_load_or_by_a_release_of_just_that_problem(
    loads: list[tuple[str, int, bool]],
) -> None:
    """Each load is a kind, its rows, and whether a person releases the gate after it."""
    rows: list[TableQuality] = []
    releases: list[Release] = []
    good: int | None = None  # rows of the last good full load
    is_missing, is_small = False, False
    for number, (kind, count, is_released) in enumerate(loads, 1):
        full = [row for row in rows if row.is_full and row.is_there]
        is_full = kind != "new only"
        is_there = kind != "left out"
        if not is_there and not any(row.is_there for row in rows):
            continue
        before = good_rows(full[-1] if full else None, releases, PATIENTS) if is_full else 1
        rows.append(replace(ROW, load_id=number, rows=count, rows_before=before, is_full=is_full, is_there=is_there))

        is_missing = not is_there
        if kind == "full":
            lost = (good or 0) - count
            is_small = lost > 0.2 * (good or 0) and (lost > 2 or not count)  # two rows are no loss, unless all
            good = good if is_small else count
        gate = decide(rows, releases, [PATIENTS], now=NOW)
        assert gate.is_open is not (is_missing or is_small)

        if is_released and not gate.is_open:
            releases.append(Release(gate.keys, NOW, "ana", "Looked at."))
            assert decide(rows, releases, [PATIENTS], now=NOW).is_open
            if is_small:
                good = [row for row in rows if row.is_full and row.is_there][-1].rows
            is_missing, is_small = False, False
            again = replace(rows[-1], load_id=number + 100, is_full=True, is_there=False)
            assert kinds(decide([*rows, again], releases, [PATIENTS], now=NOW)) == ["missing"]


@given(st.sets(st.sampled_from(["patients", "appointments", "labs"])), st.integers(1, 3), st.integers(1, 3))
def test_a_release_never_covers_what_it_does_not_name(tables: set[str], load_id: int, other: int) -> None:
    rules = [FeedRule(name) for name in ("patients", "appointments", "labs")]
    wrong = [replace(ROW, feed_table=rule.feed_table, load_id=load_id, rows=1) for rule in rules]
    release = Release(frozenset(f"shrunken:{name}:{other}" for name in tables), NOW, "ana", "Looked at.")

    gate = decide(wrong, [release], rules, now=NOW)

    assert gate.is_open is (tables == {rule.feed_table for rule in rules} and load_id == other)
    assert all(not covers(release, problem, FeedRule(problem.feed_table), now=NOW) for problem in gate.problems)
