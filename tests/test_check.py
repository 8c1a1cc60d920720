"""`careloop check`: the rows of a home in order and of homes that are not, and how the command ends."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert

from core import check, feed_gate, loads, organisation_settings
from core.check import NOTE, OK, WARNING, WRONG, Row
from core.domain.user import User
from core.errors import NotAllowed
from core.settings import read_settings
from core.store import accounts, dispatcher_rows
from core.store.database import writing
from core.store.schema import organisation_settings as setting_table
from core.twilio_account import start_sandbox
from core.workbench import Workbench, open_workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.feeds import PATIENT, write_feed
from tests.mail_servers import recording
from tests.test_cli import careloop

SECRET = "hunter2-is-no-secret"


def row(found: list[Row], label: str) -> Row:
    return next(each for each in found if each.label == label)


def beat(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        dispatcher_rows.beat(connection, worker="w:email", host="here", at=wb.now(), is_idle=True)


def test_a_new_home_works_and_says_what_to_look_at(wb: Workbench) -> None:
    found = check.rows(wb)

    assert check.is_in_order(found)
    assert row(found, "Dispatcher").state == WARNING and "careloop serve" in row(found, "Dispatcher").advice
    assert (row(found, "Loaded").state, row(found, "Loaded").words) == (WARNING, "nothing yet")
    assert row(found, "Test") == Row(
        "Account: Mail server", "Test", "never", WARNING, "Run 'careloop check --accounts', or press Test on the page."
    )
    late = {each.label for each in found if each.state == WARNING}
    assert {"Name", "From Email Address", "Call-back number", "Postal address", "Email address of support"} <= late
    assert all(each.advice for each in found if each.state in (WARNING, WRONG))


def test_a_home_that_is_set_up_is_in_order(wb: Workbench, tmp_path: Path) -> None:
    own = {"name": "Lakeside", "from_email": "care@lakeside.internal", "call_back_number": "+12992345678"}
    own["support_email"] = "help@lakeside.internal"
    organisation_settings.change(wb, {**own, "postal_address": "1 Main Street, Lakeside", "campaign_limit": 100})
    (wb.settings.home / "careloop.db").chmod(0o600)
    loads.load(wb, write_feed(tmp_path / "feed", patients=[PATIENT, "P1,Ann,Example,1960-05-01,F,active"]))
    beat(wb)
    sandbox = start_sandbox(wb.settings)
    with recording() as server:
        settings = replace(wb.settings, smtp_port=server.port, twilio_url=sandbox.url)
        found = check.rows(replace(wb, settings=settings), test_accounts=True)
    sandbox.stop()

    assert [each for each in found if each.state in (WARNING, WRONG)] == []
    assert row(found, "Dispatcher").words == "at work" and row(found, "Feed gate").words == "open"
    assert row(found, "Patients in a campaign") == Row("Limits", "Patients in a campaign", "100 patients", NOTE)
    assert row(found, "Characters of a text").state == OK


def test_what_does_not_work_is_wrong(wb: Workbench, tmp_path: Path) -> None:
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 2))
    for name, count in (("ten", 10), ("two", 2)):
        people = [f"P{number},Ann,Example,1960-05-01,F,active" for number in range(count)]
        loads.load(wb, write_feed(tmp_path / name, manifest={"full": True}, patients=[PATIENT, *people]))
    assert not feed_gate.gate(wb).is_open
    file = tmp_path / "token"
    file.write_text(SECRET, "utf-8")
    file.chmod(0o604)
    wb.settings.home.chmod(0o755)
    with writing(wb.engine) as connection:
        values = {"key": "campaign_limit", "value": 0, "changed_at": wb.now(), "changed_by": "ana"}
        connection.execute(insert(setting_table).values(values))
    credentials = read_settings({"CARELOOP_BOUNCE_TOKEN_FILE": str(file)}).credentials

    found = check.rows(
        replace(wb, settings=replace(wb.settings, smtp_port=1, credentials=credentials)), test_accounts=True
    )

    wrong = {each.label: each for each in found if each.state == WRONG}
    assert {"Dispatcher", "Feed gate", "CARELOOP_BOUNCE_TOKEN", "Patients in a campaign"} <= set(wrong)
    assert "messages wait" in wrong["Dispatcher"].words and "chmod 600" in wrong["CARELOOP_BOUNCE_TOKEN"].words
    assert "From 1 to 100,000" in wrong["Patients in a campaign"].advice
    assert wrong["Feed gate"].words == "closed" and len(wrong["Feed gate"].reasons) == 1
    unreached = {each.section for each in found if each.state == WRONG and "cannot be reached" in each.words}
    assert unreached == {"Account: Mail server"}
    assert row(found, "Home").state == WARNING and "chmod 700" in row(found, "Home").advice
    assert not check.is_in_order(found) and SECRET not in str(found)


def test_settings_that_no_rule_can_bear_are_said_before_anything_else(wb: Workbench) -> None:
    with writing(wb.engine) as connection:
        values = {"key": "quiet_until", "value": "06:00:00", "changed_at": wb.now(), "changed_by": "ana"}
        connection.execute(insert(setting_table).values(values))

    found = check.rows(wb)

    assert found[0].state == WRONG and "quiet_until (06:00)" in found[0].words
    assert row(found, "Texts and calls from").state == WRONG
    organisation_settings.change(wb, {"quiet_until": wb_default(wb)})
    assert check.is_in_order(check.rows(wb))


def wb_default(_wb: Workbench) -> object:
    from core.domain.organisation import Organisation

    return Organisation().quiet_until


def test_only_who_may_change_the_organisation_checks_it(wb: Workbench) -> None:
    accounts.add_user(wb.engine, User("olga", "Olga", roles=frozenset({"analyst"})), at=wb.now(), by="ana")

    with pytest.raises(NotAllowed, match="administrator"):
        check.rows(wb.as_user("olga"))


def test_the_command_prints_the_rows_and_ends_with_one_when_something_is_wrong(tmp_path: Path) -> None:
    home = tmp_path / "home"

    good = careloop(home, "check")
    wb = open_workbench(read_settings({"CARELOOP_HOME": str(home)}))
    organisation_settings.change(wb, {"letters_per_file": 150})
    wb.engine.dispose()
    asked = careloop(home, "check", "--accounts", CARELOOP_SMTP="127.0.0.1:1")
    broken = careloop(home, "check", CARELOOP_SMTP_SECURITY="maybe")

    assert good.returncode == 0 and "  Letters in a file: 200 letters" in good.stdout
    assert "! Dispatcher: not seen" in good.stdout and "0 wrong" in good.stdout
    assert asked.returncode == 1 and "* Letters in a file: 150 letters" in asked.stdout
    assert "x Test, " in asked.stdout and "127.0.0.1:1 cannot be reached" in asked.stdout
    assert "Nothing listens there" in asked.stdout
    assert broken.returncode == 1 and "x CARELOOP_SMTP_SECURITY must be" in broken.stdout
