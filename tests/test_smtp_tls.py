"""A safe connection to the mail server: what was asked for is never given up for less, and a login needs one."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import AuthResult, LoginPassword

from core.channels.email import Access, EmailChannel
from core.channels.handing_over import NoConnection, NoSession
from core.errors import SettingsError
from core.settings import read_settings
from tests.mail_servers import Recorder, recording, rude

MAIL = b"Message-ID: <1@example.org>\nSubject: Hello\n\nWords\n"


class Certificates:
    """An authority, and the certificate it gave to 127.0.0.1."""

    def __init__(self, folder: Path, name: str = "127.0.0.1") -> None:
        authority = trustme.CA()
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(self.context)
        self.file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.file))


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.fixture
def serving(certificates: Certificates) -> Iterator[Any]:
    """Makes a recording server with a certificate, in either of the two ways."""
    with ExitStack() as stack:

        def make(security: str, **options: Any) -> Recorder:
            if security == "tls":
                return stack.enter_context(recording(tls=certificates.context, **options))
            return stack.enter_context(recording(tls_context=certificates.context, require_starttls=True, **options))

        yield make


def send(channel: EmailChannel) -> None:
    channel.send(MAIL, sender="do-not-reply@example.org", recipient="ada@example.org")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_goes_over_a_safe_connection(serving: Any, certificates: Certificates, security: str) -> None:
    server = serving(security)

    with EmailChannel("127.0.0.1", server.port, Access(security, ca_file=certificates.file)) as channel:
        send(channel)
        send(channel)

    assert len(server.mails) == 2
    assert len(server.sessions) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(serving: Any, security: str) -> None:
    server = serving(security)

    with EmailChannel("127.0.0.1", server.port, Access(security)) as channel, pytest.raises(NoSession) as refused:
        send(channel)

    assert (refused.value.reason, server.mails) == ("no_tls", [])


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_name_is_not_taken(tmp_path: Path, security: str) -> None:
    other = Certificates(tmp_path, "mail.example.org")
    options: dict[str, Any] = {"tls": other.context} if security == "tls" else {"tls_context": other.context}
    with (
        recording(**options) as server,
        EmailChannel("127.0.0.1", server.port, Access(security, ca_file=other.file)) as channel,
        pytest.raises(NoSession) as refused,
    ):
        send(channel)

    assert (refused.value.reason, server.mails) == ("no_tls", [])


def test_where_starttls_was_stripped_not_a_byte_of_the_mail_goes_out() -> None:
    with (
        rude("", extensions=("SIZE 1000000", "AUTH PLAIN LOGIN")) as server,
        EmailChannel("127.0.0.1", server.port, Access("starttls", "ana", "secret")) as channel,
        pytest.raises(NoSession) as refused,
    ):
        send(channel)

    assert refused.value.reason == "no_tls"
    assert {line.split()[0].upper() for line in server.said} <= {b"EHLO", b"QUIT"}


def test_a_server_that_offers_starttls_and_then_refuses_it_gets_nothing() -> None:
    with (
        rude("", extensions=("STARTTLS",)) as server,
        EmailChannel("127.0.0.1", server.port, Access("starttls")) as channel,
        pytest.raises(NoSession) as refused,
    ):
        server.answers["STAR"] = "454 4.7.0 not now"
        send(channel)

    assert (refused.value.reason, refused.value.code) == ("no_tls", "454")


def test_a_server_that_hangs_up_in_the_middle_of_the_handshake_is_no_connection(certificates: Certificates) -> None:
    with (
        rude("") as server,  # speaks in clear text where TLS is expected
        EmailChannel("127.0.0.1", server.port, Access("tls", ca_file=certificates.file)) as channel,
        pytest.raises(NoSession),
    ):
        send(channel)


def _accepts(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"ana", b"secret"), handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # aiosmtpd knows only STARTTLS
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_login_is_made_over_the_safe_connection(serving: Any, certificates: Certificates, security: str) -> None:
    server = serving(security, authenticator=_accepts, auth_required=True, auth_require_tls=security == "starttls")

    with EmailChannel("127.0.0.1", server.port, Access(security, "ana", "secret", certificates.file)) as channel:
        send(channel)

    assert len(server.mails) == 1


def test_a_refused_login_is_about_the_account_and_says_so(serving: Any, certificates: Certificates) -> None:
    server = serving("starttls", authenticator=_accepts, auth_required=True)
    access = Access("starttls", "ana", "wrong", certificates.file)

    with EmailChannel("127.0.0.1", server.port, access) as channel, pytest.raises(NoSession) as refused:
        send(channel)

    assert (refused.value.reason, refused.value.code) == ("login_refused", "535")
    assert not isinstance(refused.value, NoConnection)


def test_a_server_that_knows_no_way_to_log_in_is_a_refused_login() -> None:
    with (
        rude("", extensions=("AUTH GSSAPI",)) as server,
        EmailChannel("127.0.0.1", server.port, Access("none", "ana", "secret")) as channel,
        pytest.raises(NoSession) as refused,
    ):
        send(channel)

    assert refused.value.reason == "login_refused"


def test_a_password_shows_in_no_text() -> None:
    assert "hush-hush" not in repr(Access("tls", "ana", "hush-hush"))
    assert "hush-hush" not in repr(read_settings({**SAFE, "CARELOOP_SMTP_PASSWORD": "hush-hush"}))


SAFE = {"CARELOOP_SMTP_SECURITY": "tls", "CARELOOP_SMTP_USER": "ana"}
WRONG = [
    ({"CARELOOP_SMTP_SECURITY": "ssl"}, "must be one of none, starttls, tls"),
    ({"CARELOOP_SMTP_USER": "ana"}, "must not be done in clear text"),
    ({"CARELOOP_SMTP_CA": "/nowhere.pem"}, "CARELOOP_SMTP_CA must be a file"),
    ({"CARELOOP_SMTP_PASSWORD_FILE": "/nowhere"}, "CARELOOP_SMTP_PASSWORD_FILE"),
    ({"CARELOOP_BOUNCE_ADDRESS": "bounces"}, "CARELOOP_BOUNCE_ADDRESS must be an email address"),
]


@pytest.mark.parametrize(("environ", "words"), WRONG)
def test_settings_that_would_be_unsafe_are_refused(environ: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_settings(environ)


def test_a_password_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret\n")

    assert read_settings({**SAFE, "CARELOOP_SMTP_PASSWORD_FILE": str(file)}).smtp_password == "secret"
