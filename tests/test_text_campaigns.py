"""Text and phone campaigns as they are made, tested and prepared: rules T1-T5, C7, C16, C17 and S6."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from core import campaigns, dispatcher, message_previews, new_campaigns, opt_outs, preflight
from core.channels import twilio_outbox
from core.domain.campaign import Message
from core.domain.message_findings import call_findings, text_findings
from core.domain.organisation import Organisation
from core.errors import NotAllowed
from core.store.database import writing
from core.store.schema import patients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, states
from tests.dispatchers import wait_until
from tests.people_with_phones import add_people, number
from tests.twilio_line import Line, connected

REVEALING = {"scr-mammogram": ("mammogram",)}


@pytest.fixture
def clinic(wb: Workbench) -> Workbench:
    add_clinic(wb)
    return wb


@pytest.fixture
def line(clinic: Workbench) -> Iterator[Line]:
    with connected(clinic) as found:
        yield found


TEXTS = [
    # body, level and part of what is told, a word of it
    ("Call us at (312) 555-0100.", "", "", ""),
    ("Call {{ call_back_number }}.", "", "", ""),
    ("Please come by.", "error", "body", "number"),
    ("", "error", "body", "empty"),
    ("Your mammogram is due, call {{ call_back_number }}.", "error", "body", "mammogram"),
    ("Your blood pressure is high, call {{ call_back_number }}.", "error", "body", "blood pressure"),
    ("Due: {{ gaps | listed }}. Call {{ call_back_number }}.", "error", "body", "care gaps"),
    ("Call {{ call_back_number }}. " + "x" * 370, "error", "body", "370"),
    ("Call { call_back_number }, or (312) 555-0100.", "error", "body", "two braces"),
    ("{{ nobody.knows }} (312) 555-0100", "error", "body", "nobody"),
    ("“Please” call {{ call_back_number }} 😀", "warning", "body", "70 characters"),
    ("Call {{ call_back_number }}. " + "x" * 300, "warning", "body", "segments"),
]


@pytest.mark.parametrize(("body", "level", "part", "word"), TEXTS)
def test_what_authors_are_told_about_a_text(body: str, level: str, part: str, word: str) -> None:
    told = text_findings(
        Message("", body), language="en", revealing=REVEALING, fields={"help_number": "3125550100"},
        organisation=Organisation(),
    )  # fmt: skip

    if not level:
        assert told == []
    else:
        assert any((one.level, one.part) == (level, part) and word in one.sentence for one in told), told


def test_a_help_number_that_cannot_be_dialled_is_refused() -> None:
    for typed, is_fine in (("(312) 555-0100", True), ("+13125550100", True), ("555-0100", False), ("call us", False)):
        told = text_findings(
            Message("", "Call {{ call_back_number }}."), language="en", revealing={}, fields={"help_number": typed},
            organisation=Organisation(),
        )  # fmt: skip
        assert (told == []) is is_fine, typed


def test_a_voicemail_may_say_nothing_about_health_and_a_call_is_warned() -> None:
    due = "Your mammogram is due, call {{ call_back_number }}."
    told = call_findings(Message("", due, due), revealing=REVEALING, fields={}, organisation=Organisation())

    assert {(one.level, one.part) for one in told} == {("error", "voicemail"), ("warning", "body")}


def test_a_text_campaign_cannot_be_active_without_a_number_to_call(clinic: Workbench) -> None:
    ids = add_people(clinic, 1)
    campaign_id = new_campaigns.create(clinic, template_id="ad-hoc-text", patient_ids=ids)
    made = campaigns.campaign(clinic, campaign_id)
    assert set(made.messages) == {"en", "es"} and made.channel == "text"

    campaigns.save(clinic, campaign_id, {"messages": {"en": Message("", "Please come by.")}}, version=made.version)

    with pytest.raises(NotAllowed, match="number"):
        campaigns.activate(clinic, campaign_id)


def test_a_test_text_and_a_test_call_go_to_the_number_typed_and_to_nobody_else(line: Line) -> None:
    wb = line.wb
    ids = add_people(wb, 1)
    text_id = new_campaigns.create(wb, template_id="ad-hoc-text", patient_ids=ids)
    call_id = new_campaigns.create(wb, template_id="check-up-reminder-call", patient_ids=ids)
    made = campaigns.campaign(wb, call_id)
    fields = {**made.fields, "on_behalf_of": "Dr. 1 Sample"}
    campaigns.save(wb, call_id, {"fields": fields}, version=made.version)

    campaigns.send_test(wb, text_id, "(312) 555-0199")
    campaigns.send_test(wb, call_id, "312-555-0198", language="es")

    [(to, words)] = line.sent()
    assert to == "+13125550199" and words.startswith("This is a test. Group 1: we have a message")
    wait_until(lambda: [one.status for one in line.calls()] == ["completed"], seconds=20)
    call = twilio_outbox.call(line.access, line.calls()[0].sid)
    said = " ".join(step.text for step in call.transcript if step.verb == "Say")
    assert call.recipient == "+13125550198" and said.startswith("Esta es una prueba. Hola.")
    assert states(wb, text_id) == states(wb, call_id) == {"p1": ("waiting", "")}


@pytest.mark.parametrize("typed", ["", "555-0100", "ada@example.org", "+44 20 7946 0000"])
def test_what_is_no_number_gets_no_test(line: Line, typed: str) -> None:
    campaign_id = new_campaigns.create(line.wb, template_id="ad-hoc-text", patient_ids=add_people(line.wb, 1))

    with pytest.raises(NotAllowed, match="not one number"):
        campaigns.send_test(line.wb, campaign_id, typed)
    assert line.sent() == []


def test_whoever_has_stopped_texts_gets_no_test_either(line: Line) -> None:
    campaign_id = new_campaigns.create(line.wb, template_id="ad-hoc-text", patient_ids=add_people(line.wb, 1))
    twilio_outbox.reply(line.access, sender="+13125550199", body="STOP")
    assert opt_outs.of_address(line.wb, "+13125550199")
    before = line.sent()

    with pytest.raises(NotAllowed, match="no more texts"):
        campaigns.send_test(line.wb, campaign_id, "(312) 555-0199")
    assert line.sent() == before


def test_who_can_be_reached_by_each_mode_and_why_the_others_cannot(clinic: Workbench) -> None:
    ids = add_people(clinic, 4)
    with writing(clinic.engine) as connection:
        for each, values in (
            ("p2", {"phone_mobile": number(1)}),
            ("p3", {"phone_mobile": None, "phone_home": number(3)}),
            ("p4", {"text_consent": "no", "email": None}),
        ):
            connection.execute(update(patients).where(patients.c.patient_id == each).values(**values))

    by = {mode.channel: mode for mode in preflight.reach(clinic, ids)}

    assert {channel: mode.reached for channel, mode in by.items()} == {
        "email": ("p1", "p2", "p3"),
        "text": ("p1",),
        "phone": ("p1", "p3", "p4"),
        "letter": (),
    }
    why = {channel: {one.reason.key: one.patient_ids for one in mode.not_reached} for channel, mode in by.items()}
    assert why == {
        "email": {"no_address": ("p4",)},
        "text": {"no_mobile": ("p3",), "no_text_consent": ("p4",), "same_number": ("p2",)},
        "phone": {"same_number": ("p2",)},
        "letter": {"postal_incomplete": ("p1", "p2", "p3", "p4")},
    }


def test_a_campaign_also_by_text_is_one_message_for_the_frequency_cap(line: Line) -> None:
    wb = line.wb
    ids = add_people(wb, 2)
    source = add_campaign(wb, ids, channel="phone", messages={"en": Message("", "Call {{ call_back_number }}.", "Hi.")})

    sister = new_campaigns.also_by(wb, source, "check-up-reminder-text")

    made = campaigns.campaign(wb, sister)
    assert (made.channel, made.status, campaigns.patients(wb, sister)) == ("text", "inactive", ids)
    assert made.measures == campaigns.campaign(wb, source).measures
    assert [one.campaign_id for one in new_campaigns.sisters(wb, made)] == [source]
    campaigns.save(wb, sister, {"start_on": wb.today()}, version=made.version)
    campaigns.activate(wb, sister)
    dispatcher.drain(wb)
    wait_until(lambda: {state for state, _ in states(wb, sister).values()} == {"delivered"}, seconds=20)
    wait_until(lambda: {state for state, _ in states(wb, source).values()} == {"delivered"}, seconds=20)

    other = add_campaign(wb, ids, campaign_id="c9", name="Another")
    dispatcher.drain(wb)
    assert set(states(wb, other).values()) == {("not_sent", "contacted_today")}


def test_a_campaign_has_one_sister_of_each_other_mode(clinic: Workbench) -> None:
    source = add_campaign(clinic, add_people(clinic, 1))
    new_campaigns.also_by(clinic, source, "check-up-reminder-text")

    for template_id, mode in (("ad-hoc-text", "text"), ("mammogram-reminder", "email")):
        with pytest.raises(NotAllowed, match=f"by {mode} already"):
            new_campaigns.also_by(clinic, source, template_id)
    assert new_campaigns.also_by(clinic, source, "check-up-reminder-call")
    assert len(new_campaigns.sisters(clinic, campaigns.campaign(clinic, source))) == 2


def test_a_preview_is_what_the_patient_reads_and_says_when_the_number_is_shared(clinic: Workbench) -> None:
    ids = add_people(clinic, 2, language="es")
    campaign_id = new_campaigns.create(clinic, template_id="ad-hoc-text", patient_ids=ids)
    campaign = campaigns.campaign(clinic, campaign_id)

    shown = message_previews.text(clinic, campaign, "p1")
    assert shown.language == "es" and shown.text.startswith("Group 1: tenemos un mensaje") and not shown.is_shared
    assert message_previews.text(clinic, campaign, "p1", language="en").text.startswith("Group 1: we have a message")

    with writing(clinic.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p2").values(phone_home=number(1)))
    assert message_previews.text(clinic, replace(campaign), "p1").is_shared
