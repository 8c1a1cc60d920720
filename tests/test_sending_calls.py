"""Phone campaigns end to end: placed with Twilio's own client, answered by the stand-in, and what became of each."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from core import dispatcher, lookups, opt_outs
from core.channels import twilio_outbox
from core.channels.twilio_outbox import KeptCall
from core.domain.campaign import Message
from core.store.database import reading, writing
from core.store.schema import address_states, attempts, patients, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients, states, tries
from tests.dispatchers import wait_until
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)
from tests.twilio_line import Line, connected

SCRIPT = "This is {{ practice.name }}. You may be due for a check-up. Call {{ call_back_number }}."
VOICEMAIL = "This is {{ practice.name }} with a message. Call {{ call_back_number }}."
CALL = {
    "en": Message("", SCRIPT, VOICEMAIL),
    "es": Message("", "Le llama {{ practice.name }}.", "Un mensaje de {{ practice.name }}."),
}


@pytest.fixture
def line(bench_by_day: Workbench) -> Iterator[Line]:  # noqa: F811
    add_clinic(bench_by_day)
    with connected(bench_by_day) as found:
        yield found


def number(n: int) -> str:
    return f"+1312555{n:04d}"


def call_campaign(wb: Workbench, count: int, **changes: Any) -> list[str]:
    """Patients p1, p2 ... with a home number each, and a phone campaign to them."""
    ids = add_patients(wb, count, state="IL", zip="60601", **changes)
    with writing(wb.engine) as connection:
        for n, each in enumerate(ids, start=1):
            connection.execute(update(patients).where(patients.c.patient_id == each).values(phone_home=number(n)))
    add_campaign(wb, ids, channel="phone", messages=CALL)
    return ids


def settled(wb: Workbench, patient_id: str, state: str) -> tuple[str, str]:
    wait_until(lambda: states(wb)[patient_id][0] == state, seconds=30)
    return states(wb)[patient_id]


def transcript(line: Line, call: KeptCall) -> str:
    found = twilio_outbox.call(line.access, call.sid)
    return " ".join(said.text for said in found.transcript if said.verb == "Say")


def due_again(wb: Workbench, patient_id: str) -> Any:
    with reading(wb.engine) as connection:
        return connection.scalar(select(recipients.c.next_at).where(recipients.c.patient_id == patient_id))


def test_a_person_hears_the_message_and_the_keys_in_their_language(line: Line) -> None:
    call_campaign(line.wb, 2)
    with writing(line.wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p2").values(language="es"))

    assert dispatcher.drain(line.wb) == 2

    assert settled(line.wb, "p1", "delivered") == settled(line.wb, "p2", "delivered") == ("delivered", "live_response")
    english, spanish = (transcript(line, call) for call in sorted(line.calls(), key=lambda one: one.recipient))
    assert "You may be due for a check-up. Call 5 5 5, 0 1 0, 0 1 0 0." in english
    assert "press 9" in english and "oprima 9" in spanish and "Le llama Group 1" in spanish


def test_a_machine_records_the_voicemail_and_is_not_called_again(line: Line) -> None:
    call_campaign(line.wb, 1)
    twilio_outbox.behave(line.access, number(1), "machine")

    dispatcher.drain(line.wb)

    assert settled(line.wb, "p1", "delivered") == ("delivered", "answering_machine")
    heard = transcript(line, line.calls()[0])
    assert "with a message" in heard and "check-up" not in heard and "press" not in heard
    assert dispatcher.drain(line.wb) == 0


@pytest.mark.parametrize(("behaviour", "reason"), [("busy", "busy"), ("no-answer", "no_answer")])
def test_whoever_was_not_reached_is_called_again_two_hours_later_and_then_the_next_day(
    line: Line, behaviour: str, reason: str
) -> None:
    wb = line.wb  # Tuesday 12:00 in Chicago
    call_campaign(wb, 1)
    twilio_outbox.behave(line.access, number(1), behaviour)

    dispatcher.drain(wb)
    assert settled(wb, "p1", "waiting") == ("waiting", reason)
    assert due_again(wb, "p1") == wb.now() + timedelta(hours=2)
    assert dispatcher.drain(wb) == 0

    wb.clock.forward(hours=2)  # type: ignore[attr-defined]
    assert dispatcher.drain(wb) == 1
    assert settled(wb, "p1", "waiting") == ("waiting", reason)
    assert due_again(wb, "p1").isoformat() == "2026-11-25T17:00:00+00:00"  # Wednesday, when the window opens


def test_after_five_calls_nobody_is_called_again(line: Line) -> None:
    wb = line.wb
    call_campaign(wb, 1)
    twilio_outbox.behave(line.access, number(1), "no-answer")

    for attempt in range(1, 6):
        assert dispatcher.drain(wb) == 1
        settled(wb, "p1", "waiting" if attempt < 5 else "unsuccessful")
        wb.clock.at = (due_again(wb, "p1") or wb.now()) + timedelta(minutes=5)  # type: ignore[attr-defined]

    assert states(wb) == {"p1": ("unsuccessful", "retries_exceeded")}
    assert len(line.calls()) == len(tries(wb, "p1")) == 5


CANNOT_BE_CALLED = [
    ("1003", "unsuccessful", "dial_error", False),
    ("1005", "unsuccessful", "dial_error", False),  # a fax machine
    ("0001", "unsuccessful", "number_invalid", True),
    ("0002", "unsuccessful", "number_unreachable", False),
    ("0003", "unsuccessful", "country_not_allowed", False),
]


@pytest.mark.parametrize(("digits", "state", "reason", "is_dead"), CANNOT_BE_CALLED)
def test_a_number_that_cannot_be_called(line: Line, digits: str, state: str, reason: str, is_dead: bool) -> None:
    wb = line.wb
    call_campaign(wb, 1)
    with writing(wb.engine) as connection:
        connection.execute(update(patients).values(phone_home=f"+1500555{digits}"))

    dispatcher.drain(wb)

    assert settled(wb, "p1", state) == (state, reason)
    with reading(wb.engine) as connection:
        assert connection.scalars(select(address_states.c.channel)).all() == ["phone"] * is_dead


def pressing(line: Line, *keys: str) -> str:
    """Call p1, press keys, and return what was said."""
    dispatcher.drain(line.wb)
    wait_until(lambda: bool(line.calls()), seconds=20)
    [call] = line.calls()
    for key in keys:
        twilio_outbox.press(line.access, call.sid, key)
    settled(line.wb, "p1", "delivered")
    return transcript(line, line.calls()[0])


def test_the_key_for_no_more_calls_ends_calls_to_everybody_with_that_number(line: Line) -> None:
    wb = line.wb
    call_campaign(wb, 1)
    add_patients(wb, 1, start=2, phone_mobile=number(1), state="IL", zip="60601")

    said = pressing(line, "9")

    assert "You will get no more calls like this" in said
    assert [(one.type, one.until) for one in opt_outs.of_address(wb, number(1))] == [("do_not_call", None)]
    add_campaign(wb, ["p2"], campaign_id="c2", name="c2", channel="phone", messages=CALL)
    assert dispatcher.drain(wb) == 0
    assert states(wb, "c2") == {"p2": ("not_sent", "opted_out:do_not_call")}


def test_keys_repeat_the_message_connect_to_the_office_and_say_when_they_do_nothing(line: Line) -> None:
    call_campaign(line.wb, 1)

    said = pressing(line, "1", "7", "2")

    assert said.count("You may be due for a check-up") == 3
    assert "That key does nothing here." in said and "We are connecting you" in said
    found = twilio_outbox.call(line.access, line.calls()[0].sid)
    assert [one.text for one in found.transcript if one.verb == "Dial"] == ["+15550100100"]


def test_a_call_that_twilio_has_taken_is_never_placed_again_because_its_list_is_silent(line: Line) -> None:
    wb = replace(line.wb, settings=replace(line.wb.settings, demo=True))
    call_campaign(wb, 1)
    with writing(wb.engine) as connection:
        connection.execute(
            update(recipients).values(state="calling", attempt_count=1, address=number(1), message_id="CA1")
        )
        recipient_id = connection.scalar(select(recipients.c.recipient_id))
        connection.execute(
            insert(attempts).values(recipient_id=recipient_id, number=1, worker="w", started_at=wb.now())
        )

    for _ in range(6):
        wb.clock.forward(minutes=6)  # type: ignore[attr-defined]
        lookups.look_up(wb)
    assert states(wb)["p1"][0] == "calling"

    wb.clock.forward(hours=73)  # type: ignore[attr-defined]
    lookups.look_up(wb)
    assert states(wb)["p1"] == ("unconfirmed", "unconfirmed")
