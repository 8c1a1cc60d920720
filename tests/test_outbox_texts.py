"""Texts and calls in the Outbox: found, read as conversations, and answered as a patient would."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core import inbox, outbox_texts
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound, SettingsError
from core.outbox_texts import KeptCall
from core.store import accounts
from core.twilio_account import twilio_access
from core.workbench import Workbench
from tests.dispatchers import wait_until
from tests.twilio_line import Line, connected

ADA, BOB = "+13125550100", "+17735550101"
MENU = (
    '<Response><Gather numDigits="1" timeout="60"><Say>To be called back, press 1.</Say></Gather>'
    "<Say>Goodbye.</Say></Response>"
)


@pytest.fixture
def line(wb: Workbench) -> Iterator[Line]:
    with connected(wb) as found:
        yield found


def send(wb: Workbench, number: str, body: str) -> str:
    """A text of ours, handed over with Twilio's own client; returns its id."""
    access = twilio_access(wb.settings)
    return str(access.client().messages.create(to=number, from_=access.sender, body=body).sid)


def ring(wb: Workbench, number: str, twiml: str = MENU, *, detect: bool = False) -> str:
    """A call of ours, with or without finding out who answers; returns its id."""
    access = twilio_access(wb.settings)
    more = {"machine_detection": "Enable"} if detect else {}
    return str(access.client().calls.create(to=number, from_=access.sender, twiml=twiml, **more).sid)


def settled(wb: Workbench, number: str, *statuses: str) -> None:
    """Wait until the texts of a number have come to these ends."""
    wait_until(lambda: [one.status for one in outbox_texts.thread(wb, number)] == list(statuses), seconds=20)


def over(wb: Workbench, sid: str) -> KeptCall:
    """Wait until a call is over."""
    wait_until(lambda: outbox_texts.call(wb, sid).status not in ("queued", "ringing", "in-progress"), seconds=20)
    return outbox_texts.call(wb, sid)


def test_the_newest_texts_come_first_a_page_at_a_time(line: Line) -> None:
    for number in range(5):
        send(line.wb, ADA, f"Text {number}")

    found = outbox_texts.texts(line.wb, page=1, size=2)

    assert found.count == 5
    assert [one.body for one in found.texts] == ["Text 2", "Text 1"]


SEARCHES = [
    # what is typed, whose texts are found
    ("(312) 555-0100", [ADA]),
    ("312-555-0100", [ADA]),
    ("312.555.0100", [ADA]),
    ("+1 312 555 0100", [ADA]),
    (" 1 (312) 55", [ADA]),
    ("555-01", [ADA, BOB]),
    ("0101", [BOB]),
    ("FLU", [BOB]),
    ("flu shot, 10", [BOB]),
    ("(312) 555-0101", []),
    ("...", []),
    ("%", []),
    ("", [ADA, BOB]),
]


@pytest.mark.parametrize(("search", "expected"), SEARCHES)
def test_texts_are_found_by_a_number_however_it_is_written_and_by_their_words(
    line: Line, search: str, expected: list[str]
) -> None:
    send(line.wb, ADA, "Time for your mammogram")
    send(line.wb, BOB, "Flu shot, 10 minutes")

    found = outbox_texts.texts(line.wb, search=search)

    assert sorted(one.recipient for one in found.texts) == expected


def test_a_conversation_has_both_directions_of_one_number_the_oldest_first(line: Line) -> None:
    wb = line.wb
    send(wb, ADA, "Time for your mammogram")
    send(wb, BOB, f"Somebody else's text, which names {ADA}")

    answered = outbox_texts.reply(wb, ADA, "Can I come on Friday?")

    assert answered.answered == 200
    said = [(outbox_texts.patient_number(one), one.body) for one in outbox_texts.thread(wb, ADA)]
    assert said == [(ADA, "Time for your mammogram"), (ADA, "Can I come on Friday?")]
    assert [reply.body for reply in inbox.replies(wb).replies] == ["Can I come on Friday?"]


def test_a_stop_ends_texts_to_the_number_and_is_answered_in_the_conversation(line: Line) -> None:
    wb = line.wb
    send(wb, ADA, "Time for your mammogram")

    outbox_texts.reply(wb, ADA, "STOP")

    settled(wb, ADA, "delivered", "received", "delivered")
    assert [reply.kind for reply in inbox.replies(wb, status="done").replies] == ["stop"]
    assert outbox_texts.thread(wb, ADA)[-1].direction == "outbound-reply"


@pytest.mark.parametrize("body", ["", " \n", "x" * 1601])
def test_an_empty_or_endless_reply_is_refused_with_what_is_possible(line: Line, body: str) -> None:
    with pytest.raises(NotAllowed, match="1 to 1,600 characters"):
        outbox_texts.reply(line.wb, ADA, body)

    assert outbox_texts.thread(line.wb, ADA) == []


def test_a_number_does_with_texts_what_it_was_told_until_it_is_told_otherwise(line: Line) -> None:
    wb = line.wb
    outbox_texts.behave(wb, ADA, "undelivered:30006")
    send(wb, ADA, "One")
    settled(wb, ADA, "undelivered")

    assert outbox_texts.behaviour(wb, ADA) == "undelivered:30006"
    assert outbox_texts.behaviour(wb, BOB) == ""
    assert outbox_texts.thread(wb, ADA)[0].error_code == 30006
    outbox_texts.behave(wb, ADA, "")
    send(wb, ADA, "Two")
    settled(wb, ADA, "undelivered", "delivered")
    assert outbox_texts.behaviour(wb, ADA) == ""


def test_a_behaviour_that_does_not_exist_is_refused(line: Line) -> None:
    with pytest.raises(NotAllowed):
        outbox_texts.behave(line.wb, ADA, "asleep")


def test_a_key_is_pressed_in_a_call_and_stands_in_its_transcript(line: Line) -> None:
    wb = line.wb
    sid = ring(wb, ADA)
    wait_until(lambda: outbox_texts.call(wb, sid).asks_for_key, seconds=20)

    outbox_texts.press(wb, sid, "2")

    wait_until(
        lambda: (
            ("Gather", "2", "pressed")
            in [(step.verb, step.text, step.outcome) for step in outbox_texts.call(wb, sid).transcript]
        ),
        seconds=20,
    )


@pytest.mark.parametrize(("behaviour", "status"), [("busy", "busy"), ("no-answer", "no-answer"), ("", "completed")])
def test_a_call_ends_as_its_number_was_told_and_is_found_by_it(line: Line, behaviour: str, status: str) -> None:
    wb = line.wb
    outbox_texts.behave(wb, ADA, behaviour)
    sid = ring(wb, ADA, "<Response><Say>Goodbye.</Say></Response>")

    assert over(wb, sid).status == status
    assert [one.sid for one in outbox_texts.calls(wb, search="(312) 555").calls] == [sid]
    assert outbox_texts.calls(wb, search="(773) 555").count == 0


def test_no_key_can_be_pressed_in_a_call_that_is_over_or_never_was(line: Line) -> None:
    sid = ring(line.wb, ADA, "<Response><Hangup/></Response>")
    over(line.wb, sid)

    with pytest.raises(NotAllowed):
        outbox_texts.press(line.wb, sid, "1")
    with pytest.raises(NotFound):
        outbox_texts.call(line.wb, "CA" + "0" * 32)


def test_who_may_not_see_every_patient_sees_and_does_nothing_here(line: Line) -> None:
    limited = User("lim", "Limited", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(line.wb.engine, limited, at=line.wb.now(), by="ana")
    wb = line.wb.as_user("lim")

    for refused in (
        lambda: outbox_texts.texts(wb),
        lambda: outbox_texts.calls(wb),
        lambda: outbox_texts.call(wb, "CA" + "0" * 32),
        lambda: outbox_texts.thread(wb, ADA),
        lambda: outbox_texts.reply(wb, ADA, "STOP"),
        lambda: outbox_texts.press(wb, "CA" + "0" * 32, "1"),
        lambda: outbox_texts.behave(wb, ADA, "busy"),
        lambda: outbox_texts.behaviour(wb, ADA),
    ):
        with pytest.raises(NotAllowed, match="all groups and providers"):
            refused()


def test_without_the_stand_in_it_says_how_to_start_it(wb: Workbench) -> None:
    nowhere = replace(wb, settings=replace(wb.settings, twilio_url="http://127.0.0.1:9"))

    with pytest.raises(SettingsError, match="start Careloop"):
        outbox_texts.texts(nowhere)


def test_with_an_account_of_twilio_nothing_is_simulated_and_the_lists_are_those_of_the_stand_in(wb: Workbench) -> None:
    nowhere = replace(wb.settings, twilio_url="http://127.0.0.1:9")
    real = replace(wb, settings=replace(nowhere, twilio_account="AC" + "1" * 32, twilio_token="t" * 32))

    assert not outbox_texts.is_stand_in(real)
    assert outbox_texts.texts(real) == outbox_texts.TextPage([], 0)
    assert outbox_texts.calls(real) == outbox_texts.CallPage([], 0)
    for refused in (
        lambda: outbox_texts.reply(real, ADA, "STOP"),
        lambda: outbox_texts.press(real, "CA" + "0" * 32, "1"),
        lambda: outbox_texts.behave(real, ADA, "busy"),
    ):
        with pytest.raises(NotAllowed, match="account of Twilio"):
            refused()
