"""The mails about support cases, sent by the dispatcher: the case number to who asked, the news to support, and later
the resolution. Each at most once, and none with what somebody at the door has typed."""

from core import staff_mail
from core.domain.support import Case
from core.staff_mail import MOST_TRIES, PAUSE
from core.store import support_rows as rows
from core.store.database import reading, writing
from core.workbench import Workbench


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
        again = state == "later" and mail.tries < MOST_TRIES
        with writing(wb.engine) as connection:
            if again:
                rows.change_mail(connection, mail.mail_id, state="due", due_at=wb.now() + PAUSE)
            else:
                rows.change_mail(connection, mail.mail_id, state="sent" if state == "sent" else "failed")
        sent += state == "sent"


def _handed_over(wb: Workbench, case: Case, kind: str) -> str:
    """'sent', 'later' when nothing can have left, else 'failed'."""
    organisation = wb.organisation()
    return staff_mail.send(
        wb,
        to=organisation.support_email if kind == "arrived" else case.email,
        subject=_subject(case, kind),
        text="\n\n".join(_paragraphs(wb, case, kind)) + "\n",
        about=f"support-{kind}-{case.case_number}",
        from_name=f"{organisation.name} support",
        reply_to=organisation.support_email if kind != "arrived" else "",
    )


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
