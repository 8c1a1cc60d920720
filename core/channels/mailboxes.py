"""Where returned mails are found: a maildir on this machine, or a folder of an IMAP server.

A mail is marked as seen only after whoever reads it asks for the next one, so that it has been kept by then. Nothing is
deleted: cleaning up is for whoever runs the mailbox.
"""

import imaplib
import mailbox
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from core.errors import SettingsError

TIMEOUT = 30.0  # seconds for each answer of an IMAP server
_HERE = ("127.0.0.1", "localhost", "::1")
_FORMS = "maildir:/path, imaps://user@host/folder, or on this machine imap://user@127.0.0.1/folder"


class Mailbox(Protocol):
    """`kind` is 'maildir' or 'imap'."""

    kind: str

    def mails(self) -> Iterator[bytes]:
        """The unseen mails; each is marked as seen when the next one is asked for."""


@contextmanager
def open_mailbox(address: str, password: str, *, timeout: float = TIMEOUT) -> Iterator[Mailbox]:
    """Open what CARELOOP_MAILBOX names. Raises SettingsError when it cannot be opened, saying why. `timeout` is for
    each answer of a server, in seconds."""
    parts = urlsplit(address)
    if parts.scheme == "maildir":
        yield _Maildir(Path(unquote(parts.path)))
        return
    is_safe = parts.scheme == "imaps" or (
        parts.scheme == "imap" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    )
    if not is_safe or not parts.hostname or not parts.username:
        raise SettingsError(f"CARELOOP_MAILBOX must be {_FORMS}. Change it in the environment.")
    server = _log_in(parts.scheme, parts.hostname, parts.port, unquote(parts.username), password, timeout)
    try:
        yield _Imap(server, unquote(parts.path.strip("/")) or "INBOX")
    except (imaplib.IMAP4.error, OSError) as error:
        raise SettingsError(f"The mailbox on {parts.hostname} cannot be read ({type(error).__name__}).") from None
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            server.logout()


class _Maildir:
    kind = "maildir"

    def __init__(self, folder: Path) -> None:
        if not (folder / "new").is_dir():
            raise SettingsError("The folder that CARELOOP_MAILBOX names is no maildir: it has no folder 'new'.")
        self._box = mailbox.Maildir(str(folder), create=False)

    def mails(self) -> Iterator[bytes]:
        for key in sorted(self._box.keys()):
            with suppress(KeyError):  # another reader was quicker
                message = self._box.get_message(key)
                if "S" in message.get_flags():
                    continue
                yield self._box.get_bytes(key)
                message.set_subdir("cur")
                message.add_flag("S")
                self._box[key] = message


class _Imap:
    kind = "imap"

    def __init__(self, server: imaplib.IMAP4, folder: str) -> None:
        self._server = server
        quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if server.select(quoted)[0] != "OK":
            raise SettingsError("The IMAP server has no such folder as CARELOOP_MAILBOX names.")

    def mails(self) -> Iterator[bytes]:
        _, found = self._server.uid("SEARCH", "UNSEEN")
        for uid in (found[0] or b"").split():
            _, parts = self._server.uid("FETCH", uid.decode("ascii"), "(BODY.PEEK[])")
            content = next((part[1] for part in parts if isinstance(part, tuple)), None)
            if content is None:  # another reader has moved it away
                continue
            yield content
            self._server.uid("STORE", uid.decode("ascii"), "+FLAGS", r"(\Seen)")


def _log_in(scheme: str, host: str, port: int | None, user: str, password: str, timeout: float) -> imaplib.IMAP4:
    try:
        if scheme == "imaps":
            context = ssl.create_default_context()
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port or 993, ssl_context=context, timeout=timeout)
        else:
            server = imaplib.IMAP4(host, port or 143, timeout=timeout)
    except (OSError, imaplib.IMAP4.error) as error:
        raise SettingsError(f"The IMAP server {host} cannot be reached ({type(error).__name__}).") from None
    try:
        server.login(user, password)
    except (OSError, imaplib.IMAP4.abort) as error:  # an abort is the connection's, any other error an answer
        with suppress(imaplib.IMAP4.error, OSError):
            server.shutdown()
        raise SettingsError(f"The IMAP server {host} does not answer the login ({type(error).__name__}).") from None
    except imaplib.IMAP4.error:
        with suppress(imaplib.IMAP4.error, OSError):
            server.logout()
        raise SettingsError(
            f"The IMAP server {host} refused the login. Check CARELOOP_MAILBOX and CARELOOP_MAILBOX_PASSWORD."
        ) from None
    return server
