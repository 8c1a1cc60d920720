"""'Who is contacted' in the campaign editor, without a browser. See tests/test_pages_sending.py about dialogs."""

from dataclasses import replace
from typing import Any

from streamlit.testing.v1 import AppTest

from core import campaigns, new_campaigns, templates
from core.domain.campaign import Campaign
from core.workbench import Workbench
from tests.pages import opened, words
from tests.test_pages import ODD, kept, loaded  # noqa: F401 (fixtures)

EMAIL, FIXED = "mammogram-reminder", "check-up-reminder-text"


def made(wb: Workbench, template_id: str = EMAIL, **changes: Any) -> Campaign:
    campaign_id = new_campaigns.create(wb, template_id=template_id, patient_ids=["ann", "bea"])
    campaign = campaigns.campaign(wb, campaign_id)
    return campaigns.save(wb, campaign_id, changes, version=campaign.version) if changes else campaign


def editor(campaign: Campaign, step: str = "delivery") -> AppTest:
    app = opened("campaign_editor", id=campaign.campaign_id, step=step)
    assert not app.exception
    return app


def widget(app: AppTest, kind: str, name: str) -> Any:
    return next(each for each in app.get(kind) if each.key and each.key.endswith(name))


def saved(app: AppTest, wb: Workbench, campaign: Campaign) -> Campaign:
    app.button(key="ce_inactive").click().run()
    assert not app.exception
    return campaigns.campaign(wb, campaign.campaign_id)


def test_a_share_is_held_out_and_what_that_can_show_is_said_at_once(loaded: Workbench) -> None:  # noqa: F811
    campaign = made(loaded)
    app = editor(campaign)
    assert "patients are needed" not in words(app)

    widget(app, "radio", "_design").set_value("hold_out").run()
    widget(app, "slider", "_share_hold_out").set_value(20).run()

    assert "no rise above 29" in words(app) and "patients are needed" in words(app)
    assert "nobody goes without" in words(app)
    kept_now = saved(app, loaded, campaign)
    assert (kept_now.design, kept_now.holdout_share) == ("hold_out", 20)


def test_a_group_in_which_nobody_would_be_is_said_where_the_share_is_chosen(loaded: Workbench) -> None:  # noqa: F811
    campaign_id = new_campaigns.create(loaded, template_id=EMAIL, patient_ids=["ann"])
    app = editor(campaigns.campaign(loaded, campaign_id))

    widget(app, "radio", "_design").set_value("hold_out").run()

    assert "nobody into one of the groups" in app.warning[0].value
    assert "one patient, and those of a household" in " ".join(each.value for each in app.error)


def test_half_come_later_and_the_day_is_said(loaded: Workbench) -> None:  # noqa: F811
    campaign = made(loaded)
    app = editor(campaign)

    widget(app, "radio", "_design").set_value("delayed").run()
    assert "The later ones are contacted from" in words(app)
    widget(app, "number_input", "_delay_weeks").set_value(8).run()

    found = saved(app, loaded, campaign)
    assert (found.design, found.holdout_share, found.delay_weeks) == ("delayed", 50, 8)
    shown = editor(found, "summary")
    tables = {name: cells.iloc[0] for table in shown.table for name, cells in table.value.iterrows()}
    assert tables["Who is contacted"] == "50 % at first, 50 % 8 weeks later, by chance"


def test_version_b_takes_the_words_of_a_template_and_is_previewed(loaded: Workbench) -> None:  # noqa: F811
    campaign = made(loaded)
    app = editor(campaign)

    widget(app, "radio", "_design").set_value("ab").run()
    assert any("says the same as version A" in error.value for error in app.error)
    box = widget(app, "selectbox", "_b_template")
    other = next(each for each in box.options if "ammogram" not in each)
    box.set_value(other).run()
    assert not any("version A" in error.value for error in app.error)
    theirs = next(each for each in templates.offered(loaded) if each.name == other.partition(" – ")[0])
    assert widget(app, "text_input", "_b_subject_en_1").value == theirs.subject
    widget(app, "text_input", "_b_subject_en_1").set_value("A word from us").run()
    widget(app, "button_group", "_version_shown").set_value("b").run()

    assert "A word from us" in words(app)
    found = saved(app, loaded, campaign)
    assert (found.design, found.variant["en"].subject) == ("ab", "A word from us")


def test_a_design_typed_just_before_leaving_the_step_is_kept(loaded: Workbench) -> None:  # noqa: F811
    campaign = made(loaded, design="hold_out", holdout_share=10)
    app = editor(campaign)

    widget(app, "slider", "_share_hold_out").set_value(30)
    app.button(key="ce_go_Summary").click().run()

    assert saved(app, loaded, campaign).holdout_share == 30


def test_our_own_share_is_taken_from_care_gaps_of_ninety_days_ago(loaded: Workbench) -> None:  # noqa: F811
    app = editor(made(loaded, design="hold_out", holdout_share=10))

    app.button(key="ce_own_base").click().run()

    assert not app.exception
    assert "90 days ago" in words(app)


def test_fixed_wording_is_compared_with_another_template_as_it_is(loaded: Workbench) -> None:  # noqa: F811
    campaign = made(loaded, FIXED)
    two = replace(campaign, design="ab", holdout_share=50)
    own = {each: replace(one, body="Call {{ call_back_number }}") for each, one in campaign.messages.items()}
    other = templates.template("ad-hoc-text")
    taken = templates.wording_in(campaign.messages, other, other.versions[0])

    found = [campaigns.problems_of(loaded, replace(two, variant=each), was=campaign) for each in (own, taken)]

    assert "take a template as it is" in found[0]["variant"]
    assert "fixed" not in found[1].get("variant", "")


def test_letters_offer_only_what_can_be_printed(loaded: Workbench) -> None:  # noqa: F811
    app = editor(made(loaded, "ad-hoc-letter"))

    assert widget(app, "radio", "_design").options == ["Everybody", "Some not at all"]
