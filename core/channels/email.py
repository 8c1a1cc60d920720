"""Handing mails to a mail server: one kept connection, and a clear answer to what became of each mail.

The conversation is spelled out here instead of smtplib's `sendmail`, because one moment matters: the bytes that end a
message. Before them nothing can have been delivered and the mail may be tried again; after them and without a reply it
may have been, and must never be tried again. A journal of what is under way belongs just before and after `_end`.
"""

import re
import smtplib
import socket
from dataclasses import dataclass
from types import TracebackType

from core.domain.one_line import one_line
from core.errors import SendError

CONNECT_TIMEOUT = 10.0  # seconds
REPLY_TIMEOUT = 60.0  # seconds a server may take for one reply
_BYE_TIMEOUT = 5.0
_REPLY_LENGTH = 300
_ADDRESS = re.compile(r"[^\s<>()\"']+@[^\s<>()\"']+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"(?m)^\.")


class NoSession(SendError):
    """The server was not ready for any mail: trying the next one now would fail as well."""


class NoConnection(NoSession):
    """The server cannot be reached or says nothing, which is not about the mail in hand: no attempt is used up."""


@dataclass(frozen=True)
class Receipt:
    """The server took the mail over: its reply code and its words, addresses taken out."""

    code: str
    reply: str


class EmailChannel:
    """A connection to one mail server, opened at the first mail and kept; use it with `with`, in one thread only."""

    def __init__(
        self, host: str, port: int, *, connect_timeout: float = CONNECT_TIMEOUT, reply_timeout: float = REPLY_TIMEOUT
    ) -> None:
        self._host = host
        self._port = port
        self._connect_timeout = connect_timeout
        self._reply_timeout = reply_timeout
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> "EmailChannel":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, message: bytes, *, sender: str, recipient: str) -> Receipt:
        """Hand over one mail.

        Raises SendError: 'temporary' (refused for now, or the connection broke before the end of the mail),
        'permanent' (refused for good) or 'unknown' (no clear reply after the end of the mail). The reason is a key
        of core.domain.message.REASONS. NoSession and NoConnection are about the server, not about this mail.
        """
        server = self._begin(sender)
        try:
            _require(server.rcpt(recipient), "address_refused")
            _require(server.docmd("DATA"), "message_refused", wanted=3)
            server.send(_quoted(message))
        except SendError:
            self._reset()
            raise
        except OSError:
            self._drop()
            raise SendError("connection_broke", kind="temporary") from None
        return self._end(server)

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

    def _begin(self, sender: str) -> smtplib.SMTP:
        """Announce a mail. A kept connection that the server has closed meanwhile is opened again, once."""
        is_kept = self._server is not None
        server = self._server or self._connect()
        try:
            reply = server.mail(sender)
        except OSError:
            reply = (421, b"")  # gone, which some servers announce with this code
        if reply[0] == 421:
            self._drop()
            if is_kept:
                return self._begin(sender)
            raise NoSession("connection_broke", kind="temporary", code="421", reply=_words(reply[1]))
        try:
            _require(reply, "sender_refused")
        except SendError:
            self._reset()
            raise
        return server

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
        server = smtplib.SMTP(timeout=self._connect_timeout)
        try:
            code, words = server.connect(self._host, self._port)
            if code != 220:
                raise NoSession("server_busy", kind="temporary", code=str(code), reply=_words(words))
            assert server.sock is not None
            server.sock.settimeout(self._reply_timeout)
            # Otherwise the bytes that end a mail wait until the server has acknowledged those before them.
            server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.ehlo_or_helo_if_needed()
        except NoSession:
            server.close()
            raise
        except OSError as error:  # smtplib's own errors are among them
            server.close()
            raise NoConnection("no_connection", kind="temporary", reply=type(error).__name__) from None
        self._server = server
        return server

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


def _require(reply: tuple[int, bytes], reason: str, *, wanted: int = 2) -> None:
    """Raise unless the reply's first digit is `wanted`. 5xx is for good, everything else for now."""
    code, words = reply
    if code // 100 != wanted:
        kind = "permanent" if code // 100 == 5 else "temporary"
        raise SendError(reason, kind=kind, code=str(code), reply=_words(words))


def _words(reply: bytes) -> str:
    """What the server said, on one line, without addresses."""
    return _ADDRESS.sub("(address)", one_line(reply.decode("ascii", errors="replace")))[:_REPLY_LENGTH]


def _quoted(message: bytes) -> bytes:
    """Line ends as SMTP wants them, leading dots doubled, the last line end left to `_end` (RFC 5321, 4.5.2)."""
    lines = _LINE_END.sub(b"\r\n", message)
    return _LEADING_DOT.sub(b"..", lines.removesuffix(b"\r\n"))
