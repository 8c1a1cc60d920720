"""The page Users: nothing that is saved about somebody opens more patients to them than was chosen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import users
from core.domain.user import Scope, User
from core.store import accounts
from core.workbench import Workbench
from tests.clinic import add_clinic
from tests.pages import opened


@pytest.fixture
def page(wb: Workbench, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    monkeypatch.setenv("CARELOOP_HOME", str(home))
    st.cache_resource.clear()
    add_clinic(wb)
    yield wb
    st.cache_resource.clear()


def add(wb: Workbench, scope: Scope) -> None:
    person = User("lia", "Lia Limited", email="lia@example.org", roles=frozenset({"analyst"}), scope=scope)
    accounts.add_user(wb.engine, person, at=wb.now(), by="ana")


def chosen(wb: Workbench) -> AppTest:
    """The page on which Lia was chosen in the table."""
    app = opened("users", user="ana")
    _choose(wb, app)
    return app.run()


def saved(wb: Workbench, app: AppTest) -> list[str]:
    """The errors after Save."""
    app.button(key="us_save_lia").click()
    _choose(wb, app)  # a table of AppTest forgets its selection in each run
    app.run()
    assert not app.exception
    return [each.value for each in app.error]


def _choose(wb: Workbench, app: AppTest) -> None:
    place = [one.user.user_id for one in users.persons(wb)].index("lia")
    app.session_state["us_list"] = {"selection": {"rows": [place], "columns": [], "cells": []}}


def scope(wb: Workbench) -> Scope:
    return wb.as_user("lia").user.scope


@pytest.mark.parametrize(
    "limits",
    [
        Scope(),
        Scope(groups=frozenset({"g1"})),
        Scope(groups=frozenset({"not-in-the-feed"})),
        Scope(groups=frozenset({"g1", "not-in-the-feed"}), providers=frozenset({"no-longer-a-pcp"})),
        Scope(groups=frozenset()),
        Scope(groups=frozenset({"g1"}), providers=frozenset()),
    ],
)
def test_saving_a_name_leaves_whose_patients_somebody_sees(page: Workbench, limits: Scope) -> None:
    add(page, limits)
    app = chosen(page)
    app.text_input(key="us_name_lia").set_value("Lia Longer")

    assert saved(page, app) == []

    assert page.as_user("lia").user.name == "Lia Longer"
    assert scope(page) == limits


def test_all_patients_are_opened_by_that_choice_alone(page: Workbench) -> None:
    add(page, Scope(groups=frozenset({"g1"})))
    app = chosen(page)
    app.multiselect(key="us_groups_lia").set_value([])
    assert "Choose a group or a provider" in saved(page, app)[0]
    assert scope(page) == Scope(groups=frozenset({"g1"}))

    app = chosen(page)
    app.radio(key="us_sees_lia").set_value("all")
    assert "beside all patients" in saved(page, app)[0], "the groups still stand there"
    assert scope(page) == Scope(groups=frozenset({"g1"}))

    app = chosen(page)
    app.radio(key="us_sees_lia").set_value("all")
    app.multiselect(key="us_groups_lia").set_value([])
    assert saved(page, app) == []
    assert scope(page) == Scope()


def test_whose_patients_a_new_user_sees_has_to_be_chosen(page: Workbench) -> None:
    app = opened("users", user="ana")
    app.text_input(key="us_add_name").set_value("Ned New")
    app.text_input(key="us_add_id").set_value("ned")
    app.multiselect(key="us_roles_new").set_value(["analyst"])
    app.button(key="us_add_button").click().run()
    assert "whose patients" in app.error[0].value

    app.radio(key="us_sees_new").set_value("only")
    app.multiselect(key="us_groups_new").set_value(["g1"])
    app.button(key="us_add_button").click().run()
    assert not app.error
    assert page.as_user("ned").user.scope == Scope(groups=frozenset({"g1"}))
