"""Reminders that other systems sent: read from feeds of many makers, and made into what a patient was told."""

import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from core import code_loads, feed_gate, feed_quality, loads
from core.domain.clinical import ADDED_LATER, REMINDERS
from core.domain.patient_communication import Try
from core.domain.reminder import Reminder, last_reminded, reminders_of
from core.feeds.intake import small_schema
from core.feeds.layout import TABLE
from core.store.clinical import Generation
from core.workbench import Workbench
from tests.feeds import ANN, BOB, LAB, PATIENT, without_rules, write_feed
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

ZONE = ZoneInfo("America/Chicago")
ISSUE = "patient,status,type,date,attempts,outcome"
FULL = "reminder_id,patient_id,kind,status,type,date,attempt,outcome,appointment_id"


@pytest.fixture
def wb(wb: Workbench) -> Workbench:
    without_rules(wb)
    return wb


def loaded(wb: Workbench, folder: Path, *lines: str, **tables: Any) -> pl.DataFrame:
    """The reminders that are kept after a feed with these lines."""
    loads.load(wb, write_feed(folder, patients=[PATIENT, ANN, BOB], reminders=lines, **tables))
    return current(wb).table("reminders").collect()


def current(wb: Workbench) -> Generation:
    generation = loads.current(wb)
    assert generation is not None
    return generation


# ---- reading


def test_a_file_with_only_the_columns_that_everybody_has_is_read(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    without_rules(bench)

    kept = loaded(bench, tmp_path / "feed", ISSUE, "P1,confirmed,text,2026-10-20 14:05,2,delivered")

    assert kept.select("patient_id", "status", "type", "date", "attempts", "outcome").rows() == [
        ("P1", "confirmed", "text", datetime(2026, 10, 20, 14, 5), "2", "delivered")
    ]


@pytest.mark.parametrize(
    ("header", "line", "reads"),
    [
        ("patient_id,status,channel,comm_date", "P1,Cancelled,SMS,10/20/2026", ("canceled", "text", None, 0)),
        ("Patient,Status,Mode,Date,Time", "P1,No Show,Phone Call,10/20/2026,2:05 PM", ("no-show", "phone", None, 14)),
        ("patient,status,type,date,reason", "P1,kept,e-mail,20261020,Appt", ("confirmed", "email", "appointment", 0)),
        ("patient,status,type,date", "P1,failed,Health Reminder,2026-10-20T09:00", ("unsuccessful", None, "health", 9)),
        ("patient,status,type,date", "P1,,text,2026-10-20T14:05Z", (None, "text", None, 9)),
        ("patient,status,type,date", "P1,whatever,pigeon,2026-10-20", (None, None, None, 0)),
    ],
)  # fmt: skip
def test_other_makers_words_are_understood(
    wb: Workbench, tmp_path: Path, header: str, line: str, reads: tuple[Any, ...]
) -> None:
    [row] = loaded(wb, tmp_path / "feed", header, line).to_dicts()

    assert (row["status"], row["type"], row["kind"], row["date"].hour) == reads
    assert row["date"].date() == date(2026, 10, 20)


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("P9,confirmed,text,2026-10-20,1,delivered", "patient_id", "the patient is not known"),
        ("P1,confirmed,text,2026-11-30,1,delivered", "date", "is in the future"),
        ("P1,confirmed,text,,1,delivered", "date", "is missing"),
        (",confirmed,text,2026-10-20,1,delivered", "patient_id", "is missing"),
    ],
)
def test_what_cannot_be_true_is_set_aside(wb: Workbench, tmp_path: Path, line: str, column: str, reason: str) -> None:
    assert loaded(wb, tmp_path / "feed", ISSUE, line).is_empty()

    assert loads.rejects(wb).rows() == [("reminders", "reminders.csv", 2, column, reason)]


def test_a_later_feed_changes_how_a_reminder_stands_and_doubles_nothing(wb: Workbench, tmp_path: Path) -> None:
    loaded(wb, tmp_path / "one", ISSUE, "P1,unconfirmed,text,2026-10-20 14:05,1,delivered")

    kept = loaded(wb, tmp_path / "two", ISSUE, "P1,confirmed,text,2026-10-20 14:05,1,live response")

    assert kept["status"].to_list() == ["confirmed"]


def test_patients_may_have_reminders_with_the_same_id(wb: Workbench, tmp_path: Path) -> None:
    kept = loaded(
        wb, tmp_path / "feed", FULL, "1,P1,,confirmed,text,2026-10-20,1,,", "1,P2,,confirmed,text,2026-10-20,1,,"
    )

    assert sorted(kept["patient_id"]) == ["P1", "P2"]


# ---- generations that are older than the table


def without_reminders(wb: Workbench) -> Generation:
    """The current generation as an earlier version of the program made it."""
    generation = current(wb)
    shutil.rmtree(generation.folder / "reminders")
    return generation


def test_the_shape_of_a_table_that_came_later_is_that_of_the_layout() -> None:
    assert {name: small_schema(TABLE[name]) for name in ADDED_LATER} == ADDED_LATER


def test_a_generation_from_before_the_table_is_empty_and_loaded_onto(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    without_rules(bench)
    loads.load(bench, write_feed(tmp_path / "old", patients=[PATIENT, ANN, BOB]))
    before = without_reminders(bench)
    assert before.table("reminders").collect().equals(REMINDERS.to_frame())
    assert before.table("reminders", 0).collect().is_empty()

    kept = loaded(bench, tmp_path / "new", ISSUE, "P1,confirmed,text,2026-10-20,1,delivered")

    assert kept.height == 1


def test_facts_made_again_from_such_a_generation_leave_it_readable(wb: Workbench, tmp_path: Path) -> None:
    loads.load(
        wb, write_feed(tmp_path / "old", patients=[PATIENT, ANN], labs=[LAB, "L1,P1,4548-4,8,%,final,2026-05-01"])
    )
    about = without_reminders(wb).folder / "about.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "layout": 2}))

    loads.refresh(wb)
    assert current(wb).about().is_current
    assert current(wb).table("reminders").collect().is_empty()

    code_map = tmp_path / "code_map.csv"
    code_map.write_text("system,code,concept\nLOCAL,X1,hba1c\n")
    code_loads.load_codes(wb, code_map)
    assert current(wb).table("reminders").collect().is_empty()


def test_a_feed_without_reminders_closes_no_gate_and_loses_none(wb: Workbench, tmp_path: Path) -> None:
    full = {"source_system": "emr", "received_at": "2026-11-23T06:00:00Z", "full": True}
    loaded(wb, tmp_path / "one", ISSUE, "P1,confirmed,text,2026-10-20,1,delivered", manifest=full)

    later = {**full, "received_at": "2026-11-24T06:00:00Z"}
    loads.load(wb, write_feed(tmp_path / "two", patients=[PATIENT, ANN, BOB, BOB.replace("P2", "P3")], manifest=later))

    assert feed_gate.gate(wb).is_open
    assert current(wb).table("reminders").collect().height == 1
    assert "reminders" in [row.feed_table for row in feed_quality.latest(wb)]


# ---- what they tell


def row(**changes: Any) -> dict[str, Any]:
    """A row of the table, as it is kept."""
    blank = dict.fromkeys(REMINDERS, None)
    return blank | {"patient_id": "P1", "reminder_id": "R1", "date": datetime(2026, 10, 20, 14, 5)} | changes


def told(*rows: dict[str, Any], **appointments: str) -> list[Reminder]:
    return reminders_of(rows, appointments=appointments, zone=ZONE)


STANDS = [
    # kind, status, protocol, appointment, its status, outcome: kind and status that are shown
    (None, "confirmed", None, "A1", None, None, ("appointment", "confirmed")),
    (None, "no-show", None, None, None, None, ("appointment", "no-show")),
    (None, "canceled", None, None, "completed", None, ("appointment", "canceled")),
    (None, None, None, "A1", "cancelled", None, ("appointment", "canceled")),
    (None, None, None, "A1", "scheduled", "delivered", ("appointment", "unconfirmed")),
    (None, None, None, "A1", "arrived", None, ("appointment", "confirmed")),
    (None, None, None, None, None, "delivered", ("appointment", "unknown")),
    ("appointment", "successful", None, None, None, None, ("appointment", "unconfirmed")),
    ("appointment", "unsuccessful", None, "A1", "rescheduled", None, ("appointment", "rescheduled")),
    (None, "successful", None, None, None, None, ("health", "successful")),
    (None, None, "Diabetes", None, None, "answering machine", ("health", "successful")),
    (None, None, "Diabetes", None, None, "NO_ANSWER", ("health", "unsuccessful")),
    (None, None, "Diabetes", None, None, None, ("health", "unknown")),
    (None, None, "Diabetes", "A1", "scheduled", None, ("appointment", "unconfirmed")),
    ("health", "confirmed", None, None, None, None, ("health", "successful")),
    ("health", "no-show", None, None, None, "busy", ("health", "unsuccessful")),
]


@pytest.mark.parametrize(("kind", "status", "protocol", "appointment", "its", "outcome", "shown"), STANDS)
def test_how_a_reminder_stands(
    kind: str | None,
    status: str | None,
    protocol: str | None,
    appointment: str | None,
    its: str | None,
    outcome: str | None,
    shown: tuple[str, str],
) -> None:
    one = row(kind=kind, status=status, protocol=protocol, appointment_id=appointment, outcome=outcome, type="phone")

    [found] = told(one, **({appointment: its} if appointment and its else {}))

    assert (found.kind, found.status) == shown


AT = datetime(2026, 10, 20, 14, 5, tzinfo=ZONE)
LATER = datetime(2026, 10, 22, 9, 0, tzinfo=ZONE)
TRIES = [
    # the rows of one reminder, and type, moment and outcome of each attempt that is shown, with how many there were
    ([{"type": "text", "outcome": "delivered"}], [(1, "text", AT, "Delivered")], 1),
    ([{"type": "phone", "outcome": "Left-Message", "attempts": "1"}], [(1, "phone", AT, "Answering machine")], 1),
    ([{"outcome": None}], [(1, None, AT, "Unknown")], 1),
    ([{"type": "phone", "outcome": "hung up on us"}], [(1, "phone", AT, "Hung up on us")], 1),
    (
        [{"type": "phone", "attempts": "3", "outcome": "live response"}],
        [(1, "phone", AT, "Unknown"), (3, "phone", None, "Live response")],
        3,
    ),
    (
        [
            {"attempt": "2", "type": "phone", "outcome": "busy", "date": datetime(2026, 10, 22, 9)},
            {"attempt": "1", "type": "text", "outcome": "undelivered"},
        ],
        [(1, "text", AT, "Undelivered"), (2, "phone", LATER, "Busy")],
        2,
    ),
    (
        [
            {"attempt": "1", "type": "email", "outcome": "bounced"},
            {"attempt": "2", "type": "phone", "outcome": "busy", "date": datetime(2026, 10, 22, 9)},
        ],
        [(2, "phone", LATER, "Busy")],
        1,
    ),
    ([{"attempts": "2.0", "type": "text"}], [(1, "text", AT, "Unknown"), (2, "text", None, "Unknown")], 2),
    ([{"attempts": "many", "type": "text"}], [(1, "text", AT, "Unknown")], 1),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "tries", "count"), TRIES)
def test_the_attempts_of_a_reminder(rows: list[dict[str, Any]], tries: list[tuple[Any, ...]], count: int) -> None:
    [found] = told(*[row(status="unconfirmed", **each) for each in rows])

    assert [(each.number, each.channel, each.at, each.outcome) for each in found.tries] == tries
    assert found.attempt_count == count


@pytest.mark.parametrize(
    "one",
    [
        {"type": "text", "attempts": "0"},
        {"type": "email", "outcome": "Bounced"},
        {"type": "email", "outcome": "invalid address", "attempts": "3"},
        {"type": "email", "status": "unsuccessful"},
        {"type": "email", "status": "unsuccessful", "outcome": "left message"},
        {"type": "email", "outcome": "Mailbox full"},
        {"type": "email", "outcome": "unknown user"},
        {"type": "email", "outcome": "No such user here"},
        {"type": "email", "outcome": "550 5.1.1"},
        {"type": "email", "outcome": "Blocked as spam"},
        {"type": "email", "status": "successful", "outcome": "bounced"},
    ],
)
def test_what_was_never_tried_or_was_an_email_that_did_not_arrive_is_not_shown(one: dict[str, Any]) -> None:
    assert told(row(**one)) == []


@pytest.mark.parametrize(
    "one",
    [
        {"status": "successful", "outcome": "Sent, error page shown"},
        {"status": "confirmed", "outcome": "refused the flu shot"},
        {"outcome": "No errors"},
        {"outcome": "unknown"},
        {"outcome": "opened"},
    ],
)
def test_an_email_that_went_well_is_shown_whatever_words_stand_beside_it(one: dict[str, Any]) -> None:
    assert len(told(row(type="email", **one))) == 1


def test_a_text_as_long_as_a_book_is_cut_at_load(wb: Workbench, tmp_path: Path) -> None:
    header = "patient,status,type,date,outcome,protocol,description"
    book = "x" * 100_000

    kept = loaded(wb, tmp_path / "feed", header, f"P1,confirmed,text,2026-10-20,{book},{book},{book}")

    assert [len(kept[name][0]) for name in ("outcome", "protocol", "description")] == [200, 200, 200]
    assert len(kept["reminder_id"][0]) < 600


def test_of_a_day_without_a_time_only_the_day_is_shown() -> None:
    [found] = told(row(date=datetime(2026, 10, 20)))

    assert found.tries == (Try(1, None, datetime(2026, 10, 20, tzinfo=ZONE), "Unknown", has_time=False),)


def test_the_last_day_of_a_reminder_of_each_patient() -> None:
    rows = pl.DataFrame(
        [
            row(date=datetime(2026, 10, 20, 23, 59)),
            row(date=datetime(2026, 10, 22)),
            row(patient_id="P2", date=datetime(2026, 1, 2, 8)),
        ],
        schema=REMINDERS,
    )

    assert last_reminded(rows).rows() == [("P1", date(2026, 10, 22)), ("P2", date(2026, 1, 2))]
    assert last_reminded(REMINDERS.to_frame()).schema == {"patient_id": pl.String, "last_reminded_on": pl.Date}
