"""The email to who asked for letters or labels: that the files are ready (L3). At most one, and no word of patients."""

import logging
from datetime import timedelta
from email.errors import HeaderParseError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid

from core.audit import record_in
from core.channels.handing_over import Outgoing
from core.errors import CareloopError, SendError
from core.mail_server import mail_channel
from core.store import print_rows, ready_mail_rows
from core.store.database import reading, writing
from core.store.print_rows import Run
from core.workbench import Workbench

_MOST_TRIES, _PAUSE = 5, timedelta(minutes=2)

_log = logging.getLogger(__name__)


def tell_who_asked(wb: Workbench) -> int:
    """Send the emails that are due; returns how many left. Each is claimed before: one of which nobody knows whether it
    left is not sent again."""
    sent = 0
    while True:
        with reading(wb.engine) as connection:
            if not ready_mail_rows.is_due(connection, at=wb.now()):
                return sent
        with writing(wb.engine) as connection:
            run = ready_mail_rows.take(connection, at=wb.now())
        if run is None:
            return sent
        sent += _tell(wb, run)


def _tell(wb: Workbench, run: Run) -> int:
    try:
        to = wb.as_user(run.asked_by).user.email
    except CareloopError:
        to = None
    state = _handed_over(wb, run, to) if to else "failed"
    with writing(wb.engine) as connection:
        if state == "later" and ready_mail_rows.try_count(connection, run.run_id) < _MOST_TRIES:
            print_rows.change(connection, run.run_id, mail_state="due", mail_at=wb.now() + _PAUSE)
            return 0
        print_rows.change(connection, run.run_id, mail_state="sent" if state == "sent" else "failed")
        if state == "sent":
            record_in(wb, connection, "print_run.told", run.run_id)
    return int(state == "sent")


def _handed_over(wb: Workbench, run: Run, to: str) -> str:
    """'sent', 'later' when nothing can have left, else 'failed'."""
    sender = wb.organisation().from_email
    try:
        with mail_channel(wb.settings) as channel:
            channel.hand_over(Outgoing(to, _mail(wb, run, to), sender=sender))
    except SendError as error:
        _log.error("the email that print run %s is ready could not be sent: %s", run.run_id, error.reason)
        return "later" if error.kind == "temporary" else "failed"
    except (ValueError, HeaderParseError) as error:  # a name or address that no mail can have
        _log.error("the email that print run %s is ready cannot be written: %s", run.run_id, type(error).__name__)
        return "failed"
    return "sent"


def _mail(wb: Workbench, run: Run, to: str) -> bytes:
    organisation = wb.organisation()
    what = "letters and labels" if run.has_letters and run.has_labels else "letters" if run.has_letters else "labels"
    mail = EmailMessage()
    mail["From"] = formataddr((organisation.from_name, organisation.from_email))
    mail["To"] = to
    mail["Subject"] = f"Your {what} are ready to download"
    mail["Date"] = format_datetime(wb.now())
    mail["Message-ID"] = make_msgid(f"print-{run.run_id}", domain=organisation.from_email.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    kept = organisation.downloads_kept_days
    mail.set_content(
        f"The {what} you asked for are ready ({run.run_id[:6]}).\n\n"
        "Fetch them in Careloop under Downloads. They hold patients' names and addresses, so none is attached. "
        f"They are kept for {kept} days and can be made again afterwards.\n"
        + ("\nWhen the letters are in the mail, open the campaign's report and choose 'Mark as mailed'.\n")
        * run.has_letters
    )
    return mail.as_bytes()
