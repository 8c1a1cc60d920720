"""Mail servers for tests, on a free port of 127.0.0.1: one that records and refuses by address, one that hangs up."""

import contextlib
import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.channels.outbox import serve_smtp

# An address that begins like this is answered like that, at the given command.
REFUSALS = {
    "nobody": ("MAIL", "553 5.1.8 unknown sender"),
    "gone": ("RCPT", "550 5.1.1 <gone@example.org> no such mailbox"),
    "full": ("RCPT", "452 4.2.2 mailbox full"),
    "spam": ("DATA", "554 5.7.1 refused"),
    "later": ("DATA", "451 4.3.0 try later"),
}


@dataclass
class Recorder:
    """Remembers every mail it took: (recipient, message id). `sessions` counts connections."""

    port: int = 0
    mails: list[tuple[str, str]] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)
    refusals: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(REFUSALS))

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        reply = self._refusal(address, "MAIL")
        if not reply:
            envelope.mail_from = address
        return reply or "250 OK"

    async def handle_RCPT(self, _server: Any, session: Any, envelope: Any, address: str, _options: Any) -> str:
        self.sessions.add(session.peer[1])
        reply = self._refusal(address, "RCPT")
        if not reply:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        address = envelope.rcpt_tos[0]
        reply = self._refusal(address, "DATA")
        if reply:
            return reply
        headers = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.contents.append(envelope.content)
        self.mails.append((address, str(headers["Message-ID"] or "")))
        return "250 2.0.0 taken"

    def _refusal(self, address: str, command: str) -> str:
        for start, (at, reply) in self.refusals.items():
            if address.startswith(start) and at == command:
                return reply
        return ""


@contextlib.contextmanager
def recording(**options: Any) -> Iterator[Recorder]:
    """A recording server that runs while the block does; `options` are those of `serve_smtp`."""
    recorder = Recorder()
    server = serve_smtp(recorder, host="127.0.0.1", port=0, **options)
    recorder.port = server.port
    try:
        yield recorder
    finally:
        server.stop()


@dataclass
class Rude:
    """Closes the connection at a point: 'banner', 'MAIL', 'RCPT', 'DATA', 'body' or 'end' (after the dot).

    With 'silent' before the point it only says nothing more. `after_dot` is what it answers to a mail.
    """

    hang_up_at: str
    port: int
    times: int
    banner: str
    after_dot: str
    extensions: tuple[str, ...] = ()  # what it says it can do
    said: list[bytes] = field(default_factory=list)  # every command it was given
    answers: dict[str, str] = field(default_factory=dict)  # to a command's first four letters
    connections: int = 0
    ends: int = 0  # how many messages it got to their last byte


@contextlib.contextmanager
def rude(
    hang_up_at: str,
    *,
    times: int = 1_000,
    banner: str = "220 rude",
    after_dot: str = "250 taken",
    extensions: tuple[str, ...] = (),
) -> Iterator[Rude]:
    """A server that hangs up `times` times at that point and then behaves."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Rude(hang_up_at, listener.getsockname()[1], times, banner, after_dot, extensions)
    thread = threading.Thread(target=_accept, args=(listener, server), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _accept(listener: socket.socket, server: Rude) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        server.connections += 1
        with connection, contextlib.suppress(OSError):
            _talk(connection, server)
            if server.hang_up_at.startswith("silent"):
                connection.recv(1)  # until the client gives up


def _talk(connection: socket.socket, server: Rude) -> None:
    stage = server.hang_up_at.removeprefix("silent ") if server.connections <= server.times else ""
    if stage == "banner":
        return
    connection.sendall(f"{server.banner}\r\n".encode())
    lines = connection.makefile("rb")
    for line in lines:
        command = line[:4].decode("ascii", "replace").upper()
        server.said.append(line)
        if command == stage:
            return
        if command == "EHLO" and server.extensions:
            lines_of_it = ["rude", *server.extensions]
            marks = ["-"] * (len(lines_of_it) - 1) + [" "]
            connection.sendall("".join(f"250{m}{x}\r\n" for m, x in zip(marks, lines_of_it, strict=True)).encode())
            continue
        if command in server.answers:
            connection.sendall(f"{server.answers[command]}\r\n".encode())
            continue
        if command != "DATA":
            connection.sendall(b"221 bye\r\n" if command == "QUIT" else b"250 OK\r\n")
            continue
        connection.sendall(b"354 go\r\n")
        for text in lines:
            if stage == "body":
                return
            if text == b".\r\n":
                server.ends += 1
                break
        if stage == "end":
            return
        connection.sendall(f"{server.after_dot}\r\n".encode())
