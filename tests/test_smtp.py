"""The conversation with a mail server, held with real servers: what each failure means for the mail in hand."""

import socket

import pytest

from core.channels.email import EmailChannel
from core.channels.handing_over import NoConnection, NoSession, Receipt
from core.errors import SendError
from tests.mail_servers import recording, rude

MAIL = b"Message-ID: <1@example.org>\nSubject: Hello\n\nFirst line\n.a line with a dot\n"


def send(channel: EmailChannel, recipient: str = "ada@example.org") -> Receipt:
    return channel.send(MAIL, sender="do-not-reply@example.org", recipient=recipient)


def test_a_mail_arrives_as_it_was_with_the_servers_receipt() -> None:
    with recording() as server, EmailChannel("127.0.0.1", server.port) as channel:
        receipt = send(channel)

    assert receipt == Receipt("250", "2.0.0 taken")
    assert server.contents == [MAIL.replace(b"\n", b"\r\n")]


def test_many_mails_go_over_one_connection() -> None:
    with recording() as server, EmailChannel("127.0.0.1", server.port) as channel:
        for number in range(5):
            send(channel, f"patient{number}@example.org")

    assert len(server.mails) == 5
    assert len(server.sessions) == 1


REFUSED = [
    # address            kind         code   reason
    ("gone@example.org", "permanent", "550", "address_refused"),
    ("full@example.org", "temporary", "452", "address_refused"),
    ("spam@example.org", "permanent", "554", "message_refused"),
    ("later@example.org", "temporary", "451", "message_refused"),
]


@pytest.mark.parametrize(("address", "kind", "code", "reason"), REFUSED)
def test_a_refusal_says_whether_it_is_for_good_and_the_next_mail_still_goes(
    address: str, kind: str, code: str, reason: str
) -> None:
    with recording() as server, EmailChannel("127.0.0.1", server.port) as channel:
        with pytest.raises(SendError) as refused:
            send(channel, address)
        send(channel)

    assert (refused.value.kind, refused.value.code, refused.value.reason) == (kind, code, reason)
    assert not isinstance(refused.value, NoSession)
    assert [recipient for recipient, _ in server.mails] == ["ada@example.org"]
    assert len(server.sessions) == 1


def test_the_servers_words_are_kept_without_addresses() -> None:
    with (
        recording() as server,
        EmailChannel("127.0.0.1", server.port) as channel,
        pytest.raises(SendError) as refused,
    ):
        send(channel, "gone@example.org")

    assert refused.value.reply == "5.1.1 <(address)> no such mailbox"


def test_a_refused_sender_says_so() -> None:
    with (
        recording() as server,
        EmailChannel("127.0.0.1", server.port) as channel,
        pytest.raises(SendError) as refused,
    ):
        channel.send(MAIL, sender="nobody@example.org", recipient="ada@example.org")

    assert (refused.value.kind, refused.value.reason) == ("permanent", "sender_refused")


BROKEN = [
    # the server hangs up at   kind         error
    ("banner", "temporary", NoConnection),
    ("MAIL", "temporary", NoSession),
    ("RCPT", "temporary", SendError),
    ("DATA", "temporary", SendError),
    ("body", "temporary", SendError),
    ("end", "unknown", SendError),
]


@pytest.mark.parametrize(("stage", "kind", "error"), BROKEN)
def test_a_connection_that_breaks_is_unknown_only_after_the_end_of_the_mail(
    stage: str, kind: str, error: type[SendError]
) -> None:
    # larger than the buffers between client and server, so that a server gone in mid-body is noticed
    with rude(stage) as server, EmailChannel("127.0.0.1", server.port) as channel, pytest.raises(SendError) as broken:
        channel.send(MAIL + b"x" * 20_000_000, sender="do-not-reply@example.org", recipient="ada@example.org")

    assert broken.value.kind == kind
    assert type(broken.value) is error


AFTER_DOT = [
    # the server says             kind          code
    ("421 closing", "temporary", "421"),
    ("451 greylisted, come back", "temporary", "451"),
    ("552 too large", "permanent", "552"),
    ("354 go on", "unknown", "354"),
    ("hello", "unknown", "-1"),
    ("250 " + "x" * 9_000, "unknown", ""),
]


@pytest.mark.parametrize(("says", "kind", "code"), AFTER_DOT)
def test_what_a_server_says_to_the_end_of_a_mail_decides_and_the_next_mail_begins_anew(
    says: str, kind: str, code: str
) -> None:
    with rude("", after_dot=says) as server, EmailChannel("127.0.0.1", server.port) as channel:
        for _ in range(2):
            with pytest.raises(SendError) as refused:
                send(channel)

            assert (refused.value.kind, refused.value.code) == (kind, code)
        assert server.ends == 2


def test_a_server_that_refuses_a_mail_twice_does_not_refuse_the_next_one_with_it() -> None:
    with (
        rude("", after_dot="552 too large\r\n552 too large, really") as server,
        EmailChannel("127.0.0.1", server.port) as channel,
    ):
        for _ in range(3):
            with pytest.raises(SendError) as refused:
                send(channel)

            assert (refused.value.reason, refused.value.code) == ("message_refused", "552")
        assert server.ends == 3


@pytest.mark.parametrize(("silent_at", "kind"), [("MAIL", "temporary"), ("DATA", "temporary"), ("end", "unknown")])
def test_a_server_that_accepts_and_never_answers_is_given_up(silent_at: str, kind: str) -> None:
    with (
        rude(f"silent {silent_at}") as server,
        EmailChannel("127.0.0.1", server.port, reply_timeout=0.3) as channel,
        pytest.raises(SendError) as given_up,
    ):
        send(channel)

    assert given_up.value.kind == kind


def test_a_connection_closed_while_idle_is_opened_again() -> None:
    with rude("idle") as server, EmailChannel("127.0.0.1", server.port) as channel:
        send(channel)
        assert channel._server is not None and channel._server.sock is not None
        channel._server.sock.shutdown(socket.SHUT_RDWR)
        send(channel)

        assert server.connections == 2
        assert server.ends == 2


def test_a_server_that_is_not_there_is_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with EmailChannel("127.0.0.1", port) as channel, pytest.raises(NoConnection) as error:
        send(channel)

    assert error.value.kind == "temporary"


def test_a_server_that_is_busy_takes_no_mail_now() -> None:
    with (
        rude("", banner="421 too many connections") as server,
        EmailChannel("127.0.0.1", server.port) as channel,
        pytest.raises(NoSession) as error,
    ):
        send(channel)

    assert (error.value.reason, error.value.code, error.value.kind) == ("server_busy", "421", "temporary")


def test_a_server_that_says_nothing_is_given_up_after_a_while() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        EmailChannel("127.0.0.1", listener.getsockname()[1], connect_timeout=0.2) as channel,
        pytest.raises(NoConnection),
    ):
        send(channel)


# ---- commands in one go --------------------------------------------------------------------------------------------
PIPELINING = ("PIPELINING", "DSN")
IN_ONE_GO = [
    # answers by command; kind, code and reason
    (
        {"MAIL": "550 5.1.8 bad sender", "RCPT": "503 first", "DATA": "503 first"},
        ("permanent", "550", "sender_refused"),
    ),
    ({"RCPT": "550 5.1.1 no such user", "DATA": "554 nobody"}, ("permanent", "550", "address_refused")),
    ({"RCPT": "452 4.2.2 full", "DATA": "503 nobody"}, ("temporary", "452", "address_refused")),
    ({"RCPT": "550 5.1.1 no such user"}, ("permanent", "550", "address_refused")),  # and yet it wants the mail
    ({"DATA": "451 4.3.0 later"}, ("temporary", "451", "message_refused")),
]


@pytest.mark.parametrize(("answers", "refusal"), IN_ONE_GO)
def test_a_refusal_of_commands_sent_in_one_go_is_that_of_the_first(
    answers: dict[str, str], refusal: tuple[str, str, str]
) -> None:
    with rude("", extensions=PIPELINING) as server, EmailChannel("127.0.0.1", server.port) as channel:
        server.answers.update(answers)
        with pytest.raises(SendError) as refused:
            send(channel)
        server.answers.clear()
        send(channel)

    assert (refused.value.kind, refused.value.code, refused.value.reason) == refusal
    assert not isinstance(refused.value, NoSession)
    assert server.ends == 1, "nothing was delivered but the second mail"


def test_commands_go_in_one_go_only_where_the_server_takes_them_so() -> None:
    for extensions in ((), PIPELINING):
        with rude("", extensions=extensions) as server, EmailChannel("127.0.0.1", server.port) as channel:
            send(channel)
            send(channel)

        assert server.ends == 2
        assert [line[:4] for line in server.said[1:4]] == [b"MAIL", b"RCPT", b"DATA"]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_a_connection_that_breaks_before_the_mail_leaves_nothing_unknown(stage: str) -> None:
    with (
        rude(stage, times=1, extensions=PIPELINING) as server,
        EmailChannel("127.0.0.1", server.port) as channel,
        pytest.raises(SendError) as broken,
    ):
        send(channel)

    assert broken.value.kind == "temporary"
    assert server.ends == 0
