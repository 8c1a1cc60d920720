"""What the pages offer of a campaign's life: to whom, when, and what somebody reads who may not."""

from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import approvals, campaigns
from core.domain.campaign import Campaign, Message
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.colleagues import add_colleagues, set_up
from tests.pages import opened, words
from tests.test_pages import campaign, kept, loaded  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long


@pytest.fixture
def wb(kept: Workbench) -> Workbench:  # noqa: F811
    add_clinic(kept)
    add_colleagues(kept)
    return kept


def draft(wb: Workbench, *, by: str = "nina", **changes: Any) -> str:
    ids = add_patients(wb, 3)
    campaign_id = campaigns.create(wb.as_user(by), template_id="mammogram-reminder", patient_ids=ids)
    if changes:
        campaigns.save(wb.as_user(by), campaign_id, changes, version=1)
    return campaign_id


def badges(app: AppTest, word: str) -> bool:
    return any("-badge[" in each.value and f" {word}]" in each.value for each in app.markdown)


def menu(app: AppTest) -> list[str]:
    return list(app.get("menu_button")[0].proto.options)


def choice(app: AppTest, ending: str) -> Any:
    """The control of several words whose key ends like this."""
    return next(each for each in app.get("button_group") if str(getattr(each, "key", "")).endswith(ending))


def button(app: AppTest, key: str) -> Any:
    return next((each for each in app.button if each.key == key), None)


MENUS = [
    ("nina", ["Report", "Edit", "Stop", "Also by …"]),
    ("nick", ["Report", "Edit", "Also by …"]),
    ("omar", ["Report", "Edit", "Activate", "Stop", "Also by …"]),
    ("mo", ["Report"]),
    ("admin", ["Report", "Edit", "Activate", "Stop", "Also by …", "Delete"]),
]


@pytest.mark.parametrize(("user", "offered"), MENUS)
def test_the_menu_of_a_draft_has_what_each_may(wb: Workbench, user: str, offered: list[str]) -> None:
    draft(wb)

    app = opened("campaigns", user=user)

    assert not app.exception and menu(app) == offered


def test_the_editor_of_somebody_who_may_not_activate_says_whom_to_ask(wb: Workbench) -> None:
    campaign_id = draft(wb)

    app = opened("campaign_editor", user="nina", id=campaign_id, step="summary")

    assert not app.exception
    assert button(app, "ce_active").disabled and "Ask somebody who may" in button(app, "ce_active").help
    assert not button(app, "ce_inactive").disabled


def test_who_only_reads_may_look_at_a_draft_and_change_nothing(wb: Workbench) -> None:
    campaign_id = draft(wb)

    app = opened("campaign_editor", user="mo", id=campaign_id, step="summary")

    assert not app.exception and "You may not make, edit or print campaigns" in words(app)
    for key in ("ce_inactive", "ce_test", "ce_active"):
        assert button(app, key).disabled


def test_an_author_takes_an_active_campaign_back_before_editing_it(wb: Workbench) -> None:
    campaign_id = draft(wb)
    campaigns.save(wb.as_user("nina"), campaign_id, {"start_on": wb.today() + timedelta(days=20)}, version=1)
    campaigns.activate(wb.as_user("omar"), campaign_id)
    app = opened("campaign_editor", user="nina", id=campaign_id, step="summary")
    assert "Make it inactive first" in words(app) and button(app, "ce_active").disabled

    button(app, "ce_inactive").click().run()

    assert campaigns.campaign(wb, campaign_id).status == "inactive"
    assert not button(app, "ce_inactive").disabled


# ---- approval ------------------------------------------------------------------------------------------------------
def test_asked_for_in_the_editor_approved_from_home_then_active(wb: Workbench) -> None:
    set_up(wb, approval="second_person")
    campaign_id = draft(wb)
    app = opened("campaign_editor", user="nina", id=campaign_id, step="summary")
    assert "Needs approval" in words(app) and button(app, "ce_active") is None and button(app, "ce_approve") is None

    button(app, "ce_ask").click().run()
    assert not app.exception and "Waits for approval since" in words(app)
    assert badges(opened("campaign_editor", user="nina", id=campaign_id), "Waits for approval")

    app = opened("campaign_editor", user="omar", id=campaign_id, step="summary")
    button(app, "ce_approve").click().run()
    button(app, "ce_approve").click()
    button(app, "ap_yes").click().run()
    assert not app.exception and "Approved by Omar Sample" in words(app)
    assert approvals.state(wb, campaign_id).state == "approved"
    assert badges(opened("campaign_editor", user="nina", id=campaign_id), "Approved")
    assert not button(app, "ce_active").disabled


def test_home_shows_approvers_what_waits_for_them(loaded: Workbench) -> None:  # noqa: F811
    add_colleagues(loaded)
    set_up(loaded, approval="second_person")
    approvals.ask(loaded, campaign(loaded))

    assert "Waits for approval" in [each.value for each in opened("home", user="omar").subheader]
    assert "Waits for approval" not in [each.value for each in opened("home", user="nina").subheader]


def activated_while_approval_was_off(wb: Workbench, campaign_id: str) -> None:
    set_up(wb, approval="second_person")
    set_up(wb, approval="none")
    campaigns.activate(wb.as_user("omar"), campaign_id)
    set_up(wb, approval="second_person")


def test_home_shows_approvers_what_is_active_and_held(loaded: Workbench) -> None:  # noqa: F811
    add_colleagues(loaded)
    activated_while_approval_was_off(loaded, campaign(loaded))

    assert "Active and held" in words(opened("home", user="pia"))
    assert "Active and held" not in words(opened("home", user="nina"))


def test_what_is_active_and_held_is_approved_in_the_editor(wb: Workbench) -> None:
    campaign_id = draft(wb)
    activated_while_approval_was_off(wb, campaign_id)

    app = opened("campaign_editor", user="pia", id=campaign_id, step="summary")
    assert button(app, "ce_inactive") is not None
    button(app, "ce_approve").click().run()
    button(app, "ce_approve").click()
    button(app, "ap_yes").click().run()

    assert not app.exception and "Approved by Pia Sample" in words(app)
    assert approvals.state(wb, campaign_id).state == "approved"
    assert button(app, "ce_approve") is None


# ---- stopping and deleting -----------------------------------------------------------------------------------------
def confirm(app: AppTest, wb: Workbench, word: str, campaign_id: str, *, was: Campaign | None = None) -> AppTest:
    """Press the button of a dialog, which AppTest draws anew only when it was asked for again."""
    yes = button(app, "cl_yes").click()
    app.session_state["cl_asked"] = (word, was or campaigns.campaign(wb, campaign_id))
    yes.run()
    return app


def ask(app: AppTest, wb: Workbench, word: str, campaign_id: str) -> AppTest:
    app.session_state["cl_asked"] = (word, campaigns.campaign(wb, campaign_id))
    app.run()
    return app


def test_stopping_asks_to_confirm_both_numbers(wb: Workbench) -> None:
    campaign_id = draft(wb)

    app = ask(opened("campaigns", user="omar"), wb, "Stop", campaign_id)
    assert "**0** have been contacted" in words(app) and "**3** are not contacted any more" in words(app)
    confirm(app, wb, "Stop", campaign_id)

    assert campaigns.campaign(wb, campaign_id).status == "stopped"


def test_deleting_asks_to_confirm_the_numbers_and_the_line_is_gone(wb: Workbench) -> None:
    campaign_id = draft(wb)

    app = ask(opened("campaigns", user="admin"), wb, "Delete", campaign_id)
    assert "**0** of 3 patients were contacted" in words(app) and "**3** still wait" in words(app)
    confirm(app, wb, "Delete", campaign_id)

    assert not app.exception and not app.get("menu_button")
    assert "No campaign yet" in words(opened("campaigns", user="admin"))


def test_activating_what_somebody_changed_meanwhile_shows_what(wb: Workbench) -> None:
    campaign_id = draft(wb)
    app = ask(opened("campaigns", user="omar"), wb, "Activate", campaign_id)
    was = campaigns.campaign(wb, campaign_id)
    campaigns.save(wb.as_user("nina"), campaign_id, {"name": "Autumn reminder"}, version=1)

    confirm(app, wb, "Activate", campaign_id, was=was)

    assert campaigns.campaign(wb, campaign_id).status == "inactive"
    assert "changed by Nina Sample meanwhile" in words(app) and "Autumn reminder" in str([t.value for t in app.text])


# ---- two editors ---------------------------------------------------------------------------------------------------
def test_the_second_of_two_editors_chooses_part_by_part_and_loses_nothing(wb: Workbench) -> None:
    campaign_id = draft(wb)
    was = campaigns.campaign(wb, campaign_id)
    app = opened("campaign_editor", user="omar", id=campaign_id, step="message")
    name = next(each for each in app.text_input if each.label == "Campaign name")
    name.input("Omar's name").run()
    theirs = {
        "name": "Nina's name",
        "description": "Nina's description",
        "messages": {"en": Message("Nina's subject", was.message.body)},
    }
    campaigns.save(wb.as_user("nina"), campaign_id, theirs, version=1)

    button(app, "ce_inactive").click().run()

    assert not app.exception and "Nina Sample changed this campaign" in words(app)
    assert campaigns.campaign(wb, campaign_id).name == "Nina's name"
    assert button(app, "cf_go").disabled and "1 part to choose" in words(app)
    choice(app, "_name").set_value("Keep mine").run()
    button(app, "cf_go").click().run()
    assert not app.exception and button(app, "cf_go") is None
    button(app, "ce_inactive").click().run()

    saved = campaigns.campaign(wb, campaign_id)
    assert (saved.name, saved.description, saved.message.subject) == (
        "Omar's name",
        "Nina's description",
        "Nina's subject",
    )


def test_somebody_who_typed_nothing_sees_the_newer_one_at_once(wb: Workbench) -> None:
    campaign_id = draft(wb)
    app = opened("campaign_editor", user="omar", id=campaign_id, step="message")
    campaigns.save(wb.as_user("nina"), campaign_id, {"name": "Nina's name"}, version=1)

    app.run()

    assert button(app, "cf_go") is None
    assert next(each for each in app.text_input if each.label == "Campaign name").value == "Nina's name"


# ---- the calendar --------------------------------------------------------------------------------------------------
def test_the_calendar_shows_each_campaign_on_the_day_it_goes_out(wb: Workbench) -> None:
    ids = add_patients(wb, 1)
    sunday = wb.today() + timedelta(days=(6 - wb.today().weekday()) % 7)
    add_campaign(wb, ids, campaign_id="c7", name="On a Sunday", start_on=sunday, status="inactive")
    app = opened("campaigns", user="mo")

    choice(app, "cl_view").set_value("Calendar").run()

    assert not app.exception
    text = words(app)
    if (sunday + timedelta(days=1)).month != wb.today().month:
        button(app, "cc_after").click().run()
        text = words(app)
    assert "instead of Sun" in text


# ---- the work list -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("user", "may"), [("nina", True), ("mo", False)])
def test_send_campaign_is_there_only_for_who_makes_campaigns(loaded: Workbench, user: str, may: bool) -> None:  # noqa: F811
    add_colleagues(loaded)

    text = words(opened("work_list", user=user))

    assert ("Select patients to send them a campaign" in text) is may
    assert ("You may not make, edit or print campaigns. Ask somebody who may" in text) is not may
