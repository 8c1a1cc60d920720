"""Making two records one as staff do it, without a browser, and links that are older than a merge."""

from streamlit.testing.v1 import AppTest

from core import merges
from core.domain.user import User
from core.store import accounts
from core.store.database import writing
from core.workbench import Workbench
from tests.pages import opened, sign_in, words
from tests.signed_in import PERSON
from tests.test_pages import kept, loaded  # noqa: F401 (fixtures)


def piece() -> AppTest:
    """The button, alone on a page."""

    def script() -> None:
        from core import patients
        from pages._patient_merge import earlier_ids, merge_button
        from pages._shared import workbench

        wb = workbench()
        merge_button(wb, patients.patient(wb, "ann"))
        earlier_ids(wb, patients.patient(wb, "ann"))

    sign_in(PERSON)
    return AppTest.from_function(script, default_timeout=60).run()


def run(app: AppTest) -> AppTest:
    """A run in which the dialog stays open: without a browser each run is one of the whole page."""
    app.button(key="pm_open").click()
    return app.run()


def test_two_records_are_made_one(loaded: Workbench) -> None:  # noqa: F811
    app = run(piece())
    assert app.button(key="pm_yes").disabled

    app.text_input(key="pm_other").set_value("bea")
    run(app)
    assert "Id bea" in words(app)
    assert app.button(key="pm_yes").disabled
    app.checkbox(key="pm_sure").check()
    run(app)
    app.button(key="pm_yes").click()
    run(app)

    assert not app.exception
    assert merges.survivor(loaded, "bea") == "ann"
    assert "bea since " in words(piece())
    summary = opened("patient", id="bea")
    assert not summary.error


def test_an_id_that_nobody_has_is_told(loaded: Workbench) -> None:  # noqa: F811
    app = run(piece())

    app.text_input(key="pm_other").set_value("ghost")
    run(app)
    assert "There is no such patient among those you may see." in words(app)
    app.text_input(key="pm_other").set_value("ann")
    run(app)
    assert "That is this patient's record already." in words(app)


def test_who_may_not_is_told_whom_to_ask(loaded: Workbench) -> None:  # noqa: F811
    with writing(loaded.engine) as connection:
        connection.exec_driver_sql("DELETE FROM users WHERE user_id = 'analyst'")
    clerk = User("analyst", "Ana Lyst", roles=frozenset({"opt_out_clerk"}))
    accounts.add_user(loaded.engine, clerk, at=loaded.now(), by="command-line")

    button = piece().button(key="pm_open")

    assert button.disabled
    assert "Ask somebody who may: administrator." in button.help
