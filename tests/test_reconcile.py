"""What Twilio, logs of mail servers and the outbox tell after a restore for which there is no ledger."""

import bz2
import gzip
import lzma
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core import dispatcher, reconcile_mail, reconcile_twilio, reconciling
from core.channels import twilio_outbox
from core.domain.message import RESTORED
from core.domain.organisation import EMAIL
from core.errors import CareloopError, NotAllowed
from core.store import accounts
from core.store.database import reading
from core.store.opt_outs import stopped
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients, clinic_that_sends, states
from tests.conftest import Clock
from tests.mail_servers import Recorder
from tests.people_with_phones import add_people, number
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)
from tests.restores import back_up, lose, mailed, operator, restore_elsewhere, send_some
from tests.test_sending_texts import settled, text_campaign
from tests.twilio_line import Line, connected

pytestmark = pytest.mark.long


def mail_log(server: Recorder, folder: Path) -> Path:
    """What Postfix's cleanup says of each mail, among other lines."""
    log = folder / "mail.log"
    log.write_text("x" * (1 << 20) + "\n" + "".join(f"cleanup: message-id={name}\n" for _, name in server.mails[2:]))
    return log


@pytest.mark.parametrize("has_folder", [False, True])
def test_a_mail_log_tells_who_got_a_mail_and_the_others_get_theirs(
    wb: Workbench, server: Recorder, tmp_path: Path, clock: Clock, has_folder: bool
) -> None:
    wb = clinic_that_sends(wb, server.port)
    add_campaign(wb, add_patients(wb, 12))
    send_some(wb, 2)
    archive = back_up(wb, tmp_path)
    send_some(wb, 4)
    new = restore_elsewhere(wb, archive, tmp_path / "new", clock)
    (tmp_path / "logs").mkdir()
    log = mail_log(server, tmp_path / "logs")

    found = reconcile_mail.read_mail_logs(operator(new), [log.parent if has_folder else log])

    assert (found.found, found.strange) == (4, 0)
    assert reconciling.status(new).unknown_of == ("text", "phone", "letter")  # type: ignore[union-attr]
    reconciling.release(operator(new), reason="the log is whole", stops_may_be_missing=True, people_checked=True)
    send_some(new)
    assert set(mailed(server).values()) == {1} and len(server.mails) == 12
    lose(new)


def test_mails_of_a_campaign_that_the_backup_does_not_have_are_counted(
    wb: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    wb = clinic_that_sends(wb, server.port)
    ids = add_patients(wb, 3)
    archive = back_up(wb, tmp_path)
    add_campaign(wb, ids)
    send_some(wb)
    new = restore_elsewhere(wb, archive, tmp_path / "new", clock)

    assert reconcile_mail.read_mail_logs(operator(new), [mail_log(server, tmp_path)]).strange == 1
    lose(new)


def test_a_message_id_that_the_home_did_not_sign_tells_nothing(
    wb: Workbench, server: Recorder, tmp_path: Path, clock: Clock
) -> None:
    wb = clinic_that_sends(wb, server.port)
    add_campaign(wb, add_patients(wb, 3))
    new = restore_elsewhere(wb, back_up(wb, tmp_path), tmp_path / "new", clock)
    log = tmp_path / "log"
    log.write_text(f"<c1.1.{'0' * 20}@example.org>")

    with pytest.raises(NotAllowed, match="No mail of this home"):
        reconcile_mail.read_mail_logs(operator(new), [log])
    status = reconciling.status(operator(new))
    assert status is not None and EMAIL in status.unknown_of  # the log of another server proves nothing
    with pytest.raises(CareloopError, match="no file"):
        reconcile_mail.read_mail_logs(operator(new), [tmp_path / "none"])
    lose(new)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_a_log_that_was_rotated_and_packed_is_read(
    wb: Workbench, server: Recorder, tmp_path: Path, clock: Clock, pack: Callable[[bytes], bytes]
) -> None:
    wb = clinic_that_sends(wb, server.port)
    add_campaign(wb, add_patients(wb, 5))
    send_some(wb, 2)
    archive = back_up(wb, tmp_path)
    send_some(wb)
    new = restore_elsewhere(wb, archive, tmp_path / "new", clock)
    log = mail_log(server, tmp_path)
    packed = tmp_path / "mail.log.2.gz"
    packed.write_bytes(pack(log.read_bytes()))

    assert reconcile_mail.read_mail_logs(operator(new), [packed]).found == 3
    packed.write_bytes(packed.read_bytes()[:-10])
    with pytest.raises(CareloopError, match="not complete"):
        reconcile_mail.read_mail_logs(operator(new), [packed])
    lose(new)


def test_nothing_is_reconciled_where_nothing_was_restored(wb: Workbench, tmp_path: Path) -> None:
    for ask in (
        lambda: reconcile_mail.read_mail_logs(operator(wb), []),
        lambda: reconcile_twilio.ask_twilio(operator(wb)),
        lambda: reconciling.take_ledgers(operator(wb), []),
        lambda: reconciling.release(operator(wb), reason="x"),
    ):
        with pytest.raises(NotAllowed, match="No restored backup"):
            ask()
    assert reconciling.lines(wb) == ["No restored backup waits to be reconciled."]


@pytest.fixture
def line(bench: Workbench) -> Iterator[Line]:  # noqa: F811
    add_clinic(bench)
    accounts.change_organisation(bench.engine, {"texts_per_second": 100}, at=bench.now(), by="ana")
    with connected(bench) as found:
        yield found


def test_twilio_tells_who_got_a_text_and_who_said_stop(line: Line, tmp_path: Path, clock: Clock) -> None:
    wb = line.wb
    ids = add_people(wb, 8)
    text_campaign(wb, ids)
    dispatcher.drain(wb, channel="text", limit=2)
    archive = back_up(wb, tmp_path)
    dispatcher.drain(wb, channel="text", limit=3)
    settled(wb, *ids[:5])
    for n, words in ((1, "STOP"), (2, "STOP"), (2, "START"), (7, "Stop"), (8, "thanks")):
        twilio_outbox.reply(line.access, sender=number(n), body=words)
    new = restore_elsewhere(wb, archive, tmp_path / "new", clock, url=other_database(wb, tmp_path))

    found = reconcile_twilio.ask_twilio(operator(new))
    again = reconcile_twilio.ask_twilio(operator(new))

    assert found.found == 3 and found.taken == 5 and (again.found, again.taken) == (0, 0)
    with reading(new.engine) as connection:
        assert stopped(connection, [number(n) for n in range(1, 9)], source="stop") == {number(1), number(7)}
    reconciling.release(operator(new), reason="x", stops_may_be_missing=True, people_checked=True)
    dispatcher.drain(new, channel="text")
    ours = Counter(one.recipient for one in line.texts() if one.direction == "outbound-api")
    assert set(ours.values()) == {1} and number(7) not in ours
    lose(new)


def other_database(wb: Workbench, tmp_path: Path) -> str:
    """A new SQLite file, whatever the old database was."""
    return f"sqlite:///{tmp_path}/restored.db"


def test_a_text_to_a_number_at_which_several_wait_is_perhaps_any_of_theirs(
    line: Line, tmp_path: Path, clock: Clock
) -> None:
    wb = line.wb
    ids = add_people(wb, 2)
    text_campaign(wb, ids)
    text_campaign(wb, ids, campaign_id="c2", name="Another")
    archive = back_up(wb, tmp_path)
    dispatcher.drain(wb, channel="text", limit=1)
    settled(wb, ids[0])
    new = restore_elsewhere(wb, archive, tmp_path / "new", clock, url=other_database(wb, tmp_path))

    reconcile_twilio.ask_twilio(operator(new))

    assert states(new)[ids[0]] == states(new, "c2")[ids[0]] == ("unknown", RESTORED)
    assert states(new)[ids[1]][0] == "waiting"
    lose(new)


def test_when_twilio_does_not_answer_nothing_counts_as_known(line: Line, tmp_path: Path, clock: Clock) -> None:
    wb = line.wb
    text_campaign(wb, add_people(wb, 2))
    new = restore_elsewhere(wb, back_up(wb, tmp_path), tmp_path / "new", clock, url=other_database(wb, tmp_path))
    new = replace(new, settings=replace(new.settings, twilio_url="http://127.0.0.1:9"))

    with pytest.raises(CareloopError, match="Twilio does not say"):
        reconcile_twilio.ask_twilio(operator(new))

    assert "text" in reconciling.status(new).unknown_of  # type: ignore[union-attr]
    lose(new)
