"""The home's secret key: signs stop links and Message-IDs. Whoever moves or restores a home takes it along."""

import os
import secrets
from pathlib import Path

from core.errors import SettingsError

_FILE = "secret.key"
_LENGTH = 32


def key_file(home: Path) -> Path:
    """Where the key is kept."""
    return home / _FILE


def secret_key(home: Path) -> bytes:
    """The key, made when there is none. Raises SettingsError for a file that holds something else.

    Links in mails that were sent stop working when the key is lost, so a damaged one is never replaced silently.
    """
    path = key_file(home)
    if not path.exists():
        _create(path)
    key = path.read_bytes()
    if len(key) != _LENGTH:
        raise SettingsError(
            f"The file {_FILE} in the home is damaged: it needs {_LENGTH} bytes. Restore it from a backup, because "
            "the stop links in mails that were sent work with it alone."
        )
    return key


def _create(path: Path) -> None:
    """Written whole under another name, then linked: of two that begin at once, one key wins and both use it."""
    part = path.with_name(f"{_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_LENGTH))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            if not path.exists():
                part.replace(path)
    finally:
        part.unlink(missing_ok=True)
