"""Texts and calls on the Outbox page, as their visitor sees them, without a browser."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import inbox, outbox_texts
from core.domain.user import Scope, User
from core.store import accounts, mode_rows
from core.store.database import writing
from core.twilio_account import start_sandbox
from core.workbench import Workbench
from tests.dispatchers import wait_until
from tests.pages import opened, words
from tests.test_outbox import deliver, mail
from tests.test_outbox_texts import ADA, BOB, over, ring, send, settled
from tests.test_pages import kept  # noqa: F401 (fixture)
from tests.twilio_line import SPEED, connected

pytestmark = pytest.mark.long

ODD = "<b>Can</b> I <script>alert(1)</script> ![come](http://127.0.0.1/x) **on** Friday?"


@pytest.fixture
def wb(kept: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:  # noqa: F811
    """A home whose pages find the stand-in and whose stand-in finds our routes."""
    with connected(kept) as line:
        monkeypatch.setenv("CARELOOP_TWILIO_URL", line.wb.settings.twilio_url)
        monkeypatch.setenv("CARELOOP_PUBLIC_URL", line.wb.settings.public_url)
        st.cache_resource.clear()
        yield line.wb


def drawn(app: AppTest) -> str:
    """What the page draws as HTML: conversations and scripts, without the frame's style sheets."""
    return "\n".join(element.proto.body for element in app.main.get("html"))


def rows(app: AppTest) -> list[str]:
    """The labels of the list, as read."""
    listed = [button for button in app.button if str(button.key).startswith("outbox_row_")]
    return [button.label.replace("\\", "").replace("\u2060", "") for button in listed]


@pytest.mark.parametrize(("mode", "said"), [("text", "No text yet"), ("phone", "No call yet")])
def test_an_empty_outbox_says_where_texts_and_calls_come_from(wb: Workbench, mode: str, said: str) -> None:
    app = opened("outbox", mode=mode)

    assert not app.exception and not app.error
    assert said in words(app)
    assert [link.proto.label for link in app.main.get("page_link")] == ["Go to Campaigns"]


@pytest.mark.parametrize("mode", ["text", "phone"])
def test_without_the_stand_in_the_page_says_how_to_start_it(
    kept: Workbench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    monkeypatch.setenv("CARELOOP_TWILIO_URL", "http://127.0.0.1:9")

    app = opened("outbox", mode=mode)

    assert not app.exception
    assert len(app.error) == 1
    assert "start Careloop" in app.error[0].value


@pytest.mark.parametrize("mode", ["text", "phone"])
def test_who_may_not_see_every_patient_sees_neither_texts_nor_calls(wb: Workbench, mode: str) -> None:
    send(wb, ADA, "Time for your mammogram")
    ring(wb, ADA, "<Response><Hangup/></Response>")
    limited = User("analyst", "Ana Lyst", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(wb.engine, limited, at=wb.now(), by="command-line")

    app = opened("outbox", mode=mode)

    assert app.error[0].value.startswith("The outbox holds the mails, texts and calls")
    assert len(app.error) == 1 and rows(app) == []
    assert "555" not in str(app.main)


def test_a_conversation_shows_both_sides_as_they_were_written_and_what_became_of_each(wb: Workbench) -> None:
    outbox_texts.behave(wb, ADA, "undelivered:30006")
    send(wb, ADA, "Time for your mammogram")
    settled(wb, ADA, "undelivered")
    outbox_texts.reply(wb, ADA, ODD)

    app = opened("outbox", mode="text")

    assert not app.exception
    assert app.subheader[0].value.replace("\\", "") == "(312) 555-0100"
    assert "Not delivered: the number is a landline or cannot get texts" in drawn(app)
    assert "&lt;b&gt;Can&lt;/b&gt; I &lt;script&gt;alert(1)&lt;/script&gt;" in drawn(app)
    assert "<b>" not in drawn(app) and "<script>" not in drawn(app)
    assert [row.split("(312) 555-0100")[1].split("  \n")[1] for row in rows(app)] == [ODD, "Time for your mammogram"]
    helps = [button.help for button in app.button if str(button.key).startswith("outbox_row_")]
    assert helps == ["From the patient", "Not delivered: the number is a landline or cannot get texts"]


def test_a_press_on_a_text_opens_its_conversation_and_no_number_stands_in_the_address(wb: Workbench) -> None:
    sid = send(wb, ADA, "Time for your mammogram")
    send(wb, BOB, "Flu shot")
    app = opened("outbox", mode="text")
    assert "Flu shot" in drawn(app)

    app.button(key=f"outbox_row_{sid}").click().run()

    assert app.subheader[0].value.replace("\\", "") == "(312) 555-0100"
    assert "Time for your mammogram" in drawn(app) and "Flu shot" not in drawn(app)
    assert dict(app.query_params) == {"mode": "text"}


def test_a_new_text_leaves_the_conversation_that_is_looked_at(wb: Workbench) -> None:
    send(wb, ADA, "Time for your mammogram")
    app = opened("outbox", mode="text")

    send(wb, BOB, "Flu shot")
    app.run()

    assert app.subheader[0].value.replace("\\", "") == "(312) 555-0100"
    assert "2 texts, newest first" in words(app)


def test_a_suggestion_and_a_written_reply_reach_us_and_the_answer_arrives(wb: Workbench) -> None:
    send(wb, ADA, "Time for your mammogram")
    app = opened("outbox", mode="text")

    app.chat_input(key="outbox_reply").set_value("Can I come on Friday?").run()
    app.button(key="outbox_reply_STOP").click().run()

    assert not app.exception and not app.error
    settled(wb, ADA, "delivered", "received", "received", "delivered")
    app.run()
    assert "You have stopped these messages" in drawn(app)
    kinds = [reply.kind for status in ("new", "done") for reply in inbox.replies(wb, status=status).replies]
    assert kinds == ["other", "stop"]


def test_a_reply_that_reaches_nobody_says_what_to_check(
    kept: Workbench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox = start_sandbox(replace(kept.settings, public_url="http://127.0.0.1:9"), speed=SPEED)
    monkeypatch.setenv("CARELOOP_TWILIO_URL", sandbox.url)
    send(replace(kept, settings=replace(kept.settings, twilio_url=sandbox.url)), ADA, "Time for your mammogram")
    app = opened("outbox", mode="text")

    app.button(key="outbox_reply_HELP").click().run()
    sandbox.stop()

    assert not app.exception
    assert "Careloop did not take it" in app.error[0].value and "CARELOOP_PUBLIC_URL" in app.error[0].value


def test_when_the_stand_in_stops_while_somebody_looks_the_page_says_so(
    kept: Workbench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with connected(kept) as line:
        monkeypatch.setenv("CARELOOP_TWILIO_URL", line.wb.settings.twilio_url)
        send(line.wb, ADA, "Time for your mammogram")
        app = opened("outbox", mode="text")
        line.sandbox.stop()

        app.button(key="outbox_reply_HELP").click().run()

    assert not app.exception and len(app.error) == 1
    assert "start Careloop" in app.error[0].value


def test_what_a_number_does_next_is_shown_and_chosen(wb: Workbench) -> None:
    send(wb, ADA, "Time for your mammogram")
    app = opened("outbox", mode="text")
    assert app.segmented_control(key="outbox_next_text").value == ""

    app.segmented_control(key="outbox_next_text").set_value("undelivered:30003").run()

    assert not app.exception
    assert outbox_texts.behaviour(wb, ADA) == "undelivered:30003"
    assert app.segmented_control(key="outbox_next_text").value == "undelivered:30003"


def test_a_search_shows_its_first_text_and_an_unknown_one_says_so(wb: Workbench) -> None:
    send(wb, ADA, "Time for your mammogram")
    send(wb, BOB, "Flu shot")
    app = opened("outbox", mode="text")

    app.text_input(key="outbox_search_text").set_value("(312) 555").run()
    assert len(rows(app)) == 1 and "Time for your mammogram" in drawn(app)
    app.text_input(key="outbox_search_text").set_value("nobody").run()

    assert rows(app) == [] and "No text has this" in words(app)


def test_the_page_turned_to_does_not_outlast_a_search_that_finds_less(wb: Workbench) -> None:
    for number in range(51):
        send(wb, f"+1312555{1000 + number}", f"Text {number}")
    app = opened("outbox", mode="text")
    assert len(rows(app)) == 50

    app.session_state["outbox_page_text"] = 2
    app.run()
    assert [row.split("  \n")[1] for row in rows(app)] == ["Text 0"]
    assert dict(app.query_params) == {"mode": "text"}
    app.text_input(key="outbox_search_text").set_value("Text 50").run()

    assert not app.exception
    assert [row.split("  \n")[1] for row in rows(app)] == ["Text 50"]


def test_mails_are_found_from_their_second_page_too(kept: Workbench) -> None:  # noqa: F811
    deliver(kept, *[mail(number) for number in range(51)])
    app = opened("outbox")
    app.session_state["outbox_page"] = 2
    app.run()

    app.text_input(key="outbox_search").set_value("patient7@").run()

    assert not app.exception
    assert "1 mail, newest first" in words(app)


ENDS = [
    # what the number was told; what the list and the head of the call say
    ("", "A person answered"),
    ("machine", "An answering machine answered"),
    ("busy", "The line was busy"),
    ("no-answer", "Nobody answered"),
    ("failed", "The number could not be called"),
]


@pytest.mark.parametrize(("behaviour", "said"), ENDS)
def test_a_call_says_how_it_ended(wb: Workbench, behaviour: str, said: str) -> None:
    outbox_texts.behave(wb, ADA, behaviour)
    over(wb, ring(wb, ADA, "<Response><Say>Good **day**, <![CDATA[<b>you</b>]]></Say></Response>", detect=True))

    app = opened("outbox", mode="phone")

    assert not app.exception
    assert said in rows(app)[0] and said in words(app)
    spoken = behaviour in ("", "machine")
    assert ("Good **day**, &lt;b&gt;you&lt;/b&gt;" in drawn(app)) == spoken
    assert not [button for button in app.button if str(button.key).startswith("outbox_key_")]


def test_a_key_is_pressed_in_a_call_that_asks_for_one(wb: Workbench) -> None:
    sid = ring(wb, ADA)
    wait_until(lambda: outbox_texts.call(wb, sid).asks_for_key, seconds=20)
    app = opened("outbox", mode="phone")
    assert "The call asks for a key" in words(app)

    app.button(key="outbox_key_2").click().run()

    assert not app.exception
    wait_until(lambda: any(step.text == "2" for step in outbox_texts.call(wb, sid).transcript), seconds=20)
    assert "pressed 2" in drawn(app.run())


def test_who_answers_the_next_call_is_chosen(wb: Workbench) -> None:
    over(wb, ring(wb, ADA, "<Response><Hangup/></Response>"))
    app = opened("outbox", mode="phone")

    app.segmented_control(key="outbox_next_call").set_value("busy").run()

    assert outbox_texts.behaviour(wb, ADA) == "busy"
    assert over(wb, ring(wb, ADA)).status == "busy"


@pytest.mark.parametrize("mode", ["text", "phone"])
def test_with_an_account_of_twilio_only_what_the_stand_in_kept_is_shown(
    kept: Workbench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    monkeypatch.setenv("CARELOOP_TWILIO_ACCOUNT", "AC" + "1" * 32)
    monkeypatch.setenv("CARELOOP_TWILIO_TOKEN", "t" * 32)
    monkeypatch.setenv("CARELOOP_TWILIO_URL", "http://127.0.0.1:9")
    with writing(kept.engine) as connection:
        mode_rows.add_mode(connection, mode_rows.LIVE, at=kept.now(), by="ana", reason="A test.", warnings=[])

    app = opened("outbox", mode=mode)

    assert not app.exception and not app.error
    assert "that the stand-in kept" in words(app)
