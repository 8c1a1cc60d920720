"""What Twilio asks about texts and calls of ours, through the real routes: only what it has signed does anything."""

import threading
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from core import opt_outs
from core.domain.campaign import Message
from core.store.database import reading, writing
from core.store.schema import message_events, recipients
from core.twilio_account import twilio_access
from core.web.twilio import routes
from core.workbench import DISPATCHER, Workbench
from tests.clinic import add_campaign, add_clinic, add_patients, states
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)

PUBLIC = "https://careloop.example.org"
NUMBER = "+13125550101"
PATHS = ("text-status", "call-status", "call", "call-key")


@pytest.fixture
def wb(bench_by_day: Workbench) -> Workbench:  # noqa: F811
    add_clinic(bench_by_day)
    return replace(bench_by_day, settings=replace(bench_by_day.settings, public_url=PUBLIC))


@pytest.fixture
def client(wb: Workbench) -> Iterator[TestClient]:
    app = Starlette(routes=routes(lambda: wb.as_user("patient"), lambda: wb.as_user(DISPATCHER)))
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


def sent(wb: Workbench, *, channel: str, state: str) -> int:
    """One recipient whose message Twilio has; returns the id."""
    message = Message("", "Please call {{ call_back_number }}.", "A message. Call {{ call_back_number }}.")
    add_campaign(wb, add_patients(wb, 1), channel=channel, messages={"en": message})
    with writing(wb.engine) as connection:
        connection.execute(update(recipients).values(state=state, attempt_count=1, address=NUMBER))
        return int(connection.scalar(select(recipients.c.recipient_id)) or 0)


def asked(wb: Workbench, client: TestClient, path: str, fields: dict[str, str], *, signature: str | None = None):  # type: ignore[no-untyped-def]
    """The answer to a request signed by Twilio, or with another signature."""
    url = f"{PUBLIC}/twilio/{path}"
    right = RequestValidator(twilio_access(wb.settings).token).compute_signature(url, fields)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": right if signature is None else signature,
    }
    return client.post(f"/twilio/{path}", content=urlencode(fields), headers=headers)


def event_count(wb: Workbench) -> int:
    with reading(wb.engine) as connection:
        return len(connection.execute(select(message_events)).all())


@pytest.mark.parametrize("path", PATHS)
def test_what_twilio_has_not_signed_is_refused_and_changes_nothing(
    wb: Workbench, client: TestClient, path: str
) -> None:
    channel = "text" if path == "text-status" else "phone"
    recipient_id = sent(wb, channel=channel, state="handed_over" if channel == "text" else "calling")
    fields = {
        "MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30006", "CallSid": "CA1",
        "CallStatus": "busy", "Digits": "9", "AnsweredBy": "human",
    }  # fmt: skip
    before = states(wb)

    for signature in ("", "wrong", "x" * 5000, "é"):
        url = f"{path}?attempt={recipient_id}-1"
        assert asked(wb, client, url, fields, signature=quote(signature)).status_code == 403
    # Signed for another attempt, which a thief could replay with ours in the address.
    stolen = RequestValidator(twilio_access(wb.settings).token).compute_signature(f"{PUBLIC}/twilio/{path}", fields)
    assert asked(wb, client, f"{path}?attempt={recipient_id}-1", fields, signature=stolen).status_code == 403

    assert (states(wb), event_count(wb), opt_outs.of_address(wb, NUMBER)) == (before, 0, [])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("attempt", ["", "x", "999999-1", "1-99", "1' OR 1=1", "%00", "9" * 40])
def test_an_attempt_that_is_not_ours_is_answered_and_changes_nothing(
    wb: Workbench, client: TestClient, path: str, attempt: str
) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "sent", "CallSid": "CA1", "CallStatus": "busy", "Digits": "9"}

    answer = asked(wb, client, f"{path}?attempt={quote(attempt)}", fields)

    assert answer.status_code == 200
    assert ET.fromstring(answer.content).tag == "Response"
    assert opt_outs.of_address(wb, NUMBER) == []


@pytest.mark.parametrize("path", ["text-status", "call-status"])
def test_a_signed_request_without_a_message_is_refused(wb: Workbench, client: TestClient, path: str) -> None:
    assert asked(wb, client, path, {"Nothing": "here"}).status_code == 400


def test_fifty_identical_statuses_at_once_are_one(wb: Workbench, client: TestClient) -> None:
    recipient_id = sent(wb, channel="text", state="handed_over")
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    codes: list[int] = []
    begin = threading.Barrier(50)

    def ask() -> None:
        begin.wait()
        codes.append(asked(wb, client, f"text-status?attempt={recipient_id}-1", fields).status_code)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(codes) == {200: 50}
    assert event_count(wb) == 1 and states(wb) == {"p1": ("delivered", "")}


@pytest.mark.parametrize("wrong", [b"MessageSid=%ff%fe&MessageStatus=sent", b"\xff\xfe\x00", b"", b"&&&=&=&"])
def test_bytes_that_are_no_form_are_answered(wb: Workbench, client: TestClient, wrong: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": "x"}

    for path in PATHS:
        assert client.post(f"/twilio/{path}", content=wrong, headers=headers).status_code == 403
        assert client.post(f"/twilio/{path}", content=b"x" * 2_000_000, headers=headers).status_code == 413
        assert client.post(f"/twilio/{path}", json={}).status_code == 415
        assert client.get(f"/twilio/{path}").status_code == 405


def test_a_key_pressed_twice_is_one_opt_out(wb: Workbench, client: TestClient) -> None:
    recipient_id = sent(wb, channel="phone", state="calling")

    for _ in range(3):
        answer = asked(wb, client, f"call-key?attempt={recipient_id}-1", {"CallSid": "CA1", "Digits": "9"})
        assert "no more calls" in answer.text

    assert [one.type for one in opt_outs.of_address(wb, NUMBER)] == ["do_not_call"]


def test_a_call_answered_by_a_person_a_machine_and_nobody(wb: Workbench, client: TestClient) -> None:
    recipient_id = sent(wb, channel="phone", state="calling")
    said = {}
    for who in ("human", "unknown", "", "machine_end_beep", "machine_start", "fax", "rubbish"):
        url = f"call?attempt={recipient_id}-1"
        answer = ET.fromstring(asked(wb, client, url, {"CallSid": "CA1", "AnsweredBy": who}).content)
        said[who] = " ".join(each.tag for each in answer)

    assert said["human"] == said["unknown"] == said[""] == said["rubbish"] == "Gather Say Hangup"
    assert said["machine_end_beep"] == "Pause Say Hangup"
    assert said["machine_start"] == said["fax"] == "Hangup"
