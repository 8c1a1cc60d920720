"""The feed gate on the pages, without a browser: what is said where, and the release."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import campaigns, feed_gate, loads
from core.domain.user import Scope, User
from core.store import accounts
from core.workbench import Workbench
from tests.feeds import PATIENT, write_feed
from tests.homes import Homes
from tests.pages import opened, words
from tests.test_pages import campaign, kept, odd_feed  # noqa: F401 (fixture)
from tests.test_rules import MAMMOGRAM

GROUP = f"{PATIENT},email,group_id,pcp_id"


@pytest.fixture
def closed(kept: Workbench, homes: Homes, tmp_path: Path) -> Workbench:  # noqa: F811
    """A full feed of two patients after one of ten; an active campaign for both."""

    def load() -> None:
        loads.load(kept, odd_feed(tmp_path / "feed"))
        for name, count in (("ten", 10), ("two", 2)):
            people = [f"{one},{one},Example,1970-02-01,F,active,{one}@example.org,g1,d1" for one in _names(count)]
            manifest = {"full": ["patients"]}
            loads.load(kept, write_feed(tmp_path / name, manifest=manifest, patients=[GROUP, *people]))
        campaigns.activate(kept, campaign(kept))

    return homes.fill(kept, "closed-gate", load)


def _release(app: AppTest, reason: str) -> None:
    """Without a browser a dialog ends with the run that opened it, so it is opened again in the same run."""
    app.button(key="gate_release").click()
    app.text_area(key="gate_reason").set_value(reason)
    app.button(key="gate_release_yes").click().run()


def _names(count: int) -> list[str]:
    return ["ann", "bea", *(f"p{number}" for number in range(3, count + 1))]


def test_every_page_on_which_somebody_counts_on_the_feed_says_that_nothing_is_sent_and_why(closed: Workbench) -> None:
    why = "The table patients of careloop has 2 rows; the last good load had 10."

    home, data, listed = opened("home"), opened("data"), opened("campaigns")
    finding = [opened("care_gaps"), opened("measures"), opened("measures", id=MAMMOGRAM)]

    assert any("Nothing is sent since" in each.value for each in home.warning)
    assert why in words(home) and why in words(data)
    for page in finding:
        assert [each.value for each in page.warning] == [each.value for each in home.warning] and not page.exception
    assert "Feed gate closed" in data.error[0].value
    assert not home.exception and not data.exception and not listed.exception
    row = data.dataframe[0].value.set_index("Table").loc["patients"]
    assert (row["Rows"], row["Before"], row["Change"]) == (2, 10, "✕ 80.0% too few")


def test_the_release_says_how_many_messages_wait_and_keeps_who_and_why(closed: Workbench) -> None:
    data = opened("data")

    data.button(key="gate_release").click().run()
    assert "2 messages wait" in words(data).replace("*", "")
    _release(data, " ")
    assert "needs a reason" in words(data) and not feed_gate.gate(closed).is_open
    _release(data, "We *closed* a clinic.")

    assert not data.exception
    gate = feed_gate.gate(closed)
    assert gate.is_open
    assert (gate.releases[0].by, gate.releases[0].reason) == ("analyst", "We *closed* a clinic.")
    assert "Feed gate open" in words(opened("data"))
    assert not any("Nothing is sent" in each.value for each in opened("home").warning)


def test_somebody_who_may_see_few_patients_cannot_release(closed: Workbench) -> None:
    person = User("analyst", "Ana Lyst", scope=Scope(groups=frozenset({"g1"})))
    accounts.add_user(closed.engine, person, at=closed.now(), by="command-line")
    data = opened("data")

    data.button(key="gate_release").click().run()
    _release(data, "I say so.")

    assert "may see all of them" in words(data)
    assert not feed_gate.gate(closed).is_open
