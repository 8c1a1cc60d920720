"""From a campaign to the letter of one patient: checked and compiled once, then filled in for each letter."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.merge_field import FieldValue, FieldValues
from core.domain.message_body import message_body
from core.domain.one_line import is_visible
from core.domain.rendering import Compiled, compiled
from core.errors import TemplateError
from core.texter import missing_of

_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class LetterForm:
    """The bodies of a campaign's letters by language, clean HTML with merge fields. Made by `letter_form`."""

    sources: Mapping[str, str]
    bodies: Mapping[str, Compiled]

    def language(self, preferred: str | None) -> str:
        """In which language somebody gets the letter."""
        return preferred if preferred and preferred in self.bodies else DEFAULT_LANGUAGE

    def used(self, fields: FieldValues, language: str) -> dict[str, FieldValue]:
        """What the body needs of a patient's fields: what is frozen with the letter."""
        return {name: fields[name] for name in self.bodies[language].fields if fields.get(name)}

    def body(self, fields: FieldValues, language: str) -> str:
        """The letter's HTML. Raises MissingField for what is not on file, TemplateError when nothing is left of it."""
        filled = self.bodies[language].render(fields)
        if not is_visible(html.unescape(_TAG.sub("", filled))):
            raise TemplateError("For this patient nothing is left of the message: give its conditions an 'else'.")
        return filled

    def missing(self, fields: FieldValues) -> list[str]:
        """Every field that a patient lacks and the letter in the default language needs."""
        return missing_of([self.bodies[DEFAULT_LANGUAGE]], fields)


def letter_form(campaign: Campaign) -> LetterForm:
    """Check and compile the letters of a campaign. Raises TemplateError for what cannot be rendered for certain."""
    return form_of({language: message_body(each.body).clean for language, each in campaign.messages.items()})


def form_of(sources: Mapping[str, str]) -> LetterForm:
    """The same of bodies that are clean, such as frozen ones."""
    return LetterForm(sources, {language: compiled(body, html=True) for language, body in sources.items()})
