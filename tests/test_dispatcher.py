"""Sending: one mail for each patient who may get it, in the window, through a real SMTP server, on both databases."""

import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from core import dispatcher
from core import opt_outs as opt_outs_of
from core.channels.email import EmailChannel
from core.domain.campaign import Message
from core.domain.unsubscribe import token
from core.sending import send_batch
from core.store import accounts
from core.store.database import reading, writing
from core.store.restore_rows import keep_ledger
from core.store.schema import campaigns, open_gaps, opt_outs, patients, recipients
from core.store.secret import secret_key
from core.workbench import Workbench
from tests.at_once import at_once
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states, states_only, tries
from tests.conftest import Clock
from tests.dispatchers import taken
from tests.mail_servers import Recorder, rude
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)


@pytest.fixture
def wb(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def with_port(wb: Workbench, port: int) -> Workbench:
    return replace(wb, settings=replace(wb.settings, smtp_port=port))


def status(wb: Workbench) -> str | None:
    with reading(wb.engine) as connection:
        return connection.scalar(select(campaigns.c.status))


def opt_out(wb: Workbench, patient_id: str) -> None:
    with writing(wb.engine) as connection:
        connection.execute(
            insert(opt_outs).values(
                patient_id=patient_id,
                type="health_email",
                starts_on=wb.today(),
                reason="asked",
                source="staff",
                made_at=wb.now(),
                made_by="ana",
            )
        )


def test_every_patient_gets_one_mail_and_the_campaign_completes(wb: Workbench, server: Recorder) -> None:
    ids = add_patients(wb, 120)
    add_campaign(wb, ids)

    sent = dispatcher.drain(wb)

    assert sent == 120
    assert sorted(address for address, _ in server.mails) == sorted(f"{each}@example.org" for each in ids)
    assert len({message_id for _, message_id in server.mails}) == 120
    assert set(states_only(wb)) == {"handed_over"}
    assert tries(wb, "p1") == [(1, "accepted", "250")]
    assert status(wb) == "completed"


def test_what_was_sent_is_not_sent_again(wb: Workbench, server: Recorder) -> None:
    add_campaign(wb, add_patients(wb, 3))

    assert [dispatcher.drain(wb), dispatcher.drain(wb)] == [3, 0]
    assert len(server.mails) == 3


def test_the_attempt_is_on_record_before_the_mail_leaves(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 1))

    batch = taken(wb, "c1", worker="w")

    assert len(batch.ready) == 1
    assert states(wb) == {"p1": ("claimed", "")}
    assert tries(wb, "p1") == [(1, None, "")]
    with reading(wb.engine) as connection:
        row = connection.execute(select(recipients)).one()
    assert (row.address, row.claimed_by, row.attempt_count) == ("p1@example.org", "w", 1)
    assert row.lease_until > wb.now() and row.message_id.startswith("<c1.")


NOT_SENT = [
    ({"email": None}, "no_address"),
    ({"status": "deceased"}, "deceased"),
    ({"email_consent": "no"}, "no_consent"),
    ({"birth_date": date(2020, 1, 1)}, "minor"),
]


@pytest.mark.parametrize(("record", "reason"), NOT_SENT)
def test_who_may_not_be_written_to_is_not_sent_and_has_no_attempt(
    wb: Workbench, server: Recorder, record: dict[str, Any], reason: str
) -> None:
    add_campaign(wb, add_patients(wb, 1) + add_patients(wb, 1, start=2, **record))

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("handed_over", ""), "p2": ("not_sent", reason)}
    assert tries(wb, "p2") == []
    assert [address for address, _ in server.mails] == ["p1@example.org"]


def test_an_opt_out_after_the_activation_still_counts(wb: Workbench, server: Recorder) -> None:
    add_campaign(wb, add_patients(wb, 2))
    opt_out(wb, "p2")

    dispatcher.drain(wb)

    assert states(wb)["p2"] == ("not_sent", "opted_out:health_email")
    assert len(server.mails) == 1


def test_a_stop_link_pressed_while_a_campaign_goes_out_stops_it_for_all_who_share_the_address(
    wb: Workbench, server: Recorder
) -> None:
    shared = add_patients(wb, 2, email="Family@Example.org") + add_patients(
        wb, 2, start=3, email=" family@example.ORG "
    )
    add_campaign(wb, shared + add_patients(wb, 1, start=5))
    dispatcher.drain(wb, limit=1)
    with reading(wb.engine) as connection:
        recipient_id = connection.scalar(select(recipients.c.recipient_id).where(recipients.c.patient_id == "p1"))

    opt_outs_of.stop_by_link(wb, token(secret_key(wb.settings.home), recipient_id))
    dispatcher.drain(wb)

    assert states_only(wb) == ["handed_over", "not_sent", "not_sent", "not_sent", "handed_over"]
    assert len(server.mails) == 2


def test_a_gap_closed_meanwhile_is_not_written_about(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 2))
    with writing(wb.engine) as connection:
        connection.execute(open_gaps.delete().where(open_gaps.c.patient_id == "p1"))

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("not_sent", "gap_closed"), "p2": ("handed_over", "")}


def test_who_got_a_message_today_is_not_sent_that_of_another_campaign(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    ids = add_patients(wb, 2)
    add_campaign(wb, ids[:1])
    add_campaign(wb, ids, campaign_id="c2", name="The same again")

    dispatcher.drain(wb)

    assert states(wb, "c2") == {"p1": ("not_sent", "contacted_today"), "p2": ("handed_over", "")}
    assert sorted(address for address, _ in server.mails) == ["p1@example.org", "p2@example.org"]
    clock.forward(days=1)
    add_campaign(wb, ids, campaign_id="c3", name="Once more")
    dispatcher.drain(wb)
    assert states_only(wb, campaign_id="c3") == ["handed_over", "handed_over"]


def test_who_got_three_messages_in_seven_days_is_not_sent_a_fourth(wb: Workbench, clock: Clock) -> None:
    ids = add_patients(wb, 1)
    found = []

    for number in range(5):
        add_campaign(wb, ids, campaign_id=f"c{number}", name=f"Number {number}")
        dispatcher.drain(wb)
        found.append(states(wb, f"c{number}")["p1"])
        clock.forward(days=3 if number == 3 else 1)  # Tuesday, Wednesday, Friday, Saturday, Tuesday
        clock.forward(days=1 if number == 1 else 0)  # Thanksgiving

    sent = ("handed_over", "")
    assert found == [sent, sent, sent, ("not_sent", "contacted_often:3"), sent]


def test_an_organisation_may_allow_more_messages_a_day(wb: Workbench, server: Recorder) -> None:
    accounts.change_organisation(wb.engine, {"contacts_per_day": 2}, at=wb.now(), by="ana")
    ids = add_patients(wb, 1)
    for number in range(3):
        add_campaign(wb, ids, campaign_id=f"c{number}", name=f"Number {number}")

    dispatcher.drain(wb)

    assert len(server.mails) == 2
    assert states(wb, "c2") == {"p1": ("not_sent", "contacted_today")}


def test_two_workers_with_two_campaigns_never_both_write_to_a_patient(wb: Workbench) -> None:
    ids = add_patients(wb, 40)
    names = [f"c{number}" for number in range(4)]
    for name in names:
        add_campaign(wb, ids, campaign_id=name, name=name)
    begin = threading.Barrier(len(names))
    held: list[str] = []

    def work(name: str) -> None:
        begin.wait()
        held.extend(mail.begun.claimed.patient_id for mail in taken(wb, name, worker=name).ready)

    workers = [threading.Thread(target=work, args=(name,)) for name in names]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(held) == sorted(ids)


def test_a_patient_without_a_needed_field_is_not_sent_and_the_others_are(wb: Workbench, server: Recorder) -> None:
    ids = add_patients(wb, 2) + add_patients(wb, 1, start=3, first=None)
    add_campaign(wb, ids, messages={"en": Message("Hello", "<p>Dear {{ patient.first_name }}</p>")})

    dispatcher.drain(wb)

    assert states(wb)["p3"] == ("not_sent", "missing_field:patient.first_name")
    assert len(server.mails) == 2


BLANK = [
    Message("{% if provider.name %}From {{ provider.name }}{% endif %}", "<p>Please call us.</p>"),
    Message("Hello", "<p>{% if provider.name %}Please call us.{% endif %}</p>"),
    Message("Hello", "{% if provider.name %}<p>Please call us.</p>{% endif %}"),
]


@pytest.mark.parametrize("message", BLANK)
def test_nobody_gets_a_mail_without_a_subject_or_without_a_word(
    wb: Workbench, server: Recorder, message: Message
) -> None:
    add_campaign(wb, add_patients(wb, 1) + add_patients(wb, 1, start=2, pcp_id=None), messages={"en": message})

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("handed_over", ""), "p2": ("not_sent", "cannot_be_written")}
    assert len(server.mails) == 1


def test_a_name_that_nobody_can_see_is_no_name(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 1, first="\u200b\u2060", preferred_name="\u00ad "))

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("not_sent", "missing_field:patient.first_name")}


def test_a_patient_whom_a_load_removes_while_the_batch_is_taken_is_not_sent(wb: Workbench, server: Recorder) -> None:
    if wb.engine.dialect.name == "sqlite":
        pytest.skip("a load waits until the batch is taken")
    add_campaign(wb, add_patients(wb, 2))
    loads = iter([True])

    def remove(_which: int) -> None:
        with writing(wb.engine) as connection:
            connection.execute(patients.delete().where(patients.c.patient_id == "p1"))

    @event.listens_for(wb.engine, "before_cursor_execute")
    def load(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "next_provider" in statement and next(loads, False):  # the merge fields are read last
            assert at_once(1, remove) == {"done": 1}  # a load is another thread's

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("not_sent", "unknown_patient"), "p2": ("handed_over", "")}


def test_nothing_leaves_before_the_start_date_or_out_of_the_window(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    add_campaign(wb, add_patients(wb, 1), start_on=date(2026, 11, 26))  # Thanksgiving

    assert dispatcher.drain(wb) == 0
    clock.at = datetime(2026, 11, 26, 18, tzinfo=UTC)
    assert dispatcher.drain(wb) == 0
    clock.at = datetime(2026, 11, 27, 14, 59, tzinfo=UTC)  # 8:59
    assert dispatcher.drain(wb) == 0
    clock.at = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    assert dispatcher.drain(wb) == 1


def test_an_inactive_campaign_is_never_sent(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 1), status="inactive")

    assert dispatcher.drain(wb) == 0
    assert states_only(wb) == ["waiting"]


def test_the_rest_of_a_batch_waits_when_the_window_closes(wb: Workbench, server: Recorder, clock: Clock) -> None:
    clock.at = datetime(2026, 11, 25, 4, 44, 59, tzinfo=UTC)  # a second before 22:45
    add_campaign(wb, add_patients(wb, 5))
    batch = taken(wb, "c1", worker="w")

    with EmailChannel("127.0.0.1", server.port) as channel:
        sent = send_batch(batch, channel, may_go_on=lambda: len(server.mails) < 2)

    assert sent.accepted == 2
    assert states_only(wb) == ["handed_over", "handed_over", "waiting", "waiting", "waiting"]
    assert tries(wb, "p3") == []
    clock.at = datetime(2026, 11, 25, 15, tzinfo=UTC)  # the next morning
    assert dispatcher.drain(wb) == 3
    assert len(server.mails) == 5


def test_the_rest_of_a_batch_waits_when_the_clock_steps_back_out_of_the_window(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    add_campaign(wb, add_patients(wb, 5))

    def now() -> datetime:  # the demo's clock is set back to the night while the third mail is in hand
        return clock.at - timedelta(hours=9) if len(server.mails) >= 3 else clock.at

    assert dispatcher.drain(replace(wb, clock=now)) == 3
    assert states_only(wb) == ["handed_over"] * 3 + ["waiting"] * 2


def test_a_limit_ends_a_drain(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 5))

    assert dispatcher.drain(wb, limit=2) == 2
    assert dispatcher.drain(wb, until=wb.now()) == 0
    assert states_only(wb).count("waiting") == 3


def test_a_refusal_for_good_is_unsuccessful_and_says_why(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 1, email="gone@example.org"))

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("unsuccessful", "address_refused")}
    assert tries(wb, "p1") == [(1, "permanent", "550")]
    assert status(wb) == "completed"


def test_a_refusal_for_now_is_tried_five_times_and_then_given_up(wb: Workbench, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 1, email="full@example.org"))

    for minutes in (0, 2, 7, 40, 150):
        clock.forward(minutes=minutes)
        dispatcher.drain(wb)
        dispatcher.drain(wb)  # not before its time

    assert tries(wb, "p1") == [(number, "temporary", "452") for number in (1, 2, 3, 4, 5)]
    assert states(wb) == {"p1": ("unsuccessful", "retries_exceeded")}
    assert status(wb) == "completed"


def test_a_retry_succeeds_when_the_server_takes_it(wb: Workbench, server: Recorder, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 1, email="full@example.org"))
    dispatcher.drain(wb)
    assert states_only(wb) == ["waiting"]

    server.refusals.clear()
    clock.forward(minutes=2)
    dispatcher.drain(wb)

    assert tries(wb, "p1") == [(1, "temporary", "452"), (2, "accepted", "250")]
    assert states(wb) == {"p1": ("handed_over", "")}


def test_a_mail_server_that_is_not_there_uses_up_no_attempts(wb: Workbench, server: Recorder) -> None:
    add_campaign(wb, add_patients(wb, 60))

    assert dispatcher.drain(with_port(wb, 1)) == 0
    assert set(states_only(wb)) == {"waiting"}
    assert tries(wb, "p1") == []
    assert dispatcher.drain(wb) == 60


def test_a_connection_lost_after_the_mail_is_unknown_and_never_tried_again(wb: Workbench, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 3))
    with rude("end", times=1) as server:
        lossy = with_port(wb, server.port)

        dispatcher.drain(lossy)
        clock.forward(days=1)
        dispatcher.drain(lossy)

        assert server.ends == 3
    assert states(wb)["p1"] == ("unknown", "connection_lost")
    assert states_only(wb) == ["unknown", "handed_over", "handed_over"]
    assert tries(wb, "p1") == [(1, "unknown", "")]
    assert status(wb) == "completed"


def test_a_connection_lost_before_the_end_of_the_mail_is_tried_again(wb: Workbench, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 1))
    with rude("DATA", times=1) as server:
        lossy = with_port(wb, server.port)

        dispatcher.drain(lossy)
        assert states(wb) == {"p1": ("waiting", "connection_broke")}
        clock.forward(minutes=2)
        dispatcher.drain(lossy)

        assert server.ends == 1
    assert states(wb) == {"p1": ("handed_over", "")}


def test_two_dispatchers_at_once_never_send_twice(wb: Workbench, server: Recorder) -> None:
    add_campaign(wb, add_patients(wb, 300))
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(dispatcher.drain(wb))) for _ in range(3)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts) == 300
    assert len(server.mails) == len(set(server.mails)) == 300
    assert set(states_only(wb)) == {"handed_over"}


def test_dispatchers_of_one_machine_that_begin_at_once_all_go_on(wb: Workbench) -> None:
    def begin(_which: int) -> None:
        with writing(wb.engine) as connection:
            keep_ledger(connection, "of-this-machine", host="here", at=wb.now())
            time.sleep(0.5 * (wb.engine.dialect.name == "postgresql"))  # meanwhile the others look and find none

    assert at_once(3, begin) == {"done": 3}


def test_what_a_lost_dispatcher_held_becomes_unknown_when_its_lease_runs_out(
    wb: Workbench, server: Recorder, clock: Clock
) -> None:
    add_campaign(wb, add_patients(wb, 60))
    taken(wb, "c1", worker="lost", limit=50)

    clock.forward(minutes=9)
    assert dispatcher.drain(wb) == 10  # what nobody held
    clock.forward(minutes=2)
    assert dispatcher.drain(wb) == 0

    found = list(states(wb).values())
    assert found.count(("unknown", "worker_lost")) == 50 and found.count(("handed_over", "")) == 10
    assert tries(wb, "p1") == [(1, "unknown", "")]
    assert status(wb) == "completed"


def test_the_late_word_of_a_slow_dispatcher_still_counts(wb: Workbench, server: Recorder, clock: Clock) -> None:
    add_campaign(wb, add_patients(wb, 1))
    batch = taken(wb, "c1", worker="slow")
    clock.forward(minutes=11)
    dispatcher.drain(wb)
    assert states(wb) == {"p1": ("unknown", "worker_lost")}

    with EmailChannel("127.0.0.1", server.port) as channel:
        send_batch(batch, channel, may_go_on=lambda: True)

    assert states(wb) == {"p1": ("handed_over", "")}
    assert tries(wb, "p1") == [(1, "accepted", "250")]
    assert len(server.mails) == 1


def test_a_slow_batch_looks_again_at_opt_outs_and_stops(wb: Workbench, server: Recorder) -> None:
    add_campaign(wb, add_patients(wb, 4))
    batch = taken(wb, "c1", worker="w")
    opt_out(wb, "p2")
    batch.checked_at -= 10

    def may_go_on() -> bool:
        if len(server.mails) == 2:  # the third mail is next
            with writing(wb.engine) as connection:
                connection.execute(update(campaigns).values(status="stopped"))
            batch.checked_at -= 10
        return True

    with EmailChannel("127.0.0.1", server.port) as channel:
        send_batch(batch, channel, may_go_on=may_go_on)

    assert states(wb) == {
        "p1": ("handed_over", ""),
        "p2": ("not_sent", "opted_out:health_email"),
        "p3": ("handed_over", ""),
        "p4": ("stopped", "stopped"),
    }
    assert tries(wb, "p2") == tries(wb, "p4") == []


def test_a_slow_batch_does_not_write_to_an_address_that_was_corrected_meanwhile(
    wb: Workbench, server: Recorder
) -> None:
    add_campaign(wb, add_patients(wb, 2))
    batch = taken(wb, "c1", worker="w")
    with writing(wb.engine) as connection:
        connection.execute(update(patients).where(patients.c.patient_id == "p2").values(email="New@example.org"))
    batch.checked_at -= 10

    with EmailChannel("127.0.0.1", server.port) as channel:
        send_batch(batch, channel, may_go_on=lambda: True)
    assert states_only(wb) == ["handed_over", "waiting"]
    dispatcher.drain(wb)

    assert [address for address, _ in server.mails] == ["p1@example.org", "new@example.org"]


def test_a_server_with_odd_bytes_in_its_replies_breaks_nothing(wb: Workbench, server: Recorder) -> None:
    server.refusals["odd"] = ("RCPT", "550 no \x00such\x07 \x1b[31mmailbox")
    add_campaign(wb, add_patients(wb, 1, email="odd@example.org") + add_patients(wb, 1, start=2))

    dispatcher.drain(wb)

    assert states(wb) == {"p1": ("unsuccessful", "address_refused"), "p2": ("handed_over", "")}


def test_a_campaign_that_breaks_does_not_hold_up_the_others(wb: Workbench, server: Recorder) -> None:
    ids = add_patients(wb, 2)
    odd = {"xx": Message("Hello", "<p>no message in the default language</p>")}
    add_campaign(wb, ids, campaign_id="broken", name="Broken", messages=odd)
    add_campaign(wb, ids)

    assert dispatcher.drain(wb) == 2
    assert states_only(wb, campaign_id="broken") == ["waiting", "waiting"]


def test_a_campaign_that_cannot_be_filled_in_does_not_hold_up_the_others(wb: Workbench, server: Recorder) -> None:
    ids = add_patients(wb, 2)
    broken = {"en": Message("Hello", "<p>{{ patient.gone_field }}</p>")}
    add_campaign(wb, ids, campaign_id="broken", name="Broken", messages=broken)
    add_campaign(wb, ids)

    assert dispatcher.drain(wb) == 2
    assert states_only(wb, campaign_id="broken") == ["waiting", "waiting"]


def test_a_held_recipient_is_not_taken_by_another_worker(wb: Workbench) -> None:
    add_campaign(wb, add_patients(wb, 60))

    first, second, third = (taken(wb, "c1", worker=f"w{number}", limit=50) for number in range(3))

    assert [len(batch.ready) for batch in (first, second, third)] == [50, 10, 0]


def test_a_lease_is_longer_than_a_mail_can_take() -> None:
    from core import sending
    from core.channels.email import CONNECT_TIMEOUT, REPLY_TIMEOUT

    # connect twice, then EHLO, MAIL, RCPT, DATA, body, end
    assert timedelta(seconds=2 * CONNECT_TIMEOUT + 7 * REPLY_TIMEOUT) < sending.LEASE
