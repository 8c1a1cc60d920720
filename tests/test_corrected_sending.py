"""A corrected address: introduced anew, bounces stay with the old one, opt-outs still hold (E5, E8)."""

import pytest
from sqlalchemy import select

from core import bounces, corrections, dispatcher, introductions, opt_outs
from core.domain.unsubscribe import token
from core.errors import CareloopError
from core.store.database import reading
from core.store.schema import recipients
from core.store.secret import secret_key
from core.workbench import Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states
from tests.conftest import Clock
from tests.mail_servers import Recorder
from tests.test_returned_mails import report


@pytest.fixture
def clinic(wb: Workbench, server: Recorder) -> Workbench:
    return clinic_that_sends(wb, server.port)


def _correct(wb: Workbench, address: str) -> None:
    corrections.correct(wb, "p1", "email", {"email": address})


def _introduced(wb: Workbench, clock: Clock) -> list[str]:
    """One patient who was introduced three days ago."""
    ids = add_patients(wb, 1)
    introductions.turn_on(wb, "dr1", seen=1)
    dispatcher.drain(wb)
    clock.forward(days=3)
    return ids


def test_a_corrected_address_is_introduced_before_a_campaign_writes_to_it(
    clinic: Workbench, server: Recorder, clock: Clock
) -> None:
    ids = _introduced(clinic, clock)

    _correct(clinic, "New@example.org")
    dispatcher.drain(clinic)
    add_campaign(clinic, ids)
    dispatcher.drain(clinic)

    assert [address for address, _ in server.mails] == ["p1@example.org", "new@example.org"]
    assert b"Emails from" in server.contents[1]
    assert states(clinic)["p1"] == ("waiting", ""), "for the two days in which the patient may opt out"


def test_a_new_address_is_introduced_once_though_a_campaign_and_the_stream_are_due_together(
    clinic: Workbench, server: Recorder, clock: Clock
) -> None:
    ids = _introduced(clinic, clock)

    _correct(clinic, "New@example.org")
    add_campaign(clinic, ids, campaign_id="0")  # its turn comes before that of the stream, whose id is random
    dispatcher.drain(clinic)

    assert [address for address, _ in server.mails] == ["p1@example.org", "new@example.org"]


def test_a_dead_address_counts_no_more_for_the_patient_whose_address_was_corrected(
    clinic: Workbench, server: Recorder, clock: Clock
) -> None:
    ids = add_patients(clinic, 1)
    introductions.turn_on(clinic, "dr1", seen=1)
    dispatcher.drain(clinic)
    bounces.take(clinic, report("p1@example.org"), source="maildir")
    with pytest.raises(CareloopError, match="on file already"):
        _correct(clinic, "p1@example.org")

    _correct(clinic, "new@example.org")
    clock.forward(days=1)
    dispatcher.drain(clinic)
    clock.forward(days=3)
    add_campaign(clinic, ids)
    dispatcher.drain(clinic)

    assert [address for address, _ in server.mails][1:] == ["new@example.org", "new@example.org"]
    corrections.withdraw(clinic, "p1", "email")
    add_campaign(clinic, ids, campaign_id="c2", name="Another")
    dispatcher.drain(clinic)
    assert states(clinic, "c2") == {"p1": ("not_sent", "bounced")}


def test_an_opt_out_by_link_still_holds_at_the_corrected_address(clinic: Workbench, server: Recorder) -> None:
    ids = add_patients(clinic, 1)
    introductions.turn_on(clinic, "dr1", seen=1)
    dispatcher.drain(clinic)
    with reading(clinic.engine) as connection:
        recipient_id = connection.scalar(select(recipients.c.recipient_id))
    opt_outs.stop_by_link(clinic, token(secret_key(clinic.settings.home), recipient_id))

    _correct(clinic, "new@example.org")
    add_campaign(clinic, ids)
    dispatcher.drain(clinic)

    assert states(clinic) == {"p1": ("not_sent", "opted_out:health_email")}
    assert len(server.mails) == 1


def test_who_is_waiting_gets_the_message_at_the_corrected_address(clinic: Workbench, server: Recorder) -> None:
    add_campaign(clinic, add_patients(clinic, 1))
    _correct(clinic, "new@example.org")

    dispatcher.drain(clinic)

    assert [address for address, _ in server.mails] == ["new@example.org"]
