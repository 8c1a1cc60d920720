"""Reports on the Downloads page, and what can be taken along from a report, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from core import report_schedules
from core.domain.user import User
from core.store import accounts
from core.workbench import Workbench
from tests.pages import opened, words
from tests.test_pages import campaign, kept, loaded  # noqa: F401 (fixtures)


@pytest.fixture
def eva(kept: Workbench) -> Workbench:  # noqa: F811
    person = User("eva", "Eva <b>", email="eva@example.org", roles=frozenset({"manager"}))
    accounts.add_user(kept.engine, person, at=kept.now(), by="ana")
    return kept.as_user("eva")


def labels(app: AppTest) -> list[str]:
    return [each.proto.label for each in app.get("download_button")]


def test_a_manager_schedules_pauses_and_removes_a_report(eva: Workbench) -> None:
    app = opened("downloads", user="eva")
    assert "None. A scheduled report comes by email" in words(app)
    app.button(key="rs_add").click().run()
    app.button(key="rs_add").click()
    app.multiselect(key="rs_to").set_value(["eva"])
    app.button(key="rs_yes").click().run()
    [made] = report_schedules.schedules(eva)
    assert (made.sentence, made.recipients) == ("every Monday", ("eva",))

    app = opened("downloads", user="eva")
    assert "every Monday" in words(app) and "Eva \\<b\\>" in words(app)
    app.button(key=f"rs_turn_{made.schedule_id}").click().run()
    assert not report_schedules.schedules(eva)[0].is_on and "paused" in words(app)
    app.button(key=f"rs_remove_{made.schedule_id}").click().run()
    assert report_schedules.schedules(eva) == []


def test_who_gets_a_report_and_may_not_schedule_leaves_it(eva: Workbench) -> None:
    made = report_schedules.add(eva, "overview", "week", 0, ["eva"])
    person = User("eva", "Eva", email="eva@example.org", roles=frozenset({"opt_out_clerk"}))
    accounts.add_user(eva.engine, person, at=eva.now(), by="ana")

    app = opened("downloads", user="eva")
    assert "rs_add" not in [each.key for each in app.button] and not app.exception
    app.button(key=f"rs_leave_{made.schedule_id}").click().run()

    assert report_schedules.schedules(eva) == []


def test_a_report_offers_its_figures_to_all_and_its_patients_to_who_may_export(loaded: Workbench) -> None:  # noqa: F811
    made = campaign(loaded)
    for user_id, role in (("dana", "data_scientist"), ("max", "manager")):
        accounts.add_user(loaded.engine, User(user_id, user_id, roles=frozenset({role})), at=loaded.now(), by="ana")
    figures = ["PDF for a meeting", "Figures, CSV", "Figures, Excel", "Figures, Parquet"]

    assert labels(opened("report", user="dana", id=made)) == figures
    assert labels(opened("report", user="max", id=made)) == [*figures, "CSV", "Excel", "Parquet"]
