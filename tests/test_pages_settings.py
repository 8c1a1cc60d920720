"""The page Settings without a browser: a form for every section, saving, what is wrong, history and accounts."""

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import logos, organisation_settings, return_addresses
from core.domain.organisation import Organisation
from core.domain.role import CHANGE_ORGANISATION, refusal
from core.domain.setting import SECTIONS
from core.domain.user import User
from core.store import accounts
from core.workbench import Workbench
from tests.mail_servers import recording
from tests.pages import opened, words
from tests.test_logos import png
from tests.test_pages import kept  # noqa: F401 (fixture)

history = organisation_settings.history


def at(section: str) -> AppTest:
    app = opened("settings", section=section)
    app.run()
    assert not app.exception
    return app


def field(app: AppTest, kind: str, key: str) -> Any:
    return next(each for each in app.get(kind) if (each.key or "").endswith(f"_{key}"))


def save(app: AppTest, section: str) -> Any:
    return app.button(key=f"se_save_{section}")


@pytest.mark.parametrize("section", [*SECTIONS, "accounts", "check"])
def test_every_section_is_drawn_and_nothing_is_to_save(kept: Workbench, section: str) -> None:  # noqa: F811
    app = at(section)

    assert not app.error
    if section in SECTIONS and section != "letterhead":
        assert save(app, section).disabled
        assert "Nothing was changed here yet" in words(app)


def test_a_change_is_saved_with_why_and_can_be_put_back(kept: Workbench) -> None:  # noqa: F811
    app = at("limits")
    field(app, "number_input", "letters_per_file").set_value(150).run()
    assert "1 change not saved" in words(app) and not save(app, "limits").disabled
    field(app, "text_input", "note_limits").set_value("The printer jams").run()
    save(app, "limits").click().run()

    assert not app.exception and kept.organisation().letters_per_file == 150
    assert "200 letters → 150 letters" in words(app) and "The printer jams" in words(app)
    assert save(app, "limits").disabled
    change = history(kept)[0]
    assert (change.by, change.note) == ("analyst", "The printer jams")

    app.button(key=f"se_back_{change.change_id}").click().run()

    assert kept.organisation() == Organisation()
    assert field(app, "number_input", "letters_per_file").value == 200
    assert app.button(key=f"se_back_{change.change_id}").disabled


def test_what_cannot_be_is_said_beside_its_field_and_not_saved(kept: Workbench) -> None:  # noqa: F811
    app = at("limits")
    field(app, "number_input", "letters_per_file").set_value(0).run()

    assert [each.value for each in app.error] == ["From 1 to 1,000 letters are possible, not 0."]
    assert save(app, "limits").disabled

    app.button(key="se_discard_limits").click().run()

    assert not app.error and field(app, "number_input", "letters_per_file").value == 200
    senders = at("senders")
    field(senders, "text_input", "call_back_number").set_value("ask Ana").run()
    assert "telephone number is needed" in senders.error[0].value


def test_a_number_written_otherwise_is_no_change(kept: Workbench) -> None:  # noqa: F811
    app = at("senders")

    field(app, "text_input", "call_back_number").set_value("555.010.0100").run()

    assert save(app, "senders").disabled


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(kept: Workbench) -> None:  # noqa: F811
    app = at("limits")
    field(app, "number_input", "letters_per_file").set_value(150).run()
    organisation_settings.change(kept, {"letters_per_file": 100})

    save(app, "limits").click().run()

    assert "has changed 'Letters in a file' meanwhile" in app.error[0].value.replace("\\", "")
    assert kept.organisation().letters_per_file == 100
    app.button(key="se_discard_limits").click().run()
    assert field(app, "number_input", "letters_per_file").value == 100


def test_what_is_typed_just_after_somebody_else_saved_stays(kept: Workbench) -> None:  # noqa: F811
    app = at("organisation")
    organisation_settings.change(kept, {"letters_per_file": 100})

    field(app, "text_input", "name").set_value("Harbor Health").run()

    assert field(app, "text_input", "name").value == "Harbor Health"
    save(app, "organisation").click().run()
    assert kept.organisation().name == "Harbor Health" and kept.organisation().letters_per_file == 100


def test_what_is_typed_over_what_somebody_else_just_changed_stays_and_is_said(kept: Workbench) -> None:  # noqa: F811
    app = at("limits")
    organisation_settings.change(kept, {"letters_per_file": 100})

    field(app, "number_input", "letters_per_file").set_value(150).run()
    save(app, "limits").click().run()

    assert field(app, "number_input", "letters_per_file").value == 150
    assert "has changed 'Letters in a file' meanwhile" in app.error[0].value.replace("\\", "")


def test_what_somebody_else_changed_is_shown_when_nothing_is_typed(kept: Workbench) -> None:  # noqa: F811
    app = at("limits")
    organisation_settings.change(kept, {"letters_per_file": 100})

    app.run()

    assert field(app, "number_input", "letters_per_file").value == 100
    assert save(app, "limits").disabled


def test_what_is_typed_stays_while_another_section_is_looked_at(kept: Workbench) -> None:  # noqa: F811
    app = at("limits")
    field(app, "number_input", "letters_per_file").set_value(150).run()

    app.radio(key="se_section").set_value("pace").run()
    assert "Not saved yet: Limits" in words(app)
    app.radio(key="se_section").set_value("limits").run()

    assert field(app, "number_input", "letters_per_file").value == 150
    save(app, "limits").click().run()
    assert kept.organisation().letters_per_file == 150


def test_windows_are_added_changed_and_removed(kept: Workbench) -> None:  # noqa: F811
    from datetime import time

    app = at("windows")
    field(app, "button", "text_windows_add").click().run()
    field(app, "time_input", "text_windows_1_opens").set_value(time(9)).run()
    field(app, "time_input", "text_windows_1_closes").set_value(time(10, 30)).run()
    save(app, "windows").click().run()
    assert [(one.opens.hour, one.closes.hour) for one in kept.organisation().text_windows] == [(9, 10), (11, 20)]

    field(app, "button", "phone_windows_0_drop").click().run()

    assert "At least one window is needed" in app.error[0].value


def test_a_holiday_is_added_by_the_calendar(kept: Workbench) -> None:  # noqa: F811
    from datetime import date

    app = at("holidays")
    field(app, "date_input", "extra_holidays_day").set_value(date(2026, 11, 27)).run()
    field(app, "button", "extra_holidays_add").click().run()
    save(app, "holidays").click().run()

    assert not app.exception and kept.organisation().extra_holidays == (date(2026, 11, 27),)


def test_logos_and_addresses_are_added_chosen_and_removed(kept: Workbench) -> None:  # noqa: F811
    first, second = logos.add(kept, "First", png()), logos.add(kept, "Second", png())
    added = return_addresses.add(kept, "Main", ("Sender", "Street", "Town"))
    app = at("letterhead")

    app.button(key=f"se_choose_{second.logo_id}").click().run()
    assert kept.organisation().logo == second.logo_id
    app.button(key=f"se_drop_{first.logo_id}").click().run()
    app.button(key=f"se_drop_{added.key}").click().run()
    app.text_input(key="se_address_name_0").set_value("Branch").run()
    app.text_area(key="se_address_0").set_value("Sender\nOther street\nTown").run()
    app.button(key="se_address_add").click().run()

    assert not app.exception and [one.name for one in logos.logos(kept)] == ["Second"]
    assert [one.name for one in kept.organisation().return_addresses] == ["Branch"]
    assert "Return addresses" in words(app) and "Main → none" in words(app)


@pytest.fixture
def served(kept: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:  # noqa: F811
    """The pages beside a mail server that takes everything."""
    with recording() as server:
        monkeypatch.setenv("CARELOOP_SMTP", f"127.0.0.1:{server.port}")
        import streamlit

        streamlit.cache_resource.clear()
        yield kept
    streamlit.cache_resource.clear()


def test_an_account_is_tested_from_the_page(served: Workbench) -> None:
    app = at("accounts")
    assert "CARELOOP_SMTP" in words(app).replace("\\", "")

    app.button(key="se_test_smtp").click().run()

    assert not app.exception
    assert "The server takes mails from the From Email Address" in words(app) and "Tested " in words(app)


def test_who_may_not_change_the_organisation_does_not_see_the_page(kept: Workbench) -> None:  # noqa: F811
    person = User("analyst", "Ana Lyst", roles=frozenset({"analyst"}))
    accounts.add_user(kept.engine, person, at=kept.now(), by="command-line")

    app = opened("settings")

    assert [each.value for each in app.error] == [refusal(CHANGE_ORGANISATION)]
