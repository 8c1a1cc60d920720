"""What is decided outside the program, read once at the door from CARELOOP_* environment variables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core.domain.address import is_email, is_loopback_host
from core.errors import SettingsError

_SENDER = r"\+[1-9][0-9]{6,14}|[1-9][0-9]{4,5}"  # E.164, or a short code
SMTP_SECURITY = ("none", "starttls", "tls")
SANDBOX_NUMBER = "+15550100200"  # invented: what the stand-in for Twilio sends from


@dataclass(frozen=True)
class Settings:
    """One frozen object, made by `read_settings` or by hand in tests.

    home           the folder that holds everything kept (CARELOOP_HOME, default ./careloop-data)
    database_url   SQLAlchemy address (CARELOOP_DATABASE, default SQLite in the home)
    host, port     where the pages listen (CARELOOP_HOST, CARELOOP_PORT); loopback only until there is a sign-in
    smtp_host, smtp_port   the mail server to send through (CARELOOP_SMTP=host:port); loopback only likewise.
                   The default is the local server that `careloop serve` and `careloop demo` run themselves.
    keeps_mails    nobody named a mail server, or this is a demo: the local one runs and keeps every mail in the outbox
    smtp_security  none, starttls or tls (CARELOOP_SMTP_SECURITY); never given up for less
    smtp_user, smtp_password   the login, none when empty (CARELOOP_SMTP_USER, CARELOOP_SMTP_PASSWORD or the first line
                   of the file CARELOOP_SMTP_PASSWORD_FILE); only over a safe connection
    smtp_ca        a file of certificates that vouch for the server (CARELOOP_SMTP_CA); the system's when None
    bounce_address   where returned mails go (CARELOOP_BOUNCE_ADDRESS), each to an address of its own made from it; the
                   From Email Address when empty
    mailbox        where `careloop collect` finds them (CARELOOP_MAILBOX): maildir:/path or imaps://user@host/folder,
                   with the password in CARELOOP_MAILBOX_PASSWORD or the file CARELOOP_MAILBOX_PASSWORD_FILE
    bounce_token   what a mail provider must show to hand in returned mails over the web (CARELOOP_BOUNCE_TOKEN); none
                   are taken when it is empty
    twilio_url     where texts and calls are handed over (CARELOOP_TWILIO_URL); loopback only likewise. The default is
                   the local stand-in for Twilio that `careloop serve` and `careloop demo` run themselves.
    keeps_texts    nobody named an address for Twilio, or this is a demo: the stand-in runs and keeps texts and calls
    twilio_account, twilio_token   the account's SID and auth token (CARELOOP_TWILIO_ACCOUNT, CARELOOP_TWILIO_TOKEN or
                   the file CARELOOP_TWILIO_TOKEN_FILE); those of the stand-in when empty
    twilio_from    the number that texts and calls come from (CARELOOP_TWILIO_FROM)
    twilio_service   a messaging service to send texts by instead (CARELOOP_TWILIO_SERVICE)
    public_url     the address patients reach the links in mails under (CARELOOP_PUBLIC_URL, default http://host:port)
    oidc_issuer    the organisation's OpenID Connect provider (CARELOOP_OIDC_ISSUER, exactly as it calls itself), none
                   when empty; https, or http on this machine
    oidc_client, oidc_secret   how we are known there (CARELOOP_OIDC_CLIENT, CARELOOP_OIDC_SECRET or the first line of
                   the file CARELOOP_OIDC_SECRET_FILE)
    oidc_name      what people call it, on the button (CARELOOP_OIDC_NAME, default 'your organisation')
    local_accounts   whether names and passwords count (CARELOOP_LOCAL_ACCOUNTS=on or off)
    demo           the home was made by `careloop demo`: generated people and a clock that may be moved
    """

    home: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8501
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025
    keeps_mails: bool = True
    smtp_security: str = "none"
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_ca: Path | None = None
    bounce_address: str = ""
    mailbox: str = ""
    mailbox_password: str = field(default="", repr=False)
    bounce_token: str = field(default="", repr=False)
    twilio_url: str = "http://127.0.0.1:8503"
    keeps_texts: bool = True
    twilio_account: str = ""
    twilio_token: str = field(default="", repr=False)
    twilio_from: str = SANDBOX_NUMBER
    twilio_service: str = ""
    public_url: str = "http://127.0.0.1:8501"
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret: str = field(default="", repr=False)
    oidc_name: str = "your organisation"
    local_accounts: bool = True
    demo: bool = False

    @property
    def last_sent(self) -> Path:
        """Which message this machine has handed over last, outside the database: a restored backup knows less."""
        return self.home / "last-sent"

    @property
    def journals(self) -> Path:
        """Where sending processes write down what they are about to finish (core.store.journal)."""
        return self.home / "journals"


def read_settings(environ: Mapping[str, str], *, demo: bool | None = None) -> Settings:
    """Read and check the settings. Raises SettingsError with the variable's name and what would be right."""
    home = Path(environ.get("CARELOOP_HOME", "careloop-data")).expanduser().resolve()
    is_demo = (home / "demo").exists() if demo is None else demo
    host = environ.get("CARELOOP_HOST", "127.0.0.1")
    port = _port(environ.get("CARELOOP_PORT", "8501"), "CARELOOP_PORT")
    smtp_host, _, smtp_port = environ.get("CARELOOP_SMTP", f"127.0.0.1:{port + 1}").rpartition(":")
    settings = Settings(
        home=home,
        database_url=environ.get("CARELOOP_DATABASE", f"sqlite:///{home / 'careloop.db'}"),
        host=host,
        port=port,
        smtp_host=smtp_host.strip("[]"),
        smtp_port=_port(smtp_port, "CARELOOP_SMTP"),
        keeps_mails=is_demo or "CARELOOP_SMTP" not in environ,
        smtp_security=environ.get("CARELOOP_SMTP_SECURITY", "none"),
        smtp_user=environ.get("CARELOOP_SMTP_USER", ""),
        smtp_password=_secret(environ, "CARELOOP_SMTP_PASSWORD"),
        smtp_ca=Path(environ["CARELOOP_SMTP_CA"]) if environ.get("CARELOOP_SMTP_CA") else None,
        bounce_address=environ.get("CARELOOP_BOUNCE_ADDRESS", ""),
        mailbox=environ.get("CARELOOP_MAILBOX", ""),
        mailbox_password=_secret(environ, "CARELOOP_MAILBOX_PASSWORD"),
        bounce_token=_secret(environ, "CARELOOP_BOUNCE_TOKEN"),
        twilio_url=environ.get("CARELOOP_TWILIO_URL", f"http://127.0.0.1:{port + 2}").rstrip("/"),
        keeps_texts=is_demo or "CARELOOP_TWILIO_URL" not in environ,
        twilio_account=environ.get("CARELOOP_TWILIO_ACCOUNT", ""),
        twilio_token=_secret(environ, "CARELOOP_TWILIO_TOKEN"),
        twilio_from=environ.get("CARELOOP_TWILIO_FROM", SANDBOX_NUMBER),
        twilio_service=environ.get("CARELOOP_TWILIO_SERVICE", ""),
        public_url=environ.get("CARELOOP_PUBLIC_URL", f"http://{host}:{port}").rstrip("/"),
        oidc_issuer=environ.get("CARELOOP_OIDC_ISSUER", ""),
        oidc_client=environ.get("CARELOOP_OIDC_CLIENT", ""),
        oidc_secret=_secret(environ, "CARELOOP_OIDC_SECRET"),
        oidc_name=environ.get("CARELOOP_OIDC_NAME", "").strip() or "your organisation",
        local_accounts=_is_on(environ.get("CARELOOP_LOCAL_ACCOUNTS", "on"), "CARELOOP_LOCAL_ACCOUNTS"),
        demo=is_demo,
    )
    require_loopback(settings.host, "CARELOOP_HOST")
    require_loopback(settings.smtp_host, "CARELOOP_SMTP")
    _check_smtp(settings)
    _check_twilio(settings)
    _check_openid(settings)
    if urlsplit(settings.public_url).scheme not in ("http", "https"):
        raise SettingsError("CARELOOP_PUBLIC_URL must begin with http:// or https://. Set it in the environment.")
    return settings


def _check_smtp(settings: Settings) -> None:
    if settings.smtp_security not in SMTP_SECURITY:
        raise SettingsError(
            f"CARELOOP_SMTP_SECURITY must be one of {', '.join(SMTP_SECURITY)}. Change it in the environment."
        )
    if settings.smtp_user and settings.smtp_security == "none":
        raise SettingsError(
            "CARELOOP_SMTP_USER logs in to the mail server, which must not be done in clear text. Set "
            "CARELOOP_SMTP_SECURITY to starttls or tls."
        )
    if settings.smtp_ca and not settings.smtp_ca.is_file():
        raise SettingsError("CARELOOP_SMTP_CA must be a file of certificates. Change it in the environment.")
    if settings.bounce_address and not is_email(settings.bounce_address):
        raise SettingsError("CARELOOP_BOUNCE_ADDRESS must be an email address. Change it in the environment.")


def _check_twilio(settings: Settings) -> None:
    address = urlsplit(settings.twilio_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise SettingsError("CARELOOP_TWILIO_URL must begin with http:// or https://. Change it in the environment.")
    require_loopback(address.hostname, "CARELOOP_TWILIO_URL")
    for value, pattern, setting, what in (
        (settings.twilio_account, r"(AC[0-9a-f]{32})?", "CARELOOP_TWILIO_ACCOUNT", "an account SID, AC and 32 digits"),
        (settings.twilio_service, r"(MG[0-9a-f]{32})?", "CARELOOP_TWILIO_SERVICE", "a service SID, MG and 32 digits"),
        (settings.twilio_from, _SENDER, "CARELOOP_TWILIO_FROM", "a number such as +15550100200, or a short code"),
    ):
        if not re.fullmatch(pattern, value):
            raise SettingsError(f"{setting} must be {what}. Change it in the environment.")
    if bool(settings.twilio_account) != bool(settings.twilio_token):
        raise SettingsError(
            "CARELOOP_TWILIO_ACCOUNT and CARELOOP_TWILIO_TOKEN belong together: set both in the environment, or "
            "neither to use the local stand-in."
        )


def _check_openid(settings: Settings) -> None:
    if not settings.oidc_issuer:
        if not settings.local_accounts:
            raise SettingsError(
                "CARELOOP_LOCAL_ACCOUNTS=off leaves nobody a way in without an OpenID Connect provider. Set "
                "CARELOOP_OIDC_ISSUER, or leave local accounts on."
            )
        return
    issuer = urlsplit(settings.oidc_issuer)
    is_safe = issuer.scheme == "https" or (issuer.scheme == "http" and is_loopback_host(issuer.hostname or ""))
    if not is_safe or not issuer.hostname or issuer.query or issuer.fragment or len(settings.oidc_issuer) > 255:
        raise SettingsError(
            "CARELOOP_OIDC_ISSUER must be the https address by which the provider calls itself, such as "
            "https://login.example.org. Change it in the environment."
        )
    if not settings.oidc_client or not settings.oidc_secret:
        raise SettingsError(
            "CARELOOP_OIDC_ISSUER needs CARELOOP_OIDC_CLIENT and CARELOOP_OIDC_SECRET: the provider gives both when "
            "Careloop is registered there. Set them in the environment."
        )


def _is_on(text: str, setting: str) -> bool:
    if text.strip().lower() not in ("on", "off"):
        raise SettingsError(f"{setting} must be on or off. Change it in the environment.")
    return text.strip().lower() == "on"


def _secret(environ: Mapping[str, str], name: str) -> str:
    """A secret from the environment, or from the first line of the file that is named there."""
    file = environ.get(f"{name}_FILE", "")
    if not file:
        return environ.get(name, "")
    try:
        return Path(file).read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"The file that {name}_FILE names cannot be read. Change it in the environment.") from None


def require_loopback(host: str, setting: str) -> None:
    """Until people sign in, nothing listens on or sends through another machine: anything else is a SettingsError."""
    if is_loopback_host(host):
        return
    raise SettingsError(
        f"{setting} must be a loopback address such as 127.0.0.1, because this version has no sign-in: anybody who "
        f"reaches it could read patients' data or send in the practice's name. Change {setting} in the environment."
    )


def _port(text: str, setting: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise SettingsError(f"{setting} needs a port number between 1 and 65535. Change it in the environment.")
