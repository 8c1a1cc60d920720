"""The mails that the sandbox kept instead of sending: looked through and read as a patient would see them.

`outbox_texts` has the texts and calls.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from core.channels import outbox as kept
from core.channels.outbox import Entry
from core.domain.role import READ_PATIENTS
from core.errors import NotAllowed, NotFound
from core.workbench import Workbench, needs

PAGE_SIZE = 50


@dataclass(frozen=True)
class MailPage:
    """Some of the kept mails, newest first; `count` is how many there are in all."""

    mails: list[Entry]
    count: int


@dataclass(frozen=True)
class KeptMail:
    """One mail as it came, sent `at` (UTC, ISO). `html` and `text` are empty when the mail has no such part;
    `attachments` are the PDFs that came along, by their names."""

    name: str
    at: str
    sender: str
    recipient: str
    subject: str
    html: str
    text: str
    unsubscribe: str
    attachments: dict[str, bytes] = field(default_factory=dict)


@needs(READ_PATIENTS)
def mails(wb: Workbench, *, search: str = "", page: int = 0, size: int = PAGE_SIZE) -> MailPage:
    """The kept mails, newest first, `size` on a page (pages count from 0).

    `search` finds a part of the recipient's address or of the subject, whatever the case. Raises NotAllowed for a
    user who may not see every patient, because mails are kept as they come, whosever they are.
    """
    sought = search.strip().casefold()
    found = [
        entry
        for entry in kept.entries(_folder(wb))
        if sought in entry.recipient.casefold() or sought in entry.subject.casefold()
    ]
    found.sort(key=lambda entry: (entry.at, entry.name), reverse=True)
    return MailPage(found[page * size : (page + 1) * size], len(found))


@needs(READ_PATIENTS)
def mail(wb: Workbench, name: str) -> KeptMail:
    """One kept mail with its parts. Raises NotFound, and NotAllowed like `mails`."""
    folder = _folder(wb)
    try:
        message = kept.read_mail(folder, name)
    except FileNotFoundError:
        raise NotFound("This mail is no longer in the outbox. Go back to the list.") from None
    return KeptMail(
        name=name,
        at=kept.sent_at(message, kept.arrived_at(name)).isoformat(),
        sender=str(message["From"] or ""),
        recipient=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        html=_with_pictures(message, _part(message, "html")),
        text=_part(message, "plain"),
        unsubscribe=str(message["List-Unsubscribe"] or ""),
        attachments=dict(_attached(message)),
    )


def require_all_patients(wb: Workbench) -> None:
    """Raise NotAllowed for a user who may not see every patient."""
    if wb.user.scope.groups is not None or wb.user.scope.providers is not None:
        raise NotAllowed(
            "The outbox holds the mails, texts and calls of all patients. Ask somebody who may see all groups and "
            "providers."
        )


def _folder(wb: Workbench) -> Path:
    require_all_patients(wb)
    return wb.settings.home / "outbox"


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body(preferencelist=(subtype,))
    return str(part.get_content()) if part is not None else ""


def _attached(message: EmailMessage) -> Iterator[tuple[str, bytes]]:
    for part in message.iter_attachments():
        content = part.get_payload(decode=True)
        if part.get_content_type() == "application/pdf" and isinstance(content, bytes):
            yield part.get_filename() or "attachment.pdf", content


def _with_pictures(message: EmailMessage, html: str) -> str:
    """The HTML with the pictures that came along in their places, since a page cannot look for them in the mail."""
    for part in message.walk():
        name, content = str(part["Content-ID"] or "").strip("<>"), part.get_payload(decode=True)
        if part.get_content_maintype() == "image" and name and isinstance(content, bytes):
            address = f"data:{part.get_content_type()};base64,{base64.b64encode(content).decode()}"
            html = html.replace(f'"cid:{name}"', f'"{address}"')
    return html
