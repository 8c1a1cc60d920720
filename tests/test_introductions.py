"""Introductory emails: patients can opt out before anything else comes, two days at least (E4, E5, E8)."""

import email
import email.policy

import pytest
from sqlalchemy import select, update

from core import bounces, dispatcher, introductions, opt_outs, preflight
from core.domain.eligibility import REASONS
from core.domain.unsubscribe import token
from core.domain.user import Scope, User
from core.errors import NotAllowed, NotFound
from core.mail_server import mail_channel
from core.sending import send_batch
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import campaigns, patients, recipients
from core.store.secret import secret_key
from core.workbench import Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states
from tests.conftest import Clock
from tests.dispatchers import taken
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)
from tests.test_returned_mails import report


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def change(wb: Workbench, patient_id: str, **values: object) -> None:
    with writing(wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == patient_id).values(values))


def pace(wb: Workbench, per_day: int) -> None:
    accounts.change_organisation(wb.engine, {"introductions_per_day": per_day}, at=wb.now(), by="ana")


def introduced(wb: Workbench) -> list[str]:
    """Patients of the internal campaigns with the state of each, in the order of the stream."""
    question = (
        select(recipients.c.patient_id, recipients.c.state)
        .join(campaigns, campaigns.c.campaign_id == recipients.c.campaign_id)
        .where(campaigns.c.kind == "introductory")
        .order_by(recipients.c.recipient_id)
    )
    with reading(wb.engine) as connection:
        return [f"{row.patient_id} {row.state}" for row in connection.execute(question)]


def subjects(server: Recorder) -> list[str]:
    return [content.split(b"Subject: ")[1].split(b"\r\n")[0].decode() for content in server.contents]


def test_without_any_provider_turned_on_campaigns_go_out_as_ever(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 1))

    dispatcher.drain(wb)

    assert not introductions.in_force(wb)
    assert states(wb) == {"p1": ("handed_over", "")}


def test_patients_of_a_provider_who_is_turned_on_are_introduced_once(wb: Workbench, server: Recorder) -> None:
    add_patients(wb, 2)
    add_patients(wb, 1, start=3, group=2)
    introductions.turn_on(wb, "dr1", seen=2)

    sent = dispatcher.drain(wb)
    again = dispatcher.drain(wb)

    assert (sent, again) == (2, 0)
    assert introduced(wb) == ["p1 introductory", "p2 introductory"]
    assert subjects(server) == ["Emails from Group 1"] * 2


def test_whoever_has_had_none_gets_it_instead_of_the_campaigns_email(wb: Workbench, server: Recorder) -> None:
    ids = add_patients(wb, 1) + add_patients(wb, 1, start=2, group=2)
    introductions.turn_on(wb, "dr1", seen=1)
    dispatcher.drain(wb)
    add_campaign(wb, ids)

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("waiting", ""), "p2": ("introductory", "")}
    assert subjects(server) == ["Emails from Group 1", "Emails from Group 2"]


def test_two_days_after_it_the_campaigns_email_follows_in_a_window(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    ids = add_patients(wb, 1)
    introductions.turn_on(wb, "dr1", seen=1)
    dispatcher.drain(wb)
    add_campaign(wb, ids)

    clock.forward(days=1, hours=23)
    dispatcher.drain(wb)
    assert states(wb) == {"p1": ("waiting", "")}

    clock.forward(days=1)  # Thursday was a holiday
    dispatcher.drain(wb)
    assert states(wb) == {"p1": ("handed_over", "")}
    assert subjects(server) == ["Emails from Group 1", "Time for a check-up"]


def test_a_new_address_is_introduced_anew(wb: Workbench, server: Recorder, clock: Clock) -> None:
    add_patients(wb, 1)
    introductions.turn_on(wb, "dr1", seen=1)
    dispatcher.drain(wb)

    change(wb, "p1", email="new@example.org")
    clock.forward(hours=1)
    dispatcher.drain(wb)

    assert [address for address, _ in server.mails] == ["p1@example.org"], "once a day for a patient"
    clock.forward(days=1)
    dispatcher.drain(wb)
    assert [address for address, _ in server.mails] == ["p1@example.org", "new@example.org"]


def test_a_dead_address_is_introduced_no_more_until_it_changes(wb: Workbench, server: Recorder, clock: Clock) -> None:
    add_patients(wb, 1)
    introductions.turn_on(wb, "dr1", seen=1)
    dispatcher.drain(wb)
    bounces.take(wb, report("p1@example.org"), source="maildir")
    assert introduced(wb) == ["p1 returned"]

    clock.forward(days=1)
    dispatcher.drain(wb)
    assert len(server.mails) == 1

    change(wb, "p1", email="new@example.org")
    clock.forward(days=2)
    dispatcher.drain(wb)
    assert [address for address, _ in server.mails][1:] == ["new@example.org"]


def test_a_mail_server_that_is_away_delays_it_and_nothing_else(wb: Workbench, server: Recorder, clock: Clock) -> None:
    add_patients(wb, 1, email="later@example.org")
    introductions.turn_on(wb, "dr1", seen=1)

    for _ in range(9):  # the fifth attempt is that of the next morning
        dispatcher.drain(wb)
        clock.forward(hours=3)
    assert introduced(wb) == ["p1 unsuccessful"]
    server.refusals.clear()
    dispatcher.drain(wb)

    assert introduced(wb) == ["p1 unsuccessful", "p1 introductory"]


def test_no_more_than_the_pace_begin_on_a_day(wb: Workbench, server: Recorder, clock: Clock) -> None:
    pace(wb, 3)
    add_patients(wb, 7)
    introductions.turn_on(wb, "dr1", seen=7)

    dispatcher.drain(wb)
    assert len(server.mails) == 3
    clock.forward(hours=2)
    dispatcher.drain(wb)
    assert len(server.mails) == 3
    clock.forward(days=1)
    dispatcher.drain(wb)

    assert [each.split()[0] for each in introduced(wb)] == ["p1", "p2", "p3", "p4", "p5", "p6"]


def test_it_is_in_the_patients_language(wb: Workbench, server: Recorder) -> None:
    add_patients(wb, 1, language="es")
    introductions.turn_on(wb, "dr1", seen=1)

    dispatcher.drain(wb)

    assert subjects(server) == ["Correos de Group 1"]
    html = email.message_from_bytes(server.contents[0], policy=email.policy.default).get_body(("html",))
    assert html is not None and "Dejar de recibir estos correos" in html.get_content()


def test_the_stop_link_in_it_keeps_campaigns_away(wb: Workbench, clock: Clock) -> None:
    ids = add_patients(wb, 1)
    introductions.turn_on(wb, "dr1", seen=1)
    dispatcher.drain(wb)
    with reading(wb.engine) as connection:
        recipient_id = connection.scalar(select(recipients.c.recipient_id))

    opt_outs.stop_by_link(wb.as_user("patient"), token(secret_key(wb.settings.home), recipient_id))
    add_campaign(wb, ids)
    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("not_sent", "opted_out:health_email")}


def test_it_is_outside_the_limit_of_messages_and_uses_none_up(wb: Workbench, clock: Clock) -> None:
    ids = add_patients(wb, 1)
    add_campaign(wb, ids)
    dispatcher.drain(wb)
    introductions.turn_on(wb, "dr1", seen=1)
    clock.forward(minutes=5)

    dispatcher.drain(wb)
    assert introduced(wb) == ["p1 introductory"]

    clock.forward(days=3)
    add_campaign(wb, ids, campaign_id="c2", name="Another")
    accounts.change_organisation(wb.engine, {"contacts_per_week": 2}, at=wb.now(), by="ana")
    dispatcher.drain(wb)
    assert states(wb, "c2") == {"p1": ("handed_over", "")}


LEFT_OUT = [
    ({"email": None}, "no address"),
    ({"status": "inactive"}, "not a patient any more"),
    ({"email_consent": "no"}, "said no"),
    ({"pcp_id": "dr2"}, "another provider's"),
]


@pytest.mark.parametrize("changes", [changes for changes, _ in LEFT_OUT], ids=[why for _, why in LEFT_OUT])
def test_who_may_not_be_written_to_is_not_introduced(wb: Workbench, changes: dict[str, object]) -> None:
    add_patients(wb, 2)
    change(wb, "p1", **changes)
    introductions.turn_on(wb, "dr1", seen=2)

    dispatcher.drain(wb)

    assert introduced(wb) == ["p2 introductory"]


def test_turning_on_needs_the_number_that_was_confirmed(wb: Workbench) -> None:
    add_patients(wb, 3)

    (first,) = [each for each in introductions.providers(wb) if each.provider_id == "dr1"]
    assert (first.patients, first.introduced, first.to_come, first.is_on) == (3, 0, 3, False)
    with pytest.raises(NotAllowed, match="3 patients would get the introductory email, and 2 were confirmed"):
        introductions.turn_on(wb, "dr1", seen=2)
    with pytest.raises(NotFound):
        introductions.turn_on(wb, "nobody", seen=2)
    assert not introductions.in_force(wb)

    introductions.turn_on(wb, "dr1", seen=3)
    dispatcher.drain(wb)
    (first,) = [each for each in introductions.providers(wb) if each.provider_id == "dr1"]
    assert (first.introduced, first.to_come, first.is_on) == (3, 0, True)
    introductions.turn_off(wb, "dr1")
    assert not introductions.in_force(wb)


def test_only_who_sees_everybody_turns_it_on(wb: Workbench) -> None:
    accounts.add_user(wb.engine, User("one", "One", scope=Scope(groups=frozenset({"g1"}))), at=wb.now(), by="ana")

    with pytest.raises(NotAllowed, match="may see all"):
        introductions.turn_on(wb.as_user("one"), "dr1", seen=10)


def test_pre_flight_says_who_would_get_it_instead(wb: Workbench) -> None:
    ids = add_patients(wb, 2)
    introductions.turn_on(wb, "dr1", seen=2)
    before, *_ = preflight.reach(wb, ids)
    dispatcher.drain(wb)
    after, *_ = preflight.reach(wb, ids)

    assert before.introductory == ("p1", "p2")
    assert after.introductory == ()
    assert "same_address" in REASONS


def test_two_dispatchers_add_nobody_twice(wb: Workbench, server: Recorder) -> None:
    import threading

    add_patients(wb, 20)
    introductions.turn_on(wb, "dr1", seen=20)

    threads = [threading.Thread(target=dispatcher.drain, args=(wb,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(server.mails) == len(introduced(wb)) == 20


def test_the_stream_is_no_campaign_of_anybodys(wb: Workbench) -> None:
    from core import campaigns as public

    add_patients(wb, 1)
    introductions.turn_on(wb, "dr1", seen=1)
    dispatcher.drain(wb)

    assert public.campaigns(wb) == []


def test_who_waits_two_days_is_stopped_with_the_campaign_also_when_the_stop_came_while_the_batch_was_taken(
    wb: Workbench, clock: Clock
) -> None:
    ids = add_patients(wb, 2)
    introductions.turn_on(wb, "dr1", seen=2)
    dispatcher.drain(wb)
    change(wb, "p1", email="new@example.org")  # so p1 gets the introductory email now, and p2 waits
    add_campaign(wb, ids)
    batch = taken(wb, "c1", worker="w")
    with writing(wb.engine) as connection:  # a stop that did not see p2, who was just being claimed
        connection.execute(update(campaigns).where(campaigns.c.campaign_id == "c1").values(status="stopped"))
    assert states(wb)["p2"][0] == "waiting"

    with mail_channel(wb.settings) as channel:
        send_batch(batch, channel, may_go_on=lambda: True)

    assert {patient_id: state for patient_id, (state, _) in states(wb).items()} == {
        "p1": "introductory",
        "p2": "stopped",
    }
