"""The search box in the head of every page: whom it finds, what it opens, and what it asks while it is empty."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import audit, loads, patient_search
from core.domain.user import Scope, User
from core.store import accounts
from core.workbench import Workbench
from tests.feeds import write_feed
from tests.homes import Homes
from tests.pages import opened, title, words
from tests.test_pages import kept  # noqa: F401 (fixture)

pytestmark = pytest.mark.long

PEOPLE = [
    "patient_id,first,last,birth_date,phone_mobile,phone_home,status,group_id",
    "P1,María,O'Brien,1960-05-01,3125550199,,active,g1",
    "P2,Mar*k*,O'Brien,1970-06-02,,3125550142,deceased,g1",
    "P3,Mario,Lee,1971-06-02,3125550143,,active,g2",
]
SEEN = ["appointment_id,patient_id,start_at,status", *(f"A{n},P{n},2090-03-01T09:00,confirmed" for n in (1, 2))]


@pytest.fixture
def clinic(kept: Workbench, homes: Homes, tmp_path: Path) -> Workbench:  # noqa: F811
    feed = tmp_path / "feed"
    return homes.fill(
        kept, "find-patient", lambda: loads.load(kept, write_feed(feed, patients=PEOPLE, appointments=SEEN))
    )


def look(app: AppTest, typed: str) -> AppTest:
    app.text_input(key="fp_text").set_value(typed)
    return app.button(key="fp_go").click().run()


def shown(app: AppTest) -> list[str]:
    return [button.label for button in app.button if str(button.key).startswith("fp_P")]


def test_a_phone_in_three_forms_opens_the_summary_from_any_page(clinic: Workbench) -> None:
    for page, typed in (("home", "3125550199"), ("library", "(312) 555-0199"), ("patient", "0199")):
        app = look(opened(page), typed)

        assert not app.exception
        assert title(app) == "Patient Summary"
        assert app.query_params["id"] == "P1"
        assert app.text_input(key="fp_text").value == ""


def test_several_are_listed_and_one_press_opens_a_summary(clinic: Workbench) -> None:
    app = look(opened("library"), "obrien")

    assert "2 patients found" in words(app)
    assert shown(app) == ["Mar\\*k\\* O'Brien :red-badge[Deceased]", "María O'Brien"]
    assert "Born Mon 1 May 1960" not in words(app) and "Born Sun 1 May 1960" in words(app)
    assert "home (312) 555-0142" in words(app).replace("\\", "")
    assert "obrien" not in str(app.query_params)
    (line,) = audit.lines(clinic, audit.Search(action="patient.searched", subject="P2"))
    assert line.details["people"] == len(line.details["patients"]) > 1, "whom the list has shown"
    app.button(key="fp_P2").click().run()
    assert (title(app), app.query_params["id"]) == ("Patient Summary", "P2")
    assert shown(app) == []


def test_the_switch_widens_to_everybody_and_says_how_many_others_there_are(clinic: Workbench) -> None:
    app = look(opened("library"), "mario")

    assert "Nobody was found" in words(app) and "1 other match was not contacted lately" in words(app)
    app.toggle(key="fp_everybody").set_value(True).run()
    assert (title(app), app.query_params["id"]) == ("Patient Summary", "P3")


def test_beside_the_only_one_it_is_said_that_others_match(clinic: Workbench) -> None:
    app = look(opened("library"), "mari")

    assert app.query_params["id"] == "P1"
    assert "1 other match was not contacted lately" in words(app)
    app.button(key="fp_again").click().run()
    assert shown(app) == ["Mario Lee", "María O'Brien"]


def test_nobody_and_too_little_are_said_and_the_list_can_be_closed(clinic: Workbench) -> None:
    app = look(opened("library"), "zebra")
    assert "Nobody was found" in words(app) and "even when an email was sent" in words(app)

    look(app, "12")
    assert "at least 3 letters" in words(app)

    app.button(key="fp_close").click().run()
    assert app.text_input(key="fp_text").value == "" and "Too little" not in words(app)


def test_nobody_outside_the_scope_is_found(clinic: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    nora = User("nora", "Nora", scope=Scope(groups=frozenset({"g2"})))
    accounts.add_user(clinic.engine, nora, at=clinic.now(), by="ana")
    monkeypatch.setenv("TEST_USER", "nora")

    assert "Nobody was found" in words(look(opened("library"), "obrien"))


def test_a_home_without_patients_has_the_box_and_an_empty_one_asks_nothing(
    kept: Workbench,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = look(opened("home"), "maria")
    assert "Nobody was found" in words(app)

    monkeypatch.setattr(patient_search, "find", None)  # to be called would be an error
    assert not look(app, "").exception
    assert "Nobody was found" not in words(app)
