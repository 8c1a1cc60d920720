"""What holds sending, what became of each message, and introductory emails on the pages, without a browser.

Without a browser a dialog ends with the run that opened it, so it is opened again in the run that presses its button.
"""

from typing import Any

import pytest
from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from core import campaigns, communications, introductions, introductory_email, new_campaigns, sending_control
from core.domain.message import STATES
from core.domain.user import Scope, User
from core.errors import SendError
from core.store import accounts, restore_rows
from core.store import communications as message_rows
from core.store.database import reading, writing
from core.store.schema import attempts, open_gaps, recipients
from core.store.schema import campaigns as campaign_table
from core.workbench import Workbench
from tests.pages import opened, words
from tests.test_pages import campaign, kept, loaded  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long


def limited(wb: Workbench) -> None:
    """From now on the analyst sees the first group only, in which all of the campaign's patients are."""
    person = User("analyst", "Ana Lyst", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(wb.engine, person, at=wb.now(), by="command-line")


def state(wb: Workbench, campaign_id: str, patient_id: str, to: str, reason: str = "") -> int:
    """Let a message be in a state, after one attempt; returns the recipient's number."""
    with writing(wb.engine) as connection:
        mine = (recipients.c.campaign_id == campaign_id) & (recipients.c.patient_id == patient_id)
        values = {"state": to, "reason": reason, "finished_at": wb.now(), "address": f"{patient_id}@clinic-mail.org"}
        connection.execute(update(recipients).where(mine).values(**values, message_id="<m1@example.org>"))
        return int(connection.scalar(select(recipients.c.recipient_id).where(mine)) or 0)


def press(app: AppTest, asked: str, about: Any, button: str, **texts: str) -> AppTest:
    """Press a button of the dialog that `about` opens."""
    app.session_state[asked] = about
    app.run()
    app.session_state[asked] = about
    for key, text in texts.items():
        app.text_input(key=key).set_value(text)
    return app.button(key=button).click().run()


def states(wb: Workbench, campaign_id: str) -> dict[str, str]:
    with reading(wb.engine) as connection:
        question = select(recipients.c.patient_id, recipients.c.state).where(recipients.c.campaign_id == campaign_id)
        return {row.patient_id: row.state for row in connection.execute(question)}


# ---- what holds sending --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", ["home", "campaigns", "report"])
def test_a_page_says_who_paused_sending_and_why_and_lets_them_resume(loaded: Workbench, page: str) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    campaigns.activate(loaded, campaign_id)
    sending_control.pause_all(loaded, reason="A *wrong* date")

    app = opened(page, **({"id": campaign_id} if page == "report" else {}))

    assert "by Ana Lyst\\: A \\*wrong\\* date" in app.warning[0].value
    press(app, "holds_asked", "resume", "holds_resume_yes")
    assert not app.exception
    assert sending_control.holds(loaded) == []
    assert not app.warning or "paused" not in app.warning[0].value


@pytest.mark.parametrize("page", ["home", "campaigns"])
def test_a_page_says_that_a_restore_is_to_be_reconciled_and_offers_no_button_for_it(
    loaded: Workbench,  # noqa: F811
    page: str,
) -> None:
    at = loaded.now()
    with writing(loaded.engine) as connection:
        restore_rows.add(connection, archive_id="a", made_at=at, restored_at=at, by="command-line", ledgers={})

    app = opened(page)

    assert not app.exception
    assert "careloop reconcile" in app.warning[0].value
    assert not [button for button in app.button if str(button.key).startswith(("holds_try", "holds_resume"))]


def test_a_pause_says_how_many_messages_wait_and_needs_a_reason(loaded: Workbench) -> None:  # noqa: F811
    campaigns.activate(loaded, campaign(loaded))
    app = opened("campaigns")

    app.button(key="holds_pause").click().run()
    assert "2 messages wait" in words(app).replace("*", "")
    press(app, "holds_asked", "pause", "holds_pause_yes", holds_reason=" ")
    assert "needs a reason" in words(app) and sending_control.holds(loaded) == []
    press(app, "holds_asked", "pause", "holds_pause_yes", holds_reason="A wrong date")

    assert not app.exception
    [hold] = sending_control.holds(loaded)
    assert "A wrong date" in hold.sentence
    assert "Waiting: all sending is paused" in words(opened("campaigns"))


def test_whoever_sees_few_patients_may_pause_and_reads_who_can_resume(loaded: Workbench) -> None:  # noqa: F811
    limited(loaded)
    app = opened("campaigns")

    press(app, "holds_asked", "pause", "holds_pause_yes", holds_reason="Look at this")

    app = opened("campaigns")
    assert "An approver or administrator who sees all patients can end it" in words(app)
    assert not [button for button in app.button if button.key in ("holds_resume", "holds_pause")]


def test_an_account_that_waits_for_a_person_is_tried_again_from_the_banner(loaded: Workbench) -> None:  # noqa: F811
    refused = SendError("login_refused", kind="temporary", code="535", reply="wrong password")
    sending_control.account_failed(loaded, refused)
    app = opened("home")
    assert "Nothing is tried until somebody has put that right" in app.warning[0].value

    app.button(key="holds_try_0").click().run()

    assert not app.exception and not app.warning
    assert sending_control.holds(loaded) == []


# ---- results -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", list(STATES))
def test_every_state_has_its_result_and_icon_in_list_and_report_and_the_ledger_adds_up(
    loaded: Workbench,  # noqa: F811
    name: str,
) -> None:
    campaign_id = campaign(loaded)
    state(loaded, campaign_id, "ann", name)

    report, listed = opened("report", id=campaign_id), opened("campaigns")

    assert not report.exception and not listed.exception
    ledger = report.table[0].value
    assert ledger["Patients"].sum() == 2
    shown = f"[:material/{STATES[name].icon}: {STATES[name].result}"
    assert any(shown in cell for cell in ledger["Result"])
    bar = listed.get("progress")[0].proto.text
    assert (f"{shown} 1]" in bar) == (STATES[name].result != "Waiting")
    assert f"({int(STATES[name].is_finished)} of 2)" in bar


def test_a_campaign_counts_as_finished_with_unknown_messages_and_home_says_what_to_decide(
    loaded: Workbench,  # noqa: F811
) -> None:
    campaign_id = campaign(loaded)
    for patient_id in ("ann", "bea"):
        state(loaded, campaign_id, patient_id, "unknown", "connection_lost")

    assert campaigns.progress(loaded, campaign_id).waiting_count == 0
    home = opened("home")
    assert any("2 messages with an unknown outcome" in str(link.proto.label) for link in home.get("page_link"))


# ---- unknown messages ----------------------------------------------------------------------------------------------
DECIDED = [("arrived", "handed_over"), ("not_arrived", "unsuccessful"), ("again", "waiting")]


@pytest.mark.parametrize(("decision", "then"), DECIDED)
def test_a_person_decides_about_unknown_messages(loaded: Workbench, decision: str, then: str) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    state(loaded, campaign_id, "ann", "unknown", "connection_lost")
    app = opened("report", id=campaign_id)
    assert "1 message to decide about" in " ".join(head.value for head in app.subheader)
    assert app.dataframe[0].value["Email"].tolist() == ["ann@clinic-mail.org"]
    assert app.button(key=f"un_{decision}").disabled, "nobody is chosen yet"

    press(app, "rp_asked", (decision, ["ann"]), "un_yes")

    assert not app.exception
    assert states(loaded, campaign_id)["ann"] == then
    assert not any("to decide about" in head.value for head in app.subheader)


def test_sending_again_says_that_the_patient_may_get_a_second_message(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    state(loaded, campaign_id, "ann", "unknown", "connection_lost")
    app = opened("report", id=campaign_id)

    app.session_state["rp_asked"] = ("again", ["ann"])
    app.run()

    assert "1 patient may get a second message" in words(app).replace("*", "")
    assert states(loaded, campaign_id)["ann"] == "unknown"


def test_a_report_without_unknown_messages_has_nothing_to_decide(loaded: Workbench) -> None:  # noqa: F811
    app = opened("report", id=campaign(loaded))

    assert not any("to decide about" in head.value for head in app.subheader)
    assert not [button for button in app.button if str(button.key).startswith("un_")]


# ---- the history of a message --------------------------------------------------------------------------------------
def test_the_history_of_a_message_names_attempts_the_servers_words_and_who_decided(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    number = state(loaded, campaign_id, "ann", "unknown", "connection_lost")
    with writing(loaded.engine) as connection:
        tried = {"started_at": loaded.now(), "ended_at": loaded.now(), "worker": "host-1-2"}
        busy = {"outcome": "temporary", "code": "451", "reply": "4.7.1 *busy*"}
        connection.execute(attempts.insert().values(recipient_id=number, number=1, **tried, **busy))
        connection.execute(attempts.insert().values(recipient_id=number, number=2, **tried, outcome="unknown"))
        details = {"reason": "no_mailbox", "code": "5.1.1", "reply": "User unknown"}
        heard: dict[str, Any] = {
            "source_key": "b1",
            "at": loaded.now(),
            "received_at": loaded.now(),
            "details": details,
        }
        message_rows.add_event(connection, number, kind="bounced", **heard)
    communications.resolve(loaded, campaign_id, ["ann"], decision="not_arrived")
    app = opened("report", id=campaign_id)

    app.session_state["rp_asked"] = ("history", ["ann"])
    app.run()

    assert not app.exception
    said = words(app)
    assert "refused for now" in said and "451 4.7.1 \\*busy\\*" in said and "host\\-1\\-2" in said
    assert "nobody knows whether it left" in said
    assert "Came back: no mailbox" in said and "5.1.1 User unknown" in said
    assert "by analyst: Count as not arrived" in said
    facts = str(app.table[-1].value)
    assert "clinic" in facts and "m1@example" in facts


def test_the_history_of_somebody_who_may_not_be_seen_is_not_shown(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = new_campaigns.create(loaded, template_id="mammogram-reminder", patient_ids=["ann", "cy"])
    limited(loaded)
    app = opened("report", id=campaign_id)

    app.session_state["rp_asked"] = ("history", ["cy"])
    app.run()

    assert not app.exception
    assert "not among those of the campaign that you may see" in app.error[0].value


# ---- campaigns made of another -------------------------------------------------------------------------------------
def test_a_follow_up_is_made_for_the_patients_of_a_reason(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    state(loaded, campaign_id, "ann", "not_sent", "same_address")
    state(loaded, campaign_id, "bea", "not_sent", "no_address")
    app = opened("report", id=campaign_id)
    assert app.button(key="rp_follow_up").disabled

    reason = next(one for one in app.multiselect(key="rp_reason").options if "same address" in one)
    app.multiselect(key="rp_reason").select(reason).run()
    assert app.button(key="rp_follow_up").label == "Follow-up for 1 patient"
    app.button(key="rp_follow_up").click().run()
    assert "1 patient will be in it" in words(app).replace("*", "")
    press(app, "rp_asked", ("follow_up", ["ann"]), "fu_make", fu_name="Once more")

    made = next(one.campaign for one in campaigns.campaigns(loaded) if one.campaign.name == "Once more")
    assert campaigns.patients(loaded, made.campaign_id) == ["ann"]
    assert made.status == "inactive"


def test_a_stopped_campaign_is_copied_for_those_it_did_not_contact(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    state(loaded, campaign_id, "ann", "handed_over")
    campaigns.stop(loaded, campaign_id)
    app = opened("campaigns")
    assert "Copy" in app.get("menu_button")[0].proto.options

    press(app, "cl_asked", ("Copy", campaigns.campaign(loaded, campaign_id)), "fu_make")

    copied = next(one.campaign for one in campaigns.campaigns(loaded) if one.campaign.name.endswith("copy"))
    assert campaigns.patients(loaded, copied.campaign_id) == ["bea"]


def test_a_copy_for_nobody_is_told_instead_of_made(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    for patient_id in ("ann", "bea"):
        state(loaded, campaign_id, patient_id, "handed_over")
    campaigns.stop(loaded, campaign_id)
    app = opened("report", id=campaign_id)

    app.button(key="rp_copy").click().run()

    assert not app.exception
    assert "Everybody was contacted" in words(app)
    assert not [button for button in app.button if button.key == "fu_make"]


# ---- the editor ----------------------------------------------------------------------------------------------------
def test_whether_a_new_appointment_counts_is_said_in_the_editor_and_saved(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = campaign(loaded)
    assert "nobody is skipped for that" in words(opened("campaign_editor", id=campaign_id, step="delivery"))
    with writing(loaded.engine) as connection:
        connection.execute(open_gaps.delete())
    app = opened("campaign_editor", id=campaign_id, step="delivery")
    box = next(one for one in app.checkbox if "made an appointment" in one.label)
    assert box.value is True
    assert "Skipped as of today: 2 patients without such a gap and 0 with a new appointment" in words(app)

    box.uncheck().run()
    app.button(key="ce_go_Summary").click().run()
    assert any("contacted all the same" in str(table.value) for table in app.table)
    app.button(key="ce_inactive").click().run()

    assert not app.exception
    saved = campaigns.campaign(loaded, campaign_id)
    assert (saved.skip_booked, saved.skip_closed_gaps) == (False, True)


# ---- introductory emails -------------------------------------------------------------------------------------------
def test_introductory_emails_are_turned_on_after_saying_how_many_are_written_to(loaded: Workbench) -> None:  # noqa: F811
    app = opened("introductions")
    assert "Not in force" in words(app)
    table = app.dataframe[0].value.set_index("Provider")
    assert table[["State", "With email", "Introduced", "To come"]].iloc[0].tolist() == ["Off", 2, 0, 2]

    app.session_state["in_asked"] = ("on", ["d1"])
    app.run()
    said = words(app).replace("*", "")
    assert "2 patients of 1 provider will get the introductory email" in said
    assert "At most 200 a day: about 1 sending day" in said
    assert "no campaign email goes to any patient" in said
    assert not introductions.in_force(loaded), "nothing is on before it is confirmed"
    press(app, "in_asked", ("on", ["d1"]), "in_on_yes")

    assert not app.exception
    assert introductions.in_force(loaded)
    assert "In force" in words(app)

    press(app, "in_asked", ("off", ["d1"]), "in_off_yes")
    assert not app.exception
    assert not introductions.in_force(loaded)


def test_the_introductory_email_is_shown_in_both_languages(loaded: Workbench) -> None:  # noqa: F811
    app = opened("introductions")
    assert "Emails from" in words(app)

    app.segmented_control(key="in_language").set_value("Spanish").run()

    assert not app.exception
    assert "Correos de" in words(app)


def test_what_became_of_introductory_emails_is_counted(loaded: Workbench) -> None:  # noqa: F811
    introductions.turn_on(loaded, "d1", seen=2)
    introductions.top_up(loaded)

    app = opened("introductions")

    rows = app.table[0].value
    assert rows[["Began today", "In all"]].values.tolist() == [[2, 2]]
    assert "Waiting" in rows["Result"].iloc[0]


def test_somebody_who_may_see_few_patients_turns_nobody_on(loaded: Workbench) -> None:  # noqa: F811
    limited(loaded)

    app = opened("introductions")

    assert not app.exception
    assert "Somebody who may see all patients" in words(app)
    assert not [button for button in app.button if str(button.key).startswith("in_")]


def test_the_report_of_introductory_emails_leads_to_their_page_and_offers_no_copy(loaded: Workbench) -> None:  # noqa: F811
    introductions.turn_on(loaded, "d1", seen=2)
    introductions.top_up(loaded)
    with reading(loaded.engine) as connection:
        made = connection.scalar(select(campaign_table.c.campaign_id).where(campaign_table.c.kind == "introductory"))
    with writing(loaded.engine) as connection:
        connection.execute(update(campaign_table).values(status="completed"))

    app = opened("report", id=str(made))

    assert not app.exception
    links = [getattr(link, "label", "") for link in app.get("page_link")]
    assert "Introductory emails" in links and "Message and settings" not in links
    assert "Copy" not in [button.label for button in app.button]


def test_the_introductory_email_is_edited_and_a_text_for_some_only_cannot_be_saved(loaded: Workbench) -> None:  # noqa: F811
    app = opened("introductions")
    app.button(key="in_edit_en").click().run()
    subject(app).set_value("{{ patient.first_name }}, hello").run()

    assert "would get no introductory email" in words(app)
    assert [button.disabled for button in app.button if button.label == "Save"] == [True]

    subject(app).set_value("News from {{ practice.name }}").run()
    next(button for button in app.button if button.label == "Save").click().run()

    assert introductory_email.texts(loaded)["en"].message.subject == "News from {{ practice.name }}"
    assert "Version 1, saved" in words(app)


def subject(app: AppTest) -> TextInput:
    return next(each for each in app.text_input if each.label == "Subject")


def test_an_edited_introductory_email_can_be_left_as_it_was(loaded: Workbench) -> None:  # noqa: F811
    app = opened("introductions")
    app.button(key="in_edit_en").click().run()
    subject(app).set_value("News").run()
    next(button for button in app.button if button.label == "Cancel").click().run()

    assert introductory_email.texts(loaded)["en"].version == 0
    assert "This is the text that comes with Careloop." in words(app)
