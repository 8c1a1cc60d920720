"""The messages that one campaign may send, each compiled once: its own by language, and the introductory email."""

from datetime import datetime
from typing import Protocol

from core.caller import Caller, caller
from core.channels.handing_over import Outgoing
from core.domain.address import phone_link
from core.domain.campaign import AB, DEFAULT_LANGUAGE, Campaign
from core.domain.effects.allocation import A, B
from core.domain.introduction import INTRODUCTORY
from core.domain.merge_field import FieldValues
from core.domain.organisation import PHONE, TEXT
from core.introductory_email import instead_of
from core.mailer import Mailer, mailer
from core.send_time import Decided
from core.store.messages import Claimed
from core.texter import Texter, texter
from core.workbench import Workbench


class Form(Protocol):
    """One message in one language, ready to be filled in."""

    def outgoing(self, claimed: Claimed, decided: Decided, fields: FieldValues, *, at: datetime) -> Outgoing:
        """What leaves for one recipient. Raises MissingField, TemplateError when nothing may leave."""

    def message_id(self, recipient_id: int) -> str:
        """What a mail is known by later; '' where the provider names the message."""


class MailForm:
    """Of an email."""

    def __init__(self, form: Mailer) -> None:
        self._form = form
        self.message_id = form.message_id

    def outgoing(self, claimed: Claimed, decided: Decided, fields: FieldValues, *, at: datetime) -> Outgoing:
        """See Form."""
        to, recipient_id = decided.contact.address or "", claimed.recipient_id
        return Outgoing(
            to,
            self._form.compose(fields, recipient_id=recipient_id, to=to, at=at),
            sender=self._form.envelope_sender(recipient_id),
            reference=self._form.message_id(recipient_id).strip("<>"),
        )


class TextForm:
    """Of a text."""

    def __init__(self, form: Texter) -> None:
        self._form = form

    def outgoing(self, claimed: Claimed, decided: Decided, fields: FieldValues, *, at: datetime) -> Outgoing:
        """See Form."""
        contact = decided.contact
        return Outgoing(
            contact.address or "",
            self._form.text(fields, is_shared=contact.is_shared),
            reference=reference(claimed),
            valid_for=int((decided.valid_until - at).total_seconds()) if decided.valid_until else 0,
        )

    def message_id(self, _recipient_id: int) -> str:
        """See Form."""
        return ""


class CallForm:
    """Of a call: its words are filled in once to see that they can be, and again when it is answered."""

    def __init__(self, form: Caller, caller_id: str) -> None:
        self._form = form
        self._caller_id = caller_id

    def outgoing(self, claimed: Claimed, decided: Decided, fields: FieldValues, *, at: datetime) -> Outgoing:  # noqa: ARG002
        """See Form."""
        contact = decided.contact
        self._form.says(fields, is_shared=contact.is_shared)
        self._form.leaves(fields, is_shared=contact.is_shared)
        return Outgoing(contact.address or "", sender=self._caller_id, reference=reference(claimed))

    def message_id(self, _recipient_id: int) -> str:
        """See Form."""
        return ""


class Forms:
    """Made for one batch. Raises TemplateError at once when the campaign's own message cannot be rendered."""

    def __init__(self, wb: Workbench, campaign: Campaign) -> None:
        self._wb = wb
        self._campaign = campaign
        self._forms: dict[tuple[str, str, str], Form] = {}
        for arm in (A, B) if campaign.design == AB else (A,):
            self.of(INTRODUCTORY if campaign.kind == INTRODUCTORY else "campaign", DEFAULT_LANGUAGE, arm=arm)

    def of(self, message: str, language: str | None, *, arm: str) -> tuple[Form, str]:
        """The message of the recipient's arm in the patient's language, else in the default one, and which language it
        is."""
        campaign = self._campaign.version_for(arm)
        if message == INTRODUCTORY:  # the text that counts now, also for those who wait since an earlier day
            campaign = instead_of(self._wb, campaign)
        chosen = language if language in campaign.messages else DEFAULT_LANGUAGE
        assert chosen is not None
        key = (message, chosen, B if arm == B else A)
        if key not in self._forms:
            self._forms[key] = self._form(campaign, chosen)
        return self._forms[key], chosen

    def _form(self, campaign: Campaign, language: str) -> Form:
        if campaign.channel == TEXT:
            return TextForm(texter(campaign, language=language))
        if campaign.channel == PHONE:
            return CallForm(caller(campaign, language=language), caller_id(self._wb, campaign))
        return MailForm(mailer(self._wb, campaign, language=language))


def reference(claimed: Claimed) -> str:
    """What a text's or call's attempt is known by in the addresses that Twilio calls."""
    return reference_of(claimed.recipient_id, claimed.number)


def reference_of(recipient_id: int, number: int) -> str:
    """The same from a recipient and the number of the attempt."""
    return f"{recipient_id}-{number}"


def caller_id(wb: Workbench, campaign: Campaign) -> str:
    """The number that phones show for a call (P2)."""
    return phone_link(campaign.fields.get("caller_id", "")) or wb.organisation().caller_id or wb.settings.twilio_from
