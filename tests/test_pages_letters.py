"""Letter campaigns on the pages, without a browser: the editor, printing, and what becomes of letters."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from core import campaigns, downloads, logos, mailings, new_campaigns, opt_outs
from core.domain.campaign import Campaign
from core.domain.user import User
from core.domain.wording import day_text
from core.store import accounts, schema
from core.store.database import writing
from core.workbench import Workbench
from tests.letters import add_people, ask, clinic_that_prints, letter_campaign, make, printed, run_of, states
from tests.pages import opened, words
from tests.test_logos import SVG, png
from tests.test_pages import kept  # noqa: F401 (fixture)

pytestmark = pytest.mark.long

PEOPLE: list[dict[str, Any]] = [
    {"first": "Ann", "last": "Árbol"},
    {"first": "Bea", "last": "Binder", "language": "es"},
    {"first": "Cy", "last": "Cole", "deceased_on": date(2026, 1, 5)},
    {"first": "Di", "last": "Dunn", "address1": None, "city": None, "state": None, "zip": None},
]


@pytest.fixture
def clinic(kept: Workbench) -> Workbench:  # noqa: F811
    """Ann and Bea get letters; Cy has died, and of Di there is no address on file."""
    clinic_that_prints(kept)
    add_people(kept, PEOPLE)
    return kept


def made(wb: Workbench, *, template_id: str = "ad-hoc-letter") -> Campaign:
    campaign_id = new_campaigns.create(wb, template_id=template_id, patient_ids=["p1", "p2", "p3", "p4"])
    return campaigns.campaign(wb, campaign_id)


def editor(campaign: Campaign, step: str = "message", *, as_patient: str = "p1") -> AppTest:
    app = opened("campaign_editor", id=campaign.campaign_id, step=step)
    app.session_state["ce_patient"] = as_patient
    app.run()
    assert not app.exception
    return app


def key(campaign: Campaign, name: str) -> str:
    return f"ce_{campaign.campaign_id}_{campaign.version}_letter_{name}"


def now(wb: Workbench, campaign: Campaign) -> Campaign:
    return campaigns.campaign(wb, campaign.campaign_id)


def press(app: AppTest, opener: str, button: str) -> AppTest:
    """Press a button of the dialog that another one opens; it is opened again in the run that presses it."""
    app.button(key=opener).click().run()
    app.button(key=opener).click()
    return app.button(key=button).click().run()


def off(app: AppTest) -> dict[str, bool]:
    """Which of the bar's buttons are off."""
    keys = ("ce_save", "ce_test", "ce_labels", "ce_letters", "ce_mailed")
    return {each.key: each.disabled for each in app.button if each.key in keys}


def rows(app: AppTest) -> dict[str, str]:
    """The settings that Summary shows."""
    return {name: cells.iloc[0] for table in app.table for name, cells in table.value.iterrows()}


def pictures(app: AppTest) -> list[str]:
    """What the pictures of pages are called."""
    found = "".join(each.proto.body for each in app.get("html"))
    return re.findall(r'class="letter-page" alt="([^"]*)" src="data:image/png', found)


# ---- the editor ----------------------------------------------------------------------------------------------------
def test_a_letter_campaign_has_no_activate_and_an_untouched_one_can_be_printed_at_once(clinic: Workbench) -> None:
    app = editor(made(clinic))

    assert off(app) == {"ce_save": True, "ce_test": False, "ce_labels": False, "ce_letters": False}
    assert not [each for each in app.button if each.key in ("ce_active", "ce_inactive")]
    assert "Not saved yet" not in "".join(str(each) for each in app.main)


def test_what_is_not_saved_cannot_be_printed(clinic: Workbench) -> None:
    campaign = made(clinic)
    app = editor(campaign)

    app.selectbox(key=key(campaign, "page")).set_value("a4-window")
    app.checkbox(key=key(campaign, "greeting")).uncheck().run()
    assert off(app) == {"ce_save": False, "ce_test": True, "ce_labels": True, "ce_letters": True}
    assert "Save the campaign to print" in words(app)

    app.button(key="ce_save").click().run()

    saved = now(clinic, campaign)
    assert (saved.fields["page"], saved.fields["greeting"], saved.status) == ("a4-window", "no", "inactive")
    assert not off(app)["ce_letters"]


def test_a_letter_that_cannot_be_filled_in_says_so_and_cannot_be_printed(clinic: Workbench) -> None:
    campaign = letter_campaign(clinic, ["p1", "p2"], body="<p>Mr. Example, call { call_back_number }</p>")

    app = editor(campaign)

    assert app.error and "two braces" in app.error[0].value
    assert off(app)["ce_letters"] and off(app)["ce_labels"]
    assert "1 thing to put right" in words(app)


def test_the_list_of_logos_is_hidden_while_there_is_one_and_the_chosen_one_is_shown(clinic: Workbench) -> None:
    campaign = made(clinic)
    assert "No logo yet" in words(editor(campaign))
    logos.add(clinic, "Green leaf", png())
    app = editor(campaign)
    assert "Letterhead logo" not in [each.label for each in app.selectbox]
    assert any('alt="Logo: Green leaf"' in each.proto.body for each in app.get("html"))

    star = logos.add(clinic, "Blue <star>", SVG)
    app = editor(campaign)
    assert "The organisation's (Green leaf)" in app.selectbox(key=key(campaign, "logo")).options
    app.selectbox(key=key(campaign, "logo")).set_value(star.logo_id).run()

    assert any('alt="Logo: Blue &lt;star&gt;"' in each.proto.body for each in app.get("html"))
    assert not app.exception


def test_delivery_shows_the_chosen_address_and_keeps_every_setting(clinic: Workbench) -> None:
    campaign = made(clinic)
    app = editor(campaign, "delivery")
    assert "100 Example Street" in words(app)

    app.selectbox(key=key(campaign, "order")).set_value("name")
    app.checkbox(key=key(campaign, "leave_out_global")).check()
    app.selectbox(key=key(campaign, "sheet")).set_value("avery-5163").run()
    app.number_input(key=key(campaign, "first_label")).set_value(4).run()
    app.button(key="ce_save").click().run()

    saved = now(clinic, campaign).fields
    names = ("order", "leave_out_global", "sheet", "first_label")
    assert [saved[each] for each in names] == ["name", "yes", "avery-5163", "4"]
    assert "sender" not in saved  # the first one counts as long as nobody chooses


def test_a_first_label_beyond_another_sheet_is_its_last_one(clinic: Workbench) -> None:
    campaign = made(clinic)
    app = editor(campaign, "delivery")
    app.number_input(key=key(campaign, "first_label")).set_value(25).run()

    app.selectbox(key=key(campaign, "sheet")).set_value("avery-5163").run()

    assert not app.exception
    assert app.number_input(key=key(campaign, "first_label")).value == 10


@pytest.mark.parametrize(
    ("day", "said"),
    [(date(2027, 1, 3), "is a Sunday: no post goes"), (date(2027, 7, 5), "Independence Day"), (date(2027, 1, 5), "")],
)
def test_a_mail_date_without_post_is_told_and_possible_all_the_same(clinic: Workbench, day: date, said: str) -> None:
    campaign = made(clinic)
    app = editor(campaign, "delivery")

    app.date_input(key=key(campaign, "page").replace("letter_page", "start_on")).set_value(day).run()

    told = words(app)
    assert said in told if said else "no post" not in told
    app.button(key="ce_save").click().run()
    assert now(clinic, campaign).start_on == day


def test_summary_has_every_setting_who_gets_none_and_why_and_what_it_costs(clinic: Workbench) -> None:
    app = editor(made(clinic), "summary")

    shown = rows(app)
    assert shown["Page"] == "US Letter"
    assert (shown["English"], shown["Spanish"]) == ("about 1 page", "about 1 page")
    assert shown["At one address"] == "a letter for each patient"
    assert "100 Example Street" in shown["From"]
    assert "About \\$1.90 for 2 letters, postage included" in words(app)
    assert "**2 of 4 patients** get a letter as things are today" in words(app)
    [why] = [table.value for table in app.table if "Patients" in table.value]
    assert dict(zip(why["Get no letter because"], why["Patients"], strict=True)) == {
        "the patient has died": 1,
        "there is no postal address on file": 1,
    }
    assert "Check the message against your privacy policy" in words(app)


def test_summary_tells_how_many_want_no_messages_at_all_and_get_a_letter(clinic: Workbench) -> None:
    _stop_everything(clinic, "p1")
    campaign = made(clinic)

    assert "1 of those who get a letter wants no messages at all" in words(editor(campaign, "summary"))

    app = editor(campaign, "delivery")
    app.checkbox(key=key(campaign, "leave_out_global")).check().run()
    app.button(key="ce_save").click().run()
    app = editor(now(clinic, campaign), "summary")
    assert "**1 of 4 patients** gets" not in words(app)
    assert "**1 of 4 patients** get a letter" in words(app)


def test_the_preview_is_a_picture_of_the_page_in_the_patients_language(clinic: Workbench) -> None:
    campaign = made(clinic, template_id="pre-visit-diabetes-letter")

    app = editor(campaign)
    assert pictures(app) and all("of the letter, as it is printed" in each for each in pictures(app))

    app = editor(campaign, as_patient="p2")
    assert "This patient gets Spanish" in words(app)  # what is being written is English
    assert pictures(app)


def test_the_preview_says_why_a_patient_gets_none(clinic: Workbench) -> None:
    campaign = made(clinic)

    app = editor(campaign, as_patient="p3")
    assert "gets no letter as things are today: the patient has died" in words(app)
    assert pictures(app)
    app = editor(campaign, as_patient="p4")
    assert "there is no postal address on file" in words(app)
    assert "comes back" not in words(app)
    assert not pictures(app)


def test_a_test_letter_is_offered_for_the_patient_of_the_preview_and_refused_where_there_is_none(
    clinic: Workbench,
) -> None:
    campaign = made(clinic)

    app = editor(campaign)
    app.button(key="ce_test").click().run()
    assert "Nobody counts as written to" in words(app)
    assert [each.proto.label for each in app.get("download_button")] == ["Download the test letter"]
    app = editor(campaign, as_patient="p4")
    app.button(key="ce_test").click().run()
    assert "there is no postal address on file" in app.error[-1].value
    assert set(states(clinic, campaign).values()) == {("waiting", "")}


# ---- printing ------------------------------------------------------------------------------------------------------
def test_whoever_creates_letters_reads_how_many_and_who_gets_none_then_sees_the_files(clinic: Workbench) -> None:
    campaign = made(clinic)
    app = editor(campaign)
    app.button(key="ce_letters").click().run()
    assert "**2 letters in 1 file**" in words(app)
    assert "the patient has died" in str([table.value for table in app.table])

    press(app, "ce_letters", "lb_yes")

    assert not app.exception and not app.error
    assert "so it cannot be changed" in app.warning[0].value
    assert off(app) == {"ce_save": True, "ce_test": False, "ce_labels": True, "ce_letters": True}
    assert "2 letters in 1 file, with labels" in app.get("progress")[0].proto.text
    make(clinic)
    app = editor(campaign)
    assert now(clinic, campaign).status == "completed"
    names = "".join(str(each.value) for each in app.markdown)
    assert "letters" in names and names.count("-1-of-1") <= 1 and "labels" in names
    assert len(app.get("download_button")) == 2
    assert off(app) == {"ce_test": False, "ce_labels": False, "ce_mailed": False}
    assert all(each.disabled for each in app.selectbox if each.key != "ce_patient")


def test_labels_are_printed_on_the_sheet_that_was_chosen_in_the_dialog(clinic: Workbench) -> None:
    campaign = made(clinic)
    app = editor(campaign)
    app.button(key="ce_labels").click().run()
    app.button(key="ce_labels").click()
    app.selectbox(key="lb_sheet").set_value("avery-l7160").run()
    app.button(key="ce_labels").click()
    app.number_input(key="lb_first_avery-l7160").set_value(3)
    app.button(key="lb_yes").click().run()

    assert not app.exception and not app.error
    saved, run = now(clinic, campaign), run_of(clinic, campaign)
    assert (saved.fields["sheet"], saved.fields["first_label"], saved.status) == ("avery-l7160", "3", "inactive")
    assert (run.has_labels, run.has_letters, run.letter_count) == (True, False, 2)


def test_labels_of_made_letters_are_printed_again_on_another_sheet(clinic: Workbench) -> None:
    campaign = made(clinic)
    printed(clinic, now(clinic, campaign))
    app = editor(campaign)
    app.button(key="ce_labels").click().run()
    app.button(key="ce_labels").click()
    app.selectbox(key="lb_sheet").set_value("avery-5163").run()
    app.button(key="ce_labels").click()
    app.button(key="lb_yes").click().run()

    assert not app.exception and not app.error
    run = run_of(clinic, campaign)
    assert run.state == "waiting" and [each.kind for each in run.files] == ["letters"]


def test_nothing_is_planned_where_nobody_would_get_a_letter(clinic: Workbench) -> None:
    campaign_id = new_campaigns.create(clinic, template_id="ad-hoc-letter", patient_ids=["p3", "p4"])
    app = editor(campaigns.campaign(clinic, campaign_id), as_patient="p3")

    app.button(key="ce_letters").click().run()

    assert "Nobody would get a letter" in app.warning[-1].value
    assert app.button(key="lb_yes").disabled


def test_labels_that_do_not_fit_any_more_are_told_with_the_files(clinic: Workbench) -> None:
    campaign = letter_campaign(clinic, ["p1", "p2"])
    printed(clinic, campaign, letters=False)
    _stop_everything(clinic, "p1")
    app = editor(now(clinic, campaign), "delivery")
    app.checkbox(key=key(now(clinic, campaign), "leave_out_global")).check().run()
    app.button(key="ce_save").click().run()
    printed(clinic, campaign, labels=False)

    app = editor(now(clinic, campaign))

    assert any("do not fit these letters any more" in each.value for each in app.warning)


def files(app: AppTest) -> list[Any]:
    """The buttons that fetch files that were made."""
    return [each for each in app.get("download_button") if str(each.key).startswith("dl_get")]


def test_files_that_were_deleted_are_made_again(clinic: Workbench) -> None:
    campaign = letter_campaign(clinic, ["p1", "p2"])
    run = printed(clinic, campaign)
    downloads.delete(clinic, run.files[0].file_id)
    app = editor(now(clinic, campaign))
    assert "1 file was deleted or expired" in words(app)

    app.button(key="lr_again").click().run()
    make(clinic)

    assert not app.exception
    assert run_of(clinic, campaign).missing_file_count == 0
    again = next(file for file in run_of(clinic, campaign).files if file.kind == "letters")
    assert again.digest == run.files[0].digest


# ---- downloads -----------------------------------------------------------------------------------------------------
def test_downloads_show_what_is_being_made_then_the_files_then_what_was_deleted(clinic: Workbench) -> None:
    campaign = letter_campaign(clinic, ["p1", "p2"])
    ask(clinic, campaign)
    app = opened("downloads")
    assert "2 letters in 1 file, with labels" in app.get("progress")[0].proto.text
    make(clinic)

    app = opened("downloads")
    run = run_of(clinic, campaign)
    shown = words(app)
    assert all(file.name in shown.replace("\\", "") for file in run.files)
    assert "Ana Lyst" in shown and "kept until" in shown
    assert any(each.proto.label == f"**{campaign.name}**" for each in app.get("page_link"))
    assert all(any(each.value == file.digest for each in app.code) for file in run.files)

    file = run.files[0]
    app.button(key=f"dl_del_{file.file_id}").click().run()
    assert "gone for good" in words(app)
    app.session_state["dl_delete"] = file
    app.button(key="dl_yes").click().run()

    assert not app.exception and not app.error
    assert file.name not in words(opened("downloads")).replace("\\", "")
    app = opened("downloads")
    app.toggle(key="dl_gone").set_value(True).run()
    assert "deleted by Ana Lyst" in words(app)
    assert len(files(app)) == 1


def test_who_may_neither_print_nor_export_sees_the_files_and_whom_to_ask(clinic: Workbench) -> None:
    file = printed(clinic, letter_campaign(clinic, ["p1"]), labels=False).files[0]
    clerk = User("cleo", "Cleo", roles=frozenset({"opt_out_clerk"}))
    accounts.add_user(clinic.engine, clerk, at=clinic.now(), by="admin")

    app = opened("downloads", user="cleo")

    shown = words(app).replace("\\", "")
    assert file.name in shown and "Ask somebody who may: analyst" in shown
    assert app.button(key=f"dl_get_{file.file_id}").disabled and not files(app)


def test_files_are_found_by_campaign(clinic: Workbench) -> None:
    first, second = (letter_campaign(clinic, [each]) for each in ("p1", "p2"))
    printed(clinic, first, labels=False)
    printed(clinic, second, labels=False)
    app = opened("downloads")
    assert len(files(app)) == 2

    app.selectbox(key="dl_campaign").set_value(second.name).run()

    assert len(files(app)) == 1


def test_documents_are_listed_and_removed_for_good_by_who_may(clinic: Workbench) -> None:
    assert "No document yet" in words(opened("downloads"))
    file = downloads.add_document(clinic, "House_rules", "For *new* colleagues", b"%PDF-1.7\n%%EOF\n")
    app = opened("downloads")
    assert "For \\*new\\* colleagues" in words(app)

    press(app, f"dl_del_{file.file_id}", "dl_yes")

    assert not app.exception and not app.error
    assert downloads.documents(clinic) == []


# ---- what becomes of letters ---------------------------------------------------------------------------------------
def report(campaign: Campaign, what: str = "", ids: list[str] | None = None) -> AppTest:
    app = opened("report", id=campaign.campaign_id)
    if what:
        app.session_state["rp_asked"] = (what, ids or [])
        app.run()
        app.session_state["rp_asked"] = (what, ids or [])
    assert not app.exception
    return app


def test_letters_are_marked_as_mailed_from_the_report_and_as_returned_and_not_returned(clinic: Workbench) -> None:
    campaign = made(clinic)
    printed(clinic, campaign)
    app = report(campaign)
    assert app.button(key="rp_mailed").label == "Mark as mailed" and not app.button(key="rp_mailed").disabled
    assert "2 letters not mailed yet" in words(app)

    report(campaign, "mailed").button(key="ml_yes").click().run()
    assert [states(clinic, campaign)[each][0] for each in ("p1", "p2")] == ["mailed", "mailed"]

    app = report(campaign, "returned", ["p1"])
    assert "Árbol, Ann · " in words(app)  # to compare with the envelope
    assert app.button(key="mr_yes").disabled  # without a reason
    app.selectbox(key="mr_reason").set_value("mail_moved").run()
    app.session_state["rp_asked"] = ("returned", ["p1"])
    app.button(key="mr_yes").click().run()
    assert states(clinic, campaign)["p1"] == ("returned", "mail_moved")

    report(campaign, "not_returned", ["p1"]).button(key="mb_yes").click().run()
    assert states(clinic, campaign)["p1"][0] == "mailed"


def test_chosen_patients_are_marked_as_mailed_first(clinic: Workbench) -> None:
    campaign = made(clinic)
    printed(clinic, campaign)

    app = report(campaign, "mailed", ["p2"])
    assert "The 1 patient chosen in the table" in app.radio(key="ml_which").options
    app.button(key="ml_yes").click().run()

    assert [states(clinic, campaign)[each][0] for each in ("p1", "p2")] == ["printed", "mailed"]


def test_letters_marked_as_mailed_by_mistake_are_taken_back(clinic: Workbench) -> None:
    campaign = made(clinic)
    printed(clinic, campaign)
    mailings.mark_mailed(clinic, campaign.campaign_id, on=clinic.today())

    app = report(campaign, "not_mailed", ["p1"])
    assert "printed, not mailed yet" in words(app)
    app.button(key="mn_yes").click().run()

    assert [states(clinic, campaign)[each][0] for each in ("p1", "p2")] == ["printed", "mailed"]


def test_what_was_marked_for_everybody_on_a_day_is_taken_back_at_once(clinic: Workbench) -> None:
    campaign = made(clinic)
    printed(clinic, campaign)
    mailings.mark_mailed(clinic, campaign.campaign_id, on=clinic.today())

    app = report(campaign, "not_mailed", [])
    assert f"{day_text(clinic.today())}, 2 patients" in app.selectbox(key="mn_day").options
    app.button(key="mn_yes").click().run()

    assert not app.exception and not app.error
    assert [states(clinic, campaign)[each][0] for each in ("p1", "p2")] == ["printed", "printed"]


def test_letters_whose_files_were_made_again_may_have_been_mailed_before(clinic: Workbench) -> None:
    campaign = made(clinic)
    printed(clinic, campaign)
    two_days_ago = clinic.now() - timedelta(days=2)
    with writing(clinic.engine) as connection:
        connection.execute(update(schema.campaigns).values(finished_at=two_days_ago))

    app = report(campaign, "mailed")

    assert app.date_input(key="ml_on").min == two_days_ago.astimezone(clinic.zone()).date()


@pytest.mark.parametrize(("typed", "found"), [("arbol ann", ["Árbol, Ann"]), ("BINDER", ["Binder, Bea"]), ("zz", [])])
def test_who_holds_a_returned_envelope_finds_its_patient(clinic: Workbench, typed: str, found: list[str]) -> None:
    campaign = made(clinic)
    printed(clinic, campaign)

    app = report(campaign)
    app.text_input(key="rp_find").set_value(typed).run()

    assert [name for table in app.dataframe for name in table.value.get("Patient", [])] == found


def test_the_report_names_who_got_no_letter_with_the_way_to_each(clinic: Workbench) -> None:
    campaign = made(clinic)
    printed(clinic, campaign)

    app = report(campaign)

    assert {each.label for each in app.expander} >= {"1 patient: the patient has died"}
    linked = {each.proto.query_string for each in app.get("page_link") if each.proto.page == "patient"}
    assert linked == {"id=p3", "id=p4"}
    assert app.table[0].value["Patients"].sum() == 4


def test_the_patients_page_says_when_a_letter_was_printed_mailed_and_came_back(clinic: Workbench) -> None:
    campaign = made(clinic)
    assert "not printed yet" in words(opened("patient", id="p1", part="communications")).casefold()
    printed(clinic, campaign)
    assert "not marked as mailed yet" in words(opened("patient", id="p1", part="communications"))

    mailings.mark_mailed(clinic, campaign.campaign_id, on=clinic.today())
    mailings.mark_returned(clinic, campaign.campaign_id, patient_ids=["p1"], reason="mail_refused", on=clinic.today())

    app = opened("patient", id="p1", part="communications")
    assert f"id={campaign.campaign_id}" in {each.proto.query_string for each in app.get("page_link")}
    shown = words(app)
    assert "No letters to the postal address since" in shown
    assert "Printed " in shown and ", mailed " in shown and f"came back {day_text(clinic.today())}\\: refused" in shown
    assert "Successful" in words(opened("patient", id="p2", part="communications"))


def test_lists_say_what_waits_to_be_mailed_and_letters_are_never_activated(clinic: Workbench) -> None:
    campaign = made(clinic)
    app = opened("campaigns")
    assert list(app.get("menu_button")[0].proto.options) == ["Report", "Edit", "Stop", "Also by …", "Delete"]
    printed(clinic, campaign)

    app = opened("campaigns")

    assert "Not mailed yet 2" in app.get("progress")[0].proto.text
    assert "(2 of 4)" in app.get("progress")[0].proto.text
    assert "Activate" not in str(app.get("menu_button")[0].proto.options)


def _stop_everything(wb: Workbench, patient_id: str) -> None:
    opt_outs.add(wb, patient_id, "global", reason="Asked for no contact")
