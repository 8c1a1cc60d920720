"""Testing an account: a real conversation with the mail server, the mailbox or Twilio, in which nothing leaves."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import formataddr, make_msgid

from core.audit import record_in
from core.channels.mailboxes import open_mailbox
from core.domain.account_step import Step as Step
from core.domain.address import is_email
from core.domain.role import CHANGE_ORGANISATION
from core.errors import NotAllowed, NotFound, SettingsError
from core.mail_server import try_mail_server
from core.sending_accounts import KINDS, MAILBOX, NAMES, SMTP, fingerprint
from core.store import account_tests as rows
from core.store.database import reading, writing
from core.twilio_account import try_twilio
from core.workbench import Workbench, needs

LONGEST = 40.0  # seconds until whoever waits is told that there is no answer
_MAILBOX_TIMEOUT = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AccountTest:
    """The last test of an account. `is_current`: its settings are still those that were tested."""

    kind: str
    at: datetime
    by: str
    is_good: bool
    is_current: bool
    steps: tuple[Step, ...]


@needs(CHANGE_ORGANISATION)
def try_account(wb: Workbench, kind: str, *, with_mail: bool = False, longest: float = LONGEST) -> AccountTest:
    """Test one of core.sending_accounts.KINDS and keep what came of it; takes at most `longest` seconds.

    with_mail  send a test mail to the user's own address as well (mail server only)
    Raises NotAllowed without the permission, for a mailbox that is not set, and for a test mail to nowhere.
    """
    if kind not in KINDS:
        raise NotFound(f"There is no account '{kind}'. There are {', '.join(KINDS)}.")
    _check(wb, kind, with_mail=with_mail)
    work: Callable[[], list[Step]] = {SMTP: lambda: _smtp(wb, with_mail=with_mail), MAILBOX: lambda: _mailbox(wb)}.get(
        kind, lambda: _twilio(wb)
    )
    steps = tuple(_bounded(work, longest, NAMES[kind]))
    is_good = all(step.is_good for step in steps)
    kept = rows.Tested(kind, wb.now(), wb.user.user_id, is_good, steps, fingerprint(wb, kind))
    with writing(wb.engine) as connection:
        rows.add(connection, kept)
        record_in(wb, connection, "account.tested", kind, is_good=is_good, with_mail=with_mail)
    return _shown(wb, kept)


def last_tests(wb: Workbench) -> dict[str, AccountTest]:
    """The last test of each account that was ever tested, by its kind."""
    with reading(wb.engine) as connection:
        found = rows.last(connection)
    return {kind: _shown(wb, each) for kind, each in found.items() if kind in KINDS}


def _shown(wb: Workbench, kept: rows.Tested) -> AccountTest:
    is_current = kept.fingerprint == fingerprint(wb, kept.kind)
    return AccountTest(kept.kind, kept.at, kept.by, kept.is_good, is_current, kept.steps)


def _check(wb: Workbench, kind: str, *, with_mail: bool) -> None:
    if kind == MAILBOX and not wb.settings.mailbox:
        raise NotAllowed("There is no mailbox to test. Set CARELOOP_MAILBOX in the environment.")
    if with_mail and not is_email(wb.user.email or ""):
        raise NotAllowed("There is no email address of yours on file to send the test mail to. Test without it.")


def _bounded(work: Callable[[], list[Step]], longest: float, name: str) -> list[Step]:
    """What the work found; when it takes too long nobody waits for it any more. Its own time-outs end it later."""
    found: list[list[Step]] = []

    def do() -> None:
        try:
            found.append(work())
        except Exception as error:  # a bug, whose own words may hold anything
            _log.error("the test of %s failed (%s)", name, type(error).__name__)

    thread = threading.Thread(target=do, name="account test", daemon=True)
    thread.start()
    thread.join(longest)
    if found:
        return found[0]
    if thread.is_alive():
        advice = "It may be busy, or no such server at all. Check its address, and try again."
        return [Step(False, f"{name}: no end after {longest:.0f} seconds", advice)]
    return [Step(False, f"{name}: the test broke off", "Try again; the log of the pages says more.")]


def _smtp(wb: Workbench, *, with_mail: bool) -> list[Step]:
    sender = wb.organisation().from_email
    own = wb.user.email or ""
    mail = _test_mail(wb, sender, own) if with_mail else b""
    return try_mail_server(wb.settings, sender=sender, recipient=own if is_email(own) else sender, mail=mail)


def _test_mail(wb: Workbench, sender: str, to: str) -> bytes:
    organisation, mail = wb.organisation(), EmailMessage()
    mail["From"], mail["To"] = formataddr((organisation.from_name, sender)), to
    mail["Subject"] = "Test of the mail server"
    mail["Date"] = wb.now()
    mail["Message-ID"] = make_msgid("account-test", domain=sender.rpartition("@")[2])
    mail.set_content(f"Careloop of {organisation.name} can send mails through this server.\n")
    return mail.as_bytes()


def _mailbox(wb: Workbench) -> list[Step]:
    settings = wb.settings
    try:
        with open_mailbox(settings.mailbox, settings.mailbox_password, timeout=_MAILBOX_TIMEOUT) as mailbox:
            kind = "the folder of the IMAP server" if mailbox.kind == "imap" else "the maildir"
            return [Step(True, f"Opened {kind}; nothing in it was read or changed")]
    except SettingsError as error:
        return [Step(False, str(error), "Check CARELOOP_MAILBOX.")]


def _twilio(wb: Workbench) -> list[Step]:
    return try_twilio(wb.settings, caller_id=wb.organisation().caller_id)
