"""Going live: what must be right before, who may, and what is refused in a live home."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core import check, dispatcher, feed_gate, generated_feeds, going_live, home_mode, loads
from core.domain.user import Scope, User
from core.errors import DataError, NotAllowed, NotFound
from core.sample import write_sample
from core.settings import read_settings
from core.store import accounts, mode_rows
from core.store.database import reading, writing
from core.store.schema import audit, feed_quality, home_modes
from core.store.schema import generated_feeds as generated_rows
from core.workbench import DISPATCHER, Workbench
from tests.clinic import add_campaign, add_patients
from tests.conftest import Clock
from tests.feeds import ANN, BOB, PATIENT, write_bundle, write_feed
from tests.live import PERSON, live, organisation, ready
from tests.mail_servers import Recorder
from tests.postgres import bench, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

NAME, WHY = "Lakeside Health", "Tried out."


def states(wb: Workbench) -> dict[str, str]:
    return {check.key: check.state for check in going_live.checklist(wb)}


def wrong(wb: Workbench) -> list[str]:
    return [key for key, state in states(wb).items() if state == "wrong"]


def test_a_new_home_is_a_sandbox_in_which_nearly_everything_is_wrong(wb: Workbench) -> None:
    assert not home_mode.is_live(wb)
    assert wrong(wb) >= ["name", "postal_address", "call_back_number", "from_email", "mail_server", "twilio"]
    with pytest.raises(NotAllowed, match="cannot go live yet"):
        going_live.go_live(wb, confirm=wb.organisation().name, reason=WHY)


def test_when_nothing_is_wrong_a_home_goes_live_and_back(
    bench: Workbench,  # noqa: F811
    tmp_path: Path,
    server: Recorder,
) -> None:
    wb = ready(bench, tmp_path / "feed", port=server.port)
    assert wrong(wb) == []
    going_live.go_live(wb, confirm=f" {NAME} ", reason=WHY)
    now = home_mode.mode(wb)
    assert (now.is_live, now.was_live, now.by, now.reason, now.at) == (True, True, "bo", WHY, wb.now())
    with pytest.raises(NotAllowed, match="live already"):
        going_live.go_live(wb, confirm=NAME, reason=WHY)

    going_live.back_to_sandbox(wb, reason="A wrong template.")
    now = home_mode.mode(wb)
    assert (now.is_live, now.was_live) == (False, True)
    with pytest.raises(NotAllowed, match="a sandbox already"):
        going_live.back_to_sandbox(wb, reason=WHY)
    going_live.go_live(wb, confirm=NAME, reason=WHY)
    with reading(wb.engine) as connection:
        lines = connection.execute(select(audit.c.action, audit.c.user_id).where(audit.c.action.startswith("home.")))
        assert [tuple(line) for line in lines] == [("home.live", "bo"), ("home.sandbox", "bo"), ("home.live", "bo")]
        warnings = connection.scalars(select(home_modes.c.warnings)).first()
    assert warnings == ["support", "twilio", "windows", "policy", "backup"]
    assert server.mails == []


def _gate_closed(wb: Workbench) -> Workbench:
    with writing(wb.engine) as connection:
        connection.execute(update(feed_quality).values(received_at=wb.now() - timedelta(days=30)))
    assert not feed_gate.gate(wb).is_open
    return wb


def _sent_in_sandbox(wb: Workbench) -> Workbench:
    add_campaign(wb, add_patients(wb, 1), from_email="care@lakeside.internal")
    assert dispatcher.drain(wb) == 1
    return wb


def _with(**changes: object) -> Callable[[Workbench], Workbench]:
    return lambda wb: replace(wb, settings=replace(wb.settings, **changes))  # type: ignore[arg-type]


def _organisation(**changes: object) -> Callable[[Workbench], Workbench]:
    def change(wb: Workbench) -> Workbench:
        organisation(wb, **changes)
        return wb

    return change


def _generator(name: str) -> Callable[[Workbench], Workbench]:
    def change(wb: Workbench) -> Workbench:
        with writing(wb.engine) as connection:
            mode_rows.add_generator(connection, name, at=wb.now(), by="ana")
        return wb

    return change


def _readable(name: str) -> Callable[[Workbench], Workbench]:
    def change(wb: Workbench) -> Workbench:
        path = wb.settings.home / name
        path.touch()
        path.chmod(0o644)
        return wb

    return change


def _readable_secret(environ_name: str, mode: int) -> Callable[[Workbench], Workbench]:
    def change(wb: Workbench) -> Workbench:
        path = wb.settings.home.parent / "secret"
        path.write_text(f"sqlite:///{wb.settings.home / 'careloop.db'}\n")
        path.chmod(mode)
        read = read_settings({"CARELOOP_HOME": str(wb.settings.home), environ_name: str(path)})
        return replace(wb, settings=replace(wb.settings, credentials=read.credentials))

    return change


def _nobody_administers(wb: Workbench) -> Workbench:
    for user_id, email in (("ana", None), ("bo", "bo@example.org")):
        accounts.add_user(wb.engine, User(user_id, user_id, email=email), at=wb.now(), by="ana")
    return wb


def _invented_sender(wb: Workbench) -> Workbench:
    add_campaign(wb, add_patients(wb, 1))
    return wb


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("name", _organisation(name="Example Health Group")),
        ("name", _organisation(name=" ")),
        ("postal_address", _organisation(postal_address="")),
        ("call_back_number", _organisation(call_back_number="+15550100100")),
        ("call_back_number", _organisation(call_back_number="+13125550100")),
        ("call_back_number", _organisation(call_back_number="none")),
        ("from_email", _organisation(from_email="do-not-reply@example.org")),
        ("from_email", _organisation(from_email="")),
        ("contacts", _organisation(caller_id="+13125550142")),
        ("patients", _generator("sample")),
        ("patients", _generator("synthea")),
        ("patients", _with(demo=True)),
        ("histories", _sent_in_sandbox),
        ("mail_server", _with(keeps_mails=True)),
        ("mail_server", _with(smtp_host="192.0.2.1")),
        ("mail_server", _with(smtp_user="somebody else")),
        ("twilio", _with(keeps_texts=False, twilio_url="https://api.twilio.com")),
        ("twilio", _with(keeps_texts=False, twilio_url="https://api.twilio.com", twilio_from="+12992345678")),
        ("public_url", _with(public_url="http://careloop.lakeside.internal")),
        ("public_url", _with(public_url="https://127.0.0.1")),
        ("public_url", _with(public_url="https://careloop.example.org")),
        ("secrets", _readable("secret.key")),
        ("secrets", _readable_secret("CARELOOP_DATABASE_FILE", 0o644)),
        ("secrets", _readable_secret("CARELOOP_SMTP_PASSWORD_FILE", 0o640)),
        ("database", _readable("careloop.db")),
        ("administrators", _nobody_administers),
        ("feed", _gate_closed),
        ("senders", _invented_sender),
    ],
)
def test_what_is_wrong_refuses_and_changes_nothing(
    wb: Workbench, tmp_path: Path, server: Recorder, key: str, change: Callable[[Workbench], Workbench]
) -> None:
    wb = change(ready(wb, tmp_path / "feed", port=server.port))
    assert key in wrong(wb)
    with pytest.raises(NotAllowed, match=r"cannot go live yet\. "):
        going_live.go_live(wb, confirm=wb.organisation().name, reason=WHY)
    assert not home_mode.is_live(wb)


@pytest.mark.parametrize(
    ("confirm", "reason", "says"),
    [("lakeside health", WHY, "not the organisation's name"), ("", WHY, "not the organisation's name"),
     (NAME, " ", "needs a reason"), (NAME, "x" * 501, "needs a reason")],
)  # fmt: skip
def test_it_needs_the_organisation_s_name_and_a_reason(
    wb: Workbench, tmp_path: Path, server: Recorder, confirm: str, reason: str, says: str
) -> None:
    wb = ready(wb, tmp_path / "feed", port=server.port)
    with pytest.raises(NotAllowed, match=says):
        going_live.go_live(wb, confirm=confirm, reason=reason)
    assert not home_mode.is_live(wb)


def test_the_command_check_judges_alike(wb: Workbench, tmp_path: Path, server: Recorder) -> None:
    def judged(wb: Workbench) -> tuple[set[str], set[str]]:
        alike = {"Name", "Postal address", "Call-back number", "From Email Address", "Caller ID"}
        unset = {
            each.label for each in check.rows(wb) if each.state in (check.WARNING, check.WRONG) and each.label in alike
        }
        open_to_others = {each.label for each in check.rows(wb) if each.state != check.OK and "chmod" in each.advice}
        return unset, open_to_others

    assert judged(ready(wb, tmp_path / "feed", port=server.port)) == (set(), set())

    organisation(
        wb, name=" ", postal_address="", call_back_number="none", from_email="care@mail.test", caller_id="+13125550142"
    )
    for name in ("", "careloop.db", "secret.key"):
        (wb.settings.home / name).chmod(0o750)
    unset, open_to_others = judged(wb)
    assert len(unset) == 5, unset
    assert open_to_others == {"Home", "Database", "Secret key"}
    assert {"name", "postal_address", "call_back_number", "from_email", "contacts", "secrets", "database"} <= set(
        wrong(wb)
    )


def test_only_who_operates_and_sees_everybody_may(wb: Workbench, tmp_path: Path, server: Recorder) -> None:
    wb = ready(wb, tmp_path / "feed", port=server.port)
    people = (User("mia", "Mia", roles=frozenset({"manager"})), User("ned", "Ned", scope=Scope(frozenset({"g1"}))))
    for person in people:
        accounts.add_user(wb.engine, person, at=wb.now(), by="ana")
    for user_id in ("mia", "ned", DISPATCHER):
        with pytest.raises(NotAllowed):
            going_live.go_live(wb.as_user(user_id), confirm=NAME, reason=WHY)
    with pytest.raises(NotAllowed):
        going_live.try_account(wb.as_user("mia"), "smtp")
    with pytest.raises(NotAllowed):
        going_live.confirm_looked_at(wb.as_user("mia"), "policy")
    assert not home_mode.is_live(wb)


def test_what_was_looked_at_counts_until_it_changes(wb: Workbench) -> None:
    going_live.confirm_looked_at(wb, "windows")
    going_live.confirm_looked_at(wb, "policy")
    assert (states(wb)["windows"], states(wb)["policy"]) == ("ok", "ok")
    organisation(wb, messaging_policy="Another one.")
    assert (states(wb)["windows"], states(wb)["policy"]) == ("ok", "unknown")
    with pytest.raises(NotFound):
        going_live.confirm_looked_at(wb, "mail_server")


def test_a_test_of_the_mail_server_sends_nothing_and_counts_for_a_week(
    wb: Workbench, tmp_path: Path, server: Recorder, clock: Clock
) -> None:
    wb = ready(wb, tmp_path / "feed", port=server.port)
    assert states(wb)["mail_server"] == "ok" and server.mails == []
    clock.forward(days=8)
    assert states(wb)["mail_server"] == "wrong"
    assert not going_live.try_account(replace(wb, settings=replace(wb.settings, smtp_port=9)), "smtp").is_good
    with pytest.raises(NotFound, match="Accounts: smtp, twilio"):
        going_live.try_account(wb, "fax")
    with pytest.raises(NotAllowed, match="No server is set"):
        going_live.try_account(wb, "twilio")


def test_a_backup_counts_by_its_mark(wb: Workbench) -> None:
    mark = wb.settings.home / "last-backup"
    mark.touch()
    os.utime(mark, (wb.now().timestamp() - 3600,) * 2)
    assert states(wb)["backup"] == "ok"
    os.utime(mark, (time.time() - 9e8,) * 2)
    assert states(wb)["backup"] == "unknown"


# ---- invented patients ---------------------------------------------------------------------------------------------
def _sample(folder: Path) -> Path:
    from datetime import date

    write_sample(folder, patients=20, seed=1, as_of=date(2026, 11, 24))
    return folder


def _bare_sample(folder: Path) -> Path:
    """Only the tables, without the manifest."""
    (_sample(folder) / "manifest.json").unlink()
    return folder


def _old_sample(folder: Path) -> Path:
    return write_feed(folder, manifest={"source_system": "sample"}, patients=[PATIENT, ANN])


def _synthea_csv(folder: Path) -> Path:
    rows = ["Id,BIRTHDATE,DEATHDATE,FIRST,LAST,GENDER,RACE", "p1,1960-05-01,,Ann46,Example958,F,white"]
    return write_feed(folder, patients=rows, conditions=["START,STOP,PATIENT,CODE,DESCRIPTION"])


def _synthea_fhir(folder: Path) -> Path:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "birthDate": "1960-05-01",
        "identifier": [{"system": "https://github.com/synthetichealth/synthea", "value": "p1"}],
        "name": [{"family": "Example", "given": ["Ann"]}],
    }
    write_bundle(folder / "p1.json", patient)
    return folder


GENERATED = [
    (_sample, {"sample", "invented addresses"}),
    (_bare_sample, {"invented addresses"}),
    (_old_sample, {"sample"}),
    (_synthea_csv, {"synthea"}),
    (_synthea_fhir, {"synthea"}),
]


@pytest.mark.parametrize(("feed", "kept"), GENERATED)
def test_that_invented_patients_were_loaded_is_kept_for_good(
    wb: Workbench, tmp_path: Path, feed: Callable[[Path], Path], kept: set[str]
) -> None:
    loads.load(wb, feed(tmp_path / "feed"))
    loads.load(wb, write_feed(tmp_path / "real", manifest={"full": True}, patients=[PATIENT, BOB]))
    assert set(generated_feeds.generators(wb)) == kept
    assert "patients" in wrong(wb)


def test_whoever_loads_invented_patients_is_told_that_the_home_cannot_go_live(wb: Workbench, tmp_path: Path) -> None:
    write_sample(tmp_path / "sample", patients=20, seed=1, as_of=wb.today())

    said = str(loads.load(wb, tmp_path / "sample"))

    assert "These patients are invented (sample), so this home can never go live." in said


@pytest.mark.parametrize(("feed", "_kept"), GENERATED)
def test_a_live_home_takes_no_invented_patients(
    wb: Workbench, tmp_path: Path, server: Recorder, feed: Callable[[Path], Path], _kept: set[str]
) -> None:
    wb = live(wb, tmp_path / "real", port=server.port)
    before = loads.current(wb)
    if feed is _bare_sample:
        write_feed(tmp_path / "none", manifest={"full": True}, patients=[PERSON, "f1,Fay,Real,1960-05-01,F,active,"])
        loads.load(wb, tmp_path / "none")
        before = loads.current(wb)
    with pytest.raises(DataError, match="This home is live and takes real ones only; nothing was changed"):
        loads.load(wb, feed(tmp_path / "feed"))
    after = loads.current(wb)
    assert before is not None and after is not None and after.name == before.name
    assert generated_feeds.generators(wb) == []


def test_real_patients_are_no_invented_ones(wb: Workbench, tmp_path: Path) -> None:
    rows = [f"p{number},Ann,Real,1960-05-01,F,active,p{number}@example.org" for number in range(9)]
    loads.load(
        wb, write_feed(tmp_path / "a", patients=[PERSON, *rows, "q,Bo,Real,1960-05-01,F,active,bo@real.internal"])
    )
    assert generated_feeds.generators(wb) == []


def test_a_home_that_went_live_while_invented_patients_were_loaded_has_none(
    wb: Workbench, tmp_path: Path, server: Recorder
) -> None:
    wb = ready(wb, tmp_path / "real", port=server.port)

    def progress(step: str, _share: float) -> None:
        if step.startswith("Writing patients") and not home_mode.is_live(wb):
            going_live.go_live(wb, confirm=NAME, reason=WHY)

    with pytest.raises(DataError, match="went live while"):
        loads.load(wb, _sample(tmp_path / "sample"), progress=progress)
    with reading(wb.engine) as connection:
        assert connection.execute(select(generated_rows)).first() is None


def test_homes_that_were_loaded_before_this_was_kept_are_known(bench: Workbench, tmp_path: Path) -> None:  # noqa: F811
    from core.store.database import migrate
    from tests.test_migrations import to

    loads.load(bench, _old_sample(tmp_path / "feed"))
    to(bench.engine, "0014")
    migrate(bench.engine)
    assert generated_feeds.generators(bench) == ["sample"]
