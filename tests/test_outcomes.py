"""What became of patients after the allocation: gaps closed by the days of events, visits booked upon a contact."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import delete, event, select, update

from core import campaigns as public
from core import effects, loads, outcomes, report_parts
from core.domain.effects.outcomes import CLOSINGS, FOLLOWED, OPENED, bookings, closures, last_day
from core.domain.feed_lag import FEEDS, known_days, silent_tables
from core.feed_lags import known_through
from core.following import Following
from core.store import accounts, outcome_rows
from core.store.database import reading, writing
from core.store.merges import Merge
from core.store.merges import keep as keep_merges
from core.store.schema import campaigns, follow_ups, recipients
from core.store.schema import outcomes as outcome_table
from core.workbench import Workbench
from tests.clinic import MAMMOGRAM, add_campaign
from tests.feeds import PATIENT, without_rules, write_feed
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

pytestmark = pytest.mark.long

SENT = date(2026, 6, 1)
FED = date(2026, 9, 20)  # of the last feed
ALMOST = SENT + timedelta(days=1)


def days_after(days: int) -> date:
    return SENT + timedelta(days=days)


# ---- by event date ---------------------------------------------------------------------------------------------------
ROWS = [
    # the day of the first event that closed it; closed_30, closed_60, closed_90
    (None, (0, 0, 0)),
    (1, (1, 1, 1)),
    (30, (1, 1, 1)),
    (31, (0, 1, 1)),
    (60, (0, 1, 1)),
    (90, (0, 0, 1)),
]


def pairs(*rows: tuple[Any, ...], of: pl.Schema = CLOSINGS) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=of, orient="row")


@pytest.mark.parametrize(("day", "expected"), ROWS)
def test_a_gap_is_closed_in_the_window_of_its_event_and_in_those_after(
    day: int | None, expected: tuple[int, ...]
) -> None:
    opened = pairs(("p1", "m"), of=OPENED)
    closed = pairs() if day is None else pairs(("p1", "m", days_after(day)))

    row = closures(opened, closed, allocated_on=SENT).row(0)

    assert row == ("p1", 1, *expected, day and days_after(day))


def test_gaps_of_a_patient_are_counted_and_the_first_closing_is_told() -> None:
    opened = pairs(("p1", "m"), ("p1", "n"), ("p2", "m"), of=OPENED)
    closed = pairs(("p1", "n", days_after(20)), ("p1", "m", days_after(50)))

    assert closures(opened, closed, allocated_on=SENT).rows() == [
        ("p1", 2, 1, 2, 2, days_after(20)),
        ("p2", 1, 0, 0, 0, None),
    ]


def test_nothing_is_looked_at_beyond_what_is_known_or_counts() -> None:
    assert last_day(SENT, days_after(45)) == days_after(45)
    assert last_day(SENT, days_after(145)) == days_after(90)


# ---- appointments ----------------------------------------------------------------------------------------------------
NOON = datetime(2026, 6, 1, 12)
APPOINTMENTS = [
    # start, made, status, known when the campaign was made; booked, kept
    ((40, 0.5), 0.1, "completed", None, 0, 40),
    ((40, 0.5), -0.1, "completed", None, None, None),  # made before the message came
    ((40, 0.5), 30, "completed", None, 30, 40),
    ((40, 0.5), 31, "completed", None, None, None),
    ((40, 0.5), 3, "no-show", None, 3, None),
    ((40, 0.5), 3, "cancelled", None, 3, None),
    ((40, 0.5), 3, "arrived", None, 3, 40),
    ((200, 0.5), 3, "completed", None, 3, None),  # after what is known
    ((10, 0.1), None, "completed", None, 10, 10),  # nobody knows when it was made
    ((10, 0.1), None, "completed", (10, 0.1), None, None),  # it was known before
    ((35, 0.5), None, "completed", None, None, None),
]


@pytest.mark.parametrize(("start", "made", "status", "known", "booked", "kept"), APPOINTMENTS)
def test_an_appointment_counts_when_it_was_made_within_thirty_days_of_the_contact(
    start: tuple[float, float], made: float | None, status: str, known: Any, booked: int | None, kept: int | None
) -> None:
    def at(days: float | None) -> datetime | None:
        return None if days is None else NOON + timedelta(days=days)

    followed = pl.DataFrame([(1, "p1", NOON, at(sum(known) if known else None))], schema=FOLLOWED, orient="row")
    appointments = pl.DataFrame(
        [("p1", at(sum(start)), at(made), status)],
        schema={
            "patient_id": pl.String,
            "start_at": pl.Datetime("us"),
            "made_at": pl.Datetime("us"),
            "status": pl.String,
        },
        orient="row",
    )

    rows = bookings(followed, appointments, known_through=FED).rows()

    wanted = [(1, (at(booked) or NOON).date(), kept and (at(sum(start)) or NOON).date())] if booked is not None else []
    assert rows == wanted


# ---- of a feed -------------------------------------------------------------------------------------------------------
PROCEDURE = "procedure_id,patient_id,code_system,code,text,ordered_on,performed_on,status"


def women(*rows: str) -> list[str]:
    return [f"{PATIENT},deceased_on", *rows]


def woman(patient_id: str, *, status: str = "active", died: str = "") -> str:
    return f"{patient_id},Ann,Example,1970-05-01,F,{status},{died}"


def mammogram(patient_id: str, days: int) -> str:
    on = days_after(days)
    return f"{patient_id}-{days},{patient_id},LOINC,24606-6,Screening mammogram,{on},{on},completed"


def noon(wb: Workbench, day: date) -> Workbench:
    at = datetime.combine(day, datetime.min.time(), tzinfo=wb.zone()) + timedelta(hours=12)
    return replace(wb, clock=lambda: at)


def load(wb: Workbench, folder: Path, on: date, **tables: list[str]) -> Workbench:
    then = noon(wb, on)
    manifest = {"source_system": "ehr", "received_at": then.now().isoformat(), "full": True}
    loads.load(then, write_feed(folder / f"{on}", manifest=manifest, **tables))
    return then


@pytest.fixture
def sent(bench: Workbench, tmp_path: Path) -> Workbench:  # noqa: F811
    """A mammogram campaign for six women in June."""
    without_rules(bench, but=[MAMMOGRAM])
    everybody = [f"p{number}" for number in range(1, 7)]
    then = load(bench, tmp_path, SENT, patients=women(*map(woman, everybody)), procedures=[PROCEDURE])
    add_campaign(then, everybody)
    with writing(bench.engine) as connection:
        connection.execute(update(recipients).values(handed_over_at=then.now(), state="handed_over"))
    return then


def kept(wb: Workbench) -> dict[str, Any]:
    question = select(recipients.c.patient_id, outcome_table).join(
        outcome_table, outcome_table.c.recipient_id == recipients.c.recipient_id
    )
    with reading(wb.engine) as connection:
        return {row.patient_id: row for row in connection.execute(question)}


def test_outcomes_follow_the_feed_by_the_days_of_events(sent: Workbench, tmp_path: Path) -> None:
    people = women(
        *map(woman, ("p1", "p2", "p3")),
        woman("p4", died=f"{days_after(20)}"),
        woman("p5", status="inactive"),
    )
    later = load(
        sent,
        tmp_path,
        FED,
        patients=people,
        procedures=[PROCEDURE, mammogram("p1", 30), mammogram("p2", 31)],
        appointments=[
            "appointment_id,patient_id,start_at,made_at,status",
            f"a1,p1,{days_after(30)}T09:00,{days_after(2)}T10:00,completed",
        ],
    )

    assert outcomes.refresh(later) == 1
    assert outcomes.refresh(later) == 0  # nothing has come since

    found = kept(sent)
    assert {each: (row.gap_count, row.closed_30, row.closed_60, row.closed_90) for each, row in found.items()} == {
        "p1": (1, 1, 1, 1),
        "p2": (1, 0, 1, 1),
        "p3": (1, 0, 0, 0),
        "p4": (1, 0, 0, 0),
        "p5": (1, 0, 0, 0),  # has left since; the gap was open
        "p6": (0, 0, 0, 0),  # is not in the feed any more
    }
    assert (found["p1"].closed_on, found["p1"].booked_on, found["p1"].kept_on) == (
        days_after(30),
        days_after(2),
        days_after(30),
    )
    assert (found["p4"].followed_through, found["p6"].followed_through) == (days_after(20), SENT)
    with reading(sent.engine) as connection:
        row = outcome_rows.follow_up(connection, "c1")
    assert row is not None
    assert (row.allocated_on, row.known_through, found["p3"].followed_through) == (
        SENT,
        FED - timedelta(days=1),
        FED - timedelta(days=1),
    )


def test_a_feed_in_between_tells_what_it_can(sent: Workbench, tmp_path: Path) -> None:
    later = load(
        sent,
        tmp_path,
        days_after(40),
        patients=women(*map(woman, ("p1", "p2", "p3", "p4", "p5", "p6"))),
        procedures=[PROCEDURE, mammogram("p1", 12), mammogram("p2", 39), mammogram("p3", 40)],
    )

    outcomes.refresh(later)

    found = {each: (row.closed_30, row.closed_60, row.closed_90) for each, row in kept(sent).items()}
    assert (found["p1"], found["p2"]) == ((1, 1, 1), (0, 1, 1))
    assert found["p3"] == (0, 0, 0)  # on the day of the feed, which was not over


# ---- the first event that closed it ----------------------------------------------------------------------------------
SIX = [f"p{number}" for number in range(1, 7)]


def on_days(wb: Workbench) -> dict[str, int]:
    """How many days after the allocation the gap of each patient closed, of those whose gap did."""
    return {each: (row.closed_on - SENT).days for each, row in kept(wb).items() if row.closed_on}


def test_a_repeated_event_does_not_move_the_day_on_which_the_gap_closed(sent: Workbench, tmp_path: Path) -> None:
    events = [("p1", 3), ("p1", 20), ("p2", 35), ("p2", 58), ("p3", 3), ("p4", 91)]
    later = load(
        sent, tmp_path, FED, patients=women(*map(woman, SIX)), procedures=[PROCEDURE, *(mammogram(*e) for e in events)]
    )

    outcomes.refresh(later)

    assert on_days(sent) == {"p1": 3, "p2": 35, "p3": 3}
    found = kept(sent)
    assert [(found[each].closed_30, found[each].closed_60, found[each].closed_90) for each in ("p1", "p2", "p4")] == [
        (1, 1, 1),
        (0, 1, 1),
        (0, 0, 0),
    ]


@pytest.mark.parametrize(("weeks", "closed"), [(1, 2), (5, 3), (8, 3)])
def test_a_window_ends_with_the_delay_whatever_came_after_the_event(
    sent: Workbench, tmp_path: Path, weeks: int, closed: int
) -> None:
    with writing(sent.engine) as connection:
        connection.execute(update(campaigns).values(design="delayed", delay_weeks=weeks, allocated_at=sent.now()))
        connection.execute(
            update(recipients).where(recipients.c.patient_id.in_(["p4", "p5", "p6"])).values(arm="later")
        )
    events = [("p1", 3), ("p1", 20), ("p2", 35), ("p2", 58), ("p3", 3)]
    later = load(
        sent, tmp_path, FED, patients=women(*map(woman, SIX)), procedures=[PROCEDURE, *(mammogram(*e) for e in events)]
    )
    outcomes.refresh(later)

    effect = effects.effect(later, "c1")

    assert effect is not None and effect.last.days == weeks * 7
    assert [(arm.counts.closed, arm.counts.size) for arm in effect.last.arms] == [(closed, 3), (0, 3)]


def test_who_leaves_the_measure_or_dies_after_the_event_has_closed_the_gap(sent: Workbench, tmp_path: Path) -> None:
    """p1 has her 75th birthday too many on day 60, p2 dies on day 40."""
    born = f"{SENT.year - 75}-07-31"
    people = women(f"p1,Ann,Example,{born},F,active,", woman("p2", died=f"{days_after(40)}"))
    later = load(sent, tmp_path, FED, patients=people, procedures=[PROCEDURE, mammogram("p1", 10), mammogram("p2", 5)])

    outcomes.refresh(later)

    assert on_days(sent) == {"p1": 10, "p2": 5}


# ---- before the start date -------------------------------------------------------------------------------------------
def start_on(wb: Workbench, day: date) -> None:
    """A held-out campaign of which nobody was contacted yet."""
    with writing(wb.engine) as connection:
        connection.execute(
            update(campaigns).values(
                design="hold_out", holdout_share=50, status="active", allocated_at=wb.now(), start_on=day
            )
        )
        connection.execute(update(recipients).values(state="waiting", handed_over_at=None))
        connection.execute(
            update(recipients).where(recipients.c.patient_id.in_(["p4", "p5", "p6"])).values(arm="hold_out")
        )


def test_a_campaign_is_not_followed_before_its_start_date(sent: Workbench, tmp_path: Path) -> None:
    start_on(sent, FED + timedelta(days=1))
    people, done = women(*map(woman, SIX)), [PROCEDURE, mammogram("p1", 3), mammogram("p2", 40)]
    before = load(sent, tmp_path, FED, patients=people, procedures=done)

    assert outcomes.refresh(before) == 0
    assert report_parts.parts(before, public.campaign(before, "c1")).achieved == ""


def test_gaps_that_closed_before_the_start_date_are_not_counted_as_its_own(sent: Workbench, tmp_path: Path) -> None:
    start_on(sent, days_after(10))
    people = women(*map(woman, SIX))
    done = [PROCEDURE, mammogram("p1", 3), mammogram("p2", 40), mammogram("p4", 99)]
    later = load(sent, tmp_path, FED, patients=people, procedures=done)

    assert outcomes.refresh(later) == 1

    found = kept(sent)
    assert {each: (row.gap_count, row.closed_30, row.closed_90) for each, row in found.items()} == {
        "p1": (0, 0, 0),
        "p2": (1, 1, 1),
        "p3": (1, 0, 0),
        "p4": (1, 0, 1),
        "p5": (1, 0, 0),
        "p6": (1, 0, 0),
    }
    said = report_parts.parts(later, public.campaign(later, "c1")).achieved
    assert said.startswith("0 reached; 1 of the 3 to contact closed a gap within 90 days. Whether it changed anything")


def test_what_was_counted_from_another_day_is_counted_anew(sent: Workbench, tmp_path: Path) -> None:
    people, done = women(*map(woman, SIX)), [PROCEDURE, mammogram("p1", 3)]
    first = load(sent, tmp_path, FED + timedelta(days=100), patients=people, procedures=done)
    assert outcomes.refresh(first) == 1
    start_on(sent, days_after(10))
    done.append(mammogram("p6", 200))
    second = load(sent, tmp_path, FED + timedelta(days=101), patients=people, procedures=done)

    assert outcomes.refresh(second) == 1
    assert (kept(sent)["p1"].gap_count, kept(sent)["p1"].closed_90) == (0, 0)


# ---- what is known stays ---------------------------------------------------------------------------------------------
def test_a_measure_that_is_switched_off_takes_nothing_back(sent: Workbench, tmp_path: Path) -> None:
    people = women(*map(woman, SIX))
    first = load(sent, tmp_path, days_after(50), patients=people, procedures=[PROCEDURE, mammogram("p1", 3)])
    outcomes.refresh(first)
    without_rules(first)
    done = [PROCEDURE, mammogram("p1", 3), mammogram("p2", 70)]
    later = load(sent, tmp_path, FED, patients=people, procedures=done)

    outcomes.refresh(later)

    assert on_days(sent) == {"p1": 3, "p2": 70}
    assert {row.gap_count for row in kept(sent).values()} == {1}


def test_who_leaves_or_dies_or_is_gone_after_the_windows_takes_no_result_back(sent: Workbench, tmp_path: Path) -> None:
    done = [PROCEDURE, *(mammogram(each, 3) for each in ("p1", "p2", "p3", "p4"))]
    first = load(sent, tmp_path, FED, patients=women(*map(woman, SIX)), procedures=done)
    outcomes.refresh(first)
    before = on_days(sent)
    later = FED + timedelta(days=10)
    people = women(woman("p1", status="inactive"), woman("p2", died=f"{later}"), woman("p3", status="deceased"))

    outcomes.refresh(load(sent, tmp_path, later, patients=people, procedures=done))

    assert before == on_days(sent) == dict.fromkeys(("p1", "p2", "p3", "p4"), 3)
    assert kept(sent)["p4"].followed_through == FED - timedelta(days=1)  # as far as was known of her

    outcomes.refresh(
        load(sent, tmp_path, later + timedelta(days=1), patients=women(woman("p4")), procedures=[PROCEDURE])
    )
    assert on_days(sent) == dict.fromkeys(("p1", "p2", "p3"), 3)  # what was told of p4 was taken back


def test_a_merged_id_has_what_became_of_the_survivor(sent: Workbench, tmp_path: Path) -> None:
    with writing(sent.engine) as connection:
        connection.execute(update(recipients).where(recipients.c.patient_id == "p6").values(patient_id="old"))
        keep_merges(connection, [Merge("old", "p6", "feed", SENT)], led_on={}, at=sent.now(), by="ana")
    later = load(sent, tmp_path, FED, patients=women(woman("p6")), procedures=[PROCEDURE, mammogram("p6", 5)])

    outcomes.refresh(later)

    assert kept(sent)["old"].closed_on == days_after(5)


def test_what_was_entered_late_is_taken_in_for_two_months_and_then_stays(sent: Workbench, tmp_path: Path) -> None:
    people = women(woman("p1"), woman("p2"))
    outcomes.refresh(load(sent, tmp_path, FED, patients=people, procedures=[PROCEDURE]))
    of_time = [mammogram("p2", day) for day in range(120, 149)]
    late = load(
        sent,
        tmp_path,
        FED + timedelta(days=40),
        patients=people,
        procedures=[PROCEDURE, *of_time, mammogram("p1", 80)],
    )
    assert outcomes.refresh(late) == 1
    assert kept(sent)["p1"].closed_on == days_after(80)

    too_late = load(
        sent, tmp_path, FED + timedelta(days=50), patients=people, procedures=[PROCEDURE, mammogram("p2", 80)]
    )
    assert outcomes.refresh(too_late) == 0


def test_looking_when_nothing_has_come_costs_no_more_with_many_campaigns_that_are_settled(
    sent: Workbench, tmp_path: Path
) -> None:
    asked: list[str] = []
    event.listen(sent.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts = []
    for campaigns_more in (1, 9):
        for number in range(campaigns_more):
            name = f"{campaigns_more}-{number}"
            at = sent.now() - timedelta(days=400 + number)
            add_campaign(sent, ["p1"], campaign_id=name, name=name, start_on=at.date(), activated_at=at)
        later = load(sent, tmp_path, FED + timedelta(days=campaigns_more), patients=women(woman("p1")))
        outcomes.refresh(later)
        with writing(later.engine) as connection:
            connection.execute(update(follow_ups).values(generation="before", known_through=FED + timedelta(days=99)))
        asked.clear()
        assert outcomes.refresh(later) == 0
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_what_feeds_tell_is_asked_once_for_campaigns_that_need_the_same_tables(sent: Workbench) -> None:
    then, asked = noon(sent, ALMOST), []
    for number in range(5):
        add_campaign(then, ["p1"], campaign_id=f"like{number}", name=f"Like {number}")
    event.listen(then.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    assert outcomes.refresh(then, days=1) == 5

    lags = [each for each in asked if "lag_p90" in each]
    assert len(lags) <= 2, lags


def test_campaigns_are_taken_on_a_day_at_a_time_the_latest_first(sent: Workbench) -> None:
    add_campaign(noon(sent, ALMOST), ["p1"], campaign_id="c2", name="Second")
    add_campaign(noon(sent, ALMOST), ["p1"], campaign_id="c3", name="Draft", status="inactive", activated_at=None)
    add_campaign(noon(sent, ALMOST), ["p2"], campaign_id="c4", name="No gaps", measures=())

    then = noon(sent, ALMOST)

    assert outcomes.refresh(sent) == 1  # the others start tomorrow
    with writing(sent.engine) as connection:
        connection.execute(delete(follow_ups))
    assert outcomes.refresh(then, days=1) == 2
    with reading(sent.engine) as connection:
        assert set(connection.scalars(select(follow_ups.c.campaign_id))) == {"c2", "c4"}
    assert outcomes.refresh(then) == 1


DAYS = [
    # mode, allocated, activated, finished, start date; the day from which closures count
    ("email", None, 0, 5, 2, 2),
    ("email", None, 3, 5, 2, 3),
    ("email", 1, 3, 5, 2, 2),
    ("email", 1, 3, 5, 110, 110),  # nobody is contacted before the start date
    ("letter", None, None, 0, 4, 4),
    ("letter", None, None, 6, 4, 6),
    ("letter", 1, None, 6, 4, 4),
]


@pytest.mark.parametrize(("mode", "allocated", "activated", "finished", "start", "expected"), DAYS)
def test_closures_count_from_the_allocation_or_what_stands_for_it_and_not_before_the_start_date(
    wb: Workbench, mode: str, allocated: Any, activated: Any, finished: Any, start: int, expected: int
) -> None:
    def at(days: int | None) -> datetime | None:
        return None if days is None else datetime(2026, 6, 1, 18, tzinfo=UTC) + timedelta(days=days)

    row = outcome_rows.Followed("c1", mode, days_after(start), (), at(allocated), at(activated), at(finished), None)

    assert outcomes.allocated_on(row, wb.zone()) == days_after(expected)


LAGS = [
    # days of the feeds, with the lag of nine of ten events; known through, delay
    ([(10, None)], 9, 0),
    ([(0, None), (10, 10)], 9, 0),  # what is new has come since the last feed
    ([(0, None), (10, 13)], 6, 3),
    ([(0, None), (1, 4), (2, 4), (3, 40), (4, None)], 0, 3),  # one back-fill is not the usual delay
    ([(0, None), (1, 3), (1, 90)], -2, 2),  # what a day's second feed completes is not either
    ([(1, None), (1, 90)], 0, 0),
    ([(0, None), (1, 4), (2, 900)], 1 - 3, 3),
]


@pytest.mark.parametrize(("feeds", "known", "delay"), LAGS)
def test_the_usual_delay_is_what_events_take_beyond_the_time_between_feeds(
    feeds: list[tuple[int, int | None]], known: int, delay: int
) -> None:
    rows = [("ehr", "procedures", days_after(day), lag) for day, lag in reversed(feeds)]

    assert known_days(pl.DataFrame(rows, schema=FEEDS, orient="row")) == (days_after(known), delay)


def test_the_source_that_is_furthest_behind_says_what_is_known() -> None:
    rows = [("ehr", "labs", days_after(10), None), ("claims", "labs", days_after(4), None)]

    assert known_days(pl.DataFrame(rows, schema=FEEDS, orient="row")) == (days_after(3), 0)


SILENT = [
    # days of the feeds of labs, beside daily ones of procedures for 100 days; whether the source sends labs no more
    (range(70, 101), False),
    (range(60), True),
    (range(70), False),  # 31 days ago
    (range(0, 60, 30), True),  # once a month
    (range(0, 41, 40), False),  # every 40 days
    ([0], True),
]


@pytest.mark.parametrize(("labs", "is_silent"), SILENT)
def test_a_table_that_its_source_sends_no_more_is_found(labs: Any, is_silent: bool) -> None:
    rows = [("ehr", "procedures", days_after(day), 1) for day in range(101)]
    rows += [("ehr", "labs", days_after(day), 1) for day in labs]
    rows.append(("claims", "labs", days_after(0), 1))  # a source that sends nothing at all is another matter

    found = silent_tables(pl.DataFrame(rows, schema=FEEDS, orient="row"))

    assert found == ([("ehr", "labs", days_after(max(labs)))] if is_silent else [])


def test_the_report_names_a_table_that_no_longer_comes_while_it_holds_windows_open(
    sent: Workbench, tmp_path: Path
) -> None:
    later = load(sent, tmp_path, days_after(45), patients=women(woman("p1")))
    outcomes.refresh(later)

    parts = report_parts.parts(later, public.campaign(later, "c1"))

    assert parts.effect is not None and parts.effect.plan.known_through == days_after(-1)
    assert parts.silent.startswith("Feeds tell no more procedures of ehr since Mon 1 Jun 2026, though they tell other")
    assert report_parts.parts(sent, public.campaign(sent, "c1")).silent == parts.silent
    accounts.change_organisation(later.engine, {"ended_sources": ("ehr",)}, at=later.now(), by="ana")
    assert report_parts.parts(later, public.campaign(later, "c1")).silent == ""


def test_a_deleted_campaign_is_not_followed(sent: Workbench) -> None:
    with writing(sent.engine) as connection:
        connection.execute(update(campaigns).values(deleted_at=sent.now()))
    assert outcomes.refresh(sent) == 0


def test_a_dispatcher_keeps_up_a_day_of_allocation_at_a_time(sent: Workbench) -> None:
    add_campaign(noon(sent, ALMOST), ["p1"], campaign_id="c2", name="Second")
    following, then = Following(), noon(sent, ALMOST)

    for count in (1, 2, 2):
        following.follow(then)
        with reading(sent.engine) as connection:
            assert len(set(connection.scalars(select(follow_ups.c.campaign_id)))) == count
    add_campaign(noon(sent, ALMOST), ["p1"], campaign_id="c3", name="Third")
    following.follow(then)  # not again within a minute
    with reading(sent.engine) as connection:
        assert len(set(connection.scalars(select(follow_ups.c.campaign_id)))) == 2


def test_when_no_source_sends_any_more_the_last_one_says_what_is_known(sent: Workbench) -> None:
    accounts.change_organisation(sent.engine, {"ended_sources": ("ehr",)}, at=sent.now(), by="ana")

    long_after = noon(sent, SENT + timedelta(days=200))

    assert known_through(long_after, []) == (SENT - timedelta(days=1), 0)


def test_a_person_with_records_in_both_arms_counts_once_in_that_of_the_record_that_stays(
    sent: Workbench, tmp_path: Path
) -> None:
    with writing(sent.engine) as connection:
        connection.execute(update(campaigns).values(design="hold_out", holdout_share=50, allocated_at=sent.now()))
        held_out = recipients.c.patient_id.in_(["p4", "p5", "p6"])
        connection.execute(
            update(recipients).where(held_out).values(arm="hold_out", state="hold_out", handed_over_at=None)
        )
        merges = [Merge("p4", "p1", "feed", SENT), Merge("p2", "p5", "feed", SENT)]
        keep_merges(connection, merges, led_on={}, at=sent.now(), by="ana")
    people = women(*map(woman, ["p1", "p3", "p5", "p6"]))
    done = [PROCEDURE, mammogram("p1", 3), mammogram("p5", 9)]
    later = load(sent, tmp_path, FED, patients=people, procedures=done)
    outcomes.refresh(later)

    effect = effects.effect(later, "c1")

    assert effect is not None and effect.plan.doubled == 2
    assert [(arm.arm, arm.counts.closed, arm.counts.size) for arm in effect.last.arms] == [
        ("contact", 1, 2),
        ("hold_out", 1, 2),
    ]
    assert sorted(effects.frame(later, "c1")["patient_id"]) == ["p1", "p3", "p5", "p6"]
