"""How contact data, consents and where they come from read on screens."""

from datetime import date

from core import users
from core.domain.address import phone_text
from core.domain.correction import (
    ADDRESS,
    TEXT_CONSENT,
    TEXT_CONSENT_ON,
    TEXT_CONSENT_SOURCE,
    Correction,
    Field,
    Values,
)
from core.domain.wording import LANGUAGES, day_text
from core.workbench import Workbench
from pages._shared import MODE_NAMES, plain

NOTHING = "nothing on file"
ENDED = {"replaced": "corrected again", "withdrawn": "withdrawn", "feed": "the feed's value was taken"}


def value_text(field: Field, values: Values) -> str:
    """A value as people read it, as Markdown: '(555) 010-0199', '12 Oak Ave, Springfield, IL 62701'."""
    return plain(_text(field, values))


def _text(field: Field, values: Values) -> str:
    if field.key == "address":
        street, more, city, state, code = (values.get(column) for column in ADDRESS)
        town = " ".join(part for part in (state, code) if part)
        return ", ".join(part for part in (street, more, city, town) if part) or NOTHING
    if field.key == TEXT_CONSENT:
        return _consent(values)
    text = values.get(field.columns[0])
    if not text:
        return NOTHING
    if field.channel:
        return text.capitalize()
    if field.key in ("mobile", "home"):
        return phone_text(text)
    return {"language": LANGUAGES, "channel": MODE_NAMES}.get(field.key, {}).get(text, text)


def _consent(values: Values) -> str:
    answer, on = values.get(TEXT_CONSENT), values.get(TEXT_CONSENT_ON)
    if not answer:
        return NOTHING
    said = f", {day_text(date.fromisoformat(on))}" if on else ""
    source = values.get(TEXT_CONSENT_SOURCE)
    return f"{answer.capitalize()}{said}{f' ({source})' if source else ''}"


def made_text(wb: Workbench, correction: Correction) -> str:
    """'corrected by Ana Reyes on Tue 24 Nov 2026: called in', as Markdown."""
    on = day_text(correction.made_at.astimezone(wb.zone()).date())
    why = f": {correction.reason}" if correction.reason else ""
    return plain(f"corrected by {users.name_of(wb, correction.made_by)} on {on}{why}")


def ended_text(wb: Workbench, correction: Correction) -> str:
    """'corrected again by Ben Cho on Wed 25 Nov 2026'; 'counts now'."""
    if correction.ended_at is None:
        return "counts now"
    on = day_text(correction.ended_at.astimezone(wb.zone()).date())
    how, by = ENDED.get(correction.ended_how, "ended"), users.name_of(wb, correction.ended_by or "")
    return plain(f"{how} by {by} on {on}")
