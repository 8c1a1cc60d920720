"""Whatever is sent and stopped between a backup and its restore: nobody gets a second message, no stop is forgotten."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core import (
    campaigns,
    corrections,
    dispatcher,
    ledgers,
    opt_outs,
    printing,
    reconciling,
    restoring,
    sending_control,
)
from core.domain.message import RESTORED
from core.domain.user import User
from core.errors import CareloopError, NotAllowed, SettingsError
from core.incoming_texts import Incoming, take_all
from core.mail_server import mail_channel
from core.sending import send_batch, take_batch
from core.store import accounts, half_restored
from core.store.database import reading
from core.store.schema import opt_outs as opt_out_table
from core.store.schema import recipients
from core.workbench import Workbench, open_workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states, states_only, tries
from tests.conftest import Clock
from tests.dispatchers import taken
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import database, postgres_folder  # noqa: F401 (fixtures)
from tests.restores import (
    back_up,
    lose,
    mailed,
    operator,
    reopened,
    restore_elsewhere,
    restore_in_place,
    saved_ledger,
    send_some,
)

pytestmark = pytest.mark.long


@pytest.fixture
def clinic(bench: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    return clinic_that_sends(bench, server.port)


def test_after_a_restore_nothing_leaves_until_it_is_released(clinic: Workbench, tmp_path: Path, clock: Clock) -> None:
    add_campaign(clinic, add_patients(clinic, 8))
    archive = back_up(clinic, tmp_path)
    restore_in_place(clinic, archive, clock)
    wb = reopened(clinic.settings, clock)

    sent = dispatcher.drain(wb)
    batch = take_batch(wb, "c1", worker="w")

    assert sent == 0 and (batch is None or not batch.ready)
    assert [hold.kind for hold in sending_control.holds(wb)] == ["restore"]
    assert "careloop reconcile" in sending_control.holds(wb)[0].sentence
    assert printing.make_due(wb, worker="w") == 0
    reconciling.release(operator(wb), reason="the ledger is whole")
    assert dispatcher.drain(wb) == 8
    lose(wb)


def test_who_got_a_mail_after_the_backup_gets_no_second_one(
    clinic: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    add_campaign(clinic, add_patients(clinic, 40))
    send_some(clinic, 10)
    archive = back_up(clinic, tmp_path)
    send_some(clinic, 15)

    done = restore_in_place(clinic, archive, clock)
    wb = reopened(clinic.settings, clock)
    assert done.replayed.handed_over == 15
    assert states_only(wb).count("handed_over") == 25
    assert reconciling.status(wb) is not None and not reconciling.status(wb).unknown_of  # type: ignore[union-attr]
    reconciling.release(operator(wb), reason="the ledger is whole")
    send_some(wb)

    assert set(mailed(server).values()) == {1} and len(server.mails) == 40
    lose(wb)


def test_a_campaign_made_after_the_backup_comes_back_with_those_it_reached(
    clinic: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    ids = add_patients(clinic, 6)
    archive = back_up(clinic, tmp_path)
    add_campaign(clinic, ids, name="Made later")
    with reading(clinic.engine) as connection:
        numbers = set(connection.scalars(select(recipients.c.recipient_id)))
    send_some(clinic, 4)
    token = re.search(rb"/u/([\w.-]+)", server.contents[0])

    restore_in_place(clinic, archive, clock)
    wb = reopened(clinic.settings, clock)

    assert campaigns.campaign(wb, "c1").status == "stopped"
    assert states_only(wb) == ["handed_over"] * 4
    with reading(wb.engine) as connection:
        of_c1 = select(recipients.c.recipient_id).where(recipients.c.campaign_id == "c1")
        assert set(connection.scalars(of_c1)) < numbers
    assert token and opt_outs.stop_by_link(wb, token[1].decode())
    first = server.mails[0][0].partition("@")[0]
    assert [each.type for each in opt_outs.of_patient(wb, first)] == ["health_email"]
    lose(wb)


def test_stops_made_and_taken_back_after_the_backup_are_as_they_were(
    clinic: Workbench, tmp_path: Path, clock: Clock
) -> None:
    add_patients(clinic, 6)
    wish = {"reason": "Other", "duration": "permanent"}
    before = opt_outs.add(clinic, "p1", "health_email", **wish)  # type: ignore[arg-type]
    clock.forward(minutes=1)
    archive = back_up(clinic, tmp_path)
    clock.forward(minutes=1)
    opt_outs.remove(clinic, [before])
    opt_outs.add(clinic, "p2", "health_email", **wish)  # type: ignore[arg-type]
    later = opt_outs.add(clinic, "p3", "global", reason="Other")
    clock.forward(minutes=1)
    opt_outs.remove(clinic, [later])
    number = "+13125550177"
    for sid, words in (("SM1", "STOP"), ("SM2", "START"), ("SM3", "STOP")):
        take_all(clinic, [Incoming(sid, number, "+15550100200", words)])
    take_all(
        clinic,
        [
            Incoming(f"SM{n}", "+13125550178", "+15550100200", word)
            for n, word in ((4, "STOP"), (5, "START"), (6, "STOP"))
        ],
    )
    take_all(clinic, [Incoming(f"SM{n}", "+13125550179", "+15550100200", w) for n, w in ((7, "STOP"), (8, "START"))])
    known = opt_outs_of(clinic)

    restore_in_place(clinic, archive, clock)
    wb = reopened(clinic.settings, clock)

    assert opt_outs_of(wb) == known
    assert {each[1] for each in known if each[1]} == {number, "+13125550178", "p2@example.org"}
    lose(wb)


def opt_outs_of(wb: Workbench) -> set[tuple[str | None, str | None, str]]:
    """What counts now."""
    columns = (opt_out_table.c.patient_id, opt_out_table.c.address, opt_out_table.c.type)
    with reading(wb.engine) as connection:
        rows = connection.execute(select(*columns).where(opt_out_table.c.removed_at.is_(None)))
        return {tuple(row) for row in rows}


def test_contact_data_and_consents_corrected_after_the_backup_are_as_they_were(
    clinic: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    add_campaign(clinic, add_patients(clinic, 4))
    corrections.correct(clinic, "p3", "email", {"email": "old@example.org"})
    corrections.correct(clinic, "p4", "email", {"email": "wrong@example.org"})
    clock.forward(minutes=1)
    archive = back_up(clinic, tmp_path)
    clock.forward(minutes=1)
    corrections.correct(clinic, "p1", "email_consent", {"email_consent": "no"})
    corrections.correct(clinic, "p2", "email", {"email": "right@example.org"})
    corrections.correct(clinic, "p3", "email", {"email": "newer@example.org"})
    corrections.withdraw(clinic, "p4", "email")
    known = [corrections.of_patient(clinic, f"p{n}") for n in range(1, 5)]

    done = restore_in_place(clinic, archive, clock)
    wb = reopened(clinic.settings, clock)
    reconciling.take_ledgers(operator(wb), [])

    assert done.replayed.corrections == 4
    again = [corrections.of_patient(wb, f"p{n}") for n in range(1, 5)]
    assert [[(one.field, one.values, one.ended_how) for one in each] for each in again] == [
        [(one.field, one.values, one.ended_how) for one in each] for each in known
    ]
    reconciling.release(operator(wb), reason="whole")
    send_some(wb)
    assert set(mailed(server)) == {"right@example.org", "newer@example.org", "p4@example.org"}
    lose(wb)


def test_without_a_ledger_a_person_must_say_what_became_of_those_who_waited(
    clinic: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    add_campaign(clinic, add_patients(clinic, 12))
    add_campaign(clinic, add_patients(clinic, 3, start=50), campaign_id="c2", name="A draft", status="inactive")
    send_some(clinic, 2)
    archive = back_up(clinic, tmp_path)
    send_some(clinic, 5)
    shutil.rmtree(clinic.settings.ledger)
    wb = restore_elsewhere(clinic, archive, tmp_path / "new", clock)

    found = reconciling.status(wb)
    assert found is not None and found.unknown_of == ("email", "text", "phone", "letter") and found.unknown_count == 13
    assert not found.stops_known and len(found.missing) == 1
    with pytest.raises(NotAllowed, match="maybe-sent"):
        reconciling.release(operator(wb), reason="x")
    with pytest.raises(NotAllowed, match="Opt-outs"):
        reconciling.release(operator(wb), reason="x", since_unknown="maybe-sent")
    counts = reconciling.release(
        operator(wb), reason="x", since_unknown="maybe-sent", stops_may_be_missing=True, people_checked=True
    )
    send_some(wb)

    assert counts == {"given_up": 13, "waiting": 0}
    assert set(states(wb).values()) == {("handed_over", ""), ("unknown", RESTORED)}
    assert set(mailed(server).values()) == {1} and len(server.mails) == 7
    lose(wb)


def test_the_ledger_of_a_lost_machine_is_enough_on_another_one(
    clinic: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    add_campaign(clinic, add_patients(clinic, 12))
    send_some(clinic, 2)
    archive = back_up(clinic, tmp_path)
    stale = saved_ledger(clinic, tmp_path / "stale")
    for path in stale.glob("*.jsonl"):
        path.write_bytes(path.read_bytes()[:-10])
    send_some(clinic, 5)
    saved = saved_ledger(clinic, tmp_path / "saved")
    wb = restore_elsewhere(clinic, archive, tmp_path / "new", clock, ledgers=[stale])
    assert reconciling.status(wb).missing  # type: ignore[union-attr]

    reconciling.take_ledgers(operator(wb), [saved])
    reconciling.take_ledgers(operator(wb), [saved])
    assert not reconciling.status(wb).missing  # type: ignore[union-attr]
    reconciling.release(operator(wb), reason="whole", people_checked=True)
    send_some(wb)

    assert set(mailed(server).values()) == {1} and len(server.mails) == 12
    lose(wb)


def test_a_batch_in_hand_at_the_moment_of_the_backup_is_not_given_back_by_a_journal_of_today(
    clinic: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    add_campaign(clinic, add_patients(clinic, 6))
    taken(clinic, "c1", worker="gone", limit=4)
    archive = back_up(clinic, tmp_path)
    shutil.rmtree(clinic.settings.ledger)
    wb = restore_elsewhere(clinic, archive, tmp_path / "new", clock)

    assert states_only(wb) == ["unknown"] * 4 + ["waiting"] * 2
    reconciling.release(
        operator(wb), reason="x", since_unknown="not-sent", stops_may_be_missing=True, people_checked=True
    )
    clock.forward(minutes=30)
    assert send_some(wb) == 2
    assert states_only(wb) == ["unknown"] * 4 + ["handed_over"] * 2
    lose(wb)


def test_of_a_claim_at_the_backup_the_ledger_knows_what_became(
    clinic: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    add_campaign(clinic, add_patients(clinic, 6))
    batch = taken(clinic, "c1", worker="w", limit=4)
    archive = back_up(clinic, tmp_path)
    with mail_channel(clinic.settings) as channel:
        send_batch(batch, channel, may_go_on=lambda: len(server.mails) < 2)

    done = restore_in_place(clinic, archive, clock)
    wb = reopened(clinic.settings, clock)

    assert states_only(wb) == ["handed_over"] * 2 + ["waiting"] * 4
    assert (done.replayed.handed_over, done.replayed.waiting_again) == (2, 2)
    assert tries(wb, "p1") == [(1, "accepted", "250")] and tries(wb, "p3") == []
    reconciling.release(operator(wb), reason="whole")
    send_some(wb)
    assert set(mailed(server).values()) == {1} and len(server.mails) == 6
    lose(wb)


def test_a_campaign_stopped_after_the_backup_stays_stopped(clinic: Workbench, tmp_path: Path, clock: Clock) -> None:
    add_campaign(clinic, add_patients(clinic, 6))
    archive = back_up(clinic, tmp_path)
    clock.forward(minutes=1)
    campaigns.stop(clinic, "c1")
    restore_in_place(clinic, archive, clock)
    wb = reopened(clinic.settings, clock)

    assert campaigns.campaign(wb, "c1").status == "stopped"
    assert set(states_only(wb)) == {"stopped"}
    lose(wb)


def test_new_recipients_get_no_number_that_stands_in_a_stop_link_of_before(
    clinic: Workbench, tmp_path: Path, clock: Clock
) -> None:
    ids = add_patients(clinic, 6)
    archive = back_up(clinic, tmp_path)
    add_campaign(clinic, ids, campaign_id="lost", name="Lost")
    with reading(clinic.engine) as connection:
        lost = set(connection.scalars(select(recipients.c.recipient_id)))
    shutil.rmtree(clinic.settings.ledger, ignore_errors=True)
    wb = restore_elsewhere(clinic, archive, tmp_path / "new", clock)
    add_campaign(wb, ids)

    with reading(wb.engine) as connection:
        assert not lost & set(connection.scalars(select(recipients.c.recipient_id)))
    assert [each.campaign.campaign_id for each in campaigns.campaigns(wb)] == ["c1"]
    lose(wb)


def test_a_restore_refuses_data_that_is_there_and_puts_it_aside_when_asked(
    clinic: Workbench, tmp_path: Path, clock: Clock
) -> None:
    add_patients(clinic, 2)
    archive = back_up(clinic, tmp_path)
    add_patients(clinic, 3, start=10)
    lose(clinic)

    with pytest.raises(NotAllowed, match="--replace"):
        restoring.restore(clinic.settings, archive, clock=clock)
    assert count(clinic, recipients) == 0
    lose(clinic)
    restoring.restore(clinic.settings, archive, replace=True, clock=clock)

    wb = reopened(clinic.settings, clock)
    assert people(wb) == 2
    if wb.engine.dialect.name == "sqlite":
        assert len(list(clinic.settings.home.glob("careloop.db.before-restore-*"))) == 1
    lose(wb)


def people(wb: Workbench) -> int:
    from core.store.schema import patients

    return count(wb, patients)


def count(wb: Workbench, table: object) -> int:
    with reading(wb.engine) as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


def test_a_restore_refuses_while_somebody_has_the_database_open(
    clinic: Workbench, tmp_path: Path, clock: Clock
) -> None:
    add_patients(clinic, 2)
    archive = back_up(clinic, tmp_path)

    with reading(clinic.engine) as connection, pytest.raises(NotAllowed, match="uses the database"):
        connection.execute(select(func.count()).select_from(recipients)).all()
        restoring.restore(clinic.settings, archive, replace=True, clock=clock)

    assert not half_restored.is_half(clinic.settings.home)
    assert people(clinic) == 2


def test_a_restore_that_breaks_keeps_everybody_out_and_can_be_repeated(
    clinic: Workbench, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_patients(clinic, 2)
    archive = back_up(clinic, tmp_path)
    add_patients(clinic, 3, start=10)
    lose(clinic)

    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    for place in ("_swap", "_complete", "settle"):
        with monkeypatch.context() as patched, pytest.raises(OSError):
            patched.setattr(restoring, place, broken)
            restoring.restore(clinic.settings, archive, replace=True, clock=clock)
        with pytest.raises(SettingsError, match="begun and not ended"):
            open_workbench(clinic.settings, clock=clock)
    restoring.restore(clinic.settings, archive, clock=clock)

    wb = reopened(clinic.settings, clock)
    assert people(wb) == 2
    lose(wb)


def test_an_archive_of_a_newer_version_is_refused(
    wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import backups

    monkeypatch.setattr(backups, "newest_version", lambda: "9999")
    archive = back_up(wb, tmp_path)

    with pytest.raises(CareloopError, match="newer Careloop"):
        restoring.restore(replace(wb.settings, home=tmp_path / "new"), archive)


def test_only_who_operates_backs_up_and_releases(wb: Workbench, tmp_path: Path) -> None:
    accounts.add_user(wb.engine, User("mo", "Mo", roles=frozenset(["analyst"])), at=wb.now(), by="ana")

    with pytest.raises(NotAllowed):
        back_up_as(wb.as_user("mo"), tmp_path)
    with pytest.raises(NotAllowed):
        reconciling.release(wb.as_user("mo"), reason="x")


def back_up_as(wb: Workbench, out: Path) -> None:
    from core import backups

    backups.backup(wb, out)


@pytest.mark.long
def test_from_sqlite_to_postgresql_with_the_ledger_nobody_gets_a_second_mail(
    wb: Workbench,
    server: Recorder,
    tmp_path: Path,
    clock: Clock,
    postgres_folder: str,  # noqa: F811
) -> None:
    wb = clinic_that_sends(wb, server.port)
    add_campaign(wb, add_patients(wb, 10))
    send_some(wb, 2)
    archive = back_up(wb, tmp_path)
    send_some(wb, 5)
    with database(postgres_folder) as url:
        new = restore_elsewhere(wb, archive, tmp_path / "new", clock, url=url, ledgers=[wb.settings.ledger])
        reconciling.release(operator(new), reason="whole", people_checked=True)
        add_campaign(new, add_patients(new, 3, start=70), campaign_id="c2", name="After")
        send_some(new)
        lose(new)

    assert set(mailed(server).values()) == {1} and len(server.mails) == 13


def test_a_machine_that_began_to_send_after_the_backup_is_asked_for_its_ledger(
    wb: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    wb = clinic_that_sends(wb, server.port)
    add_campaign(wb, add_patients(wb, 6))
    ledgers.begin(operator(wb))
    send_some(wb, 1)
    archive = back_up(wb, tmp_path)
    other = replace(wb, settings=replace(wb.settings, ledger_folder=tmp_path / "machine-b"))
    ledgers.begin(operator(other))
    send_some(other, 3)
    restore_in_place(wb, archive, clock)
    new = reopened(wb.settings, clock)

    status = reconciling.status(new)
    assert status is not None and len(status.missing) == 1 and "email" in status.unknown_of
    with pytest.raises(NotAllowed, match="Nothing tells which"):
        reconciling.release(operator(new), reason="The machine is back", stops_may_be_missing=True)
    reconciling.take_ledgers(operator(new), [tmp_path / "machine-b"])
    reconciling.release(operator(new), reason="The machine is back")
    send_some(new)
    assert set(mailed(server).values()) == {1} and len(server.mails) == 6
    lose(new)


def test_a_folder_without_a_ledger_is_refused_before_anything_is_touched(
    wb: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    wb = clinic_that_sends(wb, server.port)
    add_patients(wb, 3)
    archive = back_up(wb, tmp_path)
    (tmp_path / "typo").mkdir()

    with pytest.raises(NotAllowed, match="has no ledger"):
        restore_in_place(wb, archive, clock, ledgers=[tmp_path / "typo"])
    assert not half_restored.is_half(wb.settings.home)
