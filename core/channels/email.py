"""Handing mails to a mail server: one kept connection, and a clear answer to what became of each mail.

The conversation is spelled out here instead of smtplib's `sendmail`, because one moment matters: the bytes that end a
message. Before them nothing can have been delivered and the mail may be tried again; after them and without a reply it
may have been, and must never be tried again. Whoever keeps a journal is told just before them (`before_end`).
"""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from core.channels.handing_over import NoConnection, NoSession, Outgoing, Receipt
from core.domain.one_line import one_line
from core.errors import SendError

CONNECT_TIMEOUT = 10.0  # seconds
REPLY_TIMEOUT = 60.0  # seconds a server may take for one reply
_BYE_TIMEOUT = 5.0
_REPLY_LENGTH = 300
_REFUSED = ("sender_refused", "address_refused", "message_refused")  # at MAIL, RCPT and DATA
_ADDRESS = re.compile(r"[^\s<>()\"']+@[^\s<>()\"']+")
_MORE = getattr(socket, "MSG_MORE", 0)  # Linux
_BARE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True)
class Access:
    """How to speak to a mail server.

    security  'none': in clear text; 'starttls': in clear text until both have agreed on TLS, and not a mail before;
              'tls': within TLS from the first byte. What was asked for is never given up for less.
    ca_file   the certificates that vouch for the server; None: those the system trusts
    """

    security: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """TLS that checks the server's certificate and name."""
        context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class EmailChannel:
    """A connection to one mail server, opened at the first mail and kept; use it with `with`, in one thread only."""

    def __init__(
        self,
        host: str,
        port: int,
        access: Access | None = None,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        reply_timeout: float = REPLY_TIMEOUT,
    ) -> None:
        self._host = host
        self._port = port
        self._access = access or Access()
        self._connect_timeout = connect_timeout
        self._reply_timeout = reply_timeout
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> "EmailChannel":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def hand_over(self, outgoing: Outgoing, *, before_end: Callable[[], None] | None = None) -> Receipt:
        """Hand over one mail; see core.channels.handing_over.Channel, and `send` for what is raised."""
        assert isinstance(outgoing.content, bytes)
        return self.send(
            outgoing.content,
            sender=outgoing.sender,
            recipient=outgoing.to,
            envelope_id=outgoing.reference,
            before_end=before_end,
        )

    def send(
        self,
        message: bytes,
        *,
        sender: str,
        recipient: str,
        envelope_id: str = "",
        before_end: Callable[[], None] | None = None,
    ) -> Receipt:
        """Hand over one mail.

        `envelope_id` comes back in reports about it when the server knows RFC 3461; it holds no blanks. `before_end` is
        called just before the bytes that end the mail; when it raises they do not go.

        Raises SendError: 'temporary' (refused for now, or the connection broke before the end of the mail),
        'permanent' (refused for good) or 'unknown' (no clear reply after the end of the mail). The reason is a key
        of core.domain.message.REASONS. NoSession and NoConnection are about the server, not about this mail.
        """
        server = self._open(sender, recipient, envelope_id)
        try:
            _send_but_the_end(server, _quoted(message))
        except OSError:
            self._drop()
            raise SendError("connection_broke", kind="temporary") from None
        try:
            if before_end:
                before_end()
        except BaseException:
            self._drop()  # a mail without its end is none
            raise
        return self._end(server)

    def probe(self) -> None:
        """See whether the server would take a mail, without one. Raises NoSession or NoConnection."""
        server = self._server or self._connect()
        try:
            _require(server.noop(), "server_busy")
        except SendError as error:
            self._drop()
            raise NoSession("server_busy", kind="temporary", code=error.code, reply=error.reply) from None
        except OSError:
            self._drop()
            raise NoConnection("no_connection", kind="temporary") from None

    def offer(self, *, sender: str, recipient: str) -> None:
        """See whether the server would take a mail from and to these addresses, without one. Raises SendError."""
        server = self._server or self._connect()
        try:
            _require(server.docmd(_one_command(f"MAIL FROM:<{sender}>")), _REFUSED[0])
            _require(server.docmd(_one_command(f"RCPT TO:<{recipient}>")), _REFUSED[1])
        except OSError:
            self._drop()
            raise NoSession("connection_broke", kind="temporary") from None
        finally:
            self._reset()

    def close(self) -> None:
        """Say good-bye if the server still listens."""
        server, self._server = self._server, None
        if server is None:
            return
        try:
            if server.sock is not None:
                server.sock.settimeout(_BYE_TIMEOUT)
            server.quit()
        except OSError:
            server.close()

    def _open(self, sender: str, recipient: str, envelope_id: str) -> smtplib.SMTP:
        """Bring the server to where it wants the mail. A kept connection that it has closed meanwhile is opened again,
        once."""
        is_kept = self._server is not None
        server = self._server or self._connect()
        options = f" RET=HDRS ENVID={envelope_id}" if envelope_id and server.has_extn("dsn") else ""
        replies = self._replies(server, [f"MAIL FROM:<{sender}>{options}", f"RCPT TO:<{recipient}>", "DATA"])
        if not replies or replies[0][0] == 421:  # gone, which some servers announce with this code
            self._drop()
            if is_kept:
                return self._open(sender, recipient, envelope_id)
            words = _words(replies[0][1]) if replies else ""
            raise NoSession("connection_broke", kind="temporary", code="421", reply=words)
        try:
            for reply, reason, wanted in zip(replies, _REFUSED, (2, 2, 3), strict=False):
                _require(reply, reason, wanted=wanted)
        except SendError:
            if replies[-1][0] // 100 == 3:
                self._drop()  # it wants a mail for nobody
            else:
                self._reset()
            raise
        if len(replies) < len(_REFUSED):
            self._drop()
            raise SendError("connection_broke", kind="temporary")
        return server

    def _replies(self, server: smtplib.SMTP, commands: list[str]) -> list[tuple[int, bytes]]:
        """What the server says to the commands before a mail: in one go where it takes them so (RFC 2920), else one by
        one until it refuses. Fewer than that when the connection breaks."""
        replies: list[tuple[int, bytes]] = []
        together = server.has_extn("pipelining")
        with contextlib.suppress(OSError):
            if together:
                server.send("".join(f"{_one_command(command)}\r\n" for command in commands))
            for command in commands:
                replies.append(server.getreply() if together else server.docmd(_one_command(command)))
                if not together and replies[-1][0] // 100 not in (2, 3):
                    break
        return replies

    def _end(self, server: smtplib.SMTP) -> Receipt:
        """Send the bytes that end the mail and wait for the server's word. No clear word: it may have left."""
        try:
            server.send(b"\r\n.\r\n")
            reply = server.getreply()
        except OSError:
            self._drop()
            raise SendError("connection_lost", kind="unknown") from None
        if reply[0] // 100 not in (2, 4, 5):
            self._drop()
            raise SendError("reply_unclear", kind="unknown", code=str(reply[0]), reply=_words(reply[1]))
        try:
            _require(reply, "message_refused")
        except SendError:
            self._reset()  # some servers refuse a mail twice, and the second time must not count for the next one
            raise
        return Receipt(str(reply[0]), _words(reply[1]))

    def _connect(self) -> smtplib.SMTP:
        try:
            server = self._opened()
        except smtplib.SMTPConnectError as error:  # it answers, but not with 220
            raise _no_session("server_busy", error) from None
        except ssl.SSLError as error:
            raise NoSession("no_tls", kind="temporary", reply=type(error).__name__) from None
        except OSError as error:
            raise NoConnection("no_connection", kind="temporary", reply=type(error).__name__) from None
        try:
            assert server.sock is not None
            server.sock.settimeout(self._reply_timeout)
            # Otherwise the bytes that end a mail wait until the server has acknowledged those before them.
            server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.ehlo_or_helo_if_needed()
            self._secure(server)
            self._log_in(server)
        except NoSession:
            server.close()
            raise
        except OSError as error:  # smtplib's own errors are among them
            server.close()
            raise NoConnection("no_connection", kind="temporary", reply=type(error).__name__) from None
        self._server = server
        return server

    def _opened(self) -> smtplib.SMTP:
        if self._access.security != "tls":
            return smtplib.SMTP(self._host, self._port, timeout=self._connect_timeout)
        context = self._access.context()
        return smtplib.SMTP_SSL(self._host, self._port, timeout=self._connect_timeout, context=context)

    def _secure(self, server: smtplib.SMTP) -> None:
        """Agree on TLS when that was asked for. A server that offers none, or no more, gets nothing."""
        if self._access.security != "starttls":
            return
        try:
            server.starttls(context=self._access.context())
            server.ehlo_or_helo_if_needed()
        except smtplib.SMTPResponseException as error:
            raise _no_session("no_tls", error) from None
        except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
            raise NoSession("no_tls", kind="temporary", reply=type(error).__name__) from None

    def _log_in(self, server: smtplib.SMTP) -> None:
        if not self._access.user:
            return
        try:
            server.login(self._access.user, self._access.password)
        except smtplib.SMTPResponseException as error:
            raise _no_session("login_refused" if error.smtp_code // 100 == 5 else "server_busy", error) from None
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException as error:  # none of the ways to log in that both know
            raise NoSession("login_refused", kind="temporary", reply=type(error).__name__) from None

    def _reset(self) -> None:
        """Leave a refused mail behind, so that the next one can go over the same connection."""
        try:
            if self._server is not None and self._server.rset()[0] == 250:
                return
        except OSError:
            pass
        self._drop()

    def _drop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


def _send_but_the_end(server: smtplib.SMTP, content: bytes) -> None:
    """The kernel keeps the last piece until the bytes that end the mail follow, where it can: one packet less."""
    assert server.sock is not None
    if type(server.sock) is socket.socket:
        server.sock.sendall(content, _MORE)
    else:  # TLS
        server.send(content)


def _one_command(command: str) -> str:
    if "\r" in command or "\n" in command:
        raise ValueError("a command is one line")  # a bug: eligibility lets no such address pass
    return command


def _require(reply: tuple[int, bytes], reason: str, *, wanted: int = 2) -> None:
    """Raise unless the reply's first digit is `wanted`. 5xx is for good, everything else for now."""
    code, words = reply
    if code // 100 != wanted:
        kind = "permanent" if code // 100 == 5 else "temporary"
        raise SendError(reason, kind=kind, code=str(code), reply=_words(words))


def _no_session(reason: str, error: smtplib.SMTPResponseException) -> NoSession:
    words = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
    return NoSession(reason, kind="temporary", code=str(error.smtp_code), reply=_words(words))


def _words(reply: bytes) -> str:
    """What the server said, on one line, without addresses."""
    return _ADDRESS.sub("(address)", one_line(reply.decode("ascii", errors="replace")))[:_REPLY_LENGTH]


def _quoted(message: bytes) -> bytes:
    """Line ends as SMTP wants them, leading dots doubled, the last line end left to `_end` (RFC 5321, 4.5.2)."""
    if not message.count(b"\r\n") == message.count(b"\n") == message.count(b"\r"):  # seldom, and ten times slower
        message = _BARE_LINE_END.sub(b"\r\n", message)
    lines = message.removesuffix(b"\r\n").replace(b"\n.", b"\n..")
    return b"." + lines if lines.startswith(b".") else lines
