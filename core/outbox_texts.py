"""The texts and calls that the stand-in for Twilio kept, and a patient's part in them.

For users who may see every patient, like the mails in `outbox`. What a patient would do (`reply`, `press`, `behave`)
can be tried with the stand-in alone: with an account of Twilio's own there are patients to do it.
"""

import re

from core.channels import twilio_outbox as kept
from core.channels.twilio_outbox import PAGE_SIZE, Access, CallPage, KeptCall, KeptText, Reply, Said, TextPage
from core.domain.role import READ_PATIENTS
from core.errors import NotAllowed, NotFound, SettingsError
from core.home_mode import mode, reach
from core.outbox import require_all_patients
from core.twilio_account import twilio_access
from core.workbench import Workbench, needs

__all__ = [
    "PAGE_SIZE",
    "CallPage",
    "KeptCall",
    "KeptText",
    "Reply",
    "Said",
    "TextPage",
    "behave",
    "behaviour",
    "call",
    "calls",
    "is_stand_in",
    "patient_number",
    "press",
    "reply",
    "texts",
    "thread",
]
_LONGEST_THREAD = 1000  # texts, the newest
_LONGEST_TEXT = 1600  # characters, as Twilio takes them
_WRITTEN_NUMBER = re.compile(r"[\d\s().+/-]*\d[\d\s().+/-]*")


def is_stand_in(wb: Workbench) -> bool:
    """Whether texts and calls go to the stand-in and not to an account of Twilio's own; in a demo always."""
    return wb.settings.demo or not reach(wb.settings, mode(wb)).twilio_account


def patient_number(kept_text: KeptText) -> str:
    """The patient's end of a text."""
    return kept_text.sender if kept_text.direction == "inbound" else kept_text.recipient


@needs(READ_PATIENTS)
def texts(wb: Workbench, *, search: str = "", page: int = 0, size: int = PAGE_SIZE) -> TextPage:
    """The kept texts in both directions, newest first, `size` on a page (pages count from 0).

    `search` finds a part of a number, however it is written, or of the text. Raises NotAllowed for a user who may not
    see every patient, and SettingsError when the stand-in does not run.
    """
    access = _access(wb)
    try:
        return kept.texts(access, search=_sought(search), page=page, size=size)
    except (NotFound, SettingsError):
        if is_stand_in(wb):
            raise
        return TextPage([], 0)  # with an account of Twilio's own there need be no stand-in


@needs(READ_PATIENTS)
def calls(wb: Workbench, *, search: str = "", page: int = 0, size: int = PAGE_SIZE) -> CallPage:
    """The kept calls, like `texts`. `search` finds a part of a number."""
    access = _access(wb)
    try:
        return kept.calls(access, search=_sought(search), page=page, size=size)
    except (NotFound, SettingsError):
        if is_stand_in(wb):
            raise
        return CallPage([], 0)


@needs(READ_PATIENTS)
def call(wb: Workbench, sid: str) -> KeptCall:
    """One call with what was said and pressed. Raises NotFound, and NotAllowed like `texts`."""
    return kept.call(_access(wb), sid)


@needs(READ_PATIENTS)
def thread(wb: Workbench, number: str) -> list[KeptText]:
    """What was texted to and from one number, oldest first: of very many the newest."""
    found = kept.texts(_access(wb), search=number, size=_LONGEST_THREAD).texts
    return [one for one in reversed(found) if patient_number(one) == number]


@needs(READ_PATIENTS)
def reply(wb: Workbench, number: str, body: str) -> Reply:
    """Text as the patient with this number, and wait until our web routes were told. Raises NotAllowed."""
    access = _simulated(wb)
    if not body.strip() or len(body) > _LONGEST_TEXT:
        raise NotAllowed(f"A text has 1 to {_LONGEST_TEXT:,} characters. Write something, or say it in fewer words.")
    return kept.reply(access, sender=number, body=body)


@needs(READ_PATIENTS)
def press(wb: Workbench, sid: str, digits: str) -> None:
    """Press keys as the patient in a call. They count when it next asks for some. Raises NotAllowed, NotFound."""
    kept.press(_simulated(wb), sid, digits)


@needs(READ_PATIENTS)
def behave(wb: Workbench, number: str, behaviour: str) -> None:
    """What a number does with texts and calls from now on: human, busy, no-answer, failed, machine, fax or
    undelivered:30003 with an error of Twilio's; '' for as usual. Raises NotAllowed."""
    kept.behave(_simulated(wb), number, behaviour)


@needs(READ_PATIENTS)
def behaviour(wb: Workbench, number: str) -> str:
    """What a number was told to do by `behave`; '' when it does as usual."""
    return kept.behaviours(_access(wb)).get(number, "")


def _access(wb: Workbench) -> Access:
    require_all_patients(wb)
    found = twilio_access(reach(wb.settings, mode(wb)))
    return Access(found.url, found.account, found.token)


def _simulated(wb: Workbench) -> Access:
    access = _access(wb)
    if not is_stand_in(wb):
        raise NotAllowed(
            "Texts and calls go out by an account of Twilio, so only patients themselves can answer. To try it without "
            "them, start Careloop without CARELOOP_TWILIO_ACCOUNT."
        )
    return access


def _sought(search: str) -> str:
    """A number is kept as +13125550100, and people write (312) 555-0100."""
    if _WRITTEN_NUMBER.fullmatch(search.strip()):
        return "".join(letter for letter in search if letter in "0123456789")
    return search
