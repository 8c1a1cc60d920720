"""What Twilio asks, through the real routes: only what it has signed is heard, and each text is taken once."""

import logging
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote_plus

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from core.store import accounts
from core.store.database import writing
from core.web import middleware
from core.web import routes as all_routes
from core.web.twilio import routes
from core.web.twilio_gate import LONGEST_BODY
from core.workbench import Workbench
from tests.clinic import add_clinic, add_patients
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)
from tests.texts import ADA, form, kept, signed, stops

PUBLIC = "https://texts.example.org"
PATH = "/twilio/text"
FREE_STOP = "Please stop texting me"


@pytest.fixture
def wb(bench_by_day: Workbench) -> Workbench:  # noqa: F811
    add_clinic(bench_by_day)
    add_patients(bench_by_day, 2, phone_mobile=ADA)
    return replace(bench_by_day, settings=replace(bench_by_day.settings, public_url=PUBLIC))


@pytest.fixture
def client(wb: Workbench) -> Iterator[TestClient]:
    app = Starlette(
        routes=routes(lambda: wb.as_user("patient"), lambda: wb.as_user("dispatcher")), middleware=middleware()
    )
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


def answers(content: bytes) -> list[str]:
    """The messages in an answer of Twilio's language."""
    root = ET.fromstring(content)
    assert root.tag == "Response"
    return [each.text or "" for each in root]


def nothing_changed(wb: Workbench) -> bool:
    return not kept(wb) and not stops(wb)


def test_a_signed_text_is_kept_and_answered_in_twilios_language(wb: Workbench, client: TestClient) -> None:
    body, headers = signed(wb, form(1, FREE_STOP))

    answer = client.post(PATH, content=body, headers=headers)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
    assert answers(answer.content) == [
        "Example Health Group: you get no more texts from us. Reply START to get them again."
    ]
    assert [row.body for row in kept(wb)] == [FREE_STOP] and len(stops(wb)) == 1


def test_an_answer_holds_whatever_the_practice_is_called(wb: Workbench) -> None:
    accounts.change_organisation(wb.engine, {"name": 'A & B <"Clinic">'}, at=wb.now(), by="ana")
    with TestClient(Starlette(routes=routes(lambda: wb, lambda: wb)), base_url="http://127.0.0.1") as client:
        body, headers = signed(wb, form(1, FREE_STOP))
        assert answers(client.post(PATH, content=body, headers=headers).content)[0].startswith('A & B <"Clinic">: you')


def test_fifty_of_the_same_at_once_are_one_reply_one_stop_and_at_most_one_confirmation(
    wb: Workbench, client: TestClient
) -> None:
    body, headers = signed(wb, form(1, FREE_STOP))
    found: list[tuple[int, int]] = []

    def send() -> None:
        answer = client.post(PATH, content=body, headers=headers)
        found.append((answer.status_code, len(answers(answer.content))))

    senders = [threading.Thread(target=send) for _ in range(50)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert sorted(found) == [(200, 0)] * 49 + [(200, 1)]
    assert len(kept(wb)) == len(stops(wb)) == 1


def test_hundreds_at_once_are_all_kept(wb: Workbench, client: TestClient) -> None:
    def send(first: int) -> None:
        for number in range(first, first + 20):
            body, headers = signed(wb, form(number, f"Question {number}", sender=f"+1555{number:07d}"))
            assert client.post(PATH, content=body, headers=headers).status_code == 200

    senders = [threading.Thread(target=send, args=(20 * number,)) for number in range(10)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert {row.body for row in kept(wb)} == {f"Question {number}" for number in range(200)}


@pytest.mark.parametrize(
    "change",
    ["no signature", "empty signature", "other token", "other body", "other path", "other address", "odd letters"],
)
def test_what_twilio_has_not_signed_is_refused_and_changes_nothing(
    wb: Workbench, client: TestClient, change: str
) -> None:
    body, headers = signed(wb, form(1, "STOP"))
    if change == "no signature":
        del headers["X-Twilio-Signature"]
    elif change in ("empty signature", "odd letters"):
        headers["X-Twilio-Signature"] = {"empty signature": "", "odd letters": "\xff\xfe="}[change]
    elif change == "other token":
        headers["X-Twilio-Signature"] = RequestValidator("0" * 32).compute_signature(PUBLIC + PATH, form(1, "STOP"))
    elif change == "other body":
        body = signed(wb, form(1, "Stop", sender="+15550100199"))[0]
    elif change == "other path":
        headers = signed(wb, form(1, "STOP"), path="/twilio/text-status")[1]
    elif change == "other address":
        elsewhere = replace(wb, settings=replace(wb.settings, public_url="http://127.0.0.1:8501"))
        headers = signed(elsewhere, form(1, "STOP"))[1]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    answer = client.post(PATH, content=body, headers=raw)

    assert answer.status_code == 403
    assert nothing_changed(wb)


@pytest.mark.parametrize("query", ["?a=1&b=%7E", "?x", "?q=a+b%20c%C3%A9&empty="])
def test_path_and_query_are_checked_exactly_as_they_were_received(
    wb: Workbench, client: TestClient, query: str
) -> None:
    body, headers = signed(wb, form(1, "Hello"), path=PATH + query)

    assert client.post(PATH, content=body, headers=headers).status_code == 403
    assert client.post(PATH + query + "&more=1", content=body, headers=headers).status_code == 403
    assert nothing_changed(wb)
    assert client.post(PATH + query, content=body, headers=headers).status_code == 200


def test_a_request_that_is_sent_again_later_changes_nothing(wb: Workbench, client: TestClient) -> None:
    requests = [signed(wb, form(number, words)) for number, words in enumerate(("STOP", "START", "STOP"))]
    for body, headers in requests:
        client.post(PATH, content=body, headers=headers)

    body, headers = requests[1]
    answer = client.post(PATH, content=body, headers=headers)

    assert answer.status_code == 200 and answers(answer.content) == []
    assert [stands for *_, stands in stops(wb)] == [False, True]


def test_letters_of_any_kind_and_bytes_that_are_none_are_taken(wb: Workbench, client: TestClient) -> None:
    fields = form(1, "Sí, ¡gracias! 👍 & = + %41 \r\n", Empty="")
    body, headers = signed(wb, fields)
    assert client.post(PATH, content=body, headers=headers).status_code == 200

    broken = form(2, "a\ufffd\ufffdb")  # what is left of bytes that are no letters is what was signed
    headers = signed(wb, broken)[1]
    content = "&".join(f"{name}={quote_plus(value)}" for name, value in broken.items()).encode()
    content = content.replace(quote_plus("\ufffd\ufffd").encode(), b"%ff%fe")
    assert client.post(PATH, content=content, headers=headers).status_code == 200

    assert [row.body for row in kept(wb)] == [fields["Body"], broken["Body"]]


@pytest.mark.parametrize("content", [b"%ff%fe=%00&From=\xff", b"&&&==;;", b"\x00" * 100, b"", b"Body=%ED%A0%80", b"%"])
def test_garbled_forms_are_refused_and_never_break(wb: Workbench, client: TestClient, content: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "x"}

    assert client.post(PATH, content=content, headers=headers).status_code == 403
    assert client.post(PATH, content=b"a=1&" * 5000, headers=headers).status_code == 400
    assert nothing_changed(wb)


def test_a_signed_request_without_a_message_is_refused(wb: Workbench, client: TestClient) -> None:
    for fields in (form(1, "Hello"), {**form(1, "Hello"), "MessageSid": "x" * 65}, {"MessageSid": "SM\0\ufffd"}):
        fields = {name: value for name, value in fields.items() if name != "MessageSid" or len(value) != 34}
        body, headers = signed(wb, fields)
        assert client.post(PATH, content=body, headers=headers).status_code == 400
    assert nothing_changed(wb)


@pytest.mark.parametrize("size", [LONGEST_BODY + 1, 2_000_000])
def test_a_huge_request_is_refused(wb: Workbench, client: TestClient, size: int) -> None:
    body, headers = signed(wb, form(1, "x" * size))

    assert client.post(PATH, content=body, headers=headers).status_code == 413
    assert nothing_changed(wb)


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_what_is_no_form_is_refused(wb: Workbench, client: TestClient, content_type: str) -> None:
    body, headers = signed(wb, form(1, "STOP"))

    answer = client.post(PATH, content=body, headers={**headers, "Content-Type": content_type})

    assert answer.status_code == 415
    assert nothing_changed(wb)


def test_a_form_may_say_its_letters(wb: Workbench, client: TestClient) -> None:
    body, headers = signed(wb, form(1, "Hello"))
    headers["Content-Type"] = "Application/X-WWW-Form-Urlencoded; charset=UTF-8"

    assert client.post(PATH, content=body, headers=headers).status_code == 200


def test_other_methods_and_other_paths_are_refused(wb: Workbench, client: TestClient) -> None:
    body, headers = signed(wb, form(1, "STOP"))

    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        assert client.request(method, PATH, content=body, headers=headers).status_code == 405
    for path in ("/twilio", "/twilio/", "/twilio/text/x", "/twilio/../text", "/twilio/%2e"):
        assert client.post(path, content=body, headers=headers).status_code in (400, 401, 404, 405)
    assert nothing_changed(wb)


def test_one_text_that_cannot_be_kept_does_not_lose_the_others_and_says_nothing_about_itself(
    wb: Workbench, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    refuse_in_the_database(wb, "Secret words")
    found: dict[int, int] = {}
    caplog.set_level(logging.DEBUG)

    def send(number: int) -> None:
        body, headers = signed(wb, form(number, "Secret words" if number == 7 else f"Question {number}"))
        found[number] = client.post(PATH, content=body, headers=headers).status_code

    senders = [threading.Thread(target=send, args=(number,)) for number in range(20)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert found == {number: 503 if number == 7 else 200 for number in range(20)}
    assert len(kept(wb)) == 19
    assert "Secret" not in caplog.text and ADA not in caplog.text


def test_the_routes_are_served_beside_the_pages() -> None:
    assert PATH in [getattr(route, "path", "") for route in all_routes()]


def refuse_in_the_database(wb: Workbench, words: str) -> None:
    """Let the database refuse replies with these words, as a damaged page or a full disk might."""
    with writing(wb.engine) as connection:
        if wb.engine.dialect.name == "sqlite":
            connection.execute(
                text(
                    "CREATE TRIGGER refuse BEFORE INSERT ON replies WHEN NEW.body = '" + words + "' "
                    "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
            )
        else:
            connection.execute(text(f"ALTER TABLE replies ADD CONSTRAINT refuse CHECK (body <> '{words}')"))
