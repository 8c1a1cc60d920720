"""The stand-in for Twilio, asked by the real Twilio client: texts, states, errors, lists and patients' replies."""

import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from core.channels import twilio_outbox as outbox
from core.channels.twilio_sandbox import start_twilio_sandbox
from core.channels.twilio_sandbox_exchange import Exchange
from core.channels.twilio_sandbox_magic import ERRORS, FROM, MAGIC, PREFIX, STOP_WORDS, TEXTS
from core.channels.twilio_sandbox_store import Store
from tests.twilio_application import ACCOUNT, ADA, TOKEN, US, Application, Running, application, eventually, running

MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
WHEN = r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000"
# What Twilio's description says of a message: a pattern for a string, None for null, or the value itself.
SHAPE: dict[str, tuple[object, ...]] = {
    "body": (".*",),
    "num_segments": (r"\d+",),
    "direction": ("inbound|outbound-api|outbound-call|outbound-reply",),
    "from": (r"\+\d+", None),
    "to": (r"\+\d+",),
    "date_updated": (WHEN,),
    "price": (None,),
    "error_message": (".+", None),
    "uri": (rf"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM[0-9a-f]{{32}}\.json",),
    "account_sid": (ACCOUNT,),
    "num_media": ("0",),
    "status": ("accepted|queued|sending|sent|delivered|undelivered|failed|received",),
    "messaging_service_sid": ("MG[0-9a-f]{32}", None),
    "sid": ("SM[0-9a-f]{32}",),
    "date_sent": (WHEN, None),
    "date_created": (WHEN,),
    "error_code": (30003, None),
    "price_unit": ("USD",),
    "api_version": ("2010-04-01",),
    "subresource_uris": ({},),
}


@pytest.fixture
def app() -> Iterator[Application]:
    with application() as app:
        yield app


@pytest.fixture
def twin(tmp_path: Path, app: Application) -> Iterator[Running]:
    with running(tmp_path / "outbox", webhooks=f"{app.url}/twilio") as twin:
        yield twin


def code_of(twin: Running, **request: Any) -> int:
    with pytest.raises(TwilioRestException) as refused:
        twin.text(**request)
    assert refused.value.status == ERRORS[refused.value.code][0]
    return int(refused.value.code)


def fits(answer: dict[str, Any]) -> bool:
    return answer.keys() == SHAPE.keys() and all(
        any(
            re.fullmatch(one, value) is not None
            if isinstance(one, str) and isinstance(value, str)
            else value == one or (one == {} and isinstance(value, dict))
            for one in SHAPE[name]
        )
        for name, value in answer.items()
    )


def test_a_text_goes_through_its_states_and_the_sender_is_told_of_each(twin: Running, app: Application) -> None:
    taken = twin.text(status_callback=f"{app.url}/status?r=7&n=é%20")

    told = eventually(lambda: app.heard if len(app.heard) == 3 else [])
    assert (taken.status, taken.date_sent, taken.direction) == ("queued", None, "outbound-api")
    assert sorted(heard.told["MessageStatus"] for heard in told) == ["delivered", "sending", "sent"]
    assert {heard.path for heard in told} == {"/status?r=7&n=%C3%A9%20"}
    assert all(heard.is_signed and heard.told["MessageSid"] == taken.sid for heard in told)
    assert (taken.fetch().status, taken.fetch().date_sent is None) == ("delivered", False)


REFUSED = [(row.side, row.digits, row.happens) for row in MAGIC if row.kind == TEXTS and isinstance(row.happens, int)]


@pytest.mark.parametrize(("side", "digits", "code"), REFUSED)
def test_twilios_own_test_numbers_are_refused_as_there(twin: Running, side: str, digits: str, code: int) -> None:
    request = {"sender": PREFIX + digits} if side == FROM else {"to": PREFIX + digits}

    assert code_of(twin, **request) == code
    assert outbox.texts(twin.access).count == 0


WRONG = [
    # what is wrong with the request                      code
    ({"To": ""}, 21604),
    ({"From": ""}, 21603),
    ({"Body": ""}, 21602),
    ({"Body": "x" * 1601}, 21617),
    ({"To": "5550101234"}, 21211),
    ({"To": "+1555010123"}, 21211),
    ({"To": "everybody"}, 21211),
    ({"From": "+0"}, 21212),
    ({"To": US}, 21266),
    ({"StatusCallback": "ftp://127.0.0.1/x"}, 21609),
    ({"ValidityPeriod": "0"}, 21624),
]


@pytest.mark.parametrize(("change", "code"), WRONG)
def test_a_request_that_is_wrong_gets_twilios_error(twin: Running, change: dict[str, str], code: int) -> None:
    status, answer, _ = twin.create("Messages", **({"To": ADA, "From": US, "Body": "Hello"} | change))

    assert (status, answer["code"], answer["status"]) == (400, code, 400)
    assert answer["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert answer.keys() == {"code", "message", "more_info", "status"}


LATER = [(row.digits, row.happens) for row in MAGIC if row.kind == TEXTS and str(row.happens).startswith("undel")]


@pytest.mark.parametrize(("digits", "happens"), LATER)
def test_a_text_that_cannot_be_delivered_is_taken_and_says_why_later(
    twin: Running, app: Application, digits: str, happens: str
) -> None:
    taken = twin.text(PREFIX + digits, status_callback=f"{app.url}/status")

    eventually(lambda: "undelivered" in app.told("/status", "MessageStatus"))
    code = happens.removeprefix("undelivered:")
    assert (taken.status, taken.fetch().status, taken.fetch().error_code) == ("queued", "undelivered", int(code))
    assert app.told("/status", "ErrorCode").count(code) == 1


@pytest.mark.parametrize(
    ("digits", "status", "code"), [("4290", 429, 20429), ("5000", 500, 20500), ("5030", 503, 20503)]
)
def test_twilio_may_be_busy_or_broken(twin: Running, digits: str, status: int, code: int) -> None:
    answer = twin.create("Messages", To=PREFIX + digits, From=US, Body="Hello")

    assert (answer[0], answer[1]["code"], "Retry-After" in answer[2]) == (status, code, status != 500)
    assert outbox.texts(twin.access).count == 0


@pytest.mark.parametrize(("digits", "kept"), [("5040", 1), ("5041", 1), ("5042", 0)])
def test_an_answer_may_fail_to_come_whether_the_text_was_taken_or_not(tmp_path: Path, digits: str, kept: int) -> None:
    with running(tmp_path, timeout=0.2) as twin:
        with pytest.raises((requests.ConnectionError, requests.Timeout)):
            twin.text(PREFIX + digits)

        assert outbox.texts(twin.access).count == kept


def test_only_the_account_is_let_in(twin: Running) -> None:
    for path in (MESSAGES, "/sandbox/texts", "/nothing"):
        status, answer, _ = twin.ask(path, auth=(ACCOUNT, "guessed"))
        assert (status, answer["code"]) == (401, 20003)


@pytest.mark.parametrize("path", ["/nothing", MESSAGES.replace(".json", "/SM0.json"), MESSAGES.replace("555", "666")])
def test_what_is_not_there_is_not_found(twin: Running, path: str) -> None:
    status, answer, _ = twin.ask(path)

    assert (status, answer["code"], answer["status"]) == (404, 20404, 404)


def test_a_request_that_is_too_large_is_refused_and_the_next_one_is_taken(twin: Running) -> None:
    status, answer, _ = twin.create("Messages", To=ADA, From=US, Body="x" * 70_000)

    assert (status, answer["code"]) == (413, 20413)
    assert twin.text().status == "queued"


def test_answers_have_the_shape_of_twilios_description(twin: Running, tmp_path: Path) -> None:
    created = [
        twin.create("Messages", To=ADA, From=US, Body="Hello"),
        twin.create("Messages", To=PREFIX + "3003", MessagingServiceSid="MG" + "a" * 32, Body="Hello"),
    ]
    outbox.reply(twin.access, sender=ADA, body="Hello?")
    eventually(lambda: twin.client.messages.list(to=PREFIX + "3003")[0].error_code)

    status, listed, headers = twin.ask(MESSAGES)
    assert [answer[0] for answer in created] == [201, 201]
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert [row for row in [created[0][1], created[1][1], *listed["messages"]] if not fits(row)] == []
    assert created[1][1]["status"] == "accepted"


SEGMENTS = [("a" * 160, "1"), ("a" * 161, "2"), ("€" * 80, "1"), ("€" * 81, "2"), ("ñ" * 160, "1"), ("ő" * 71, "2")]


@pytest.mark.parametrize(("body", "segments"), SEGMENTS)
def test_long_texts_and_foreign_letters_take_several_segments(twin: Running, body: str, segments: str) -> None:
    assert twin.text(body=body).num_segments == segments


def test_lists_come_in_pages_with_the_newest_first(twin: Running) -> None:
    for number in range(5):
        twin.text(body=str(number))
    twin.text("+15550109999")

    first = twin.client.messages.page(to=ADA, page_size=2)
    second = first.next_page()
    back = second.previous_page()

    assert [message.body for message in twin.client.messages.list(to=ADA, page_size=2)] == ["4", "3", "2", "1", "0"]
    assert [[message.body for message in page] for page in (first, second, back)] == [
        ["4", "3"],
        ["2", "1"],
        ["4", "3"],
    ]


def test_a_list_says_which_page_it_is(twin: Running) -> None:
    for _ in range(3):
        twin.text()

    _, listed, _ = twin.ask(f"{MESSAGES}?PageSize=2&Page=1")

    pages = {name: value for name, value in listed.items() if name != "messages"}
    assert pages.pop("previous_page_uri").startswith(f"{MESSAGES}?PageSize=2&Page=0&PageToken=PBSM")
    assert pages == {
        "first_page_uri": f"{MESSAGES}?PageSize=2&Page=0",
        "next_page_uri": None,
        "uri": f"{MESSAGES}?PageSize=2&Page=1",
        "page": 1,
        "page_size": 2,
        "start": 2,
        "end": 2,
    }


def test_texts_are_listed_by_the_day_or_moment_they_were_sent(twin: Running) -> None:
    text = twin.text()
    eventually(lambda: text.fetch().date_sent)
    sent = text.fetch().date_sent
    find, hour = twin.client.messages.list, timedelta(hours=1)

    assert find(date_sent=sent.date()) and not find(date_sent=sent - 24 * hour)
    assert find(date_sent_after=sent) and not find(date_sent_after=sent + hour)
    assert find(date_sent_before=sent) and not find(date_sent_before=sent - hour)
    assert twin.ask(f"{MESSAGES}?DateSent=yesterday")[0] == 400


def test_a_text_that_is_not_sent_yet_is_in_no_list_by_date(tmp_path: Path) -> None:
    with running(tmp_path, speed=0.01) as twin:
        twin.text()

        assert len(twin.client.messages.list()) == 1
        assert twin.client.messages.list(date_sent_after=datetime(2020, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize("word", [*sorted(STOP_WORDS), " stop ", "Unsubscribe\n"])
def test_whoever_texts_stop_gets_nothing_more_until_start(twin: Running, app: Application, word: str) -> None:
    outbox.reply(twin.access, sender=ADA, body=word)

    assert code_of(twin) == 21610
    assert twin.text("+15550109999").status == twin.text(sender="+15550100001").status == "queued"
    outbox.reply(twin.access, sender=ADA, body="start")
    assert twin.text().status == "queued"
    assert app.told("/twilio/text", "Body") == [word, "start"]
    answers = [text for text in outbox.texts(twin.access, search=ADA).texts if text.direction == "outbound-reply"]
    assert ["START" in text.body for text in answers] == [False, True]


@pytest.mark.parametrize("words", ["Please stop", "stop.", "I will not cancel", "yes"])
def test_other_words_stop_and_start_nothing(twin: Running, words: str) -> None:
    outbox.reply(twin.access, sender=ADA, body=words)

    assert twin.text().status == "queued"
    assert not [text for text in outbox.texts(twin.access).texts if text.direction == "outbound-reply"]


ANSWERS = [
    ("<Response><Message>See you then</Message></Response>", ["See you then"]),
    ("<Response><Message><Body>One</Body></Message><Message>Two</Message></Response>", ["One", "Two"]),
    ("<Message>Alone &amp; well</Message>", ["Alone & well"]),
    ("<Response/>", []),
    ("Not XML", []),
    ('<!DOCTYPE x [<!ENTITY e "boom">]><Response><Message>&e;</Message></Response>', []),
]


@pytest.mark.parametrize(("answer", "texts"), ANSWERS)
def test_what_the_application_answers_to_a_reply_goes_to_the_patient(
    twin: Running, app: Application, answer: str, texts: list[str]
) -> None:
    app.answers["/twilio/text"] = (200, answer)

    reply = outbox.reply(twin.access, sender=ADA, body="Can I come at nine?")
    outbox.reply(twin.access, sender="+15550109999", body="STOP")

    [heard, _] = app.heard
    assert (reply.answered, reply.text.direction, heard.is_signed) == (200, "inbound", True)
    assert (heard.told["From"], heard.told["To"], heard.told["NumMedia"]) == (ADA, US, "0")
    assert (heard.told["MessageSid"], heard.told["SmsStatus"]) == (reply.text.sid, "received")
    kept = twin.client.messages.list(to=ADA)
    assert [message.body for message in reversed(kept)] == texts
    assert {message.direction for message in kept} <= {"outbound-reply"}


def test_a_number_can_be_told_how_to_behave(twin: Running) -> None:
    outbox.behave(twin.access, ADA, "undelivered:30005")
    undelivered = twin.text()
    eventually(lambda: undelivered.fetch().status == "undelivered")
    outbox.behave(twin.access, ADA, "")
    delivered = twin.text()

    eventually(lambda: delivered.fetch().status == "delivered")


def test_a_call_back_that_was_cut_off_is_made_again(twin: Running, app: Application) -> None:
    app.hang_ups = 1

    twin.text(status_callback=f"{app.url}/status")

    eventually(lambda: sorted(app.told("/status", "MessageStatus")) == ["delivered", "sending", "sent"])


def test_a_restart_keeps_texts_and_goes_on_with_them(tmp_path: Path) -> None:
    with running(tmp_path / "outbox", speed=0.01) as twin:
        kept = twin.text().sid
        outbox.reply(twin.access, sender="+15550109999", body="STOP")

    assert (tmp_path / "outbox").stat().st_mode & 0o777 == 0o700
    with running(tmp_path / "outbox") as twin:
        eventually(lambda: twin.client.messages(kept).fetch().status == "delivered")
        assert code_of(twin, to="+15550109999") == 21610


def test_two_hundred_texts_are_all_taken_and_told(twin: Running, app: Application) -> None:
    sids = [twin.text(f"+1555020{number:04}", status_callback=f"{app.url}/status").sid for number in range(200)]

    eventually(lambda: len(app.heard) == 3 * 200)
    assert all(heard.is_signed for heard in app.heard)
    delivered = [h.told["MessageSid"] for h in app.heard if h.told["MessageStatus"] == "delivered"]
    assert sorted(delivered) == sorted(sids)
    assert outbox.texts(twin.access).count == 200


def test_an_account_takes_only_so_many_a_second(tmp_path: Path) -> None:
    with running(tmp_path, limit_per_second=3) as twin:
        taken = [twin.create("Messages", To=ADA, From=US, Body="Hello")[0] for _ in range(4)]

        assert taken == [201, 201, 201, 429]


def test_a_port_that_is_taken_is_an_error_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        start_twilio_sandbox(tmp_path, account=ACCOUNT, token=TOKEN, port=taken.getsockname()[1])


LEAVES = [
    ("http://127.0.0.1:8501/twilio/status", True),
    ("http://localhost/x", True),
    ("http://[::1]:80/x", True),
    ("https://careloop.example.org/x", True),
    ("https://example.org/x", False),
    ("http://192.0.2.1/x", False),
    ("file:///etc/passwd", False),
]


@pytest.mark.parametrize(("url", "may"), LEAVES)
def test_nothing_leaves_the_machine_but_to_the_application(tmp_path: Path, url: str, may: bool) -> None:
    store = Store(tmp_path)
    exchange = Exchange(store, account=ACCOUNT, token=TOKEN, number=US, webhooks="https://careloop.example.org/twilio")

    assert exchange.may_call(url) == may
    store.close()
