"""What is decided outside the program, read once at the door from CARELOOP_* environment variables."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """One frozen object, made by `read_settings` or by hand in tests.

    home           the folder that holds everything kept (CARELOOP_HOME, default ./careloop-data)
    database_url   SQLAlchemy address (CARELOOP_DATABASE, default SQLite in the home)
    host, port     where the pages listen (CARELOOP_HOST, CARELOOP_PORT); loopback only until there is a sign-in
    smtp_host, smtp_port   the mail server to send through (CARELOOP_SMTP=host:port); loopback only likewise.
                   The default is the local server that `careloop serve` and `careloop demo` run themselves.
    public_url     the address patients reach the links in mails under (CARELOOP_PUBLIC_URL, default http://host:port)
    user           who acts on the pages until there is a sign-in (CARELOOP_USER)
    demo           the home was made by `careloop demo`: generated people and a clock that may be moved
    """

    home: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8501
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025
    public_url: str = "http://127.0.0.1:8501"
    user: str = "analyst"
    demo: bool = False


def read_settings(environ: Mapping[str, str], *, demo: bool | None = None) -> Settings:
    """Read and check the settings. Raises SettingsError with the variable's name and what would be right."""
    home = Path(environ.get("CARELOOP_HOME", "careloop-data")).expanduser().resolve()
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
        public_url=environ.get("CARELOOP_PUBLIC_URL", f"http://{host}:{port}").rstrip("/"),
        user=environ.get("CARELOOP_USER", "analyst"),
        demo=(home / "demo").exists() if demo is None else demo,
    )
    require_loopback(settings.host, "CARELOOP_HOST")
    require_loopback(settings.smtp_host, "CARELOOP_SMTP")
    if urlsplit(settings.public_url).scheme not in ("http", "https"):
        raise SettingsError("CARELOOP_PUBLIC_URL must begin with http:// or https://. Set it in the environment.")
    return settings


def require_loopback(host: str, setting: str) -> None:
    """Until people sign in, nothing listens on or sends through another machine: anything else is a SettingsError."""
    if host == "localhost":
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise SettingsError(
        f"{setting} must be a loopback address such as 127.0.0.1, because this version has no sign-in: anybody who "
        f"reaches it could read patients' data or send in the practice's name. Change {setting} in the environment."
    )


def _port(text: str, setting: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise SettingsError(f"{setting} needs a port number between 1 and 65535. Change it in the environment.")
