"""Calls of the stand-in for Twilio, made by the real Twilio client: who answers, what is said, what is pressed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from core.channels import twilio_outbox as outbox
from core.channels.twilio_sandbox_magic import CALLS, ERRORS, FROM, MAGIC, PREFIX
from core.errors import NotAllowed, NotFound, SettingsError
from tests.twilio_application import ACCOUNT, ADA, US, Application, Running, application, eventually, running

CALLS_PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
EVENTS = ["initiated", "ringing", "answered", "completed"]
# A key ends it at once; without one it is over after `timeout`, a hundredth of it with the speed of the tests.
MENU = (
    '<Response><Gather numDigits="1" action="key" timeout="{}"><Say>Press 1.</Say></Gather>'
    "<Say>Goodbye.</Say></Response>"
)


@pytest.fixture
def app() -> Iterator[Application]:
    with application() as app:
        yield app


@pytest.fixture
def twin(tmp_path: Path, app: Application) -> Iterator[Running]:
    with running(tmp_path / "outbox", webhooks=f"{app.url}/twilio") as twin:
        yield twin


def said(twin: Running, call: Any) -> list[tuple[str, str, str]]:
    """What happened in a call that is over."""
    twin.over(call)
    return [(step.verb, step.text, step.outcome) for step in outbox.call(twin.access, call.sid).transcript]


def test_the_application_is_told_the_events_it_asked_for(twin: Running, app: Application) -> None:
    made = twin.call(status_callback=f"{app.url}/status?c=5", status_callback_event=EVENTS)

    told = eventually(lambda: app.heard if len(app.heard) == 4 else [])
    told = sorted(told, key=lambda heard: heard.told["SequenceNumber"])
    assert [heard.told["CallStatus"] for heard in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert all(heard.is_signed and heard.told["CallSid"] == made.sid for heard in told)
    assert {heard.told["CallbackSource"] for heard in told} == {"call-progress-events"}
    assert (made.status, made.fetch().status) == ("queued", "completed")
    assert int(told[-1].told["CallDuration"]) == int(made.fetch().duration) > 0


def test_only_the_end_is_told_when_no_event_was_asked_for(twin: Running, app: Application) -> None:
    twin.over(twin.call(status_callback=f"{app.url}/status"))

    eventually(lambda: app.heard)
    assert app.told("/status", "CallStatus") == ["completed"]


REFUSED = [(row.side, row.digits, row.happens) for row in MAGIC if row.kind == CALLS and isinstance(row.happens, int)]


@pytest.mark.parametrize(("side", "digits", "code"), REFUSED)
def test_twilios_own_test_numbers_are_refused_as_there(twin: Running, side: str, digits: str, code: int) -> None:
    request = {"sender": PREFIX + digits} if side == FROM else {"to": PREFIX + digits}

    with pytest.raises(TwilioRestException) as refused:
        twin.call(**request)
    assert (refused.value.code, refused.value.status) == (code, ERRORS[code][0])
    assert outbox.calls(twin.access).count == 0


WRONG = [
    ({"To": ""}, 21201),
    ({"From": ""}, 21213),
    ({"Twiml": ""}, 21205),
    ({"Twiml": "", "Url": "voice"}, 21205),
    ({"To": "12345"}, 21211),
    ({"From": "Clinic"}, 21212),
    ({"StatusCallback": "status"}, 21609),
    ({"Timeout": "soon"}, 20001),
]


@pytest.mark.parametrize(("change", "code"), WRONG)
def test_a_request_that_is_wrong_gets_twilios_error(twin: Running, change: dict[str, str], code: int) -> None:
    status, answer, _ = twin.create("Calls", **({"To": ADA, "From": US, "Twiml": "<Response/>"} | change))

    assert (status, answer["code"]) == (400, code)


ENDS = [
    # digits, machine detection, how it ends, who answered
    ("1001", "Enable", "busy", None),
    ("1002", "Enable", "no-answer", None),
    ("1003", "Enable", "failed", None),
    ("1004", "Enable", "completed", "machine_start"),
    ("1004", "DetectMessageEnd", "completed", "machine_end_beep"),
    ("1005", "Enable", "completed", "fax"),
    ("1234", "Enable", "completed", "human"),
    ("1004", "", "completed", None),
]


@pytest.mark.parametrize(("digits", "detection", "status", "answered_by"), ENDS)
def test_who_answers_and_how_a_call_ends(
    twin: Running, app: Application, digits: str, detection: str, status: str, answered_by: str | None
) -> None:
    more = {"machine_detection": detection} if detection else {}
    call = twin.over(twin.call(PREFIX + digits, url=f"{app.url}/voice", status_callback=f"{app.url}/status", **more))

    eventually(lambda: app.told("/status", "CallStatus"))
    assert (call.status, call.answered_by) == (status, answered_by)
    assert app.told("/status", "CallStatus") == [status]
    assert app.told("/status", "AnsweredBy") == [answered_by or ""]
    assert app.told("/voice", "AnsweredBy") == ([answered_by or ""] if status == "completed" else [])
    assert (call.duration is None, call.end_time is None) == ((status != "completed"),) * 2


def test_a_machine_may_be_detected_while_something_is_said(twin: Running, app: Application) -> None:
    app.answers["/voice"] = (200, '<Response><Say>Hello.</Say><Pause length="5"/></Response>')
    amd = {"machine_detection": "Enable", "async_amd": "true", "async_amd_status_callback": f"{app.url}/amd"}

    call = twin.call(PREFIX + "1004", url=f"{app.url}/voice", **amd)

    eventually(lambda: app.told("/amd", "AnsweredBy"))
    assert app.told("/amd", "AnsweredBy") == ["machine_start"]
    assert app.told("/voice", "AnsweredBy") == [""]
    assert twin.over(call).answered_by == "machine_start"


def test_a_key_that_the_patient_presses_goes_to_the_application(twin: Running, app: Application) -> None:
    app.answers = {
        "/a/voice": (200, MENU.format(900)),
        "/a/key": (200, "<Response><Say language='es-US'>Gracias</Say></Response>"),
    }

    call = twin.call(url=f"{app.url}/a/voice?c=5")
    outbox.press(twin.access, call.sid, "1")

    assert said(twin, call) == [
        ("Gather", "", "asked"),
        ("Say", "Press 1.", ""),
        ("Gather", "1", "pressed"),
        ("Say", "Gracias", ""),
    ]
    assert app.told("/a/key", "Digits") == ["1"]
    assert all(heard.is_signed and heard.told["CallStatus"] == "in-progress" for heard in app.heard)
    assert outbox.call(twin.access, call.sid).transcript[-1].language == "es-US"


def test_a_call_that_waits_for_a_key_says_so(tmp_path: Path) -> None:
    with running(tmp_path, speed=10) as twin:
        menu = '<Response><Gather timeout="60" actionOnEmptyResult="false"><Say>Press.</Say></Gather></Response>'
        call = twin.call(twiml=menu)

        eventually(lambda: outbox.call(twin.access, call.sid).asks_for_key)
        assert outbox.calls(twin.access).calls[0].asks_for_key
        call.update(status="completed")
        assert not outbox.call(twin.access, call.sid).asks_for_key


def test_without_a_key_the_call_goes_on(twin: Running, app: Application) -> None:
    app.answers = {"/voice": (200, MENU.format(5))}

    call = twin.call(url=f"{app.url}/voice")

    steps = [("Gather", "", "asked"), ("Say", "Press 1.", ""), ("Gather", "", "no key"), ("Say", "Goodbye.", "")]
    assert said(twin, call) == steps


GATHERS = [
    # attributes                           pressed   digits told
    ('timeout="900" numDigits="2"', "123", ["12"]),
    ('timeout="900"', "12#", ["12"]),
    ('timeout="900" finishOnKey="*"', "1#*", ["1#"]),
    ('timeout="60"', "12", ["12"]),
    ('actionOnEmptyResult="true"', "", [""]),
]


@pytest.mark.parametrize(("attributes", "pressed", "told"), GATHERS)
def test_how_many_keys_are_taken(
    twin: Running, app: Application, attributes: str, pressed: str, told: list[str]
) -> None:
    app.answers = {"/voice": (200, f'<Response><Gather {attributes} action="{app.url}/key"/></Response>')}

    call = twin.call(url=f"{app.url}/voice")
    if pressed:
        outbox.press(twin.access, call.sid, pressed)

    twin.over(call)
    assert app.told("/key", "Digits") == told


SCRIPTS = [
    ("<Say>Dear <prosody>Ada</prosody>,\n hello</Say>", [("Say", "Dear Ada, hello", "")]),
    (
        '<Pause length="2"/><Play>http://127.0.0.1/a.mp3</Play>',
        [("Pause", "2", ""), ("Play", "http://127.0.0.1/a.mp3", "")],
    ),
    ("<Dial><Number>+15550107777</Number></Dial>", [("Dial", "+15550107777", "connected")]),
    (f"<Dial>{PREFIX}1001</Dial><Say>Sorry</Say>", [("Dial", f"{PREFIX}1001", "busy"), ("Say", "Sorry", "")]),
    ("<Hangup/><Say>Never</Say>", [("Hangup", "", "")]),
    ("<Reject/><Say>Never</Say>", [("Reject", "", "")]),
    ("<Sing/><Say>On</Say>", [("Sing", "The sandbox does not know this verb and went on.", ""), ("Say", "On", "")]),
]


@pytest.mark.parametrize(("verbs", "steps"), SCRIPTS)
def test_what_is_said_and_done_is_kept(twin: Running, verbs: str, steps: list[tuple[str, str, str]]) -> None:
    assert said(twin, twin.call(twiml=f"<Response>{verbs}</Response>")) == steps


def test_the_application_hears_what_became_of_a_dialled_number(twin: Running, app: Application) -> None:
    app.answers = {"/voice": (200, '<Response><Dial action="/dialled">+15550107777</Dial></Response>')}

    twin.over(twin.call(url=f"{app.url}/voice"))

    assert app.told("/dialled", "DialCallStatus") == ["completed"]


BROKEN = [
    (200, "Hello", "The application's answer is not TwiML"),
    (200, "", "The application's answer is not TwiML"),
    (200, "<Say>Hello</Say>", "The application's answer is not TwiML"),
    (
        200,
        '<!DOCTYPE x [<!ENTITY e "boom">]><Response><Say>&e;</Say></Response>',
        "The application's answer is not TwiML",
    ),
    (403, "<Response/>", "The application did not say what comes next (HTTP 403)"),
    (200, "<Response><Redirect/></Response>", "More than 50 verbs in one call"),
]


@pytest.mark.parametrize(("status", "text", "reason"), BROKEN)
def test_an_answer_that_cannot_be_followed_ends_the_call(
    twin: Running, app: Application, status: int, text: str, reason: str
) -> None:
    app.answers = {"/voice": (status, text)}

    call = twin.call(url=f"{app.url}/voice")

    assert said(twin, call)[-1] == ("Error", reason, "")
    assert call.fetch().status == "completed"


def test_a_call_can_be_cancelled_and_hung_up(tmp_path: Path, app: Application) -> None:
    with running(tmp_path, speed=3) as twin:
        cancelled = twin.call(status_callback=f"{app.url}/cancelled").update(status="canceled")
        talking = twin.call(twiml='<Response><Pause length="60"/></Response>', status_callback=f"{app.url}/hung-up")
        eventually(lambda: talking.fetch().status == "in-progress")
        hung_up = talking.update(status="completed")

        assert (cancelled.status, hung_up.status) == ("canceled", "completed")
        eventually(lambda: len(app.heard) == 2)
        assert app.told("/cancelled", "CallStatus") + app.told("/hung-up", "CallStatus") == ["canceled", "completed"]
        with pytest.raises(TwilioRestException) as refused:
            hung_up.update(status="completed")
        assert refused.value.code == 21220


def test_answers_have_the_shape_of_twilios_description(twin: Running) -> None:
    status, made, _ = twin.create("Calls", To=ADA, From=US, Twiml="<Response/>")
    eventually(lambda: twin.client.calls(made["sid"]).fetch().end_time)
    listed = twin.ask(CALLS_PATH)[1]

    [call] = listed["calls"]
    when = re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000")
    assert (status, made["status"], made["start_time"], made["duration"]) == (201, "queued", None, None)
    assert made.keys() == call.keys()
    assert all(when.fullmatch(call[name]) for name in ("date_created", "date_updated", "start_time", "end_time"))
    assert re.fullmatch("CA[0-9a-f]{32}", call["sid"])
    assert (call["duration"].isdigit(), call["queue_time"], call["price"]) == (True, "0", None)
    assert (call["direction"], call["price_unit"], call["to_formatted"]) == ("outbound-api", "USD", "(555) 010-1234")
    assert call["subresource_uris"]["recordings"] == CALLS_PATH.replace(".json", f"/{call['sid']}/Recordings.json")


def test_calls_are_listed_by_number_status_and_time(twin: Running) -> None:
    busy = twin.over(twin.call(PREFIX + "1001"))
    done = twin.over(twin.call())
    find = twin.client.calls.list

    assert [call.sid for call in find(page_size=1)] == [done.sid, busy.sid]
    assert [call.sid for call in find(status="busy")] == [call.sid for call in find(to=PREFIX + "1001")] == [busy.sid]
    assert [call.sid for call in find(start_time_after=done.start_time, to=ADA)] == [done.sid]
    assert find(parent_call_sid=done.sid) == []


def test_a_restart_tells_that_the_calls_under_way_have_failed(tmp_path: Path, app: Application) -> None:
    with running(tmp_path, speed=0.01) as twin:
        sid = twin.call(status_callback=f"{app.url}/status").sid

    with running(tmp_path) as twin:
        eventually(lambda: app.heard)
        assert twin.client.calls(sid).fetch().status == "failed"
        assert app.told("/status", "CallStatus") == ["failed"]


def test_the_outbox_finds_calls_and_lets_nobody_answer(twin: Running) -> None:
    outbox.behave(twin.access, ADA, "no-answer")
    missed = twin.over(twin.call())
    outbox.behave(twin.access, ADA, "human")
    twin.over(twin.call())

    assert missed.status == "no-answer"
    page = outbox.calls(twin.access, search="0101234", size=1, page=1)
    assert (page.count, page.calls[0].status, page.calls[0].transcript) == (2, "no-answer", ())
    assert outbox.calls(twin.access, search="%").count == 0


def test_the_outbox_says_what_cannot_be_done(twin: Running) -> None:
    over = twin.over(twin.call())

    with pytest.raises(NotAllowed):
        outbox.press(twin.access, over.sid, "1")
    with pytest.raises(NotAllowed):
        outbox.behave(twin.access, ADA, "asleep")
    with pytest.raises(NotFound):
        outbox.call(twin.access, "CA" + "0" * 32)
    with pytest.raises(SettingsError, match="does not know this account"):
        outbox.texts(outbox.Access(twin.access.url, ACCOUNT, "guessed"))
    twin.sandbox.stop()
    with pytest.raises(SettingsError, match="does not answer"):
        outbox.texts(twin.access)
