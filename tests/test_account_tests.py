"""Testing the accounts against real servers: what each finds, in words with what to do, and nothing leaves."""

import contextlib
import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from core import account_tests, organisation_settings, sending_accounts
from core.account_tests import AccountTest, last_tests, try_account
from core.channels.email import Access
from core.channels.email_trial import try_mail_server
from core.channels.twilio_access import TwilioAccess
from core.channels.twilio_sandbox import start_twilio_sandbox
from core.channels.twilio_trial import try_twilio
from core.domain.account_step import Step
from core.domain.user import User
from core.errors import NotAllowed, NotFound
from core.store import accounts
from core.store.database import reading
from core.store.schema import account_tests as table
from core.twilio_account import SANDBOX_ACCOUNT, start_sandbox
from core.workbench import Workbench
from tests.mail_servers import recording, rude
from tests.test_organisation_settings import lines_of_audit
from tests.test_returned_mails import imap_server, with_imap
from tests.test_smtp_tls import Certificates
from tests.twilio_application import ACCOUNT, TOKEN

SECRET = "hunter2-is-no-secret"
SENDER, ADA = "do-not-reply@example.org", "ada@example.org"
WEBHOOKS = "https://careloop.example.org/twilio"
NUMBER, SERVICE = "+15550100000", "MG" + "5" * 32


def on(wb: Workbench, **changes: Any) -> Workbench:
    return replace(wb, settings=replace(wb.settings, **changes))


def words(steps: Any) -> str:
    return "\n".join(f"{'ok' if step.is_good else 'x'} {step.words} | {step.advice}" for step in steps)


# ---- the mail server -----------------------------------------------------------------------------------------------
def ask(port: int, access: Access | None = None, *, mail: bytes = b"", **more: Any) -> list[Step]:
    options = {"sender": SENDER, "recipient": ADA, "mail": mail, "reply_timeout": 2.0, **more}
    return try_mail_server("127.0.0.1", port, access or Access(), **options)


def test_a_mail_server_is_asked_everything_and_sent_nothing() -> None:
    with recording() as server:
        steps = ask(server.port)

        assert [step.is_good for step in steps] == [True, True]
        assert "in clear text, without a login" in steps[0].words and "none was sent" in steps[1].words
        assert server.mails == []


def test_a_test_mail_goes_to_whoever_asked_for_it(wb: Workbench) -> None:
    with recording() as server:
        accounts.add_user(wb.engine, User("ana", "Ana Lyst", email="ana@example.org"), at=wb.now(), by="ana")
        here = on(wb, smtp_port=server.port).as_user("ana")

        tested = try_account(here, "smtp", with_mail=True)

        assert tested.is_good and "on its way to your own address" in tested.steps[-1].words
        assert [to for to, _ in server.mails] == ["ana@example.org"]
        assert b"Test of the mail server" in server.contents[0]


@contextlib.contextmanager
def behind_login(folder: Path) -> Iterator[tuple[int, Certificates]]:
    """A mail server that wants STARTTLS, and Ana's password."""
    certificates = Certificates(folder)

    def check(_server: Any, _session: Any, _envelope: Any, _way: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data == LoginPassword(b"ana", SECRET.encode())
        return AuthResult(success=is_right, handled=is_right)

    options = {"authenticator": check, "auth_required": True, "require_starttls": True}
    with recording(tls_context=certificates.context, **options) as server:
        yield server.port, certificates


def test_tls_and_login_are_tried(tmp_path: Path) -> None:
    with behind_login(tmp_path) as (port, certificates):
        right = Access("starttls", "ana", SECRET, certificates.file)

        good = ask(port, right)
        wrong = ask(port, replace(right, password=f"{SECRET}-not"))
        untrusted = ask(port, replace(right, ca_file=None))

    assert "with STARTTLS, logged in as ana" in good[0].words and all(step.is_good for step in good)
    assert "The login was refused (535" in wrong[0].words and "password" in wrong[0].advice
    assert "No safe connection came about" in untrusted[0].words and "CARELOOP_SMTP_SECURITY" in untrusted[0].advice
    assert SECRET not in words([*good, *wrong, *untrusted])


def test_a_server_without_tls_is_not_given_the_password() -> None:
    with rude("", extensions=("AUTH PLAIN LOGIN",)) as server:
        steps = ask(server.port, Access("starttls", "ana", SECRET))

        assert "No safe connection came about" in words(steps)
        assert not any(b"AUTH" in line for line in server.said)


@pytest.mark.parametrize(
    ("sender", "recipient", "said"),
    [
        ("nobody@example.org", ADA, "x The server does not take mails from this From Email Address (553"),
        (SENDER, "gone@example.org", "x The server does not take mails to the address that was tried (550"),
    ],
)
def test_a_refusal_is_told_with_the_servers_words_and_no_address(sender: str, recipient: str, said: str) -> None:
    with recording() as server:
        steps = ask(server.port, sender=sender, recipient=recipient)

    assert said in words(steps) and [step.is_good for step in steps] == [True, False]
    assert recipient not in words(steps) and steps[-1].advice


def test_who_cannot_be_reached_is_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    access = Access()
    nowhere = try_mail_server("mail.careloop.invalid", 25, access, sender=SENDER, recipient=ADA)

    assert "Nothing listens there" in words(ask(closed))
    assert "no such host" in words(nowhere).lower()
    with rude("silent banner") as silent:
        steps = ask(silent.port, connect_timeout=0.3, reply_timeout=0.3)
    assert "cannot be reached" in words(steps) and "says nothing a mail server says" in words(steps)
    with rude("silent MAIL") as silent:
        steps = ask(silent.port, reply_timeout=0.3)
    assert "x The server ended the connection" in words(steps)


def test_a_test_ends_when_nobody_would_wait_any_longer(wb: Workbench) -> None:
    with greeting(b"") as port:
        tested = try_account(on(wb, smtp_port=port), "smtp", longest=0.2)

    assert not tested.is_good and "no end after 0 seconds" in tested.steps[0].words


# ---- the mailbox ---------------------------------------------------------------------------------------------------
def test_a_mailbox_is_opened_and_nothing_in_it_is_touched(wb: Workbench, tmp_path: Path) -> None:
    with imap_server([b"Subject: hello\r\n\r\nhi"]) as (port, seen):
        good = try_account(with_imap(wb, port), "mailbox")
        wrong = try_account(with_imap(wb, port, password="wrong"), "mailbox")
        other = try_account(with_imap(wb, port, folder="Other"), "mailbox")

        assert good.is_good and seen == set()
    assert "refused the login" in words(wrong.steps) and "no such folder" in words(other.steps)
    for name in ("new", "cur", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    assert try_account(on(wb, mailbox=f"maildir:{tmp_path / 'box'}"), "mailbox").is_good
    assert "no folder 'new'" in words(try_account(on(wb, mailbox=f"maildir:{tmp_path}"), "mailbox").steps)
    with pytest.raises(NotAllowed, match="no mailbox to test"):
        try_account(wb, "mailbox")


def test_an_imap_server_that_says_nothing_is_told_from_one_that_refuses(
    wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_tests, "_MAILBOX_TIMEOUT", 0.3)
    with greeting(b"* OK ready\r\n") as port:
        at_login = try_account(with_imap(wb, port), "mailbox")
    with greeting(b"") as port:
        at_once = try_account(with_imap(wb, port), "mailbox")

    assert "does not answer" in words(at_login.steps) and "refused" not in words(at_login.steps)
    assert "cannot be reached (TimeoutError)" in words(at_once.steps)


@contextlib.contextmanager
def greeting(first: bytes) -> Iterator[int]:
    """A server that says this and, of IMAP, only what it can do; then nothing more."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            kept.append(connection)
            connection.sendall(first)
            for line in connection.makefile("rb"):
                if line.endswith(b" CAPABILITY\r\n"):
                    connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + line.split()[0] + b" OK done\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in kept:
            connection.close()
        thread.join(5)


# ---- Twilio --------------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def twin(folder: Path, **options: Any) -> Iterator[TwilioAccess]:
    """The stand-in, and access to its account."""
    given = {"account": ACCOUNT, "token": TOKEN, "number": NUMBER, "webhooks": WEBHOOKS, **options}
    sandbox = start_twilio_sandbox(folder, **given)
    try:
        yield TwilioAccess(sandbox.url, ACCOUNT, TOKEN, NUMBER)
    finally:
        sandbox.stop()


def test_an_account_with_its_number_and_webhook_is_good(tmp_path: Path) -> None:
    with twin(tmp_path) as access:
        steps = try_twilio(access, WEBHOOKS)

    assert words(steps) == (
        "ok Logged in; the account is active | \n"
        "ok The number (555) 010-0000 is the account's | \n"
        f"ok Texts that come in are told to {WEBHOOKS}/text | "
    )


def test_a_messaging_service_is_asked_for_its_senders_and_webhook(tmp_path: Path) -> None:
    with twin(tmp_path, service=SERVICE) as access:
        good = try_twilio(replace(access, service=SERVICE), WEBHOOKS)
        other = try_twilio(replace(access, service="MG" + "6" * 32), WEBHOOKS)
        elsewhere = try_twilio(replace(access, service=SERVICE), "https://other.example.org/twilio")

    assert "ok The messaging service has a number to send from" in words(good) and all(each.is_good for each in good)
    assert "x There is no such messaging service | Set CARELOOP_TWILIO_SERVICE" in words(other)
    assert "x Texts that come in are told to another address" in words(elsewhere)
    assert "of the messaging service to https://other.example.org/twilio/text" in words(elsewhere)


PROBLEMS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # what                  the account has             we have                         what is said
    ("a wrong token", {}, {"token": "wrong"}, "x The login was refused (20003) | Check CARELOOP_TWILIO_ACCOUNT"),
    ("a wrong account", {}, {"account": "AC" + "9" * 32}, "x The login was refused (20003)"),
    ("a number of others", {"number": "+15550100009"}, {}, "x The number (555) 010-0000 is not one of this account"),
    ("a part of a number", {"number": "+155501000009"}, {}, "is not one of this account"),
    ("a short code", {}, {"sender": "55555"}, "x The number 55555 is not one of this account"),
    ("a suspended account", {"status": "suspended"}, {}, "x The account is suspended | Nothing can be sent"),
    ("no webhook", {"webhooks": ""}, {}, "x Texts that come in are told nowhere | Set 'A message comes in'"),
    ("another webhook", {"webhooks": "https://u:pw@old.example.org"}, {}, "nobody's STOP is heard"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "has", "we", "said"), PROBLEMS, ids=[row[0] for row in PROBLEMS])
def test_what_is_wrong_with_an_account_is_said_with_what_to_do(
    tmp_path: Path, what: str, has: dict[str, Any], we: dict[str, Any], said: str
) -> None:
    with twin(tmp_path, **has) as access:
        steps = try_twilio(replace(access, **we), WEBHOOKS)

    assert said in words(steps)
    assert not all(step.is_good for step in steps)
    assert TOKEN not in words(steps) and "u:pw" not in words(steps)


def test_a_caller_id_must_be_known_to_twilio(tmp_path: Path) -> None:
    with twin(tmp_path) as access:
        own, other = (try_twilio(access, WEBHOOKS, caller_id=one)[-1] for one in (NUMBER, "+15550100777"))

    assert own.is_good and own.words.startswith("Texts that come in")  # the sender itself needs no more
    assert not other.is_good and "does not know the caller ID (555) 010-0777" in other.words


def test_a_twilio_that_is_not_there_or_is_none_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    with greeting(b"") as port:
        late = try_twilio(TwilioAccess(f"http://127.0.0.1:{port}", ACCOUNT, TOKEN), WEBHOOKS, reply_timeout=0.3)
    gone = try_twilio(TwilioAccess(f"http://127.0.0.1:{closed}", ACCOUNT, TOKEN), WEBHOOKS)

    assert "does not answer (ReadTimeout)" in words(late)
    assert "does not answer (ConnectionError)" in words(gone)


# ---- what is kept --------------------------------------------------------------------------------------------------
def test_a_test_is_kept_with_when_and_whether_it_still_says_anything(wb: Workbench) -> None:
    sandbox = start_sandbox(wb.settings)
    try:
        here = on(wb, twilio_url=sandbox.url)
        assert last_tests(here) == {}
        tested = try_account(here, "twilio")
    finally:
        sandbox.stop()

    assert tested.is_good and (tested.at, tested.by, tested.is_current) == (wb.now(), "ana", True)
    assert last_tests(here) == {"twilio": tested}
    assert lines_of_audit(here)[-1] == ("account.tested", "twilio", {"is_good": True, "with_mail": False})
    assert not last_tests(on(here, twilio_from="+15550100299"))["twilio"].is_current
    organisation_settings.change(here, {"caller_id": "+15550100299"})
    assert not last_tests(here)["twilio"].is_current


@pytest.mark.parametrize(
    ("kind", "secret"), [("smtp", "smtp_password"), ("mailbox", "mailbox_password"), ("twilio", "twilio_token")]
)
def test_a_test_says_nothing_of_another_password_and_keeps_nothing_of_the_one_it_was_made_with(
    wb: Workbench, kind: str, secret: str
) -> None:
    mailbox = "imaps://careloop@127.0.0.1:1/INBOX"
    here = on(wb, smtp_port=1, mailbox=mailbox, twilio_url="http://127.0.0.1:1", **{secret: SECRET})

    try_account(here, kind)

    assert last_tests(here)[kind].is_current
    assert not last_tests(on(here, **{secret: "changed"}))[kind].is_current
    with reading(wb.engine) as connection:
        kept = str(connection.execute(table.select()).all())
    assert SECRET not in kept and hashlib.sha256(SECRET.encode()).hexdigest()[:16] not in kept
    again = try_account(here, "twilio")
    assert not again.is_good and last_tests(here)["twilio"] == again
    assert isinstance(again, AccountTest) and SANDBOX_ACCOUNT not in words(again.steps)


def test_only_who_may_change_the_organisation_tests_its_accounts(wb: Workbench) -> None:
    accounts.add_user(wb.engine, User("olga", "Olga", roles=frozenset({"manager"})), at=wb.now(), by="ana")

    for refused in (
        lambda: try_account(wb.as_user("olga"), "smtp"),
        lambda: sending_accounts.accounts(wb.as_user("olga")),
    ):
        with pytest.raises(NotAllowed, match="administrator"):
            refused()
    with pytest.raises(NotFound):
        try_account(wb, "fax")
    with pytest.raises(NotAllowed, match="no email address of yours"):
        try_account(wb, "smtp", with_mail=True)


def test_the_accounts_are_shown_with_where_each_secret_lies(wb: Workbench, tmp_path: Path) -> None:
    from core.settings import read_settings

    file = tmp_path / "password"
    file.write_text(SECRET, "utf-8")
    file.chmod(0o644)
    settings = read_settings(
        {
            "CARELOOP_HOME": str(tmp_path), "CARELOOP_SMTP": "127.0.0.1:25", "CARELOOP_SMTP_SECURITY": "starttls",
            "CARELOOP_SMTP_USER": "ana", "CARELOOP_SMTP_PASSWORD_FILE": str(file),
            "CARELOOP_MAILBOX": "imaps://ana@mail.example.org/Returned%20mail", "CARELOOP_TWILIO_TOKEN": SECRET,
            "CARELOOP_TWILIO_ACCOUNT": ACCOUNT,
        }
    )  # fmt: skip

    smtp, mailbox, twilio = sending_accounts.accounts(replace(wb, settings=settings))

    assert ("Password", f"set, from the file {file}", "CARELOOP_SMTP_PASSWORD") in smtp.rows
    assert "chmod 600" in smtp.problems[0] and not smtp.is_sandbox
    assert ("Password", "not set", "CARELOOP_MAILBOX_PASSWORD") in mailbox.rows
    assert ("Folder", "Returned mail", "CARELOOP_MAILBOX") in mailbox.rows
    assert ("Token", "set, from the environment variable CARELOOP_TWILIO_TOKEN", "CARELOOP_TWILIO_TOKEN") in twilio.rows
    assert SECRET not in str([smtp, mailbox, twilio])
