"""The mails about support cases, sent by the dispatcher: the case number to who asked, the news to support, and later
the resolution. Each at most once, and none with what somebody at the door has typed."""

import logging
from datetime import timedelta
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from core.channels.handing_over import Outgoing
from core.domain.support import Case
from core.errors import SendError
from core.mail_server import mail_channel
from core.store import support_rows as rows
from core.store.database import reading, writing
from core.workbench import Workbench

_MOST_TRIES, _PAUSE = 5, timedelta(minutes=2)

_log = logging.getLogger(__name__)


def send_due(wb: Workbench) -> int:
    """Send the mails that are due; returns how many left. Each is claimed before: one of which nobody knows whether it
    left is not sent again."""
    sent = 0
    while True:
        with reading(wb.engine) as connection:
            if not rows.due(connection, at=wb.now()):
                return sent
        with writing(wb.engine) as connection:
            mail = rows.take(connection, at=wb.now())
            case = rows.case(connection, mail.case_number) if mail else None
        if mail is None or case is None:
            return sent
        state = _handed_over(wb, case, mail.kind)
        again = state == "later" and mail.tries < _MOST_TRIES
        with writing(wb.engine) as connection:
            if again:
                rows.change_mail(connection, mail.mail_id, state="due", due_at=wb.now() + _PAUSE)
            else:
                rows.change_mail(connection, mail.mail_id, state="sent" if state == "sent" else "failed")
        sent += state == "sent"


def _handed_over(wb: Workbench, case: Case, kind: str) -> str:
    """'sent', 'later' when nothing can have left, else 'failed'."""
    organisation = wb.organisation()
    to = organisation.support_email if kind == "arrived" else case.email
    try:
        with mail_channel(wb.settings) as channel:
            channel.hand_over(Outgoing(to, _mail(wb, case, kind, to), sender=organisation.from_email))
    except SendError as error:
        _log.error("the mail '%s' about case %s could not be sent: %s", kind, case.case_number, error.reason)
        return "later" if error.kind == "temporary" else "failed"
    except (ValueError, HeaderParseError) as error:  # an address that no mail can have
        _log.error("the mail '%s' about case %s cannot be written: %s", kind, case.case_number, type(error).__name__)
        return "failed"
    return "sent"


def _mail(wb: Workbench, case: Case, kind: str, to: str) -> bytes:
    organisation = wb.organisation()
    mail = EmailMessage()
    mail["From"] = formataddr((f"{organisation.name} support", organisation.from_email))
    mail["To"] = to
    mail["Subject"] = _subject(case, kind)
    mail["Date"] = format_datetime(wb.now())
    mail["Message-ID"] = make_msgid(f"support-{kind}", domain=organisation.from_email.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    if kind != "arrived" and organisation.support_email:
        mail["Reply-To"] = organisation.support_email
    mail.set_content("\n\n".join(_paragraphs(wb, case, kind)) + "\n")
    return mail.as_bytes()


def _subject(case: Case, kind: str) -> str:
    return {
        "opened": f"Support case {case.case_number}",
        "arrived": f"Support case {case.case_number} came in",
        "resolved": f"Support case {case.case_number} is resolved",
    }[kind]


def _paragraphs(wb: Workbench, case: Case, kind: str) -> list[str]:
    organisation = wb.organisation()
    reach = " ".join(
        [f"Support hours: {organisation.support_hours.rstrip('.')}."] * bool(organisation.support_hours)
        + [f"Voicemail: {organisation.support_phone}."] * bool(organisation.support_phone)
    )
    no_patients = "Please do not write who a patient is in an email."
    if kind == "opened":
        return [
            f"Your support request is case {case.case_number}. The answer comes to this address.",
            f"{reach} {no_patients}".strip(),
            "If you did not ask for support, somebody has typed your address by mistake. Nothing else will come.",
        ]
    if kind == "resolved":
        return [f"Case {case.case_number} is resolved:", case.resolution, f"{reach} {no_patients}".strip()]
    return [
        f"Case {case.case_number} came in{'' if case.opened_by == 'visitor' else ' from somebody who is signed in'}.",
        f"Read it in Careloop under Help, Support cases, or with: careloop support show {case.case_number}",
    ]
