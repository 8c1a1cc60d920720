"""What is decided outside the program, read once at the door from CARELOOP_* environment variables."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from core.credentials import Source, secret, sources
from core.domain.address import is_email, is_loopback_host
from core.errors import SettingsError

_SENDER = r"\+[1-9][0-9]{6,14}|[1-9][0-9]{4,5}"  # E.164, or a short code
SMTP_SECURITY = ("none", "starttls", "tls")
SANDBOX_NUMBER = "+15550100200"  # invented: what the stand-in for Twilio sends from
MAIL_PORTS = (25, 465, 587)  # what listens there on this machine passes mails on to others
_KEEPS = "CARELOOP_KEEPS"  # for processes of ours: which addresses are those of our own stand-ins


@dataclass(frozen=True)
class Settings:
    """One frozen object, made by `read_settings` or by hand in tests.

    home           the folder that holds everything kept (CARELOOP_HOME, default ./careloop-data)
    database_url   SQLAlchemy address (CARELOOP_DATABASE, default SQLite in the home)
    host, port     where the pages listen (CARELOOP_HOST, CARELOOP_PORT); another address than a loopback one only
                   behind TLS, that is with a public_url of https
    allowed_hosts  by which names the pages may be asked for, beside loopback ones (CARELOOP_ALLOWED_HOSTS, separated
                   by commas); the public URL's host is always one
    proxies        addresses and networks whose word counts for who asked and how: X-Forwarded-For and -Proto
                   (CARELOOP_PROXIES, separated by commas; default loopback where the public URL begins
                   with https, else none)
    smtp_host, smtp_port   the mail server to send through (CARELOOP_SMTP=host:port); one from which mails leave this
                   machine is used in a live home only (core.home_mode).
                   The default is the local server that `careloop serve` and `careloop demo` run themselves.
    keeps_mails    nobody named a mail server, or this is a demo: the local one runs and keeps every mail in the outbox
    smtp_security  none, starttls or tls (CARELOOP_SMTP_SECURITY); never given up for less
    smtp_user, smtp_password   the login, none when empty (CARELOOP_SMTP_USER, CARELOOP_SMTP_PASSWORD); only over a
                   safe connection
    smtp_ca        a file of certificates that vouch for the server (CARELOOP_SMTP_CA); the system's when None
    bounce_address   where returned mails go (CARELOOP_BOUNCE_ADDRESS), each to an address of its own made from it; the
                   From Email Address when empty
    mailbox        where `careloop collect` finds them (CARELOOP_MAILBOX): maildir:/path or imaps://user@host/folder,
                   with the password in CARELOOP_MAILBOX_PASSWORD
    bounce_token   what a mail provider must show to hand in returned mails over the web (CARELOOP_BOUNCE_TOKEN); none
                   are taken when it is empty
    twilio_url     where texts and calls are handed over (CARELOOP_TWILIO_URL, such as https://api.twilio.com); another
                   machine than this is used in a live home only. The default is the local stand-in for Twilio
                   that `careloop serve` and `careloop demo` run themselves.
    keeps_texts    nobody named an address for Twilio, or this is a demo: the stand-in runs and keeps texts and calls
    twilio_account, twilio_token   the account's SID and auth token (CARELOOP_TWILIO_ACCOUNT, CARELOOP_TWILIO_TOKEN);
                   those of the stand-in when empty
    twilio_from    the number that texts and calls come from (CARELOOP_TWILIO_FROM)
    twilio_service   a messaging service to send texts by instead (CARELOOP_TWILIO_SERVICE)
    public_url     the address patients reach the links in mails under (CARELOOP_PUBLIC_URL, default http://host:port)
    ledger_folder  where it is written down, outside the database, what leaves and who says stop (CARELOOP_LEDGER); a
                   folder of the home when None
    credentials    where secrets that are set come from (core.credentials): each of them may stand in a file or the
                   system's keyring instead, named by the variable with _FILE or _KEYRING at its end
    oidc_issuer    the organisation's OpenID Connect provider (CARELOOP_OIDC_ISSUER, exactly as it calls itself), none
                   when empty; https, or http on this machine
    oidc_client, oidc_secret   how we are known there (CARELOOP_OIDC_CLIENT, CARELOOP_OIDC_SECRET or the first line of
                   the file CARELOOP_OIDC_SECRET_FILE)
    oidc_name      what people call it, on the button (CARELOOP_OIDC_NAME, default 'your organisation')
    local_accounts   whether names and passwords count (CARELOOP_LOCAL_ACCOUNTS=on or off)
    demo           the home was made by `careloop demo`: generated people and a clock that may be moved
    """

    home: Path
    database_url: str = field(repr=False)  # it may hold a password
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
    ledger_folder: Path | None = None
    credentials: tuple[Source, ...] = field(default=(), compare=False)
    allowed_hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()

    @property
    def mails_leave(self) -> bool:
        """Whether what is handed to the mail server may leave this machine."""
        return not self.keeps_mails and (not is_loopback(self.smtp_host) or self.smtp_port in MAIL_PORTS)

    @property
    def texts_leave(self) -> bool:
        """Whether texts and calls may leave this machine: an account of Twilio's own may stand behind a proxy on it."""
        is_here = is_loopback(urlsplit(self.twilio_url).hostname or "")
        return not self.keeps_texts and (not is_here or bool(self.twilio_account))

    @property
    def mailbox_is_elsewhere(self) -> bool:
        """Whether returned mails are read from another machine, where a live home may miss them."""
        address = urlsplit(self.mailbox)
        return address.scheme.lower().startswith("imap") and not is_loopback(address.hostname or "")

    def in_sandbox(self) -> "Settings":
        """The same with the local stand-ins in place of whatever lets something leave this machine."""
        changed = self
        if self.mails_leave:
            changed = replace(
                changed,
                smtp_host="127.0.0.1",
                smtp_port=self.port + 1,
                smtp_security="none",
                smtp_user="",
                smtp_password="",  # nosec B106 # empty: nothing is set
                smtp_ca=None,
                keeps_mails=True,
            )
        if self.texts_leave:
            changed = replace(
                changed,
                twilio_url=f"http://127.0.0.1:{self.port + 2}",
                twilio_account="",
                twilio_token="",  # nosec B106 # empty: nothing is set
                twilio_from=SANDBOX_NUMBER,
                twilio_service="",
                keeps_texts=True,
            )
        return changed

    @property
    def last_sent(self) -> Path:
        """Which message this machine has handed over last, outside the database: a restored backup knows less."""
        return self.home / "last-sent"

    @property
    def ledger(self) -> Path:
        """The folder of the ledger (core.store.ledger): a restored backup is completed from it."""
        return self.ledger_folder or self.home / "ledger"

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
    public_url = environ.get("CARELOOP_PUBLIC_URL", f"http://{host}:{port}").rstrip("/")
    keeps = environ.get(_KEEPS, "").split(",")
    smtp_host, _, smtp_port = environ.get("CARELOOP_SMTP", f"127.0.0.1:{port + 1}").rpartition(":")
    settings = Settings(
        home=home,
        database_url=secret(environ, "CARELOOP_DATABASE") or f"sqlite:///{home / 'careloop.db'}",
        host=host,
        port=port,
        smtp_host=smtp_host.strip("[]"),
        smtp_port=_port(smtp_port, "CARELOOP_SMTP"),
        keeps_mails="CARELOOP_SMTP" not in environ or "mails" in keeps,
        smtp_security=environ.get("CARELOOP_SMTP_SECURITY", "none"),
        smtp_user=environ.get("CARELOOP_SMTP_USER", ""),
        smtp_password=secret(environ, "CARELOOP_SMTP_PASSWORD"),
        smtp_ca=Path(environ["CARELOOP_SMTP_CA"]) if environ.get("CARELOOP_SMTP_CA") else None,
        bounce_address=environ.get("CARELOOP_BOUNCE_ADDRESS", ""),
        mailbox=environ.get("CARELOOP_MAILBOX", ""),
        mailbox_password=secret(environ, "CARELOOP_MAILBOX_PASSWORD"),
        bounce_token=secret(environ, "CARELOOP_BOUNCE_TOKEN"),
        twilio_url=environ.get("CARELOOP_TWILIO_URL", f"http://127.0.0.1:{port + 2}").rstrip("/"),
        keeps_texts="CARELOOP_TWILIO_URL" not in environ or "texts" in keeps,
        twilio_account=environ.get("CARELOOP_TWILIO_ACCOUNT", ""),
        twilio_token=secret(environ, "CARELOOP_TWILIO_TOKEN"),
        twilio_from=environ.get("CARELOOP_TWILIO_FROM", SANDBOX_NUMBER),
        twilio_service=environ.get("CARELOOP_TWILIO_SERVICE", ""),
        public_url=public_url,
        oidc_issuer=environ.get("CARELOOP_OIDC_ISSUER", ""),
        oidc_client=environ.get("CARELOOP_OIDC_CLIENT", ""),
        oidc_secret=secret(environ, "CARELOOP_OIDC_SECRET"),
        oidc_name=environ.get("CARELOOP_OIDC_NAME", "").strip() or "your organisation",
        local_accounts=_is_on(environ.get("CARELOOP_LOCAL_ACCOUNTS", "on"), "CARELOOP_LOCAL_ACCOUNTS"),
        demo=is_demo,
        ledger_folder=Path(environ["CARELOOP_LEDGER"]).expanduser().resolve()
        if environ.get("CARELOOP_LEDGER")
        else None,
        credentials=sources(environ),
        allowed_hosts=_listed(environ, "CARELOOP_ALLOWED_HOSTS"),
        proxies=_listed(
            environ, "CARELOOP_PROXIES", default="127.0.0.1,::1" if public_url.startswith("https:") else ""
        ),
    )
    settings = _with_public_host(settings)
    _check_host(settings)
    _check_smtp(settings)
    _check_twilio(settings)
    _check_openid(settings)
    return replace(settings.in_sandbox(), keeps_mails=True, keeps_texts=True) if is_demo else settings


def _with_public_host(settings: Settings) -> Settings:
    """The host of the public URL is always one by which the pages may be asked for."""
    public = urlsplit(settings.public_url)
    if public.scheme not in ("http", "https") or not public.hostname:
        raise SettingsError("CARELOOP_PUBLIC_URL must begin with http:// or https://. Set it in the environment.")
    return replace(settings, allowed_hosts=tuple(dict.fromkeys((public.hostname, *settings.allowed_hosts))))


def _check_host(settings: Settings) -> None:
    if not is_loopback(settings.host) and urlsplit(settings.public_url).scheme != "https":
        raise SettingsError(
            "CARELOOP_HOST must be a loopback address such as 127.0.0.1, or the pages be behind TLS: then set "
            "CARELOOP_PUBLIC_URL to their address, which begins with https://. In clear text everybody on the way "
            "could read patients' data."
        )
    for host in settings.allowed_hosts:
        if not re.fullmatch(r"[a-z0-9_.:-]+", host):
            raise SettingsError("CARELOOP_ALLOWED_HOSTS must be names such as careloop.example.org, without a port.")
    for proxy in settings.proxies:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            raise SettingsError("CARELOOP_PROXIES must be addresses such as 10.0.0.7 or 10.0.0.0/28.") from None


def _listed(environ: Mapping[str, str], name: str, *, default: str = "") -> tuple[str, ...]:
    return tuple(each.strip().lower() for each in environ.get(name, default).split(",") if each.strip())


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
    if not _is_address(settings.mailbox):
        raise SettingsError("CARELOOP_MAILBOX is no address. Change it in the environment.")
    if urlsplit(settings.mailbox).password:
        raise SettingsError(
            "CARELOOP_MAILBOX holds a password, which would be shown with it. Take it out and set "
            "CARELOOP_MAILBOX_PASSWORD_FILE instead."
        )


def _check_twilio(settings: Settings) -> None:
    address = urlsplit(settings.twilio_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise SettingsError("CARELOOP_TWILIO_URL must begin with http:// or https://. Change it in the environment.")
    if address.scheme == "http" and not is_loopback(address.hostname):
        raise SettingsError("CARELOOP_TWILIO_URL must begin with https://, unless it is on this machine.")
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


def _is_address(text: str) -> bool:
    """Whether it can be taken apart at all."""
    try:
        urlsplit(text).port  # noqa: B018 (raises)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether this is an address of this machine alone."""
    return is_loopback_host(host)


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


def _port(text: str, setting: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise SettingsError(f"{setting} needs a port number between 1 and 65535. Change it in the environment.")
