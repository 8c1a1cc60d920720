"""The messages that one campaign may send, each compiled once: its own by language, and the introductory email."""

from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.introduction import INTRODUCTORY
from core.introductory_email import instead_of
from core.mailer import Mailer, mailer
from core.workbench import Workbench


class Forms:
    """Made for one batch. Raises TemplateError at once when the campaign's own message cannot be rendered."""

    def __init__(self, wb: Workbench, campaign: Campaign) -> None:
        self._wb = wb
        self._campaign = campaign
        self._forms: dict[tuple[str, str], Mailer] = {}
        self.of(INTRODUCTORY if campaign.kind == INTRODUCTORY else "campaign", DEFAULT_LANGUAGE)

    def of(self, message: str, language: str | None) -> tuple[Mailer, str]:
        """The message in the patient's language, else in the default one, and which of them it is."""
        campaign = self._campaign
        if message == INTRODUCTORY:  # the text that counts now, also for those who wait since an earlier day
            campaign = instead_of(self._wb, campaign)
        chosen = language if language in campaign.messages else DEFAULT_LANGUAGE
        assert chosen is not None
        key = (message, chosen)
        if key not in self._forms:
            self._forms[key] = mailer(self._wb, campaign, language=chosen)
        return self._forms[key], chosen
