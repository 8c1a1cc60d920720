"""The email to who asked that letters are ready: once, by the real mail server, without a word of patients."""

from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from core.domain.user import User
from core.store import accounts
from core.workbench import DISPATCHER, Workbench
from tests.conftest import Clock
from tests.letters import add_people, ask, clinic_that_prints, letter_campaign, make, run_of
from tests.mail_servers import Recorder


@pytest.fixture
def asking(wb: Workbench, server: Recorder) -> Workbench:
    person = User("eva", "Eva Example", email="eva@example.org")
    accounts.add_user(wb.engine, person, at=wb.now(), by="ana")
    clinic_that_prints(wb)
    return replace(wb, settings=replace(wb.settings, smtp_port=server.port)).as_user("eva")


def test_who_asked_is_told_once_that_the_files_are_ready(asking: Workbench, server: Recorder) -> None:
    campaign = letter_campaign(asking, add_people(asking, [{}]))
    ask(asking, campaign)
    make(asking)
    make(asking)
    (content,) = server.contents
    mail = message_from_bytes(content, policy=policy.default)
    body = mail.get_body()
    assert body is not None
    text = body.get_content()
    assert (mail["To"], mail["Subject"]) == ("eva@example.org", "Your letters and labels are ready to download")
    assert "Downloads" in text and "Example1" not in text and "Shore" not in text


def test_a_mail_server_that_is_away_is_asked_again(asking: Workbench, server: Recorder, clock: Clock) -> None:
    campaign = letter_campaign(asking, add_people(asking, [{}]))
    ask(asking, campaign)
    make(replace(asking, settings=replace(asking.settings, smtp_port=9)))
    assert run_of(asking, campaign).state == "ready" and not server.mails
    make(asking)
    assert not server.mails, "not at once"
    clock.forward(minutes=3)
    make(asking)
    assert len(server.mails) == 1


def test_an_address_that_is_refused_is_not_asked_again(asking: Workbench, server: Recorder, clock: Clock) -> None:
    accounts.add_user(asking.engine, User("eva", "Eva Example", email="gone@example.org"), at=clock(), by="ana")
    campaign = letter_campaign(asking, add_people(asking, [{}]))
    ask(asking, campaign)
    for _ in range(3):
        make(asking)
        clock.forward(minutes=10)
    assert not server.mails and run_of(asking, campaign).state == "ready"


def test_who_has_no_address_is_told_nothing(wb: Workbench, server: Recorder) -> None:
    clinic_that_prints(wb)
    wb = replace(wb, settings=replace(wb.settings, smtp_port=server.port))
    campaign = letter_campaign(wb, add_people(wb, [{}]))
    ask(wb, campaign)
    make(wb)
    assert not server.mails and run_of(wb, campaign).state == "ready"
    assert wb.as_user(DISPATCHER).user.email is None


@pytest.mark.parametrize(
    "changes", [{"from_name": "Clinic\r\nBcc: x@example.org"}, {"from_email": "no address"}, {"from_email": ""}]
)
def test_a_mail_that_cannot_be_written_stops_no_dispatcher(
    asking: Workbench, server: Recorder, changes: dict[str, str]
) -> None:
    campaign = letter_campaign(asking, add_people(asking, [{}]))
    accounts.change_organisation(asking.engine, changes, at=asking.now(), by="ana")
    ask(asking, campaign)
    make(asking)
    assert run_of(asking, campaign).state == "ready"
    assert all(b"Bcc: x@example.org" not in each.splitlines() for each in server.contents)


@pytest.mark.parametrize("address", ["eva@exämple.org", "éva@example.org", "eva"])
def test_an_unusual_address_stops_no_dispatcher(
    asking: Workbench, server: Recorder, clock: Clock, address: str
) -> None:
    accounts.add_user(asking.engine, User("eva", "Eva Example", email=address), at=clock(), by="ana")
    campaign = letter_campaign(asking, add_people(asking, [{}]))
    ask(asking, campaign)
    make(asking)
    assert run_of(asking, campaign).state == "ready"
