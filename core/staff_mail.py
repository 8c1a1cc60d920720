"""An email to somebody of the organisation: files are ready, or feeds do not come. No word of patients."""

import logging
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from core.channels.handing_over import Outgoing
from core.domain.organisation import EMAIL
from core.errors import SendError
from core.home_mode import channel as mode_channel
from core.workbench import Workbench

_log = logging.getLogger(__name__)


def send(wb: Workbench, *, to: str, subject: str, text: str, about: str) -> str:
    """Hand one email over; returns 'sent', 'later' when nothing can have left, else 'failed'.

    about   what it is about, such as 'print-' and an id: for the log and the Message-ID
    """
    try:
        mail = _mail(wb, to, subject, text, about)
        with mode_channel(wb, EMAIL) as channel:
            channel.hand_over(Outgoing(to, mail, sender=wb.organisation().from_email))
    except SendError as error:
        _log.error("the email about %s could not be sent: %s", about, error.reason)
        return "later" if error.kind == "temporary" else "failed"
    except (ValueError, HeaderParseError) as error:  # a name or address that no mail can have
        _log.error("the email about %s cannot be written: %s", about, type(error).__name__)
        return "failed"
    return "sent"


def _mail(wb: Workbench, to: str, subject: str, text: str, about: str) -> bytes:
    organisation = wb.organisation()
    mail = EmailMessage()
    mail["From"] = formataddr((organisation.from_name, organisation.from_email))
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(wb.now())
    mail["Message-ID"] = make_msgid(about, domain=organisation.from_email.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    return mail.as_bytes()
