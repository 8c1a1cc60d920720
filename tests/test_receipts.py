"""What Twilio tells of texts and calls: in any order, more than once, early, late, and of messages nobody knows."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from core import receipts
from core.domain.organisation import Organisation
from core.domain.receipt import CALLS_A_DAY, call_again, call_follows, goes_forward, text_follows
from core.domain.twilio_errors import ERRORS, REASONS, error_of, outcome_of
from core.receipts import Status, status_of
from core.store.database import reading, writing
from core.store.schema import message_events, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients, states
from tests.conftest import TUESDAY_NOON
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench) -> Workbench:  # noqa: F811
    add_clinic(bench)
    return bench


def handed_over(wb: Workbench, *, channel: str = "text", state: str = "handed_over", count: int = 1) -> list[int]:
    """Recipients with one attempt each; returns their ids."""
    add_campaign(wb, add_patients(wb, count), channel=channel)
    with writing(wb.engine) as connection:
        values = {"state": state, "attempt_count": 1, "address": "+13125550101"}
        connection.execute(update(recipients).values(**values))
        return list(connection.scalars(select(recipients.c.recipient_id).order_by(recipients.c.recipient_id)))


def text(
    recipient_id: int | str, status: str, *, error: int | None = None, sid: str = "SM1", number: int = 1
) -> Status:
    return Status("text", f"{recipient_id}-{number}", sid, status, error)


def events(wb: Workbench) -> list[Any]:
    with reading(wb.engine) as connection:
        return list(connection.execute(select(message_events).order_by(message_events.c.event_id)))


ORDERS = [
    (("queued", "sending", "sent", "delivered"), "delivered", ""),
    (("accepted", "queued", "sent", "undelivered"), "returned", "handset_unknown"),
    (("queued", "failed"), "returned", "handset_unknown"),
    (("sent", "delivered", "read"), "delivered", ""),
]


@pytest.mark.parametrize(("told", "state", "reason"), ORDERS, ids=lambda each: "-".join(each) if each else "")
def test_statuses_of_a_text_in_every_order_come_to_the_same(
    wb: Workbench, told: tuple[str, ...], state: str, reason: str
) -> None:
    orders = list(permutations(told))
    ids = handed_over(wb, count=len(orders))

    for recipient_id, order in zip(ids, orders, strict=True):
        for status in order:
            error = 30005 if status in ("undelivered", "failed") else None
            receipts.take_all(wb, [text(recipient_id, status, error=error, sid=f"SM{recipient_id}")])

    assert set(states(wb).values()) == {(state, reason)}


def test_the_same_told_fifty_times_at_once_is_one_event(wb: Workbench) -> None:
    [recipient_id] = handed_over(wb)

    receipts.take_all(wb, [text(recipient_id, "delivered")] * 50)
    receipts.take_all(wb, [text(recipient_id, "delivered")])

    assert [event.kind for event in events(wb)] == ["delivered"]
    assert states(wb) == {"p1": ("delivered", "")}


def test_what_is_told_before_the_outcome_is_written_counts_when_it_is(wb: Workbench) -> None:
    [recipient_id] = handed_over(wb, state="claimed")
    receipts.take_all(wb, [text(recipient_id, "delivered")])
    assert states(wb) == {"p1": ("claimed", "")}

    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(state="handed_over", message_id="SM1"))
        receipts.catch_up(wb, connection, [recipient_id], owners={"SM1": recipient_id})

    assert states(wb) == {"p1": ("delivered", "")}


def test_what_is_told_of_nobody_is_kept_and_joined_when_its_message_is_known(wb: Workbench) -> None:
    [recipient_id] = handed_over(wb)
    for reference in ("", "999999-1", "no reference", "0-1", f"{recipient_id}-9"):
        receipts.take_all(wb, [Status("text", reference, "SM7", "undelivered", 30003)])
    assert states(wb) == {"p1": ("handed_over", "")}
    assert [(event.recipient_id, event.provider_id) for event in events(wb)] == [(None, "SM7")]

    with writing(wb.engine) as connection:
        receipts.catch_up(wb, connection, [recipient_id], owners={"SM7": recipient_id})

    assert states(wb) == {"p1": ("returned", "handset_unreachable")}


STATES = [
    # state before, status, state after
    ("unknown", "queued", "handed_over"),
    ("unknown", "delivered", "delivered"),
    ("unconfirmed", "delivered", "delivered"),
    ("unconfirmed", "undelivered", "returned"),
    ("waiting", "sent", "handed_over"),  # somebody chose to send it again, and then the first try is heard of
    ("unsuccessful", "delivered", "delivered"),
    ("delivered", "sent", "delivered"),
    ("returned", "sent", "returned"),
    ("returned", "delivered", "delivered"),
    ("not_sent", "delivered", "not_sent"),
    ("stopped", "delivered", "stopped"),
    ("hold_out", "delivered", "hold_out"),
]


@pytest.mark.parametrize(("before", "status", "after"), STATES)
def test_what_a_status_makes_of_a_text(wb: Workbench, before: str, status: str, after: str) -> None:
    [recipient_id] = handed_over(wb, state=before)

    receipts.take_all(wb, [text(recipient_id, status)])

    assert states(wb)["p1"][0] == after


def test_what_is_told_of_an_earlier_attempt_changes_nothing_of_the_present_one(wb: Workbench) -> None:
    [recipient_id] = handed_over(wb, channel="phone", state="calling")
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(attempt_count=2))

    receipts.take_all(wb, [Status("phone", f"{recipient_id}-1", "CA1", "no-answer")])

    assert states(wb) == {"p1": ("calling", "")}


CALLS = [
    # status, answered by, state, reason
    ("initiated", "", "calling", ""),
    ("ringing", "", "calling", ""),
    ("in-progress", "human", "calling", ""),
    ("completed", "human", "delivered", "live_response"),
    ("completed", "unknown", "delivered", "live_response"),
    ("completed", "", "delivered", "live_response"),
    ("completed", "machine_end_beep", "delivered", "answering_machine"),
    ("completed", "fax", "unsuccessful", "dial_error"),
    ("busy", "", "waiting", "busy"),
    ("no-answer", "", "waiting", "no_answer"),
    ("failed", "", "unsuccessful", "dial_error"),
    ("canceled", "", "unsuccessful", "call_canceled"),
]


@pytest.mark.parametrize(("status", "answered_by", "state", "reason"), CALLS)
def test_what_a_status_makes_of_a_call(wb: Workbench, status: str, answered_by: str, state: str, reason: str) -> None:
    [recipient_id] = handed_over(wb, channel="phone", state="calling")

    receipts.take_all(wb, [Status("phone", f"{recipient_id}-1", "CA1", status, answered_by=answered_by)])

    assert states(wb) == {"p1": (state, reason)}


def test_a_call_in_every_order_ends_once(wb: Workbench) -> None:
    told = ("initiated", "ringing", "in-progress", "completed")
    orders = list(permutations(told))
    ids = handed_over(wb, channel="phone", state="calling", count=len(orders))

    for recipient_id, order in zip(ids, orders, strict=True):
        for status in order:
            receipts.take_all(wb, [Status("phone", f"{recipient_id}-1", f"CA{recipient_id}", status)])

    assert set(states(wb).values()) == {("delivered", "live_response")}


NOT_USED = [
    {},
    {"MessageSid": "SM1"},
    {"MessageStatus": "sent"},
    {"MessageSid": "SM 1", "MessageStatus": "sent"},
    {"MessageSid": "SM1", "MessageStatus": "SENT"},
    {"MessageSid": "S" * 65, "MessageStatus": "sent"},
    {"MessageSid": "", "MessageStatus": ""},
]


@pytest.mark.parametrize("fields", NOT_USED)
def test_a_status_that_says_nothing_is_not_used(fields: dict[str, str]) -> None:
    assert status_of("text", fields, attempt="1-1") is None


def test_an_error_number_that_is_none_is_left_out() -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "failed"}

    assert [
        found.error
        for error in ("30005", "", "0", "x", "-1", "9" * 30, "٣")
        if (found := status_of("text", fields | {"ErrorCode": error}, attempt=""))
    ] == [30005, None, None, None, None, None, None]


def test_every_error_number_has_a_reason_that_people_can_read() -> None:
    from core.domain.message import REASONS as all_reasons

    for number, known in ERRORS.items():
        assert known.reason in all_reasons, number
    assert set(REASONS) <= set(all_reasons)
    assert error_of(None).reason == "delivery_failed" and error_of(12345).reason == "message_refused"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(201, "accepted"), (429, "temporary"), (20429, "temporary"), (20003, "temporary"), (21610, "permanent"),
     (21211, "permanent"), (400, "permanent"), (500, "unknown"), (503, "unknown"), (0, "unknown")],
)  # fmt: skip
def test_how_an_attempt_ended_by_its_number_alone(code: int, outcome: str) -> None:
    assert outcome_of(code) == outcome


@given(st.sampled_from(["sent", "delivered", "undelivered", "failed", "queued", "read", "canceled", "anything"]))
def test_a_text_never_goes_back(status: str) -> None:
    after = text_follows(status, None).state

    assert not goes_forward("delivered", after)
    assert goes_forward("unknown", after)


@given(
    hours=st.lists(st.integers(0, 400), min_size=1, max_size=4, unique=True).map(sorted),
    reason=st.sampled_from(["busy", "no_answer"]),
)
def test_calls_are_two_hours_apart_and_at_most_two_a_day(hours: list[int], reason: str) -> None:
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    organisation = Organisation()
    started = [TUESDAY_NOON + timedelta(hours=each) for each in hours]

    again = call_again(organisation, started, reason=reason, at=started[-1])

    assert again.state == "waiting" and again.next_at is not None
    assert again.next_at >= started[-1] + timedelta(hours=2)
    zone = ZoneInfo(organisation.time_zone)
    day = again.next_at.astimezone(zone).date()
    assert sum(each.astimezone(zone).date() == day for each in started) < CALLS_A_DAY
    assert call_follows("busy", None).state == "waiting"


def test_a_status_is_kept_although_the_database_was_not_there_at_first(
    wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.store import receipts as rows

    [recipient_id] = handed_over(wb)
    really, failures = rows.keep, [OperationalError("lost", None, Exception()) for _ in range(2)]

    def at_last(*arguments: Any, **named: Any) -> set[str]:
        if failures:
            raise failures.pop()
        return really(*arguments, **named)

    monkeypatch.setattr(rows, "keep", at_last)
    receipts.take_all(wb, [text(recipient_id, "delivered")])

    assert states(wb) == {"p1": ("delivered", "")}
