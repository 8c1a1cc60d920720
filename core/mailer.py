"""From a campaign to the mail of one patient: checked and compiled once, then filled in for each recipient."""

from dataclasses import dataclass
from datetime import datetime

from core import logos
from core.channels.email_frame import Frame, Logo, compile_frame, message_id, return_address
from core.domain.body_text import tidied_text
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.merge_field import EXAMPLES, FieldValues
from core.domain.message_body import message_body
from core.domain.one_line import is_visible, one_line
from core.domain.rendering import Compiled, compiled
from core.domain.unsubscribe import stop_url, token
from core.errors import MissingField, TemplateError
from core.store.secret import secret_key
from core.workbench import Workbench

LOGO_KINDS = ("png", "jpeg")  # mail programs show no SVG


@dataclass(frozen=True)
class Mail:
    """A mail as its reader sees it: `html` is a whole page, `text` the plain-text part with its footer."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Mailer:
    """A campaign's message in one language, ready for many recipients. Made by `mailer`."""

    campaign_id: str
    from_email: str
    subject: Compiled
    html: Compiled
    text: Compiled
    frame: Frame
    key: bytes
    public_url: str
    returns_to: str

    def compose(self, fields: FieldValues, *, recipient_id: int | None, to: str, at: datetime) -> bytes:
        """The mail as it goes to the server. `recipient_id` None makes a test mail: its stop link stops nothing.

        `fields` come from `core.merge_fields.fields_for`. Raises MissingField when one that the message needs is not
        on file, TemplateError when nothing is left of the message: nothing may be sent then.
        """
        subject, html, text = self._filled(fields)
        return self.frame.compose(
            to=to,
            subject=subject,
            html=html,
            text=text,
            message_id=self.message_id(f"test-{at:%Y%m%d%H%M%S%f}" if recipient_id is None else recipient_id),
            at=at,
            stop_url=self.stop_url(recipient_id),
        )

    def mail(self, fields: FieldValues) -> Mail:
        """The mail for a preview, with a stop link that stops nothing. Raises MissingField."""
        url = self.stop_url(None)
        subject, html, text = self._filled(fields)
        return Mail(subject, self.frame.html(html, stop_url=url), self.frame.text(text, stop_url=url))

    def _filled(self, fields: FieldValues) -> tuple[str, str, str]:
        """Subject, HTML and text for one patient. Raises TemplateError when conditions leave nothing of them."""
        subject = one_line(self.subject.render(fields))
        text = tidied_text(self.text.render(fields))
        for part, filled in (("subject", subject), ("message", text)):
            if not is_visible(filled):
                raise TemplateError(f"For this patient nothing is left of the {part}: give its conditions an 'else'.")
        return subject, self.html.render(fields), text

    def missing(self, fields: FieldValues) -> list[str]:
        """Every field that this patient lacks and the mail needs; empty when it can be filled in."""
        lacking = dict.fromkeys(name for part in self._parts for name in part.fields if not fields.get(name))
        if not lacking:
            return []
        filled, found = dict(fields), []
        for part in self._parts:
            for _ in lacking:  # one more with each turn, since filling stops at the first
                name = _first_missing(part, filled)
                if name is None:
                    break
                found.append(name)
                filled[name] = EXAMPLES[name]
        return found

    @property
    def _parts(self) -> tuple[Compiled, ...]:
        return self.subject, self.html, self.text

    def message_id(self, recipient_id: int | str) -> str:
        """The Message-ID of one recipient's mail, the same at every try."""
        return message_id(self.key, campaign_id=self.campaign_id, recipient_id=recipient_id, domain=self.frame.domain)

    def envelope_sender(self, recipient_id: int) -> str:
        """Where the mail of one recipient returns to when it cannot be delivered."""
        return return_address(self.key, self.returns_to, recipient_id) if self.returns_to else self.from_email

    def stop_url(self, recipient_id: int | None) -> str:
        """Where the recipient stops emails."""
        return stop_url(self.public_url, token(self.key, recipient_id))


def mailer(wb: Workbench, campaign: Campaign, *, language: str = DEFAULT_LANGUAGE) -> Mailer:
    """Check and compile a campaign's message once. Falls back to the default language.

    Raises TemplateError, with the line, for what cannot be rendered for certain.
    """
    message = campaign.messages.get(language) or campaign.message
    body = message_body(message.body)
    organisation = wb.organisation()
    return Mailer(
        campaign_id=campaign.campaign_id,
        from_email=campaign.from_email,
        subject=compiled(one_line(message.subject), html=False),
        html=body.html_part,
        text=body.text_part,
        frame=compile_frame(
            practice=organisation.name,
            from_email=campaign.from_email,
            from_name=campaign.from_name,
            postal_address=organisation.postal_address,
            call_back_number=campaign.fields.get("call_back_number") or organisation.call_back_number,
            language=language if language in campaign.messages else DEFAULT_LANGUAGE,
            logo=_logo(wb),
        ),
        key=secret_key(wb.settings.home),
        public_url=wb.settings.public_url,
        returns_to=wb.settings.bounce_address,
    )


def _first_missing(part: Compiled, fields: FieldValues) -> str | None:
    try:
        part.render(fields)
    except MissingField as error:
        return error.field
    except TemplateError:  # too long: nobody's fields are to blame
        return None
    return None


def _logo(wb: Workbench) -> Logo | None:
    found = logos.organisation_logo(wb, kinds=LOGO_KINDS)
    return Logo(found.content, found.kind) if found else None
