"""The documentation within the pages: complete, with links that lead somewhere, and found by words."""

import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import loads, manual, support
from core.domain.support import Request
from core.errors import NotFound
from core.store import accounts
from core.workbench import VISITOR, Workbench
from tests import signed_in
from tests.conftest import ROOT
from tests.feeds import PATIENT, write_feed
from tests.pages import opened, title, words

PAGES = {f"/{path.stem}" for path in (ROOT / "pages").glob("[a-z]*.py")} | {"/"}


def test_every_text_for_users_is_in_the_contents() -> None:
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} == manual.TOPICS.keys() - {"release-notes"}


@pytest.mark.parametrize("key", manual.TOPICS)
def test_every_text_is_there_and_its_links_lead_to_pages_of_ours(key: str) -> None:
    text = manual.text(key)

    assert text.startswith("# ")
    for target in re.findall(r'href="([^"]+)"', text):
        page, _, topic = target.partition("?topic=")
        assert page in PAGES and (not topic or topic in manual.TOPICS), target
    without_code = re.sub(r"```.*?```|`[^`]*`|^    .*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"\]\(|!\[|<(?!a href|/a>)[a-z]|src=", without_code)


@pytest.mark.parametrize("path", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_links_between_the_texts_are_those_of_the_folder(path: str) -> None:
    source = (ROOT / "docs" / path).read_text("utf-8")

    for target in re.findall(r"\]\(([^)#\s]+\.md)", source):
        assert (ROOT / "docs" / target).exists(), target


@pytest.mark.parametrize("key", ["", "nothing", "../README", "decisions/sign-in", "getting-started/../faq"])
def test_what_is_no_text_of_the_manual_is_not_shown(key: str) -> None:
    with pytest.raises(NotFound):
        manual.text(key)


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("introductory email instead", "faq"),
        ("mark as mailed", "walk-throughs"),
        ("near misses", "faq"),
        ("GLOBAL for good", "replies-and-opt-outs"),
    ],
)
def test_words_find_the_part_that_holds_them(asked: str, first: str) -> None:
    found = manual.search(asked)

    assert first in [one.topic.key for one in found]
    assert all(
        all(word in f"{one.topic.title} {one.heading} {one.text}".lower() for word in asked.lower().split())
        for one in found
    )


@pytest.mark.parametrize("asked", ["", "   ", "no such words together xyzzy", "((("])
def test_what_is_nowhere_finds_nothing(asked: str) -> None:
    assert manual.search(asked) == []


@pytest.fixture
def home_of_pages(wb: Workbench, home: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    monkeypatch.setenv("CARELOOP_HOME", str(home))
    st.cache_resource.clear()
    changes = {"support_hours": "Weekdays 7:00 to 19:00", "question_address": "ask@example.org"}
    accounts.change_organisation(wb.engine, changes, at=wb.now(), by="ana")
    return wb


def test_the_help_page_has_contents_a_search_and_whom_to_ask(home_of_pages: Workbench) -> None:
    app = opened("help")
    assert title(app) == "Help"
    assert "Walk-throughs" in words(app) and "Weekdays 7:00 to 19:00" in words(app).replace("\\", "")

    app.text_input(key="he_search").set_value("introductory").run()
    assert not app.exception and len(app.expander) > 1
    app.text_input(key="he_search").set_value("xyzzy").run()
    assert "Nothing has all of these words" in words(app)


@pytest.mark.parametrize("key", ["walk-throughs", "release-notes"])
def test_a_text_opens_within_the_page(home_of_pages: Workbench, key: str) -> None:
    app = opened("help", topic=key)

    assert not app.exception and len(words(app)) > 1_000


def test_a_text_that_is_not_there_is_said(home_of_pages: Workbench) -> None:
    assert "There is no such text" in words(opened("help", topic="../../etc/passwd"))


def test_only_who_looks_after_the_system_sees_support_cases(home_of_pages: Workbench) -> None:
    case = support.ask(home_of_pages.as_user(VISITOR), Request("Lee", "lee@example.org", "", "It failed."), client="a")
    signed_in.ensure(home_of_pages)
    from core import users

    users.invite(home_of_pages, "mo", "Mo", roles=["manager"], password=False)
    assert [tab.label for tab in opened("help", user="mo").tabs] == []
    app = opened("help")
    assert [tab.label for tab in app.tabs] == ["Documentation", "Support cases (1)"]

    app.text_area(key=f"sc_text_{case.case_number}").set_value("Call 555-010-0134.").run()
    app.button(key=f"sc_resolve_{case.case_number}").click().run()
    assert "telephone number" in app.error[0].value
    app.text_area(key=f"sc_text_{case.case_number}").set_value("Done.").run()
    app.button(key=f"sc_resolve_{case.case_number}").click().run()

    assert not app.exception and support.case(home_of_pages, case.case_number).resolution == "Done."


def test_home_says_that_a_support_case_waits_and_leads_to_it(home_of_pages: Workbench, tmp_path: Path) -> None:
    loads.load(home_of_pages, write_feed(tmp_path / "feed", patients=[PATIENT, "P1,Ann,Example,1960-05-01,F,active"]))
    signed_in.ensure(home_of_pages)
    assert "support" not in str(links(opened("home")))

    support.ask(home_of_pages.as_user(VISITOR), Request("Lee", "lee@example.org", "", "It failed."), client="a")

    assert ("1 support case waits", "help", "cases=1") in links(opened("home"))
    assert [tab.label for tab in opened("help", cases="1").tabs] == ["Documentation", "Support cases (1)"]


def links(app: AppTest) -> list[tuple[str, str, str]]:
    return [(each.proto.label, each.proto.page, each.proto.query_string) for each in app.main.get("page_link")]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("pasword", "password"), ("introductry email", "introductory email"), ("xyzzy", "xyzzy"), ("feed", "feed")],
)
def test_a_word_typed_with_a_slip_is_taken_for_the_nearest(typed: str, meant: str) -> None:
    assert manual.meant(typed) == meant


def test_the_search_says_what_it_took_a_word_for(home_of_pages: Workbench) -> None:
    app = opened("help")

    app.text_input(key="he_search").set_value("pasword").run()

    assert "This has **password**" in words(app) and app.expander
