"""What the pages offer somebody who sees no patient: figures, and no link or button that leads to a refusal."""

import pytest
from streamlit.testing.v1 import AppTest

from core import campaigns, new_campaigns
from core.domain.role import READ_PATIENTS, refusal
from core.domain.user import User
from core.domain.work_list import WorkList
from core.store import accounts
from core.workbench import Workbench
from tests.pages import opened, words
from tests.test_pages import kept, loaded  # noqa: F401 (fixtures)

PATIENTS_ONLY = {"data", "work_list", "patient", "outbox", "downloads", "campaign_editor", "library", "replies"}

QUERY = {"care_gaps": {"id": "scr-mammogram"}}  # one for which somebody is eligible


@pytest.fixture
def sam(loaded: Workbench) -> str:  # noqa: F811
    """A data scientist."""
    person = User("sam", "Sam", roles=frozenset({"data_scientist"}))
    accounts.add_user(loaded.engine, person, at=loaded.now(), by="ana")
    return person.user_id


def linked(app: AppTest) -> set[str]:
    return {each.proto.page for each in app.main.get("page_link")}


@pytest.mark.parametrize("page", ["home", "care_gaps", "measures"])
def test_no_link_leads_to_a_page_that_refuses(loaded: Workbench, sam: str, page: str) -> None:  # noqa: F811
    app = opened(page, user=sam, **QUERY.get(page, {}))

    assert not app.exception and not app.error
    assert not linked(app) & PATIENTS_ONLY
    keys = [each.key or "" for each in app.button]
    assert not [key for key in keys if key.startswith(("cg_open", "home_", "ms_open_"))]
    assert "Click on" not in words(app)


def test_who_sees_patients_is_led_to_them(loaded: Workbench) -> None:  # noqa: F811
    home, gaps = opened("home"), opened("care_gaps", **QUERY["care_gaps"])

    assert "data" in linked(home) and [each for each in home.button if (each.key or "").startswith("home_")]
    assert gaps.button(key="cg_open") and "Click on" in words(gaps)


@pytest.mark.parametrize("template_id", ["mammogram-reminder", "check-up-reminder-letter"])
def test_a_report_says_that_the_role_is_why_there_are_figures_alone(
    loaded: Workbench,  # noqa: F811
    sam: str,
    template_id: str,
) -> None:
    campaign_id = new_campaigns.create(
        loaded, template_id=template_id, patient_ids=["ann", "bea"], work_list=WorkList()
    )
    campaigns.stop(loaded, campaign_id)

    app = opened("report", user=sam, id=campaign_id)

    assert not app.exception and not app.error
    assert refusal(READ_PATIENTS) in words(app) and "Fewer than 11 patients were selected" in words(app)
    assert "you do not see" not in words(app) and "Clear" not in words(app)
    assert not app.dataframe and not app.text_input
