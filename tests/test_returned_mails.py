"""Mails that come back to a home that has sent: matched by what only that home could have signed, done once, and never
believed about somebody it has not written to."""

import mailbox
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from core import bounces, dispatcher, opt_outs
from core.channels.email_frame import return_address, signed_recipients
from core.channels.mailboxes import open_mailbox
from core.errors import SettingsError
from core.store.database import reading
from core.store.schema import address_states, bounce_mails, message_events, recipients
from core.store.secret import secret_key
from core.web.bounces import routes
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients, states
from tests.conftest import Clock
from tests.mail_servers import Recorder
from tests.postgres import bench_by_day, postgres_folder  # noqa: F401 (fixtures)

pytestmark = pytest.mark.long

BOUNCES = "bounces@example.org"


@pytest.fixture
def wb(bench_by_day: Workbench, server: Recorder) -> Workbench:  # noqa: F811
    add_clinic(bench_by_day)
    settings = replace(bench_by_day.settings, smtp_port=server.port, bounce_address=BOUNCES)
    sent = replace(bench_by_day, settings=settings)
    add_campaign(sent, add_patients(sent, 3))
    dispatcher.drain(sent)
    return sent


def message_id(wb: Workbench, patient_id: str) -> str:
    with reading(wb.engine) as connection:
        found = connection.scalar(select(recipients.c.message_id).where(recipients.c.patient_id == patient_id))
    return str(found)


def returns_to(wb: Workbench, patient_id: str) -> str:
    with reading(wb.engine) as connection:
        number = connection.scalar(select(recipients.c.recipient_id).where(recipients.c.patient_id == patient_id))
    assert number
    return return_address(secret_key(wb.settings.home), BOUNCES, number)


def report(
    address: str, *, to: str = BOUNCES, status: str = "5.1.1", words: str = "550 5.1.1 User unknown", about: str = ""
) -> bytes:
    """A delivery status notification in the form of RFC 3464."""
    action = "delayed" if status.startswith("4") and "delayed" in words else "failed"
    return f"""From: MAILER-DAEMON@mx.example.org
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

The mail could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--b1
Content-Type: message/rfc822

From: do-not-reply@example.org
To: {address}
Subject: A health reminder
{f"Message-ID: {about}" if about else "X-Nothing: to see"}

--b1--
""".replace("\n", "\r\n").encode()


def complaint(address: str, about: str) -> bytes:
    return f"""From: feedback@provider.example.org
To: {BOUNCES}
Subject: Complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b1"

--b1
Content-Type: text/plain

Somebody marked this as spam.

--b1
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Example/1.0
Version: 1
Original-Rcpt-To: {address}

--b1
Content-Type: message/rfc822

From: do-not-reply@example.org
To: {address}
Subject: A health reminder
Message-ID: {about}

--b1--
""".replace("\n", "\r\n").encode()


def dead(wb: Workbench) -> list[str]:
    with reading(wb.engine) as connection:
        return sorted(connection.scalars(select(address_states.c.address)))


def events(wb: Workbench) -> list[str]:
    with reading(wb.engine) as connection:
        return list(connection.scalars(select(message_events.c.kind).order_by(message_events.c.event_id)))


# ---- signed by us --------------------------------------------------------------------------------------------------
def test_each_mail_goes_out_under_a_return_address_and_message_id_that_only_this_home_can_have_made(
    wb: Workbench, server: Recorder
) -> None:
    key = secret_key(wb.settings.home)

    assert signed_recipients(key, returns_to(wb, "p2").upper().encode()) == signed_recipients(
        key, message_id(wb, "p2").encode()
    )
    assert signed_recipients(b"another key" * 4, server.contents[0]) == []
    assert signed_recipients(key, b"<c1.2.00000000000000000000@example.org> bounces+2.0000000000000000@x") == []


@pytest.mark.parametrize("proof", ["return address", "message id", "none, but lately"])
def test_a_definitive_bounce_returns_the_message_and_nothing_more_goes_to_the_address(
    wb: Workbench, server: Recorder, clock: Clock, proof: str
) -> None:
    mail = report(
        "p1@example.org",
        to=returns_to(wb, "p1") if proof == "return address" else BOUNCES,
        about=message_id(wb, "p1") if proof == "message id" else "",
    )

    found = bounces.take(wb, mail, source="maildir")

    assert (found.mails, found.matched, found.by_what) == (1, 1, {"bounce": 1})
    assert states(wb)["p1"] == ("returned", "returned")
    assert dead(wb) == ["p1@example.org"]
    clock.forward(days=3)  # after the holiday
    add_campaign(wb, ["p1", "p2"], campaign_id="c2", name="Another")
    dispatcher.drain(wb)
    assert states(wb, "c2") == {"p1": ("not_sent", "bounced"), "p2": ("handed_over", "")}


def test_a_temporary_bounce_returns_the_message_and_the_address_lives(wb: Workbench) -> None:
    mail = report("p1@example.org", to=returns_to(wb, "p1"), status="5.2.2", words="552 5.2.2 Mailbox full")

    bounces.take(wb, mail, source="maildir")

    assert states(wb)["p1"] == ("returned", "returned_for_now")
    assert dead(wb) == []


def test_a_delay_notice_changes_nothing_but_the_history(wb: Workbench) -> None:
    mail = report("p1@example.org", to=returns_to(wb, "p1"), status="4.4.1", words="451 4.4.1 delayed, will retry")

    bounces.take(wb, mail, source="maildir")

    assert states(wb)["p1"] == ("handed_over", "")
    assert events(wb) == ["delayed"]


def test_the_same_mail_twice_is_one(wb: Workbench) -> None:
    mail = report("p1@example.org", to=returns_to(wb, "p1"))

    first, second = (bounces.take(wb, mail, source=source) for source in ("maildir", "webhook"))

    assert (first.mails, second.mails, second.seen_before) == (1, 0, 1)
    assert events(wb) == ["bounced"]


def test_a_complaint_opts_the_patient_and_the_address_out(wb: Workbench) -> None:
    bounces.take(wb, complaint("p1@example.org", message_id(wb, "p1")), source="webhook")

    (kept,) = opt_outs.of_patient(wb.as_user("ana"), "p1")
    assert (kept.type, kept.source, kept.address) == ("health_email", "complaint", "p1@example.org")
    assert states(wb)["p1"] == ("handed_over", "")


def test_a_mail_that_a_forwarded_address_could_not_take_comes_back_without_the_address_being_dead(
    wb: Workbench,
) -> None:
    mail = report("somebody-else@example.net", to=returns_to(wb, "p1"))

    bounces.take(wb, mail, source="maildir")

    assert states(wb)["p1"] == ("returned", "returned")
    assert dead(wb) == []


# ---- forged, or about nobody ---------------------------------------------------------------------------------------
FORGED = [
    pytest.param("stranger@example.org", BOUNCES, id="somebody never written to"),
    pytest.param("stranger@example.org", "bounces+1.0000000000000000@example.org", id="a made-up signature"),
    pytest.param("waiting@example.org", BOUNCES, id="a patient who was not written to yet"),
]


@pytest.mark.parametrize(("address", "to"), FORGED)
def test_a_bounce_about_somebody_never_written_to_changes_nothing(wb: Workbench, address: str, to: str) -> None:
    add_patients(wb, 1, start=9, email="waiting@example.org")
    before = states(wb)

    found = bounces.take(wb, report(address, to=to), source="maildir")

    assert (found.mails, found.matched) == (1, 0)
    assert (states(wb), dead(wb), events(wb)) == (before, [], [])


def test_without_proof_a_bounce_is_believed_for_a_week_only(wb: Workbench, clock: Clock) -> None:
    clock.forward(days=8)

    bounces.take(wb, report("p1@example.org"), source="maildir")
    assert dead(wb) == []

    bounces.take(wb, report("p1@example.org", to=returns_to(wb, "p1")), source="maildir")
    assert dead(wb) == ["p1@example.org"]


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff" * 100, b"Subject: hello\r\n\r\nHow are you?", b"To: " + b"a" * 10**6]
)
def test_what_is_no_bounce_is_kept_and_changes_nothing(wb: Workbench, content: bytes) -> None:
    before = states(wb)

    found = bounces.take(wb, content, source="maildir")

    assert (found.mails, found.matched) == (1, 0)
    assert (states(wb), dead(wb)) == (before, [])


# ---- where they come from ------------------------------------------------------------------------------------------
def filled_maildir(folder: Path, *mails: bytes) -> mailbox.Maildir:
    box = mailbox.Maildir(str(folder), create=True)
    for mail in mails:
        box.add(mail)
    return box


def test_a_maildir_is_read_once_and_nothing_in_it_is_deleted(wb: Workbench, tmp_path: Path) -> None:
    box = filled_maildir(tmp_path / "box", *(report(f"p{n}@example.org", to=returns_to(wb, f"p{n}")) for n in (1, 2)))
    here = replace(wb, settings=replace(wb.settings, mailbox=f"maildir:{tmp_path / 'box'}"))

    first, second = bounces.collect(here), bounces.collect(here)

    assert (first.mails, first.matched, second.mails, second.seen_before) == (2, 2, 0, 0)
    assert len(box) == 2
    assert dead(wb) == ["p1@example.org", "p2@example.org"]


def test_what_breaks_in_the_middle_of_a_mailbox_loses_no_mail(
    wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled_maildir(tmp_path / "box", *(report(f"p{n}@example.org", to=returns_to(wb, f"p{n}")) for n in (1, 2, 3)))
    here = replace(wb, settings=replace(wb.settings, mailbox=f"maildir:{tmp_path / 'box'}"))
    with monkeypatch.context() as broken:
        broken.setattr(bounces, "read", lambda _content: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bounces.collect(here)
    with reading(wb.engine) as connection:
        assert [row.read_at for row in connection.execute(select(bounce_mails))] == [None]

    found = bounces.collect(here)

    assert found.matched == 3
    assert len(dead(wb)) == 3


@contextmanager
def imap_server(mails: list[bytes]) -> Iterator[tuple[int, set[int]]]:
    """Enough of IMAP4rev1 for a reader: its port, and the numbers of the mails marked as seen."""
    listener, seen = socket.create_server(("127.0.0.1", 0)), set[int]()

    def talk(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        connection.sendall(b"* OK ready\r\n")
        for line in lines:
            tag, command, *rest = line.decode().strip().split(" ", 2)
            words = rest[0] if rest else ""
            if command == "LOGIN" and "secret" not in words:
                connection.sendall(f"{tag} NO wrong\r\n".encode())
                continue
            if command == "SELECT" and "Returned" not in words:
                connection.sendall(f"{tag} NO no such folder\r\n".encode())
                continue
            if words.startswith("SEARCH"):
                left = " ".join(str(n + 1) for n in range(len(mails)) if n + 1 not in seen)
                connection.sendall(f"* SEARCH {left}\r\n".encode())
            elif words.startswith("FETCH"):
                number = int(words.split()[1])
                content = mails[number - 1]
                connection.sendall(f"* {number} FETCH (UID {number} BODY[] {{{len(content)}}}\r\n".encode())
                connection.sendall(content + b")\r\n")
            elif words.startswith("STORE"):
                seen.add(int(words.split()[1]))
            elif command == "CAPABILITY":
                connection.sendall(b"* CAPABILITY IMAP4rev1\r\n")
            elif command == "SELECT":
                connection.sendall(f"* {len(mails)} EXISTS\r\n".encode())
            connection.sendall(f"{tag} OK done\r\n".encode())
            if command == "LOGOUT":
                return

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def with_imap(wb: Workbench, port: int, *, folder: str = "Returned mail", password: str = "secret") -> Workbench:
    address = f"imap://ana@127.0.0.1:{port}/{folder.replace(' ', '%20')}"
    return replace(wb, settings=replace(wb.settings, mailbox=address, mailbox_password=password))


def test_a_folder_of_an_imap_server_is_read_once(wb: Workbench) -> None:
    with imap_server([report("p1@example.org", to=returns_to(wb, "p1")), b"Subject: hello\r\n\r\nhi"]) as (port, seen):
        here = with_imap(wb, port)

        first, second = bounces.collect(here), bounces.collect(here)

    assert (first.mails, first.matched, second.mails) == (2, 1, 0)
    assert seen == {1, 2}
    assert dead(wb) == ["p1@example.org"]


def test_a_mailbox_that_cannot_be_opened_says_why(wb: Workbench, tmp_path: Path) -> None:
    def refused(here: Workbench) -> str:
        with pytest.raises(SettingsError) as error:
            bounces.collect(here)
        return str(error.value)

    def at(address: str) -> Workbench:
        return replace(wb, settings=replace(wb.settings, mailbox=address))

    assert "No mailbox is set" in refused(at(""))
    assert "no folder 'new'" in refused(at(f"maildir:{tmp_path}"))
    assert "read by a live home only" in refused(at("imap://ana@mail.example.org/INBOX"))
    with pytest.raises(SettingsError, match="must be maildir:/path"), open_mailbox("imap://ana@mail.example.org/", "x"):
        pass
    assert "must be maildir:/path" in refused(at("pop3://ana@127.0.0.1/"))
    assert "cannot be reached" in refused(at("imap://ana@127.0.0.1:1/INBOX"))
    with imap_server([]) as (port, _):
        assert "refused the login" in refused(with_imap(wb, port, password="wrong"))
        assert "no such folder" in refused(with_imap(wb, port, folder="Other"))


def test_a_provider_hands_in_mails_over_the_web_with_its_token(wb: Workbench) -> None:
    from starlette.applications import Starlette

    mail = report("p1@example.org", to=returns_to(wb, "p1"))
    open_here = replace(wb, settings=replace(wb.settings, bounce_token="a token")).as_user("dispatcher")
    client = TestClient(Starlette(routes=routes(lambda: open_here)), base_url="http://127.0.0.1")
    closed = TestClient(Starlette(routes=routes(lambda: wb)), base_url="http://127.0.0.1")
    allowed = {"Authorization": "Bearer a token"}

    assert closed.post("/bounces", content=mail, headers=allowed).status_code == 404
    assert client.get("/bounces", headers=allowed).status_code == 405
    assert client.post("/bounces", content=mail).status_code == 401
    assert client.post("/bounces", content=mail, headers={"Authorization": "Bearer other"}).status_code == 401
    assert client.post("/bounces", content=b" ", headers=allowed).status_code == 400
    assert client.post("/bounces", content=b"x" * (bounces.LONGEST_MAIL + 1), headers=allowed).status_code == 413
    assert dead(wb) == []

    assert client.post("/bounces", content=mail, headers=allowed).text == "taken"
    assert client.post("/bounces", content=mail, headers=allowed).text == "seen before"
    assert dead(wb) == ["p1@example.org"]


# ---- refused in the conversation -----------------------------------------------------------------------------------
REFUSED = [
    # at, reply, is the address dead
    ("RCPT", "550 5.1.1 no such user here", True),
    ("RCPT", "550 sorry, no mailbox here by that name", True),
    ("RCPT", "550 5.7.1 blocked, see our policy", False),
    ("RCPT", "552 5.2.2 mailbox full", False),
    ("RCPT", "550 no", False),
    ("DATA", "554 5.7.1 looks like spam", False),
    ("DATA", "550 5.1.1 user unknown", True),
    ("MAIL", "550 5.1.1 sender unknown", False),
]


@pytest.mark.parametrize(("at", "reply", "is_dead"), REFUSED)
def test_a_refusal_for_good_makes_an_address_dead_only_when_it_says_so(
    wb: Workbench, server: Recorder, at: str, reply: str, is_dead: bool
) -> None:
    add_patients(wb, 1, start=7, email="seven@example.org")
    add_campaign(wb, ["p7"], campaign_id="c2", name="Another")
    server.refusals["bounces" if at == "MAIL" else "seven"] = (at, reply)

    dispatcher.drain(wb)

    assert states(wb, "c2")["p7"][0] == "unsuccessful"
    assert dead(wb) == (["seven@example.org"] if is_dead else [])
