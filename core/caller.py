"""From a campaign to what a call says to one patient: compiled once, filled in when the call is answered."""

from dataclasses import dataclass

from core.domain.body_text import tidied_text
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.merge_field import FieldValues
from core.domain.one_line import is_visible
from core.domain.rendering import Compiled, compiled
from core.domain.spoken import spoken_text
from core.errors import TemplateError
from core.texter import filled_for, missing_of


@dataclass(frozen=True)
class Caller:
    """A campaign's call in one language, ready for many recipients. Made by `caller`."""

    script: Compiled
    voicemail: Compiled
    language: str

    def says(self, fields: FieldValues, *, is_shared: bool = False) -> str:
        """What a person hears, numbers digit by digit. Raises MissingField, NamesPatient, and TemplateError when
        nothing is left: nobody may be called then."""
        return self._spoken(self.script, fields, is_shared=is_shared)

    def leaves(self, fields: FieldValues, *, is_shared: bool = False) -> str:
        """What is left on an answering machine, which anybody may hear. Raises like `says`."""
        return self._spoken(self.voicemail, fields, is_shared=is_shared)

    def missing(self, fields: FieldValues) -> list[str]:
        """Every field that this patient lacks and the call needs; empty when it can be filled in."""
        return missing_of([self.script, self.voicemail], fields)

    def _spoken(self, part: Compiled, fields: FieldValues, *, is_shared: bool) -> str:
        filled = tidied_text(filled_for(part, fields, is_shared=is_shared))
        if not is_visible(filled):
            raise TemplateError("For this patient nothing is left of the message: give its conditions an 'else'.")
        return spoken_text(filled, self.language)


def caller(campaign: Campaign, *, language: str = DEFAULT_LANGUAGE) -> Caller:
    """Check and compile a campaign's call once. Falls back to the default language. Raises TemplateError."""
    message = campaign.messages.get(language) or campaign.message
    return Caller(
        compiled(message.body, html=False),
        compiled(message.voicemail, html=False),
        language if language in campaign.messages else DEFAULT_LANGUAGE,
    )
