"""The Overview page: figures, their lists, what is said where there is nothing, and who sees what."""

import pytest
from streamlit.testing.v1 import AppTest

from core import overview, roll_ups
from core.domain.user import Scope, User
from core.store import accounts
from core.workbench import Workbench
from tests.pages import opened, title, words
from tests.test_overview import filled
from tests.test_pages import kept, loaded  # noqa: F401 (fixtures)


def metrics(app: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in app.metric}


def test_the_page_shows_the_figures_and_each_opens_its_list(kept: Workbench) -> None:  # noqa: F811
    filled(kept)
    roll_ups.refresh(kept)

    app = opened("overview")

    assert not app.exception and not app.error
    assert title(app) == "Overview"
    assert metrics(app)["Contacts"] == "40"
    assert metrics(app)["Delivered"] == "50.0 %"
    assert metrics(app)["Cost per gap closed"] == "$0.07"
    assert app.subheader[0].value == "All campaigns (2)"
    app.button(key="ov_open_opt_outs").click().run()
    assert app.subheader[0].value == "Campaigns with opt-outs (0)"
    app.selectbox(key="ov_mode").select("text").run()
    assert metrics(app)["Contacts"] == "20"


def test_without_campaigns_the_page_says_what_to_do(kept: Workbench) -> None:  # noqa: F811
    app = opened("overview")

    assert not app.exception and not app.error
    assert "No campaign contacted anybody in this time." in words(app)
    assert "Nothing waits to go out in the next two weeks." in words(app)


def test_somebody_limited_to_a_group_sees_its_figures(kept: Workbench) -> None:  # noqa: F811
    filled(kept)
    roll_ups.refresh(kept)
    robin = User("robin", "Robin", roles=frozenset({"manager"}), scope=Scope(groups=frozenset({"g2"})))
    accounts.add_user(kept.engine, robin, at=kept.now(), by="command-line")

    app = opened("overview", user="robin")

    assert metrics(app)["Contacts"] == "20"
    assert "Texts" not in app.dataframe[0].value.to_csv()


def test_what_is_not_added_up_yet_is_said_in_the_place_of_nothing(
    kept: Workbench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled(kept)
    monkeypatch.setattr(overview, "_SHORTLY", 0.0)

    app = opened("overview")

    assert "2 campaigns changed and not added up yet: what follows is as it was before." in words(app)
    assert "No campaign contacted anybody" not in words(app)


def test_home_leads_a_manager_to_it(loaded: Workbench) -> None:  # noqa: F811
    manager = User("robin", "Robin", roles=frozenset({"manager"}))
    accounts.add_user(loaded.engine, manager, at=loaded.now(), by="command-line")

    assert "How all campaigns went" in links(opened("home", user="robin"))
    assert "How all campaigns went" not in links(opened("home"))


def links(app: AppTest) -> list[str]:
    return [each.proto.label for each in app.get("page_link")]
