"""From a campaign to the text of one patient: checked and compiled once, then filled in for each recipient."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.body_text import tidied_text
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.merge_field import NAMES, FieldValue, FieldValues
from core.domain.one_line import is_visible
from core.domain.rendering import Compiled, compiled
from core.domain.text_message import with_end
from core.errors import MissingField, TemplateError


class NamesPatient(TemplateError):
    """The message names the patient, and the number is others' as well: nobody's name goes to a shared number."""


@dataclass(frozen=True)
class Texter:
    """A campaign's text in one language, ready for many recipients. Made by `texter`."""

    body: Compiled
    language: str

    def text(self, fields: FieldValues, *, is_shared: bool = False) -> str:
        """What one patient reads, with what is added at its end. `is_shared`: others have the number as well.

        Raises MissingField when a field that the text needs is not on file, NamesPatient when a shared number would
        read a name, TemplateError when nothing is left of the text: nothing may be sent then.
        """
        filled = tidied_text(filled_for(self.body, fields, is_shared=is_shared))
        if not is_visible(filled):
            raise TemplateError("For this patient nothing is left of the message: give its conditions an 'else'.")
        return with_end(filled, self.language)

    def missing(self, fields: FieldValues) -> list[str]:
        """Every field that this patient lacks and the text needs; empty when it can be filled in."""
        return missing_of([self.body], fields)


def texter(campaign: Campaign, *, language: str = DEFAULT_LANGUAGE) -> Texter:
    """Check and compile a campaign's text once. Falls back to the default language. Raises TemplateError."""
    message = campaign.messages.get(language) or campaign.message
    return Texter(compiled(message.body, html=False), language if language in campaign.messages else DEFAULT_LANGUAGE)


def filled_for(part: Compiled, fields: FieldValues, *, is_shared: bool) -> str:
    """A part filled in, without the patient's name where others have the number as well. Raises NamesPatient."""
    if not is_shared:
        return part.render(fields)
    neutral: Mapping[str, FieldValue] = {name: value for name, value in fields.items() if name not in NAMES}
    try:
        return part.render(neutral)
    except MissingField as error:
        if error.field in NAMES and fields.get(error.field):
            raise NamesPatient("The message names the patient, and others have the same number.") from None
        raise


def missing_of(parts: list[Compiled], fields: FieldValues) -> list[str]:
    """Every field that one patient lacks and the parts need."""
    found: list[str] = []
    for part in parts:
        filled = dict(fields)
        for _ in part.fields:  # one more with each turn, since filling stops at the first
            try:
                part.render(filled)
            except MissingField as error:
                found.append(error.field)
                filled[error.field] = "-"
            else:
                break
    return list(dict.fromkeys(found))
