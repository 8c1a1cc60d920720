"""A support request (U2): what it holds, what it must be, and the case that it becomes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.address import is_email
from core.domain.one_line import one_line

OPEN, RESOLVED = "open", "resolved"
LONGEST_LINE, LONGEST_EMAIL, LONGEST_ID, LONGEST_TEXT = 100, 254, 200, 4000  # characters
# So many cases within the time, then the next one waits: of one client, with one email address, of everybody.
WINDOW, MOST = timedelta(hours=1), (5, 3, 60)
WARNING = (
    "Do not write who a patient is: no name, initials, date of birth, number, address or email address. Name the "
    "message instead, by its message id."
)
# What may stand where a message id is asked for: a Message-ID of ours, Twilio's id of a text or call, a campaign's id.
_MESSAGE_IDS = re.compile(
    r"<?[\w-]{1,40}\.[\w-]{1,40}\.[0-9a-f]{20}@[\w.-]{1,120}>?|(?:SM|MM|CA)[0-9a-f]{32}|[0-9a-f]{16}(?:\.\d{1,12})?",
    re.ASCII,
)


@dataclass(frozen=True)
class Request:
    """What somebody has typed."""

    name: str = ""
    email: str = ""
    practice: str = ""
    synopsis: str = ""
    message_id: str = ""

    def tidied(self) -> "Request":
        """Without spaces around; what must be one line is one."""
        name, email, practice, message_id = (
            one_line(text) for text in (self.name, self.email, self.practice, self.message_id)
        )
        return Request(name, email, practice, _lines(self.synopsis), message_id)


@dataclass(frozen=True)
class Case:
    """A request that was taken, and what became of it."""

    case_number: str
    opened_at: datetime
    opened_by: str
    name: str
    email: str
    practice: str
    synopsis: str
    message_id: str
    state: str = OPEN
    resolution: str = ""
    resolved_at: datetime | None = None
    resolved_by: str | None = None


def problems(request: Request) -> Iterator[str]:
    """What is missing or cannot be, apart from patient information."""
    if not request.name:
        yield "Your name is missing."
    if not is_email(request.email):
        yield "Your email address is missing or is not one. The case number and the answer go there."
    if not request.synopsis:
        yield "Say in a few words what happened."
    if max(len(request.name), len(request.practice)) > LONGEST_LINE:
        yield f"The name and the practice have {LONGEST_LINE} characters at most."
    if len(request.synopsis) > LONGEST_TEXT:
        yield f"The text has {len(request.synopsis):,} characters; {LONGEST_TEXT:,} are the most. Say it more shortly."
    if request.message_id and not _MESSAGE_IDS.fullmatch(request.message_id):
        yield (
            "That is no message id. It is the Message-ID in an email of ours, the id of a text or call that begins "
            "with SM or CA, or the 16 letters and digits after 'id=' in the address of a campaign's page. Leave the "
            "field empty if you have none."
        )


def _lines(text: str) -> str:
    """The text with plain ends of lines and no other control characters."""
    return "\n".join(one_line(line) for line in text.strip().replace("\r\n", "\n").replace("\r", "\n").split("\n"))
