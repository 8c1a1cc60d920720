"""Secrets from outside: an environment variable, the first line of a file, or the system's keyring. Never shown again.

NAME=...                        the secret itself
NAME_FILE=/path                 in the first line of a file that only its owner can read
NAME_KEYRING=service/user       in the keyring of the system (extra `keyring`)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core import private_files
from core.errors import SettingsError

NAMES = (
    "CARELOOP_DATABASE",
    "CARELOOP_SMTP_PASSWORD",
    "CARELOOP_MAILBOX_PASSWORD",
    "CARELOOP_BOUNCE_TOKEN",
    "CARELOOP_TWILIO_TOKEN",
    "CARELOOP_OIDC_SECRET",
)
_ENDINGS = {"": "environment", "_FILE": "file", "_KEYRING": "keyring"}


@dataclass(frozen=True)
class Source:
    """Where a secret comes from: 'environment', 'file' or 'keyring', and the file's path or the entry's name."""

    name: str
    kind: str
    place: str = ""

    @property
    def words(self) -> str:
        """'set, from the file /etc/careloop/smtp'; never the secret."""
        if self.kind == "environment":
            return f"set, from the environment variable {self.name}"
        return f"set, from the {self.kind} {self.place if self.kind == 'file' else f'entry {self.place}'}"

    @property
    def problem(self) -> str:
        """What is wrong with how it is kept; empty when nothing is."""
        if self.kind != "file":
            return ""
        try:
            return private_files.problem(Path(self.place))
        except OSError:
            return f"The file that {self.name}_FILE names cannot be looked at."


def secret(environ: Mapping[str, str], name: str) -> str:
    """The secret; empty when none is set. Raises SettingsError, without any of it, when it cannot be read."""
    found = source(environ, name)
    if found is None:
        return ""
    if found.kind == "file":
        return _of_file(found)
    return _of_keyring(found) if found.kind == "keyring" else environ[name]


def source(environ: Mapping[str, str], name: str) -> Source | None:
    """Where it is set; None when nowhere. Raises SettingsError when it is set in several places."""
    found = [
        Source(name, kind, "" if kind == "environment" else environ[name + ending])
        for ending, kind in _ENDINGS.items()
        if environ.get(name + ending)
    ]
    if len(found) > 1:
        names = " and ".join(name + ending for ending in _ENDINGS if environ.get(name + ending))
        raise SettingsError(f"{names} are both set, and only one of them can count. Take one out of the environment.")
    return found[0] if found else None


def sources(environ: Mapping[str, str]) -> tuple[Source, ...]:
    """Where all secrets that are set come from."""
    return tuple(found for name in NAMES if (found := source(environ, name)) is not None)


def _of_file(found: Source) -> str:
    try:
        text = Path(found.place).read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            f"The file that {found.name}_FILE names cannot be read. Change it in the environment."
        ) from None
    if not text:
        raise SettingsError(f"The file that {found.name}_FILE names is empty. Write the secret into its first line.")
    return text


def _of_keyring(found: Source) -> str:
    service, _, user = found.place.rpartition("/")
    if not service or not user:
        raise SettingsError(f"{found.name}_KEYRING must be service/user, as the keyring knows the secret.")
    try:
        import keyring
    except ImportError:
        raise SettingsError(
            f"{found.name}_KEYRING needs the package keyring. Install it with: pip install 'careloop[keyring]'"
        ) from None
    try:
        text = keyring.get_password(service, user)
    except Exception as error:  # whatever a system's keyring raises may hold anything
        raise SettingsError(
            f"The keyring that {found.name}_KEYRING needs does not answer ({type(error).__name__}). Unlock it, or use "
            f"{found.name}_FILE."
        ) from None
    if not text:
        raise SettingsError(f"The keyring has no entry '{found.place}', which {found.name}_KEYRING names. Add it.")
    return text
