"""An email to somebody of the organisation: files are ready, feeds do not come, or a campaign waits for approval. No
word of patients. Handed over by the dispatcher; in a sandbox to the local stand-in."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from core.audit import record_in
from core.channels.handing_over import Outgoing
from core.domain.organisation import EMAIL
from core.errors import SendError
from core.home_mode import channel as mode_channel
from core.store import alarm_rows
from core.store.database import reading, writing
from core.store.messages import DatabaseLost
from core.workbench import Workbench

MOST_TRIES, PAUSE = 5, timedelta(minutes=2)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """What several people are told of: the email, and its line in the audit log beside who got it."""

    subject: str
    text: str
    about: str
    action: str
    details: dict[str, str] = field(default_factory=dict)
    attached: "Callable[[str], Attachment] | None" = None  # made for each user, just before it is sent


@dataclass(frozen=True)
class Attachment:
    """A PDF that comes with an email: its name, which says nothing of a patient, and its content."""

    name: str
    content: bytes


def send_due(wb: Workbench, news: Mapping[str, News], addresses: Mapping[str, str]) -> int:
    """Send the emails about these news that were queued in core.store.alarm_rows and are due; returns how many left.

    news by key, addresses by user. Each is claimed before: one of which nobody knows whether it left is not sent again.
    """
    sent = 0
    while True:
        with reading(wb.engine) as connection:
            if not alarm_rows.is_due(connection, news, at=wb.now()):
                return sent
        with writing(wb.engine) as connection:
            claimed = alarm_rows.take(connection, news, at=wb.now())
        if claimed is None:
            return sent
        key, user_id, tries = claimed
        sent += _tell(wb, key, news[key], user_id, addresses.get(user_id, ""), tries=tries)


def _tell(wb: Workbench, key: str, news: News, user_id: str, to: str, *, tries: int) -> bool:
    state = _sent(wb, news, user_id, to) if to else "failed"
    with writing(wb.engine) as connection:
        if state == "later" and tries < MOST_TRIES:
            alarm_rows.change(connection, key, user_id, state="due", next_at=wb.now() + PAUSE)
            return False
        alarm_rows.change(connection, key, user_id, state="sent" if state == "sent" else "failed")
        if state == "sent":
            record_in(wb, connection, news.action, user_id, **news.details)
    return state == "sent"


def _sent(wb: Workbench, news: News, user_id: str, to: str) -> str:
    try:
        attachment = news.attached(user_id) if news.attached else None
    except DatabaseLost as error:  # such as a database that another writer holds: it is tried again
        _log.error("the email about %s could not be made yet (%s)", news.about, type(error).__name__)
        return "later"
    except Exception as error:  # such as somebody who was switched off just now; sending goes on
        _log.error("the email about %s could not be made (%s)", news.about, type(error).__name__)
        return "failed"
    return send(wb, to=to, subject=news.subject, text=news.text, about=news.about, attachment=attachment)


def send(
    wb: Workbench,
    *,
    to: str,
    subject: str,
    text: str,
    about: str,
    from_name: str = "",
    reply_to: str = "",
    attachment: Attachment | None = None,
) -> str:
    """Hand one email over; returns 'sent', 'later' when nothing can have left, else 'failed'.

    about      what it is about, such as 'print-' and an id: for the log and the Message-ID
    from_name  who writes, the organisation's From Name when empty
    """
    try:
        mail = _mail(wb, to, subject, text, about, from_name=from_name, reply_to=reply_to, attachment=attachment)
        with mode_channel(wb, EMAIL) as channel:
            channel.hand_over(Outgoing(to, mail, sender=wb.organisation().from_email))
    except SendError as error:
        _log.error("the email about %s could not be sent: %s", about, error.reason)
        return "later" if error.kind == "temporary" else "failed"
    except (ValueError, HeaderParseError) as error:  # a name or address that no mail can have
        _log.error("the email about %s cannot be written: %s", about, type(error).__name__)
        return "failed"
    return "sent"


def _mail(
    wb: Workbench,
    to: str,
    subject: str,
    text: str,
    about: str,
    *,
    from_name: str,
    reply_to: str,
    attachment: Attachment | None,
) -> bytes:
    organisation = wb.organisation()
    mail = EmailMessage()
    mail["From"] = formataddr((from_name or organisation.from_name, organisation.from_email))
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(wb.now())
    mail["Message-ID"] = make_msgid(about, domain=organisation.from_email.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    if reply_to:
        mail["Reply-To"] = reply_to
    mail.set_content(text)
    if attachment:
        mail.add_attachment(attachment.content, maintype="application", subtype="pdf", filename=attachment.name)
    return mail.as_bytes()
