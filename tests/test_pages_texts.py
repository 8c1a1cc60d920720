"""Campaigns by text and phone on the pages, without a browser. See tests/test_pages_sending.py about dialogs."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from core import campaigns, communications, new_campaigns, preflight, sending_control
from core.domain.campaign import Campaign, Message
from core.errors import SendError
from core.store import communications as message_rows
from core.store.database import reading, writing
from core.store.schema import patients, recipients
from core.workbench import Workbench
from pages._shared import plain
from tests.pages import opened, words
from tests.test_pages import ODD, kept, loaded  # noqa: F401 (fixtures)
from tests.test_pages_sending import press

pytestmark = pytest.mark.long

TEXT, FIXED, CALL = "ad-hoc-text", "check-up-reminder-text", "care-manager-call"
NUMBER = "+13125550123"


@pytest.fixture
def clinic(loaded: Workbench) -> Workbench:  # noqa: F811
    """Ann and Bea have mobile numbers; Bea reads Spanish."""
    with writing(loaded.engine) as connection:
        ann, bea = (patients.c.patient_id == each for each in ("ann", "bea"))
        connection.execute(update(patients).where(ann).values(phone_mobile=NUMBER))
        connection.execute(update(patients).where(bea).values(phone_mobile="+13125550124", language="es"))
    return loaded


def made(wb: Workbench, template_id: str = TEXT, **changes: Any) -> Campaign:
    campaign_id = new_campaigns.create(wb, template_id=template_id, patient_ids=["ann", "bea"])
    campaign = campaigns.campaign(wb, campaign_id)
    return campaigns.save(wb, campaign_id, changes, version=campaign.version) if changes else campaign


def editor(campaign: Campaign, step: str = "message", *, as_patient: str = "ann") -> AppTest:
    app = opened("campaign_editor", id=campaign.campaign_id, step=step)
    app.session_state["ce_patient"] = as_patient
    app.run()
    assert not app.exception
    return app


def rows(app: AppTest) -> dict[str, str]:
    """The settings that Summary shows."""
    return {name: cells.iloc[0] for table in app.table for name, cells in table.value.iterrows()}


def bubbles(app: AppTest) -> str:
    return "\n".join(each.proto.body for each in app.get("html") if "phone" in each.proto.body)


# ---- texts in the editor -------------------------------------------------------------------------------------------
def test_a_text_is_counted_with_its_end_and_costs_so_much(clinic: Workbench) -> None:
    app = editor(made(clinic, messages={"en": Message("", "Please call (312) 555-0100.")}))

    said = words(app)
    assert "**343 characters left** of 370" in said  # 370 less 27
    assert "1 segment, GSM-7" in said
    assert "Reply STOP to end texts, HELP for help." in said
    assert plain("about $0.02 for 2 patients") in said  # twice 1.2 cents


def test_a_text_that_is_too_long_says_by_how_much_and_cannot_be_active(clinic: Workbench) -> None:
    app = editor(made(clinic, messages={"en": Message("", "Call (312) 555-0100. " + "x" * 361)}))

    assert ":red[**12 characters too many**] of 370" in words(app)
    assert app.button(key="ce_active").disabled
    assert any("at most 370" in error.value for error in app.error)


def test_dear_characters_are_named_and_replaced_by_plain_ones(clinic: Workbench) -> None:
    campaign = made(clinic, messages={"en": Message("", "We’ll be glad to see you. Call (312) 555-0100.")})
    app = editor(campaign)
    assert "2 segments, UCS-2" in words(app)
    assert any("’" in warning.value for warning in app.warning)

    app.button(key="ce_plain").click().run()

    assert "1 segment, GSM-7" in words(app)
    assert not app.warning
    app.button(key="ce_inactive").click().run()
    saved = campaigns.campaign(clinic, campaign.campaign_id)
    assert saved.message.body == "We'll be glad to see you. Call (312) 555-0100."


def test_letters_that_need_ucs_2_are_not_offered_to_be_replaced(clinic: Workbench) -> None:
    app = editor(made(clinic, messages={"en": Message("", "Cześć! Call (312) 555-0100.")}))

    assert "UCS-2" in words(app)
    assert not [button for button in app.button if button.key == "ce_plain"]


def test_each_patient_gets_the_text_in_their_language(clinic: Workbench) -> None:
    campaign = made(clinic)

    assert "we have a message for you" in bubbles(editor(campaign))
    app = editor(campaign, as_patient="bea")
    assert "tenemos un mensaje para usted" in bubbles(app)
    assert "For whoever gets English" in words(app)  # what is being written stands below it
    assert "Spanish · " in bubbles(app)


def test_a_language_without_a_text_says_who_gets_what(clinic: Workbench) -> None:
    campaign = made(clinic, messages={"en": Message("", "Call (312) 555-0100.")})
    app = editor(campaign)

    app.segmented_control(key=f"ce_{campaign.campaign_id}_language").set_value("es").run()

    assert not app.exception
    assert "No text in Spanish: patients who read Spanish get the English one." in words(app)


def test_whoever_shares_a_number_is_not_named_and_the_preview_says_so(clinic: Workbench) -> None:
    with writing(clinic.engine) as connection:
        connection.execute(update(patients).values(phone_mobile=NUMBER))
    body = "{% if patient.first_name %}Hello {{ patient.first_name }}, {% endif %}call (312) 555-0100."
    app = editor(made(clinic, messages={"en": Message("", body)}))
    assert "others have this number, so nobody is named" in bubbles(app)
    assert "Ann" not in bubbles(app)

    app = editor(made(clinic, messages={"en": Message("", "{{ patient.first_name }}, call (312) 555-0100.")}))
    assert any("others have the same number" in warning.value for warning in app.warning)


def test_fixed_wording_is_explained_and_numbers_can_be_changed(clinic: Workbench) -> None:
    campaign = made(clinic, FIXED)
    app = editor(campaign)
    assert any("wording of this template is fixed" in info.value for info in app.info)

    number = next(each for each in app.text_input if each.label == "Help number")
    number.set_value("(312) 555-0188").run()
    app.button(key="ce_inactive").click().run()

    assert not app.exception
    saved = campaigns.campaign(clinic, campaign.campaign_id)
    assert saved.fields["help_number"] == "+13125550188"
    assert saved.messages == campaign.messages


@pytest.mark.parametrize("template_id", [TEXT, CALL])
def test_opening_a_campaign_changes_nothing(clinic: Workbench, template_id: str) -> None:
    app = editor(made(clinic, template_id))

    assert not any("Not saved yet" in str(each.value) for each in app.markdown)


def test_delivery_of_a_text_has_no_sender(clinic: Workbench) -> None:
    app = editor(made(clinic), "delivery")

    assert "comes from the organisation's number" in words(app)
    assert not [each for each in app.text_input if each.label.startswith("From")]


def test_the_summary_of_a_text_says_what_it_comes_to(clinic: Workbench) -> None:
    found = rows(editor(made(clinic), "summary"))

    assert found["English"] == found["Spanish"] == plain("1 segment, GSM-7")
    assert (found["Number to call"], found["Help number"]) == (plain("(555) 010-0100"),) * 2
    assert found["Cost"] == plain("about $0.02 for 2 patients")
    assert found["From"] == "The organisation's number"


# ---- calls in the editor -------------------------------------------------------------------------------------------
def test_a_call_is_made_for_a_provider_of_the_list(clinic: Workbench) -> None:
    campaign = made(clinic, CALL)
    app = editor(campaign)
    assert "The preview comes when this is filled in" in words(app)
    provider = next(each for each in app.selectbox if each.label == "Provider")
    assert "Dr. Hill" in provider.options

    provider.select("Dr. Hill").run()
    next(each for each in app.text_input if each.label == "Care manager").set_value("Sam Sample").run()

    assert not app.exception
    said = words(app)
    assert "calling for Dr. Hill" in said
    assert "5 5 5, 0 1 0, 0 1 0 0" in said
    assert "On an answering machine" in said
    app.button(key="ce_inactive").click().run()
    saved = campaigns.campaign(clinic, campaign.campaign_id)
    assert (saved.fields["on_behalf_of"], saved.fields["care_manager"]) == ("Dr. Hill", "Sam Sample")


def test_a_call_says_how_long_it_takes_and_what_every_call_adds(clinic: Workbench) -> None:
    app = editor(made(clinic, CALL))

    said = words(app)
    assert "About 29 seconds, and 12 for the keys below" in said
    assert "To hear this message again, press 1." in said
    assert "About 21 seconds" in said


def test_a_caller_id_that_is_no_number_is_a_problem_of_delivery(clinic: Workbench) -> None:
    app = editor(made(clinic, CALL), "delivery")
    number = next(each for each in app.text_input if each.label == "Caller ID number")

    number.set_value("12").run()

    assert any("caller ID number is no number" in error.value for error in app.error)
    assert app.button(key="ce_go_Delivery").icon == ":material/error:"
    number.set_value("312.555.0188").run()
    app.button(key="ce_go_Summary").click().run()
    assert rows(app)["Caller ID"] == plain("(312) 555-0188")


# ---- tests ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("template_id", "what"), [(TEXT, "text"), (CALL, "call")])
def test_a_test_asks_for_a_number_and_refuses_what_is_none(clinic: Workbench, template_id: str, what: str) -> None:
    app = editor(made(clinic, template_id))
    assert app.button(key="ce_test").label == f"Save & send test {what}"

    app.button(key="ce_test").click().run()
    assert app.text_input(key="ce_test_to").label == "Mobile number"
    app.button(key="ce_test").click()
    app.text_input(key="ce_test_to").set_value("nobody")
    app.button(key="ce_test_send").click().run()

    assert not app.exception
    assert any("this is not one number" in error.value for error in app.error)


# ---- the library ---------------------------------------------------------------------------------------------------
def test_the_library_is_filtered_by_mode_and_marks_fixed_wording(clinic: Workbench) -> None:
    app = opened("library")

    app.segmented_control(key="lib_mode").set_value("text").run()

    titles = [each.value for each in app.markdown if each.value.startswith("####")]
    assert titles and all(":material/sms:" in each for each in titles)
    assert any("Fixed wording" in str(each.value) for each in app.markdown)


def test_a_template_is_previewed_in_its_mode(clinic: Workbench) -> None:
    app = opened("library")

    app.button(key=f"lib_look_{TEXT}").click().run()
    assert not app.exception
    assert "tenemos un mensaje" in bubbles(app) and "we have a message" in bubbles(app)

    app.button(key=f"lib_look_{CALL}").click().run()
    assert not app.exception
    assert "On an answering machine" in words(app)
    assert "oprima 1" in words(app)


# ---- choosing a template -------------------------------------------------------------------------------------------
def send_dialog(template_id: str) -> AppTest:
    app = opened("work_list")
    app.session_state["wl_template"] = template_id
    app.button(key="wl_all").click().run()
    app.button(key="wl_send").click().run()
    assert not app.exception
    return app


def test_reach_is_that_of_the_templates_own_mode(clinic: Workbench) -> None:
    with writing(clinic.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id != "cy").values(phone_mobile=NUMBER))

    app = send_dialog(TEXT)

    assert app.selectbox(key="wl_chosen_template").value == TEXT
    assert [(each.label, each.value) for each in app.metric] == [(":material/sms: Reachable by text today", "1 of 3")]
    assert "1 patient shares a number with another: each number gets one text." in words(app)
    assert "Other modes: 2 by email, 1 by phone" in words(app)


def test_nobody_is_reached_when_the_templates_own_mode_reaches_nobody(clinic: Workbench) -> None:
    with writing(clinic.engine) as connection:
        connection.execute(update(patients).values(phone_mobile=None, phone_home=None))

    app = send_dialog(TEXT)

    assert any("can be reached by text" in warning.value for warning in app.warning)
    assert app.button(key="wl_continue").disabled


# ---- sisters -------------------------------------------------------------------------------------------------------
def test_a_sister_by_another_mode_is_made_and_both_lead_to_each_other(clinic: Workbench) -> None:
    first = made(clinic)
    app = opened("report", id=first.campaign_id)
    app.button(key="rp_also_by").click().run()
    assert not [each for each in app.selectbox(key="ab_template").options if each.startswith("Text")]

    app.session_state["rp_asked"] = ("also_by", [])
    app.run()
    app.session_state["rp_asked"] = ("also_by", [])
    app.selectbox(key="ab_template").select("mammogram-reminder").run()
    assert [(each.label, each.value) for each in app.metric] == [(":material/mail: Reachable by email today", "2 of 2")]
    app.session_state["rp_asked"] = ("also_by", [])
    app.button(key="ab_make").click().run()

    assert not app.exception
    [sister] = [one.campaign_id for one in new_campaigns.sisters(clinic, campaigns.campaign(clinic, first.campaign_id))]
    assert campaigns.patients(clinic, sister) == ["ann", "bea"]
    for page, one in (("report", first.campaign_id), ("campaign_editor", sister)):
        links = [str(link.proto.label) for link in opened(page, id=one, step="summary").get("page_link")]
        assert any(label.startswith("Also by ") for label in links)


def test_who_is_reached_by_the_sister_leaves_the_first_campaign_out_of_the_limit(clinic: Workbench) -> None:
    first = made(clinic)
    with writing(clinic.engine) as connection:
        values = {"state": "delivered", "handed_over_at": clinic.now(), "finished_at": clinic.now()}
        connection.execute(update(recipients).values(address=NUMBER, **values))

    reached = preflight.of_campaign(clinic, replace(first, channel="email"), ["ann", "bea"])

    assert reached.count == 2


def test_every_mode_taken_leaves_nothing_to_make(clinic: Workbench) -> None:
    first = made(clinic)
    for template_id in ("mammogram-reminder", CALL, "ad-hoc-letter"):
        new_campaigns.also_by(clinic, first.campaign_id, template_id)

    app = opened("report", id=first.campaign_id)
    assert not [button for button in app.button if button.key == "rp_also_by"]
    app = opened("campaigns")
    app.session_state["cl_asked"] = ("Also by …", first)
    app.run()

    assert not app.exception
    assert "a campaign by every mode already" in words(app)


# ---- what became of them -------------------------------------------------------------------------------------------
def let_be(wb: Workbench, campaign: Campaign, state: str, reason: str = "") -> int:
    with writing(wb.engine) as connection:
        mine = (recipients.c.campaign_id == campaign.campaign_id) & (recipients.c.patient_id == "ann")
        values = {"state": state, "reason": reason, "address": NUMBER, "finished_at": wb.now()}
        connection.execute(update(recipients).where(mine).values(**values))
        return int(connection.scalar(select(recipients.c.recipient_id).where(mine)) or 0)


OUTCOMES = [
    ("calling", "", "Waiting", "ringing"),
    ("delivered", "live_response", "Successful", "a person answered"),
    ("delivered", "answering_machine", "Successful", "an answering machine took the message"),
    ("unsuccessful", "dial_error", "Unsuccessful", "the number could not be dialled"),
    ("waiting", "busy", "Waiting", "the line was busy"),
    ("unsuccessful", "message_refused", "Unsuccessful", "Twilio refused the message"),
]


@pytest.mark.parametrize(("state", "reason", "result", "sentence"), OUTCOMES)
def test_the_report_of_a_call_says_how_it_ended(
    clinic: Workbench, state: str, reason: str, result: str, sentence: str
) -> None:
    campaign = made(clinic, CALL)
    let_be(clinic, campaign, state, reason)

    app = opened("report", id=campaign.campaign_id)

    assert not app.exception
    ledger = app.table[0].value
    assert (result, sentence) in [
        (row["Result"].split(": ")[-1].strip("]"), row["Reason"]) for _, row in ledger.iterrows()
    ]
    table = app.dataframe[-1].value
    assert table["Phone"].tolist() == ["(312) 555-0123", "(312) 555-0124"]
    assert table["Email"].tolist() == ["ann@clinic-mail.org", "bea@clinic-mail.org"]


def test_the_history_of_a_call_is_told_in_words(clinic: Workbench) -> None:
    campaign = made(clinic, CALL)
    number = let_be(clinic, campaign, "delivered", "live_response")
    heard: list[tuple[str, dict[str, Any]]] = [("answered", {"answered_by": "human"}), ("key", {"key": "2"})]
    with writing(clinic.engine) as connection:
        for kind, details in heard:
            at = {"at": clinic.now(), "received_at": clinic.now()}
            message_rows.add_event(connection, number, kind=kind, source_key=kind, details=details, **at)
    app = opened("report", id=campaign.campaign_id)

    app.session_state["rp_asked"] = ("history", ["ann"])
    app.run()

    assert not app.exception
    said = words(app)
    assert "A person answered" in said
    assert plain("(2 to be connected with the office)") in said
    assert "never handed to Twilio" in said
    assert "(312) 555-0123" in str(app.table[-1].value)


def test_unknown_texts_are_looked_for_at_twilio(clinic: Workbench) -> None:
    campaign = made(clinic)
    let_be(clinic, campaign, "unknown", "connection_lost")
    app = opened("report", id=campaign.campaign_id)

    assert "Look into Twilio's log" in words(app)
    assert app.dataframe[0].value["Phone"].tolist() == ["(312) 555-0123"]
    press(app, "rp_asked", ("not_arrived", ["ann"]), "un_yes")
    with reading(clinic.engine) as connection:
        assert message_rows.unknown_patients(connection, campaign.campaign_id) == []
    assert communications.unknown(clinic, campaign.campaign_id) == []


def test_two_failing_accounts_are_told_and_tried_again(clinic: Workbench) -> None:
    for channel in ("text", "phone"):
        sending_control.account_failed(clinic, SendError("login_refused", kind="temporary", code="20003"), channel)

    app = opened("home")

    assert not app.exception
    said = [warning.value for warning in app.warning]
    assert len(said) == 2 and all("Twilio refused the login" in each for each in said)
    app.button(key="holds_try_1").click().run()
    assert sending_control.holds(clinic) == []


@pytest.mark.parametrize("template_id", [TEXT, FIXED, CALL])
@pytest.mark.parametrize("step", ["message", "delivery", "summary"])
def test_what_people_wrote_is_shown_as_they_wrote_it(clinic: Workbench, template_id: str, step: str) -> None:
    campaign = made(clinic, template_id)
    numbers = {**campaign.fields, "on_behalf_of": f"Dr. {ODD}", "care_manager": ODD}
    messages = dict(campaign.messages)
    if template_id == TEXT:
        messages = {"en": Message("", f"{ODD[:40]} {{{{ patient.first_name }}}} call (312) 555-0100")}
    changed = {"fields": numbers, "messages": messages, "name": f"Round {ODD}"[:110]}
    campaign = campaigns.save(clinic, campaign.campaign_id, changed, version=campaign.version)

    app = editor(campaign, step)

    for kind in ("markdown", "caption", "title", "info", "warning", "error"):
        for element in app.get(kind):
            assert "**Ann**" not in str(getattr(element, "value", "")), f"{kind} is read as Markdown"
    assert "<b>*x*" not in bubbles(app)
