"""The step Message of the campaign editor: the name, and what patients get, by mode."""

from dataclasses import replace

from core.domain.campaign import Campaign
from core.domain.organisation import LETTER, PHONE, TEXT
from core.workbench import Workbench
from pages._call_message import call_message
from pages._email_message import email_message
from pages._letter_message import letter_message
from pages._step_parts import name_input
from pages._text_message import text_message


def message(wb: Workbench, draft: Campaign, *, locked: bool) -> Campaign:
    """Draw the step and return the changed draft."""
    draft = replace(draft, name=name_input(draft, locked=locked))
    if draft.channel == TEXT:
        return text_message(wb, draft, locked=locked)
    if draft.channel == PHONE:
        return call_message(wb, draft, locked=locked)
    if draft.channel == LETTER:
        return letter_message(wb, draft, locked=locked)
    return email_message(draft, locked=locked)
