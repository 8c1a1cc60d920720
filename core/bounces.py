"""Mails that come back: what they say about a message of ours, an address, or a wish to get no more (E5, E7).

A bounce counts only when it is about a mail that this home has sent: it came to the signed return address of that mail
or holds its signed Message-ID, or, with neither, names an address that was written to in the last week. Anything else
is kept and changes nothing, so that nobody can silence a patient's address with an invented bounce.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from core import opt_outs
from core.audit import record_in
from core.channels.bounces import Bounce, read
from core.channels.email_frame import signed_recipients
from core.channels.mailboxes import open_mailbox
from core.domain.communication import Communication
from core.domain.message import RETURNED, RETURNED_FOR_NOW
from core.domain.organisation import EMAIL
from core.domain.role import OPERATE
from core.errors import SettingsError
from core.home_mode import is_live
from core.store import address_states, communications
from core.store import bounce_mails as rows
from core.store.database import reading, writing
from core.store.secret import secret_key
from core.workbench import Workbench, needs

WITHOUT_PROOF = timedelta(days=7)  # how long after a mail a bounce without its signature is believed
LONGEST_MAIL = 20_000_000  # bytes
_STATES = {  # what follows for the message, by kind or what: the state and the reason
    "definitive": ("returned", RETURNED),
    "temporary": ("returned", RETURNED_FOR_NOW),
    "success": ("delivered", ""),
    "read_receipt": ("delivered", ""),
    "delay": ("handed_over", ""),  # it has left, which may not have been known
}
_EVENTS = {
    "definitive": "bounced",
    "temporary": "bounced",
    "success": "delivered",
    "read_receipt": "delivered",
    "complaint": "complained",
    "delay": "delayed",
}


@dataclass
class Collected:
    """What was in a mailbox: mails taken, by what they were, and recipients whose message they were about."""

    mails: int = 0
    matched: int = 0
    seen_before: int = 0
    by_what: dict[str, int] = field(default_factory=dict)


@needs(OPERATE)
def collect(wb: Workbench) -> Collected:
    """Take in the new mails of the mailbox that the settings name, and those an interrupted run has left.

    Each mail is kept in the database before it is marked as seen in the mailbox. Raises SettingsError when no mailbox
    is set or it cannot be opened.
    """
    if not wb.settings.mailbox:
        raise SettingsError(
            "No mailbox is set from which returned mails are read. Set CARELOOP_MAILBOX to maildir:/path or "
            "imaps://user@host/folder."
        )
    if wb.settings.mailbox_is_elsewhere and not is_live(wb):
        raise SettingsError(
            "The mailbox of CARELOOP_MAILBOX is read by a live home only, which would miss what is taken here. This "
            "home is a sandbox."
        )
    with open_mailbox(wb.settings.mailbox, wb.settings.mailbox_password) as mailbox:
        return take_all(wb, mailbox.mails(), source=mailbox.kind)


def take_all(wb: Workbench, mails: Iterable[bytes], *, source: str) -> Collected:
    """Take in mails one by one. The next is asked for only after the one before is kept."""
    found = Collected()
    with reading(wb.engine) as connection:
        left = rows.unread(connection)
    for mail_id, content in left:
        _read(wb, mail_id, content, found)
    for content in mails:
        take(wb, content, source=source, into=found)
    return found


@needs(OPERATE)
def take(wb: Workbench, content: bytes, *, source: str, into: Collected | None = None) -> Collected:
    """Keep one mail and do what it says; the same mail again changes nothing."""
    found = Collected() if into is None else into
    with writing(wb.engine) as connection:
        mail_id, is_new = rows.keep(connection, content, source=source, at=wb.now())
    if is_new:
        _read(wb, mail_id, content, found)
    else:
        found.seen_before += 1
    return found


def _read(wb: Workbench, mail_id: int, content: bytes, found: Collected) -> None:
    bounces = read(content)
    what = bounces[0].what if bounces else "other"
    with writing(wb.engine) as connection:
        if not rows.hold(connection, mail_id):
            found.seen_before += 1
            return
        matched = sum(_follow(wb, connection, mail_id, content, bounce) for bounce in bounces)
        rows.read(connection, mail_id, what=what, matched=matched, at=wb.now())
    found.mails += 1
    found.matched += matched
    found.by_what[what] = found.by_what.get(what, 0) + 1


def _follow(wb: Workbench, connection: Connection, mail_id: int, content: bytes, bounce: Bounce) -> bool:
    """Do what one entry of a mail says; False when it is about no message of ours, or changes nothing."""
    key = bounce.kind if bounce.kind != "not_a_bounce" else bounce.what
    if key not in _EVENTS:
        return False
    about = _message(wb, connection, content, bounce)
    if about is None or about.address is None:
        return False
    at = wb.now()
    is_new = communications.add_event(
        connection,
        about.recipient_id,
        kind=_EVENTS[key],
        source_key=f"bounce:{mail_id}:{about.recipient_id}",
        at=at,
        received_at=at,
        details={"mail": mail_id, "reason": bounce.reason, "code": bounce.status, "reply": bounce.reply},
    )
    if not is_new:
        return False
    if key in _STATES:
        state, reason = _STATES[key]
        communications.change_state(connection, about.recipient_id, state, reason=reason, at=at)
    if key == "definitive" and bounce.address in ("", about.address):
        _mark_dead(wb, connection, about, bounce)
    if key == "complaint":
        opt_outs.stop_by_complaint(wb, connection, about.recipient_id)
    return True


def _message(wb: Workbench, connection: Connection, content: bytes, bounce: Bounce) -> Communication | None:
    """The message of ours that a mail is about. Of several signatures in it the one to the named address counts."""
    key = secret_key(wb.settings.home)
    signed = [communications.of_recipient(connection, each) for each in signed_recipients(key, content)]
    sent = [each for each in signed if each is not None and each.address is not None]
    named = [each for each in sent if each.address == bounce.address]
    if named or sent:
        return (named or sent)[0]
    if not bounce.address:
        return None
    return communications.latest_to(connection, bounce.address, since=wb.now() - WITHOUT_PROOF)


def _mark_dead(wb: Workbench, connection: Connection, about: Communication, bounce: Bounce) -> None:
    assert about.address is not None
    if address_states.mark_dead(connection, about.address, channel=EMAIL, reason=bounce.reason, at=wb.now()):
        record_in(wb, connection, "address.bounced", str(about.recipient_id), reason=bounce.reason)
