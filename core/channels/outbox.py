"""The local mail server of the sandbox: it takes mails like any other and keeps each as a file instead of sending it.

outbox/2026-11-24T180000.123456Z-000001.eml    one mail as it came; names sort by arrival
outbox/index.jsonl                             a line per mail: name, moment, from, to, subject, so that lists are cheap
"""

import asyncio
import email.policy
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

INDEX = "index.jsonl"
_SUFFIX = ".eml"
_STAMP = "%Y-%m-%dT%H%M%S.%fZ"
_STAMP_LENGTH = len("2026-11-24T180000.123456Z")
_START_TIMEOUT = 10.0  # seconds


@dataclass(frozen=True)
class Entry:
    """One line of the index. `recipient` is whom the mail was handed over for, `at` when it was
    sent (UTC, ISO): see `sent_at`."""

    name: str
    at: str
    sender: str
    recipient: str
    subject: str


@dataclass(frozen=True)
class OutboxServer:
    """A running mail server. `port` is the one it really listens on, also when any free one was asked for."""

    host: str
    port: int
    _loop: asyncio.AbstractEventLoop
    _thread: threading.Thread

    def stop(self) -> None:
        """Stop listening and wait for the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_TIMEOUT)


def start_outbox(folder: Path, *, host: str = "127.0.0.1", port: int = 0) -> OutboxServer:
    """Start the server in a thread of its own; port 0 takes a free one. Raises OSError when the port is taken."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    complete_index(folder)
    return serve_smtp(_Keeper(folder), host=host, port=port)


def serve_smtp(
    handler: Any, *, host: str, port: int, tls: ssl.SSLContext | None = None, **options: Any
) -> OutboxServer:
    """An SMTP server in a thread, with any aiosmtpd handler. The tests record their mails with one of their own.

    `tls` makes it speak TLS from the first byte; `options` are those of aiosmtpd's SMTP, such as a `tls_context` for
    STARTTLS or an `authenticator`.
    """
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    loop = asyncio.new_event_loop()
    started = threading.Event()
    said: dict[str, Any] = {"hostname": "outbox.localhost", "ident": "Careloop outbox", "enable_SMTPUTF8": True}

    def session() -> SMTP:
        return SMTP(handler, loop=loop, **(said | options))

    thread = threading.Thread(target=_run, args=(loop, listener, session, tls, started), name="outbox", daemon=True)
    thread.start()
    started.wait(_START_TIMEOUT)
    return OutboxServer(host, listener.getsockname()[1], loop, thread)


def entries(folder: Path) -> list[Entry]:
    """All kept mails, oldest first. A line that is being written just now is left for the next time."""
    try:
        text = (folder / INDEX).read_bytes()
    except FileNotFoundError:
        return []
    lines = text[: text.rfind(b"\n") + 1].splitlines()
    return [Entry(**json.loads(line)) for line in lines]


def read_mail(folder: Path, name: str) -> EmailMessage:
    """One kept mail by its name. Raises FileNotFoundError; a name that is not one of ours is not found either."""
    if Path(name).name != name or not name.endswith(_SUFFIX):
        raise FileNotFoundError(name)
    with (folder / name).open("rb") as file:
        return BytesParser(_class=EmailMessage, policy=email.policy.default).parse(file)


def arrived_at(name: str) -> datetime:
    """When a mail arrived, by its name."""
    return datetime.strptime(name[:_STAMP_LENGTH], _STAMP).replace(tzinfo=UTC)


def sent_at(headers: EmailMessage, arrival: datetime) -> datetime:
    """When a mail was sent: its own Date, which in a demo is the moved clock's, or else the arrival. UTC."""
    try:
        at: datetime | None = getattr(headers["Date"], "datetime", None)
        return arrival if at is None else (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):  # whatever somebody wrote there
        return arrival


def complete_index(folder: Path) -> int:
    """Add the mails that the index does not know (it was removed, or a crash came between); returns how many."""
    index = folder / INDEX
    if index.exists():  # a crash may have left half a line, which the next one would continue
        os.truncate(index, index.read_bytes().rfind(b"\n") + 1)
    known = {entry.name for entry in entries(folder)}
    missing = sorted({path.name for path in folder.glob(f"*{_SUFFIX}")} - known)
    for name in missing:
        headers = _headers((folder / name).read_bytes())
        _append(
            folder,
            _entry(name, arrived_at(name), headers, _first_address(headers, "From"), _first_address(headers, "To")),
        )
    return len(missing)


class _Keeper:
    """Keeps what arrives. Called in the server's one thread, so names and index lines never cross."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        at = datetime.now(UTC)
        self._count += 1
        name = f"{at.strftime(_STAMP)}-{self._count:06d}{_SUFFIX}"
        part = self._folder / f"{name}.part"
        entry = _entry(name, at, _headers(content), envelope.mail_from or "", ", ".join(map(str, envelope.rcpt_tos)))
        try:
            part.write_bytes(content)
            part.replace(self._folder / name)
            _append(self._folder, entry)
        except OSError:  # a full disk, say: the sender tries again, so nothing of this mail may stay
            for left in (part, self._folder / name):
                left.unlink(missing_ok=True)
            return "452 4.3.1 The outbox cannot keep mails now"
        return "250 2.0.0 Kept in the outbox"


def _run(
    loop: asyncio.AbstractEventLoop,
    listener: socket.socket,
    session: Callable[[], SMTP],
    tls: ssl.SSLContext | None,
    started: threading.Event,
) -> None:
    asyncio.set_event_loop(loop)
    server = loop.run_until_complete(loop.create_server(session, sock=listener, ssl=tls))
    loop.call_soon(started.set)
    try:
        loop.run_forever()
    finally:
        server.close()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _headers(content: bytes) -> EmailMessage:
    parser: BytesHeaderParser[EmailMessage] = BytesHeaderParser(_class=EmailMessage, policy=email.policy.default)
    return parser.parsebytes(content)


def _entry(name: str, at: datetime, headers: EmailMessage, sender: str, recipient: str) -> Entry:
    return Entry(name, sent_at(headers, at).isoformat(), sender, recipient, str(headers.get("Subject", "")))


def _first_address(headers: EmailMessage, header: str) -> str:
    addresses: tuple[Address, ...] = getattr(headers.get(header), "addresses", ())
    return addresses[0].addr_spec if addresses else ""


def _append(folder: Path, entry: Entry) -> None:
    """One write at the end of the file, so that a reader sees whole lines."""
    line = json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"
    handle = os.open(folder / INDEX, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)
