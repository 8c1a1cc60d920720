"""The accounts outside through which messages leave and come back: where each is set, and never a secret of it."""

import hmac
import json
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from core.domain.address import phone_text
from core.domain.role import CHANGE_ORGANISATION
from core.settings import Settings
from core.store.secret import secret_key
from core.twilio_account import webhooks
from core.workbench import Workbench, needs

SMTP, MAILBOX, TWILIO = KINDS = ("smtp", "mailbox", "twilio")
NAMES = {SMTP: "Mail server", MAILBOX: "Mailbox of returned mails", TWILIO: "Twilio"}
_SECURITY = {"none": "none, in clear text", "starttls": "STARTTLS", "tls": "TLS"}
_SECRET = {
    SMTP: "CARELOOP_SMTP_PASSWORD",
    MAILBOX: "CARELOOP_MAILBOX_PASSWORD",
    TWILIO: "CARELOOP_TWILIO_TOKEN",
}


@dataclass(frozen=True)
class Account:
    """One of KINDS as the environment has it.

    is_set      whether there is one at all; a mailbox need not be
    is_sandbox  a local server keeps what would leave
    rows        what is set, as label, value and the variable that sets it
    problems    what is wrong with how it is set, in sentences
    """

    kind: str
    name: str
    is_set: bool
    is_sandbox: bool
    rows: tuple[tuple[str, str, str], ...]
    problems: tuple[str, ...] = ()


@needs(CHANGE_ORGANISATION)
def accounts(wb: Workbench) -> list[Account]:
    """All three. Raises NotAllowed without the permission."""
    return [_smtp(wb), _mailbox(wb.settings), _twilio(wb.settings)]


def fingerprint(wb: Workbench, kind: str) -> str:
    """Of the settings of an account and of its secret, keyed, so that nothing is learned of it: when one of them
    changes, an earlier test says nothing."""
    settings = wb.settings
    found = next(each for each in (_smtp(wb), _mailbox(settings), _twilio(settings)) if each.kind == kind)
    secret = {SMTP: settings.smtp_password, MAILBOX: settings.mailbox_password, TWILIO: settings.twilio_token}[kind]
    said = json.dumps([found.rows, wb.organisation().caller_id if kind == TWILIO else "", secret])
    return hmac.digest(secret_key(settings.home), b"account:" + said.encode(), "sha256").hex()[:32]


def _smtp(wb: Workbench) -> Account:
    settings = wb.settings
    rows = [
        ("Server", f"{settings.smtp_host}:{settings.smtp_port}", "CARELOOP_SMTP"),
        ("Security", _SECURITY[settings.smtp_security], "CARELOOP_SMTP_SECURITY"),
        ("User", settings.smtp_user or "no login", "CARELOOP_SMTP_USER"),
        *([_secret(settings, SMTP, "Password")] if settings.smtp_user else []),
        ("From Email Address", wb.organisation().from_email, "Senders and numbers"),
        ("Mails return to", settings.bounce_address or "the From Email Address", "CARELOOP_BOUNCE_ADDRESS"),
    ]
    problems = _problems(settings, SMTP)
    if settings.smtp_user and not settings.smtp_password:
        problems.append("There is a user and no password. Set CARELOOP_SMTP_PASSWORD_FILE.")
    return Account(SMTP, NAMES[SMTP], True, settings.keeps_mails, tuple(rows), tuple(problems))


def _mailbox(settings: Settings) -> Account:
    if not settings.mailbox:
        words = "none: returned mails are not read"
        return Account(MAILBOX, NAMES[MAILBOX], False, False, (("Address", words, "CARELOOP_MAILBOX"),))
    parts = urlsplit(settings.mailbox)
    if parts.scheme == "maildir":
        rows = [("Folder", unquote(parts.path), "CARELOOP_MAILBOX")]
        return Account(MAILBOX, NAMES[MAILBOX], True, False, tuple(rows))
    rows = [
        ("Server", f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}", "CARELOOP_MAILBOX"),
        ("Security", "TLS" if parts.scheme == "imaps" else "none, on this machine", "CARELOOP_MAILBOX"),
        ("User", unquote(parts.username or ""), "CARELOOP_MAILBOX"),
        _secret(settings, MAILBOX, "Password"),
        ("Folder", unquote(parts.path.strip("/")) or "INBOX", "CARELOOP_MAILBOX"),
    ]
    problems = _problems(settings, MAILBOX)
    if not settings.mailbox_password:
        problems.append("There is no password. Set CARELOOP_MAILBOX_PASSWORD_FILE.")
    return Account(MAILBOX, NAMES[MAILBOX], True, False, tuple(rows), tuple(problems))


def _twilio(settings: Settings) -> Account:
    rows = [
        ("Server", settings.twilio_url, "CARELOOP_TWILIO_URL"),
        ("Account", settings.twilio_account or "that of the stand-in", "CARELOOP_TWILIO_ACCOUNT"),
        *([_secret(settings, TWILIO, "Token")] if settings.twilio_account else []),
        ("Number", phone_text(settings.twilio_from), "CARELOOP_TWILIO_FROM"),
        ("Messaging service", settings.twilio_service or "none", "CARELOOP_TWILIO_SERVICE"),
        ("Texts that come in are told to", f"{webhooks(settings)}/text", "CARELOOP_PUBLIC_URL"),
    ]
    problems = tuple(_problems(settings, TWILIO))
    return Account(TWILIO, NAMES[TWILIO], True, settings.keeps_texts, tuple(rows), problems)


def _secret(settings: Settings, kind: str, label: str) -> tuple[str, str, str]:
    """That a secret is set and where, and nothing of it."""
    found = next((each for each in settings.credentials if each.name == _SECRET[kind]), None)
    return label, found.words if found else "not set", _SECRET[kind]


def _problems(settings: Settings, kind: str) -> list[str]:
    return [each.problem for each in settings.credentials if each.name == _SECRET[kind] and each.problem]
