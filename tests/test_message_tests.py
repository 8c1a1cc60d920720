"""A test of a message leaves like a message to a patient: who said stop gets none, and nobody sends what cannot be
traced (C7)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from core import audit, campaigns, message_tests, opt_outs, sending_control
from core.audit import Search
from core.domain.opt_out import GLOBAL, HEALTH_EMAIL, OptOut
from core.errors import NotAllowed
from core.store import address_states
from core.store import opt_outs as opt_out_rows
from core.store.database import reading, writing
from core.store.schema import audit as audit_table
from core.workbench import Workbench
from tests.clinic import add_patients, clinic_that_sends
from tests.colleagues import add_colleagues, set_up
from tests.conftest import Clock
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.twilio_line import connected

EVENING = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)  # 21:30 in Chicago, 19:30 in Los Angeles


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    wb = clinic_that_sends(bench, server.port)
    add_colleagues(wb)
    return wb.as_user("nina")


def draft(wb: Workbench, template_id: str = "mammogram-reminder", **people: Any) -> str:
    ids = add_patients(wb, 2, **people)
    return campaigns.create(wb, template_id=template_id, patient_ids=ids)


def typed(wb: Workbench, campaign_id: str, to: str) -> str:
    return message_tests.address(wb, campaigns.campaign(wb, campaign_id), to)


def lines(wb: Workbench) -> list[tuple[str, dict[str, Any]]]:
    with reading(wb.engine) as connection:
        question = select(audit_table.c.action, audit_table.c.details).order_by(audit_table.c.position)
        return [(row.action, row.details) for row in connection.execute(question) if "test" in row.action]


# ---- who gets none ---------------------------------------------------------------------------------------------------
def test_an_address_of_a_patient_who_wants_no_emails_gets_no_test(wb: Workbench, server: Recorder) -> None:
    campaign_id = draft(wb)
    with writing(wb.engine) as connection:
        said = OptOut(type=HEALTH_EMAIL, starts_on=wb.today(), patient_id="p1", source="feed")
        opt_out_rows.add(connection, said, at=wb.now(), by="ana")

    with pytest.raises(NotAllowed, match="whoever has this address wants no more emails"):
        campaigns.send_test(wb, campaign_id, " P1@example.org", patient_id="p2")

    assert server.mails == [] and lines(wb) == []
    campaigns.send_test(wb, campaign_id, "p2@example.org")
    assert len(server.mails) == 1


def test_neither_does_an_address_that_said_stop_for_itself(wb: Workbench) -> None:
    campaign_id = draft(wb)
    with writing(wb.engine) as connection:
        said = OptOut(type=GLOBAL, starts_on=wb.today(), address="gone@example.org", source="link")
        opt_out_rows.add(connection, said, at=wb.now(), by="patient")

    with pytest.raises(NotAllowed, match="wants no more emails"):
        typed(wb, campaign_id, "Gone@Example.org")


def test_neither_does_who_has_said_no_to_a_mode_or_where_nothing_arrives(wb: Workbench) -> None:
    campaign_id = draft(wb, email_consent="no")
    with writing(wb.engine) as connection:
        address_states.mark_dead(connection, "dead@example.org", channel="email", reason="bounced", at=wb.now())

    with pytest.raises(NotAllowed, match="wants no more emails"):
        typed(wb, campaign_id, "p1@example.org")
    with pytest.raises(NotAllowed, match="could not be delivered"):
        typed(wb, campaign_id, "dead@example.org")


def test_a_number_of_a_patient_who_has_stopped_texts_gets_no_test_whatever_the_wish_is_kept_for(wb: Workbench) -> None:
    campaign_id = draft(wb, "ad-hoc-text", phone_home="+13125550142")
    admin = wb.as_user("ana")
    opt_outs.add(admin, "p1", "all_text", reason="Other")

    with pytest.raises(NotAllowed, match="wants no more texts"):
        typed(wb, campaign_id, "(312) 555-0142")


# ---- from whom, and when ---------------------------------------------------------------------------------------------
def test_a_test_comes_from_a_sender_of_the_organisation_alone(wb: Workbench, server: Recorder) -> None:
    campaign_id = draft(wb)
    forged = {"from_name": "CEO", "from_email": "ceo@bank.example"}

    with pytest.raises(NotAllowed, match="not one of the organisation's"):
        campaigns.send_test(wb, campaign_id, "x@elsewhere.example", changes=forged, version=1)
    assert campaigns.campaign(wb, campaign_id).version == 1
    campaigns.save(wb, campaign_id, forged, version=1)
    with pytest.raises(NotAllowed, match="not one of the organisation's"):
        campaigns.send_test(wb, campaign_id, "x@elsewhere.example")

    assert server.mails == []


def test_by_a_mode_that_is_turned_off_no_test_leaves(wb: Workbench) -> None:
    campaign_id = draft(wb, "ad-hoc-text")
    set_up(wb, modes=("email",))

    with pytest.raises(NotAllowed, match="turned off"):
        typed(wb, campaign_id, "(312) 555-0199")


@pytest.mark.parametrize(
    ("template_id", "to"), [("mammogram-reminder", "boss@example.org"), ("ad-hoc-text", "(312) 555-0199")]
)
def test_a_pause_of_all_sending_holds_tests(wb: Workbench, server: Recorder, template_id: str, to: str) -> None:
    campaign_id = draft(wb, template_id)
    sending_control.pause_all(wb, reason="Wrong link")

    with pytest.raises(NotAllowed, match=r"tests are held like every other message\. All sending is paused .*link"):
        campaigns.send_test(wb, campaign_id, to)

    assert server.mails == []
    sending_control.resume_all(wb.as_user("ana"))
    typed(wb, campaign_id, to)


@pytest.mark.parametrize("template_id", ["ad-hoc-text", "check-up-reminder-call"])
def test_texts_and_calls_keep_the_quiet_hours_of_the_number(wb: Workbench, clock: Clock, template_id: str) -> None:
    campaign_id = draft(wb, template_id, phone_mobile="+12135550142", state="CA", zip="90001")
    clock.at = EVENING

    with pytest.raises(NotAllowed, match="from 08:00 to 21:00 on the clock"):
        typed(wb, campaign_id, "(312) 555-0199")  # of nobody on file: the organisation's clock
    assert typed(wb, campaign_id, "(213) 555-0142") == "+12135550142"  # half past seven there

    clock.forward(hours=2)
    with pytest.raises(NotAllowed, match="from 08:00 to 21:00 on the clock"):
        typed(wb, campaign_id, "(213) 555-0142")


def test_an_email_may_be_tested_at_night(wb: Workbench, clock: Clock) -> None:
    campaign_id = draft(wb)
    clock.at = EVENING

    assert typed(wb, campaign_id, "boss@example.org") == "boss@example.org"


# ---- how many, and by whom -------------------------------------------------------------------------------------------
def test_nobody_sends_more_than_twenty_an_hour(wb: Workbench, server: Recorder, clock: Clock) -> None:
    campaign_id = draft(wb)
    for number in range(message_tests.TESTS_PER_HOUR):
        campaigns.send_test(wb, campaign_id, f"x{number}@example.org")

    with pytest.raises(NotAllowed, match="you have sent 20 in the last hour, and at most 20 are possible"):
        campaigns.send_test(wb, campaign_id, "one-more@example.org")

    assert len(server.mails) == 20
    campaigns.send_test(wb.as_user("omar"), campaign_id, "one-more@example.org")
    clock.forward(minutes=61)
    campaigns.send_test(wb, campaign_id, "one-more@example.org")


def test_the_audit_log_says_how_and_to_whoever_has_the_address_where(wb: Workbench, server: Recorder) -> None:
    campaign_id = draft(wb)
    campaigns.send_test(wb, campaign_id, "Boss@Example.org")

    [(action, details)] = lines(wb)

    assert (action, details["channel"]) == ("campaign.tested", "email")
    assert "boss" not in str(details).lower() and len(details["to"]) == 16
    admin = wb.as_user("ana")
    assert [line.subject for line in audit.lines(admin, Search(subject="boss@example.org"))] == [campaign_id]
    assert audit.lines(admin, Search(subject="other@example.org")) == []


def test_the_audit_log_finds_a_test_by_its_number(wb: Workbench) -> None:
    campaign_id = draft(wb, "ad-hoc-text")
    with connected(wb) as line:
        campaigns.send_test(line.wb, campaign_id, "312-555-0199")

    found = audit.lines(wb.as_user("ana"), Search(subject="(312) 555-0199"))

    assert [line.details["channel"] for line in found] == ["text"]


def test_a_test_that_no_server_takes_is_recorded_as_well(wb: Workbench) -> None:
    campaign_id = draft(wb)
    nowhere = replace(wb, settings=replace(wb.settings, smtp_port=1))

    with pytest.raises(NotAllowed, match="cannot be reached"):
        campaigns.send_test(nowhere, campaign_id, "boss@example.org")

    assert [action for action, _ in lines(wb)] == ["campaign.tested", "campaign.test_failed"]
