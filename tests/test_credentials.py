"""Secrets from the environment, a file or the keyring: read once, shown never."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

from core import credentials
from core.credentials import NAMES, Source
from core.errors import SettingsError
from core.serving import environment
from core.settings import read_settings

SECRET = "hunter2-is-no-secret"
NAME = "CARELOOP_TWILIO_TOKEN"
ACCOUNT = {"CARELOOP_TWILIO_ACCOUNT": "AC" + "1" * 32}


class Ring(KeyringBackend):
    """A keyring in memory; one that is locked says what it knows in its error, as bad ones do."""

    priority = 1

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise RuntimeError(f"locked: {SECRET}")
        return self.known.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.known[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.known[service, username]


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, made = keyring.get_keyring(), Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "token"
    made.write_text(f" {SECRET}\nmore\n", "utf-8")
    made.chmod(0o600)
    return made


def test_a_secret_comes_from_one_of_three_places(file: Path, ring: Ring) -> None:
    keyring.set_password("careloop/live", "twilio", SECRET)

    for environ, words in (
        ({NAME: SECRET}, f"set, from the environment variable {NAME}"),
        ({f"{NAME}_FILE": str(file)}, f"set, from the file {file}"),
        ({f"{NAME}_KEYRING": "careloop/live/twilio"}, "set, from the keyring entry careloop/live/twilio"),
    ):
        assert credentials.secret(environ, NAME) == SECRET
        found = credentials.source(environ, NAME)
        assert found is not None and (found.words, found.problem) == (words, "")
    assert credentials.secret({}, NAME) == ""
    assert credentials.source({}, NAME) is None


REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("two places", {NAME: SECRET, f"{NAME}_KEYRING": "a/b"}, "are both set"),
    ("no such file", {f"{NAME}_FILE": "/nowhere"}, "cannot be read"),
    ("a folder", {f"{NAME}_FILE": "/"}, "cannot be read"),
    ("no user", {f"{NAME}_KEYRING": "careloop"}, "must be service/user"),
    ("nobody", {f"{NAME}_KEYRING": "careloop/"}, "must be service/user"),
    ("no entry", {f"{NAME}_KEYRING": "careloop/nobody"}, "no entry 'careloop/nobody'"),
]


@pytest.mark.parametrize(("what", "environ", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_secret_that_cannot_be_read_says_why_without_it(
    ring: Ring, what: str, environ: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        credentials.secret(environ, NAME)

    assert SECRET not in str(refused.value) and NAME in str(refused.value)
    assert refused.value.__cause__ is None and refused.value.__suppress_context__ is (
        refused.value.__context__ is not None
    )


def test_an_empty_file_and_a_locked_keyring_say_so(tmp_path: Path, ring: Ring) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\nsecond line\n", "utf-8")
    ring.is_locked = True

    with pytest.raises(SettingsError, match="is empty"):
        credentials.secret({f"{NAME}_FILE": str(empty)}, NAME)
    with pytest.raises(SettingsError, match=r"does not answer \(RuntimeError\)") as refused:
        credentials.secret({f"{NAME}_KEYRING": "careloop/twilio"}, NAME)

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "is_safe"), [(0o600, True), (0o400, True), (0o640, False), (0o604, False), (0o620, False)]
)
def test_a_file_that_others_can_read_or_change_is_a_problem(file: Path, mode: int, is_safe: bool) -> None:
    file.chmod(mode)
    found = credentials.source({f"{NAME}_FILE": str(file)}, NAME)
    assert found is not None

    assert (found.problem == "") is is_safe
    assert is_safe or "chmod 600" in found.problem


def test_the_settings_know_where_their_secrets_are_and_show_none(
    file: Path, ring: Ring, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keyring.set_password("careloop", "smtp", SECRET)
    environ = {
        **ACCOUNT, f"{NAME}_FILE": str(file), "CARELOOP_SMTP_PASSWORD_KEYRING": "careloop/smtp",
        "CARELOOP_BOUNCE_TOKEN": SECRET, "CARELOOP_DATABASE": f"postgresql+psycopg://careloop:{SECRET}@db.example.org/careloop",
        "CARELOOP_MAILBOX": "imaps://ana@mail.example.org", "CARELOOP_MAILBOX_PASSWORD": SECRET,
        "CARELOOP_OIDC_SECRET": SECRET,
    }  # fmt: skip

    settings = read_settings(environ)

    assert settings.twilio_token == settings.smtp_password == settings.bounce_token == SECRET
    assert settings.mailbox_password == SECRET and SECRET in settings.database_url
    assert {each.name: each.kind for each in settings.credentials} == {
        "CARELOOP_DATABASE": "environment", "CARELOOP_SMTP_PASSWORD": "keyring", "CARELOOP_BOUNCE_TOKEN": "environment",
        "CARELOOP_MAILBOX_PASSWORD": "environment", NAME: "file", "CARELOOP_OIDC_SECRET": "environment",
    }  # fmt: skip
    assert {each.name for each in settings.credentials} == set(NAMES)
    assert SECRET not in repr(settings) + str(settings.credentials) + caplog.text


def test_a_secret_in_a_file_is_not_put_into_the_environment_of_our_processes(file: Path, tmp_path: Path) -> None:
    environ = {"CARELOOP_HOME": str(tmp_path), **ACCOUNT}
    in_file = read_settings({**environ, f"{NAME}_FILE": str(file)})
    in_environment = read_settings({**environ, NAME: SECRET})

    assert SECRET not in environment(in_file).values()
    assert environment(in_environment)[NAME] == SECRET


@pytest.mark.parametrize("address", ["imaps://ana:hunter2@mail.example.org/x", "imaps://ana@mail.example.org:imap/x"])
def test_the_address_of_the_mailbox_holds_no_password_and_can_be_read(address: str) -> None:
    with pytest.raises(SettingsError, match="CARELOOP_MAILBOX") as refused:
        read_settings({"CARELOOP_MAILBOX": address})

    assert "hunter2" not in str(refused.value)


def test_without_the_package_the_keyring_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    hidden: Any = None
    monkeypatch.setitem(sys.modules, "keyring", hidden)

    with pytest.raises(SettingsError, match="careloop\\[keyring\\]"):
        credentials.secret({f"{NAME}_KEYRING": "careloop/twilio"}, NAME)


def test_a_source_that_is_gone_says_so() -> None:
    assert "cannot be looked at" in Source(NAME, "file", "/nowhere").problem
