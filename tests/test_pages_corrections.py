"""Correcting on the patient's page, and both lists of the Data page, without a browser."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import corrections, loads, opt_outs
from core.store.database import writing
from core.store.schema import users
from core.workbench import Workbench
from pages._shared import plain
from tests.feeds import without_rules, write_feed
from tests.homes import Homes
from tests.pages import opened, told, words
from tests.test_pages import ODD, kept  # noqa: F401 (fixture)

pytestmark = pytest.mark.long

HEAD = "patient_id,first,last,birth_date,sex,status,group_id,pcp_id,phone_mobile,email,email_consent,address1"
OLD, OURS, NEW = "3125550101", "312-555-0102", "3125550103"


def feed(folder: Path, *rows: str) -> Path:
    return write_feed(
        folder,
        patients=[HEAD, *rows],
        groups=["group_id,name", "g1,Group 1"],
        locations=["location_id,group_id,name", f"l1,g1,{ODD}"],
        providers=["provider_id,last,group_id,location_id", "d1,Lake,g1,l1"],
    )


def row(mobile: str = OLD, consent: str = "", last: str = ODD) -> str:
    return f"ann,Ann,{last},1970-02-01,F,active,g1,d1,{mobile},ann@clinic-mail.org,{consent},"


@pytest.fixture
def clinic(kept: Workbench, homes: Homes, tmp_path: Path) -> Workbench:  # noqa: F811
    def load() -> None:
        without_rules(kept)
        loads.load(kept, feed(tmp_path / "one", row()))

    return homes.fill(kept, "corrections", load)


@pytest.fixture
def asked(clinic: Workbench, homes: Homes, tmp_path: Path) -> Workbench:
    """A newer number against a correction, and a yes after an opt-out."""

    def load() -> None:
        corrections.correct(clinic, "ann", "mobile", {"phone_mobile": OURS}, reason=f"said {ODD}")
        opt_outs.add(clinic, "ann", "health_email", reason="Other")
        loads.load(clinic, feed(tmp_path / "two", row(NEW, "yes")))

    return homes.fill(clinic, "corrections-asked", load)


def roles(wb: Workbench, *names: str) -> None:
    with writing(wb.engine) as connection:
        connection.execute(users.update().where(users.c.user_id == "analyst").values(roles=list(names)))


def patient_page() -> AppTest:
    """The dialog ends with the run that opened it, so it is opened again in each run."""
    app = opened("patient", id="ann")
    app.button(key="pc_open").click().run()
    return app


def test_a_number_is_corrected_in_the_dialog_and_its_source_and_history_are_shown(clinic: Workbench) -> None:
    app = patient_page()
    assert "from the feed" in words(app) and not app.exception
    app.button(key="pc_open").click()
    app.text_input(key="pc_mobile").set_value("555")
    app.button(key="pc_save").click().run()
    assert "fewer than ten digits" in app.error[0].value

    app.button(key="pc_open").click()
    app.text_input(key="pc_mobile").set_value("")
    app.button(key="pc_save").click().run()
    assert "mark that what is on file is not the patient's" in app.error[0].value
    app.button(key="pc_open").click()
    app.text_input(key="pc_mobile").set_value(OURS)
    app.text_input(key="pc_reason_mobile").set_value(f"called {ODD}")
    app.button(key="pc_save").click().run()

    assert not app.exception and not app.error
    assert corrections.on_file(clinic, "ann")["mobile"].values == {"phone_mobile": "+13125550102"}
    again = patient_page()
    assert "corrected by Ana Lyst on" in words(again) and plain(f"called {ODD}") in words(again)
    assert "The feed says" in words(again) and "Corrections so far (1)" in [each.label for each in again.expander]
    again.button(key="pc_open").click()
    again.button(key="pc_withdraw").click().run()
    assert corrections.on_file(clinic, "ann")["mobile"].correction is None


@pytest.mark.parametrize(
    ("field", "change", "values"),
    [
        ("text_consent", ("selectbox", "pc_text_consent", "yes"), {"text_consent": "yes"}),
        ("language", ("selectbox", "pc_language", "es"), {"language": "es"}),
        ("channel", ("selectbox", "pc_channel", "letter"), {"preferred_channel": "letter"}),
        ("email", ("checkbox", "pc_remove", True), {"email": None}),
    ],
)
def test_each_kind_of_field_is_corrected(
    clinic: Workbench, field: str, change: tuple[str, str, Any], values: dict[str, str | None]
) -> None:
    app = patient_page()
    app.button(key="pc_open").click()
    app.selectbox(key="pc_field").set_value(field).run()
    app.button(key="pc_open").click()
    kind, key, value = change
    {"selectbox": app.selectbox, "checkbox": app.checkbox}[kind](key=key).set_value(value)
    app.button(key="pc_save").click().run()

    assert not app.exception and not app.error
    assert corrections.on_file(clinic, "ann")[field].values.items() >= values.items()


def test_who_may_not_correct_reads_whom_to_ask(clinic: Workbench) -> None:
    roles(clinic, "manager")

    app = opened("patient", id="ann")

    button = app.button(key="pc_open")
    assert button.disabled and "Ask somebody who may: opt-out clerk or administrator" in button.help


def test_both_kinds_of_questions_are_decided_on_the_data_page_and_counted_on_home(asked: Workbench) -> None:
    value, consent = corrections.conflicts(asked)
    home, app = opened("home"), opened("data")
    assert "2 values of the feed" in str([getattr(each, "label", "") for each in home.get("page_link")])
    assert told(asked)["feed_conflicts"] == ["ann", "ann"], "names and contact data were shown"
    assert "To decide (2)" in [tab.label for tab in app.tabs] and not app.exception
    assert "(312) 555-0103" in words(app).replace("\\", "") and plain(f"said {ODD}") in words(app)

    app.button(key=f"fc_feed_{value.conflict_id}").click().run()
    assert corrections.on_file(asked, "ann")["mobile"].values == {"phone_mobile": "+13125550103"}
    app.button(key=f"fc_feed_{consent.conflict_id}").click().run()
    app.button(key=f"fc_feed_{consent.conflict_id}").click()
    app.text_input(key="fc_note").set_value("by phone today")
    app.button(key="fc_lift").click().run()

    assert not app.exception and opt_outs.of_patient(asked, "ann") == []
    assert "Nothing to decide" in words(app) and "To decide" in [tab.label for tab in app.tabs]


def test_who_may_not_decide_reads_whom_to_ask(asked: Workbench) -> None:
    roles(asked, "opt_out_clerk")

    app = opened("data")

    for conflict in corrections.conflicts(asked):
        for decision in ("kept", "feed"):
            button = app.button(key=f"fc_{decision}_{conflict.conflict_id}")
            assert button.disabled and "Ask somebody who may: administrator" in button.help


def test_the_repair_list_is_a_table_a_list_and_a_work_list(clinic: Workbench) -> None:
    app = opened("data")

    assert not app.exception
    reasons = next(each.value for each in app.dataframe if "Reason" in each.value and "All clinics" in each.value)
    assert ODD in reasons.columns
    assert reasons["Reason"].to_list() == ["No postal address on file"]
    assert app.selectbox(key="rp_reason").value == "letter:missing"
    app.button(key="rp_work_list").click().run()
    assert not app.exception and "Work list" in app.title[0].value
    assert "1 patient" in str([each.value for each in app.subheader])


def test_with_everybody_reachable_the_repair_list_says_so(clinic: Workbench) -> None:
    address = {"address1": "1 Elm", "city": "Peoria", "state": "IL", "zip": "61601"}
    corrections.correct(clinic, "ann", "address", address)

    assert "Everybody can be reached" in words(opened("data"))
