"""What a patient was told and why: which messages and reminders have a row, in which words, and in which order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from sqlalchemy import insert, update

from core import communications, loads
from core.domain.communication import Attempt, Communication, Event
from core.domain.message import REASONS, STATES
from core.domain.message_tries import message_status, message_tries
from core.domain.patient_communication import STATUSES as SHOWN
from core.domain.user import Scope, User
from core.errors import NotFound
from core.store import accounts
from core.store.database import writing
from core.store.schema import attempts, locations, merges, patients, providers, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.drawn import drawn
from tests.feeds import write_feed
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

AT = datetime(2026, 11, 24, 18, tzinfo=UTC)


def message(
    state: str, reason: str = "", *outcomes: str | None, events: tuple[Event, ...] = (), **more: Any
) -> Communication:
    """A recipient in a state, with an attempt of each outcome a day apart."""
    tried = tuple(
        Attempt(number, "w", AT + timedelta(number), None, outcome, "", "")
        for number, outcome in enumerate(outcomes, start=1)
    )
    known = Communication(1, "c1", "p1", state, reason, "campaign", None, "en", None, None, None)
    return replace(known, attempts=tried, events=events, **more)


def heard(kind: str, number: int, **details: Any) -> Event:
    return Event(kind, AT, "", {"number": number, **details})


FAILED = "Failed: the phone could not be reached"
UNDELIVERED = "Undelivered: the phone could not be reached"
ROWS = [
    # channel, state, reason, outcomes of the attempts: status and the last attempt's words; None: no row
    ("email", "waiting", "", (), None),
    ("email", "waiting", "server_busy", ("temporary",), ("under_way", "Could not be sent at that time")),
    ("email", "claimed", "", (None,), ("under_way", "Under way")),
    ("email", "handed_over", "", ("accepted",), ("successful", "Sent")),
    ("email", "handed_over", "", ("temporary", "accepted"), ("successful", "Sent")),
    ("email", "delivered", "", ("accepted",), ("successful", "Delivered")),
    ("email", "introductory", "", ("accepted",), ("successful", "Sent")),
    ("email", "returned", "returned", ("accepted",), None),
    ("email", "returned", "returned_for_now", ("accepted",), None),
    ("email", "unsuccessful", "address_refused", ("permanent",), None),
    ("email", "unsuccessful", "retries_exceeded", ("temporary",) * 5, None),
    ("email", "unsuccessful", "not_arrived", ("unknown",), None),
    ("email", "unknown", "connection_lost", ("unknown",), ("unknown", f"Unknown: {REASONS['connection_lost']}")),
    ("email", "not_sent", "opted_out", (), None),
    ("email", "not_sent", "opted_out", ("temporary",), None),
    ("email", "not_sent", "opted_out", ("unknown",), ("unknown", "Unknown")),
    ("email", "stopped", "stopped", ("temporary",), None),
    ("email", "hold_out", "hold_out", (), None),
    ("text", "waiting", "", (), None),
    ("text", "claimed", "", (None,), ("under_way", "Under way")),
    ("text", "handed_over", "", ("accepted",), ("successful", "Sent; no receipt has come yet")),
    ("text", "delivered", "", ("accepted",), ("successful", "Delivered")),
    ("text", "unconfirmed", "unconfirmed", ("accepted",), ("successful", "Sent; no receipt came")),
    ("text", "returned", "handset_unreachable", ("accepted",), ("unsuccessful", UNDELIVERED)),
    ("text", "unsuccessful", "handset_unreachable", ("permanent",), ("unsuccessful", FAILED)),
    ("text", "unknown", "", ("unknown",), ("unknown", "Unknown")),
    ("text", "not_sent", "opted_out", (), None),
    ("text", "not_sent", "opted_out", ("temporary",), ("unsuccessful", "Could not be sent at that time")),
    ("text", "stopped", "stopped", (), None),
    ("phone", "calling", "", ("accepted",), ("under_way", "Ringing")),
    ("phone", "delivered", "live_response", ("accepted",), ("successful", "Live response")),
    ("phone", "delivered", "answering_machine", ("accepted",), ("successful", "Answering machine")),
    ("phone", "waiting", "busy", ("accepted",), ("under_way", "Busy")),
    ("phone", "waiting", "no_answer", ("accepted",), ("under_way", "No answer")),
    ("phone", "unsuccessful", "dial_error", ("accepted",), ("unsuccessful", "Dial error")),
    ("phone", "unsuccessful", "retries_exceeded", ("accepted",) * 5, ("unsuccessful", "Called")),
    ("phone", "unconfirmed", "unconfirmed", ("accepted",), ("successful", "Called; how it ended was not told")),
    ("phone", "stopped", "stopped", ("accepted",), ("unsuccessful", "Called")),
    ("phone", "not_sent", "opted_out", ("accepted",), ("unsuccessful", "Called")),
]  # fmt: skip


@pytest.mark.parametrize(("channel", "state", "reason", "outcomes", "row"), ROWS)
def test_what_has_a_row_and_what_it_says(
    channel: str, state: str, reason: str, outcomes: tuple[str | None, ...], row: tuple[str, str] | None
) -> None:
    found = message(state, reason, *outcomes)

    status = message_status(found, channel)

    assert ((status, message_tries(found, channel)[-1].outcome) if status else None) == row


TOLD = [
    ("phone", heard("busy", 1), "Busy"),
    ("phone", heard("no_answer", 1), "No answer"),
    ("phone", heard("failed", 1), "Dial error"),
    ("phone", heard("completed", 1, answered_by="machine_end_beep"), "Answering machine"),
    ("text", heard("undelivered", 1, error=30003), "Undelivered: the phone could not be reached"),
    ("text", heard("busy", 2), "Sent"),
]


@pytest.mark.parametrize(("channel", "event", "words"), TOLD)
def test_of_an_earlier_attempt_what_was_told_of_it_is_shown(channel: str, event: Event, words: str) -> None:
    found = message("waiting", "", "accepted", "temporary", events=(event,))

    assert message_tries(found, channel)[0].outcome == words


def test_what_a_person_counted_as_sent_says_so() -> None:
    decided = Event("resolved", AT, "ana", {"decision": "arrived"})

    [one] = message_tries(message("handed_over", "", "unknown", events=(decided,)), "email")

    assert one.outcome == "Counted as sent by a person"


@drawn(
    daily=30,
    many=1000,
    channel=st.sampled_from(["email", "text", "phone"]),
    state=st.sampled_from(sorted(STATES)),
    reason=st.sampled_from(["", *sorted(REASONS)]),
    outcomes=st.lists(st.sampled_from(["accepted", "temporary", "permanent", "unknown", None]), max_size=5),
)
def test_only_what_was_tried_has_a_row_and_a_failed_email_never(
    channel: str, state: str, reason: str, outcomes: list[str | None]
) -> None:
    found = message(state, reason, *outcomes)

    status, result = message_status(found, channel), STATES[state].result

    assert status in ("", *SHOWN)
    assert bool(status) <= bool(outcomes)
    if channel == "email" and result in ("Returned", "Unsuccessful"):
        assert not status
    if channel != "email":
        assert bool(status) == bool(outcomes)
    assert [each.number for each in message_tries(found, channel)] == list(range(1, len(outcomes) + 1))
    assert all(each.outcome for each in message_tries(found, channel))


# ---- of one patient


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    add_clinic(bench)
    add_patients(bench, 2)
    add_patients(bench, 1, start=5, group=2)
    with writing(bench.engine) as connection:
        connection.execute(insert(locations).values(location_id="l1", name="Example Clinic"))
        connection.execute(update(providers).where(providers.c.provider_id == "dr1").values(location_id="l1"))
    return bench


def sent(
    wb: Workbench, campaign_id: str, *at: datetime, to: str = "p1", state: str = "handed_over", **changes: Any
) -> None:
    """A campaign to one patient with an attempt at each moment."""
    add_campaign(wb, [to], **{"campaign_id": campaign_id, "name": campaign_id, "channel": "text"} | changes)
    with writing(wb.engine) as connection:
        where = recipients.c.campaign_id == campaign_id
        connection.execute(update(recipients).where(where).values(state=state, language="en"))
        [recipient_id] = connection.scalars(
            recipients.select().with_only_columns(recipients.c.recipient_id).where(where)
        )
        rows = [
            {"recipient_id": recipient_id, "number": number, "worker": "w", "started_at": each, "outcome": "accepted"}
            for number, each in enumerate(at, start=1)
        ]
        if rows:
            connection.execute(insert(attempts), [each | {"code": "", "reply": ""} for each in rows])


def names(wb: Workbench, patient_id: str = "p1", **days: Any) -> list[str]:
    return [each.title for each in communications.of_patient(wb, patient_id, **days)]


def test_a_caller_is_told_by_whom_and_why_whatever_became_of_the_campaign(wb: Workbench) -> None:
    about = {"description": "Women due for a mammogram", "status": "stopped", "activated_by": "bea"}
    sent(wb, "c1", wb.now() - timedelta(days=3), wb.now() - timedelta(days=2), name="Mammogram reminder", **about)

    [one] = communications.of_patient(wb, "p1")

    assert (one.status, one.reason, one.title) == ("successful", "Health Reminder", "Mammogram reminder")
    assert (one.description, one.measures, one.sent_by) == ("Women due for a mammogram", ("scr-mammogram",), "bea")
    assert (one.provider, one.facility, one.attempt_count) == ("Dr. 1 Sample", "Example Clinic", 2)
    assert one.comm_at == wb.now() - timedelta(days=3)


def test_the_newest_first_attempt_comes_first_and_what_was_never_tried_not_at_all(wb: Workbench) -> None:
    now = wb.now()
    sent(wb, "older", now - timedelta(days=9), now - timedelta(days=1))
    sent(wb, "newer", now - timedelta(days=5))
    sent(wb, "never", state="waiting")
    sent(wb, "letter", now, channel="letter")
    sent(wb, "bounced", now, channel="email", state="returned")

    assert names(wb) == ["newer", "older"]


# today is Tue 24 Nov 2026 in Chicago (UTC-6 in winter, -5 in August); 90 days before it is Wed 26 Aug
EDGES = [
    (datetime(2026, 8, 26, 5, 0, tzinfo=UTC), True),  # 00:00
    (datetime(2026, 8, 26, 4, 59, tzinfo=UTC), False),  # 23:59 of the day before
    (datetime(2026, 8, 27, 4, 59, tzinfo=UTC), True),
]


@pytest.mark.parametrize(("at", "is_shown"), EDGES)
def test_ninety_days_are_days_of_the_organisation(wb: Workbench, at: datetime, is_shown: bool) -> None:
    sent(wb, "c1", at)

    assert names(wb) == ["c1"] * is_shown
    assert names(wb, days="all") == names(wb, days=91) == ["c1"]


def test_the_organisation_says_how_far_back_it_goes(wb: Workbench) -> None:
    sent(wb, "c1", wb.now() - timedelta(days=20))
    accounts.change_organisation(wb.engine, {"communications_days": 10}, at=wb.now(), by="ana")

    assert (names(wb), names(wb, days=30)) == ([], ["c1"])


def test_a_patient_outside_the_scope_is_not_found(wb: Workbench) -> None:
    sent(wb, "c5", wb.now(), to="p5")
    limited = replace(wb, user=User("lim", "Lim Ited", scope=Scope(groups=frozenset({"g1"}))))

    for question in (communications.of_patient, communications.letters_of):
        with pytest.raises(NotFound):
            question(limited, "p5")
        with pytest.raises(NotFound):
            question(wb, "nobody")
    assert names(wb, "p5") == ["c5"]


def test_what_another_group_s_campaign_said_is_told_as_well(wb: Workbench) -> None:
    add_campaign(wb, ["p1", "p5"], campaign_id="both", name="both", channel="text")
    sent(wb, "c1", wb.now(), created_by="bea", description="Of the other group")
    limited = replace(wb, user=User("lim", "Lim Ited", scope=Scope(groups=frozenset({"g1"}))))

    [one] = communications.of_patient(limited, "p1")
    assert one.description == "Of the other group"


def test_what_was_sent_under_an_id_that_has_become_this_one_is_there(wb: Workbench) -> None:
    at = wb.now()
    sent(wb, "own", at)
    sent(wb, "former", at - timedelta(days=1), to="old")
    sent(wb, "first", at - timedelta(days=2), to="oldest")
    with writing(wb.engine) as connection:
        for merged, into in (("old", "p1"), ("oldest", "old")):
            stamps = {"source": "feed", "merged_on": wb.today(), "made_at": at, "made_by": "ana"}
            connection.execute(insert(merges).values(merged_id=merged, patient_id=into, **stamps))

    assert names(wb) == ["own", "former", "first"]
    assert names(wb, "p2") == []


def test_letters_are_listed_apart(wb: Workbench) -> None:
    sent(wb, "mailed", channel="letter", state="waiting", description="With the form")

    [one] = communications.letters_of(wb, "p1")

    assert (one.title, one.description, one.result) == ("mailed", "With the form", "Waiting")
    assert communications.letters_of(wb, "p2") == []


def test_an_introductory_email_shows_as_such(wb: Workbench) -> None:
    sent(wb, "c1", wb.now(), channel="email", state="introductory")
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(message="introductory"))

    [one] = communications.of_patient(wb, "p1")
    assert (one.is_introductory, one.measures, one.status) == (True, (), "successful")


# ---- from a feed

PATIENT = "patient_id,first,last,birth_date,sex,pcp_id"
FEED: dict[str, Any] = {
    "locations": ["location_id,name", "L1,Example Clinic", "L2,Other Clinic"],
    "providers": ["provider_id,last,display_name,location_id", "D1,A,Dr. A Example,L1", "D2,B,Dr. B Example,L2"],
    "patients": [PATIENT, "P1,Ann,Example,1960-05-01,F,D1", "P2,Bob,Example,1970-05-01,M,D1"],
    "appointments": [
        "appointment_id,patient_id,provider_id,location_id,start_at,type,status",
        "A1,P1,D2,L1,2026-11-30T09:15,office visit,confirmed",
        "A2,P1,GONE,L2,2026-12-01T09:15,,scheduled",
    ],
    "reminders": [
        "reminder_id,patient_id,status,type,date,attempt,outcome,appointment_id,protocol",
        "R1,P1,unconfirmed,text,2026-11-20T23:30,1,delivered,A1,",
        "R1,P1,confirmed,phone,2026-11-23T12:00,2,live response,A1,",
        "R2,P1,unconfirmed,phone,2026-11-21T00:10,1,busy,A2,",
        "R3,P1,successful,email,2026-10-01,,,,Diabetes",
        "R4,P1,unconfirmed,email,2026-11-22T12:00,,bounced,A1,",
        "R5,P2,confirmed,text,2026-11-22T12:00,,,,",
    ],
}


def test_reminders_of_a_feed_are_there_with_whom_they_were_about(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    loads.load(bench, write_feed(tmp_path / "feed", **FEED))

    found = communications.of_patient(bench, "P1")

    assert [(each.title, each.status, each.reason, each.provider, each.facility) for each in found] == [
        ("Appointment", "unconfirmed", "Appointment Reminder", None, "Other Clinic"),
        ("Office visit", "confirmed", "Appointment Reminder", "Dr. B Example", "Other Clinic"),
        ("Diabetes", "successful", "Health Reminder", "Dr. A Example", "Example Clinic"),
    ]
    zone = bench.zone()
    assert found[0].comm_at == datetime(2026, 11, 21, 0, 10, tzinfo=zone)
    assert [(each.channel, each.outcome) for each in found[1].tries] == [
        ("text", "Delivered"),
        ("phone", "Live response"),
    ]
    assert found[1].appointment_at == datetime(2026, 11, 30, 9, 15, tzinfo=zone)
    assert not found[2].tries[0].has_time
    assert [each.title for each in communications.of_patient(bench, "P1", days=3)] == ["Appointment"]


def test_a_feed_s_patient_without_reminders_has_only_what_we_sent(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    loads.load(bench, write_feed(tmp_path / "feed", patients=FEED["patients"]))
    sent(bench, "c1", bench.now(), to="P1")
    with writing(bench.engine) as connection:
        connection.execute(update(patients).values(pcp_id=None))

    [one] = communications.of_patient(bench, "P1")
    assert (one.provider, one.facility) == (None, None)
