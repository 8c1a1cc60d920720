"""The email to who asked for letters or labels: that the files are ready (L3). At most one, and no word of patients."""

from core import staff_mail
from core.audit import record_in
from core.errors import CareloopError
from core.staff_mail import MOST_TRIES, PAUSE
from core.store import print_rows, ready_mail_rows
from core.store.database import reading, writing
from core.store.print_rows import Run
from core.workbench import Workbench


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
        if state == "later" and ready_mail_rows.try_count(connection, run.run_id) < MOST_TRIES:
            print_rows.change(connection, run.run_id, mail_state="due", mail_at=wb.now() + PAUSE)
            return 0
        print_rows.change(connection, run.run_id, mail_state="sent" if state == "sent" else "failed")
        if state == "sent":
            record_in(wb, connection, "print_run.told", run.run_id)
    return int(state == "sent")


def _handed_over(wb: Workbench, run: Run, to: str) -> str:
    """'sent', 'later' when nothing can have left, else 'failed'."""
    what = "letters and labels" if run.has_letters and run.has_labels else "letters" if run.has_letters else "labels"
    kept = wb.organisation().downloads_kept_days
    text = (
        f"The {what} you asked for are ready ({run.run_id[:6]}).\n\n"
        "Fetch them in Careloop under Downloads. They hold patients' names and addresses, so none is attached. "
        f"They are kept for {kept} days and can be made again afterwards.\n"
        + ("\nWhen the letters are in the mail, open the campaign's report and choose 'Mark as mailed'.\n")
        * run.has_letters
    )
    subject = f"Your {what} are ready to download"
    return staff_mail.send(wb, to=to, subject=subject, text=text, about=f"print-{run.run_id}")
