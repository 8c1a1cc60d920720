"""Sandbox or live decides, at each batch and message, through which server something goes and whether anything does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core import (
    approval_mail,
    approvals,
    campaigns,
    dispatcher,
    going_live,
    home_mode,
    lookups,
    message_tests,
    preflight,
    reports,
    sending_control,
    staff_mail,
    support,
    support_mail,
)
from core.domain.campaign import Campaign
from core.domain.support import Request
from core.errors import NotAllowed, SendError, SettingsError
from core.settings import Settings, read_settings
from core.store import campaigns as campaign_rows
from core.store.database import reading
from core.tending import Tending
from core.twilio_account import twilio_access
from core.workbench import DISPATCHER, VISITOR, Workbench
from tests.clinic import add_campaign, add_patients, clinic_that_sends, states
from tests.colleagues import add_colleagues, set_up
from tests.conftest import ROOT
from tests.dispatchers import start, wait_until
from tests.live import live, ready
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

FROM = "care@lakeside.internal"
ACCOUNT = "AC" + "a1" * 16
TWILIO = {"CARELOOP_TWILIO_ACCOUNT": ACCOUNT, "CARELOOP_TWILIO_TOKEN": "token"}


@pytest.fixture
def in_live(bench: Workbench, tmp_path: Path, server: Recorder) -> Iterator[Workbench]:  # noqa: F811
    yield live(bench, tmp_path / "feed", port=server.port)


def people(wb: Workbench, count: int, *, start: int = 1, domain: str = "patients.internal") -> list[str]:
    found: list[str] = []
    for number in range(start, start + count):
        found += add_patients(wb, 1, start=number, email=f"p{number}@{domain}")
    return found


def campaign(wb: Workbench, campaign_id: str = "c1") -> Campaign:
    with reading(wb.engine) as connection:
        return campaign_rows.campaign(connection, campaign_id)


# ---- what leaves this machine --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("environ", "mails", "texts"),
    [
        ({}, False, False),
        ({"CARELOOP_SMTP": "127.0.0.1:1025"}, False, False),
        ({"CARELOOP_SMTP": "localhost:8025"}, False, False),
        ({"CARELOOP_SMTP": "127.0.0.1:25"}, True, False),  # a postfix of this machine sends on
        ({"CARELOOP_SMTP": "127.0.0.1:465"}, True, False),
        ({"CARELOOP_SMTP": "[::1]:587"}, True, False),
        ({"CARELOOP_SMTP": "mx.lakeside.internal:2525"}, True, False),
        ({"CARELOOP_SMTP": "192.0.2.1:25"}, True, False),
        ({"CARELOOP_TWILIO_URL": "https://api.twilio.com"}, False, True),
        ({"CARELOOP_TWILIO_URL": "http://127.0.0.1:9000"}, False, False),
        (
            {"CARELOOP_TWILIO_URL": "http://127.0.0.1:9000", **TWILIO},
            False,
            True,
        ),  # an account of Twilio's own behind a proxy
    ],
)  # fmt: skip
def test_what_leaves_goes_to_the_stand_ins_in_a_sandbox(
    tmp_path: Path, environ: dict[str, str], mails: bool, texts: bool
) -> None:
    settings = read_settings({"CARELOOP_HOME": str(tmp_path), "CARELOOP_PORT": "9100", **environ})
    assert (settings.mails_leave, settings.texts_leave) == (mails, texts)
    here = settings.in_sandbox()
    assert (here.mails_leave, here.texts_leave) == (False, False)
    if mails:
        assert (here.smtp_host, here.smtp_port, here.keeps_mails) == ("127.0.0.1", 9101, True)
    if texts:
        assert (here.twilio_url, here.twilio_account, here.keeps_texts) == ("http://127.0.0.1:9102", "", True)
    if not mails and not texts:
        assert here == settings


def test_the_password_of_the_real_server_does_not_reach_the_stand_in(tmp_path: Path) -> None:
    environ = {
        "CARELOOP_HOME": str(tmp_path),
        "CARELOOP_SMTP": "mx.lakeside.internal:587",
        "CARELOOP_SMTP_SECURITY": "starttls",
        "CARELOOP_SMTP_USER": "care",
        "CARELOOP_SMTP_PASSWORD": "secret",
        "CARELOOP_TWILIO_URL": "https://api.twilio.com",
        **TWILIO,
    }
    here = read_settings(environ).in_sandbox()
    assert (here.smtp_security, here.smtp_user, here.smtp_password) == ("none", "", "")
    tmp_path.mkdir(exist_ok=True)
    assert twilio_access(here).token != "token"


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"CARELOOP_HOST": "0.0.0.0"}, "behind TLS"),
        ({"CARELOOP_HOST": "10.0.0.7", "CARELOOP_PUBLIC_URL": "http://care.internal"}, "behind TLS"),
        ({"CARELOOP_PUBLIC_URL": "care.internal"}, "must begin with http"),
        ({"CARELOOP_PUBLIC_URL": "https://"}, "must begin with http"),
        ({"CARELOOP_ALLOWED_HOSTS": "https://care.internal"}, "must be names"),
        ({"CARELOOP_PROXIES": "proxy.internal"}, "must be addresses"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, environ: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read_settings({"CARELOOP_HOME": str(tmp_path), **environ})


def test_hosts_and_proxies(tmp_path: Path) -> None:
    environ = {
        "CARELOOP_HOME": str(tmp_path), "CARELOOP_HOST": "10.0.0.7", "CARELOOP_PUBLIC_URL": "https://Care.internal/",
        "CARELOOP_ALLOWED_HOSTS": "care, Care.internal", "CARELOOP_PROXIES": "10.0.0.0/28, 127.0.0.1",
    }  # fmt: skip
    settings = read_settings(environ)
    assert settings.allowed_hosts == ("care.internal", "care")
    assert settings.proxies == ("10.0.0.0/28", "127.0.0.1")
    assert read_settings({"CARELOOP_HOME": str(tmp_path)}).proxies == ()  # nothing stands in front
    behind_tls = {"CARELOOP_HOME": str(tmp_path), "CARELOOP_PUBLIC_URL": "https://care.example.org"}
    assert read_settings(behind_tls).proxies == ("127.0.0.1", "::1")


def test_a_demo_never_reaches_another_server(tmp_path: Path) -> None:
    environ = {
        "CARELOOP_HOME": str(tmp_path),
        "CARELOOP_SMTP": "192.0.2.1:25",
        "CARELOOP_TWILIO_URL": "https://api.twilio.com",
    }
    settings = read_settings(environ, demo=True)
    assert (settings.smtp_host, settings.keeps_mails, settings.keeps_texts) == ("127.0.0.1", True, True)


# ---- sending -------------------------------------------------------------------------------------------------------
def test_a_sandbox_never_speaks_to_a_server_from_which_mails_leave(wb: Workbench, server: Recorder) -> None:
    wb = clinic_that_sends(wb, 25)
    settings = replace(wb.settings, keeps_mails=False, smtp_host="192.0.2.1", port=server.port - 1)
    wb = replace(wb, settings=settings)
    add_campaign(wb, add_patients(wb, 2))
    assert dispatcher.drain(wb) == 2
    message_tests.send(wb, campaign(wb), "tester@example.org", {"patient.first_name": "Ada"})
    assert staff_mail.send(wb, to="bo@example.org", subject="a", text="b", about="test") == "sent"
    assert len(server.mails) == 4, "all of them at the stand-in"


def test_mails_to_staff_and_about_support_stay_in_a_sandbox_too(
    wb: Workbench, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.settings.MAIL_PORTS", (server.port,))
    wb = clinic_that_sends(wb, server.port)
    wb = replace(wb, settings=replace(wb.settings, keeps_mails=False, port=49150))
    assert wb.settings.mails_leave, "a real server is set"
    add_colleagues(wb)
    set_up(wb, approval="second_person", support_email="support@example.org")
    drafted = campaigns.create(wb.as_user("nina"), template_id="mammogram-reminder", patient_ids=add_patients(wb, 2))

    approvals.ask(wb.as_user("nina"), drafted)
    support.ask(wb.as_user(VISITOR), Request("Lee", "lee@example.org", "North", "A page does not open."), client="a")
    assert approval_mail.send_due(wb.as_user(DISPATCHER)) == 0
    assert support_mail.send_due(wb.as_user(DISPATCHER)) == 0
    assert server.mails == []


def test_only_the_homes_mode_opens_a_way_out() -> None:
    for way, home in (("mail_channel(", "mail_server.py"), ("twilio_channel(", "twilio_account.py")):
        users = {
            path.name
            for folder in ("core", "pages")
            for path in (ROOT / folder).rglob("*.py")
            if way in path.read_text()
        }
        assert users == {home, "home_mode.py"}


def test_a_live_home_sends_and_refuses_invented_addresses(in_live: Workbench, server: Recorder) -> None:
    ids = (
        people(in_live, 2)
        + people(in_live, 2, start=3, domain="example.org")
        + people(in_live, 1, start=5, domain="x.test")
    )
    found = preflight.reach(in_live, ids, channels=["email"])[0]
    assert [(missed.reason.key, len(missed.patient_ids)) for missed in found.not_reached] == [("invented_address", 3)]
    add_campaign(in_live, ids, from_email=FROM)
    assert dispatcher.drain(in_live) == 2
    assert sorted(address for address, _ in server.mails) == ["p1@patients.internal", "p2@patients.internal"]
    assert [states(in_live)[each] for each in ids[2:]] == [("not_sent", "invented_address")] * 3
    assert reports.report(in_live, "c1").progress.results["Not sent"] == 3


def test_in_a_sandbox_invented_addresses_are_written_to(wb: Workbench, server: Recorder) -> None:
    wb = clinic_that_sends(wb, server.port)
    add_campaign(wb, add_patients(wb, 2))
    assert dispatcher.drain(wb) == 2


def test_a_live_home_never_calls_or_texts_an_invented_number(in_live: Workbench) -> None:
    ids = add_patients(in_live, 1, phone_mobile="+13125550142") + add_patients(
        in_live, 1, start=2, phone_mobile="+15552345678"
    )
    for mode in ("text", "phone"):
        (missed,) = preflight.reach(in_live, ids, channels=[mode])[0].not_reached
        assert (missed.reason.key, len(missed.patient_ids)) == ("invented_address", 2)


def test_tests_obey_as_well(in_live: Workbench, server: Recorder) -> None:
    add_campaign(in_live, people(in_live, 1), from_email=FROM)
    set_up(in_live, from_email=FROM)
    tested = campaign(in_live)
    for channel, typed in (("email", "me@example.org"), ("text", "(312) 555-0142"), ("phone", "555 234 5678")):
        with pytest.raises(NotAllowed, match="the address is one that nobody can have"):
            message_tests.address(in_live, replace(tested, channel=channel), typed)
    assert message_tests.address(in_live, tested, "me@lakeside.internal") == "me@lakeside.internal"
    with pytest.raises(NotAllowed, match="set aside for examples"):
        message_tests.send(in_live, campaign(in_live), "me@example.org", {"patient.first_name": "Ada"})
    message_tests.send(in_live, campaign(in_live), "me@lakeside.internal", {"patient.first_name": "Ada"})
    assert [address for address, _ in server.mails] == ["me@lakeside.internal"]


def test_nothing_at_all_goes_to_or_from_an_invented_address_in_a_live_home(
    in_live: Workbench, server: Recorder
) -> None:
    assert staff_mail.send(in_live, to="bo@example.org", subject="a", text="b", about="test") == "failed"
    add_campaign(in_live, people(in_live, 1))  # comes from an address of example.org
    assert dispatcher.drain(in_live) == 0
    assert states(in_live)["p1"] == ("waiting", "") and server.mails == []


def test_back_to_sandbox_stops_at_once_in_the_middle_of_a_batch(in_live: Workbench, server: Recorder) -> None:
    ids = people(in_live, 30)
    add_campaign(in_live, ids, from_email=FROM)
    taken = server.handle_DATA

    async def stopped(*given: object) -> str:
        if len(server.mails) == 4:
            going_live.back_to_sandbox(in_live, reason="A wrong date.")
        return await taken(*given)

    server.handle_DATA = stopped  # type: ignore[method-assign, assignment]
    dispatcher.drain(in_live)
    assert len(server.mails) == 5, "the one that was under way is the last"
    found = [state for state, _ in states(in_live).values()]
    assert (found.count("handed_over"), found.count("waiting")) == (5, 25)

    assert dispatcher.drain(in_live) == 0
    (hold,) = sending_control.holds(in_live, "email")
    assert hold.kind == "mode" and "was live and is a sandbox again" in hold.sentence
    going_live.go_live(in_live, confirm="Lakeside Health", reason="Put right.")
    assert dispatcher.drain(in_live) == 25
    assert len({address for address, _ in server.mails}) == len(server.mails) == 30


@pytest.mark.long
def test_a_live_home_without_a_server_sends_nothing_to_the_stand_in(in_live: Workbench, server: Recorder) -> None:
    forgotten = replace(in_live, settings=replace(in_live.settings, keeps_mails=True))
    add_campaign(in_live, people(in_live, 1), from_email=FROM)
    assert dispatcher.drain(forgotten) == 0 and server.mails == []
    (hold,) = sending_control.holds(forgotten, "email")
    assert "set CARELOOP_SMTP" in hold.sentence
    assert sending_control.holds(in_live, "email") == []
    assert [each.kind for each in sending_control.holds(in_live, "text")] == ["mode"]
    assert sending_control.holds(in_live) == [], "mails leave all the same"
    with home_mode.channel(forgotten, "email") as channel, pytest.raises(SendError):
        channel.probe()


def test_what_twilio_took_is_not_asked_of_the_stand_in(in_live: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def unresolved(*given: object, **_: object) -> list[object]:
        asked.append(given)
        return []

    monkeypatch.setattr("core.lookups.rows.unresolved", unresolved)
    lookups.look_up(in_live)  # no account is set
    going_live.back_to_sandbox(in_live, reason="Something is wrong.")
    lookups.look_up(replace(in_live, settings=replace(in_live.settings, keeps_texts=False)))
    assert asked == []


def test_the_mailbox_of_a_live_home_is_not_read_by_a_sandbox(wb: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    from core import bounces

    wb = replace(wb, settings=replace(wb.settings, mailbox="imaps://care@mail.lakeside.internal/INBOX")).as_user(
        DISPATCHER
    )
    with pytest.raises(SettingsError, match="read by a live home only"):
        bounces.collect(wb)
    Tending().tend(wb)
    assert not caplog.records


@pytest.mark.long
def test_a_dispatcher_that_runs_sees_that_the_home_is_a_sandbox_again(
    wb: Workbench, tmp_path: Path, server: Recorder
) -> None:
    wb = live(wb, tmp_path / "feed", port=server.port)
    add_campaign(wb, people(wb, 3), from_email=FROM)
    process = start(wb, keeps_mails=False)
    try:
        wait_until(lambda: len(server.mails) == 3)
        going_live.back_to_sandbox(wb, reason="Enough.")
        add_campaign(wb, people(wb, 3, start=11), campaign_id="c2", name="Second", from_email=FROM)
        with pytest.raises(AssertionError):
            wait_until(lambda: len(server.mails) > 3, seconds=6)
        going_live.go_live(wb, confirm="Lakeside Health", reason="Again.")
        wait_until(lambda: len(server.mails) == 6)
    finally:
        process.terminate()
        process.wait(30)


def test_the_stand_in_may_ask_in_a_sandbox_only_and_twilio_always(
    wb: Workbench, tmp_path: Path, server: Recorder
) -> None:
    from twilio.request_validator import RequestValidator

    from core.web.twilio_gate import _is_signed

    real: dict[str, object] = {
        "keeps_texts": False,
        "twilio_url": "https://api.twilio.com",
        "twilio_account": ACCOUNT,
        "twilio_token": "t" * 32,
        "twilio_from": "+12992345678",
    }
    wb = ready(wb, tmp_path / "feed", port=server.port)
    with_account = replace(wb, settings=replace(wb.settings, **real))  # type: ignore[arg-type]

    def answers(settings: Settings) -> bool:
        url = f"{settings.public_url}/twilio/text"
        signature = RequestValidator(twilio_access(settings).token).compute_signature(url, {"From": "a"})
        return _is_signed(with_account, "/twilio/text", {"From": ["a"]}, signature)

    stand_in = with_account.settings.in_sandbox()
    assert (answers(with_account.settings), answers(stand_in)) == (True, True)
    going_live.go_live(wb, confirm="Lakeside Health", reason="Now.")
    assert (answers(with_account.settings), answers(stand_in)) == (True, False)
    going_live.back_to_sandbox(wb, reason="Wait.")
    assert answers(with_account.settings), "patients who say STOP are heard"
