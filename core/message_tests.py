"""A message sent as a test to somebody of the organisation: filled in for a patient, nobody's communication (C7)."""

from dataclasses import replace

from core import opt_outs
from core.caller import caller
from core.channels import twiml
from core.channels.handing_over import Outgoing
from core.domain.address import is_email, is_us_number, phone_link
from core.domain.call_words import words_of
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.invented import is_invented
from core.domain.merge_field import FieldValues
from core.domain.message import reason_sentence
from core.domain.opt_out import CAMPAIGN, covers
from core.domain.organisation import EMAIL, PHONE, TEXT
from core.errors import NotAllowed, SendError
from core.forms import caller_id
from core.home_mode import channel as mode_channel
from core.home_mode import is_live
from core.mailer import mailer
from core.texter import texter
from core.workbench import Workbench

_BEFORE = {"en": "This is a test.", "es": "Esta es una prueba."}


def address(wb: Workbench, channel: str, typed: str) -> str:
    """What was typed as the address or number of a test. Raises NotAllowed for what is none, and for a number whose
    owner has stopped texts or calls."""
    if channel == EMAIL:
        if not is_email(typed.strip()):
            raise NotAllowed(
                "The test cannot be sent: this is not one email address. Type one such as name@example.org."
            )
        _refuse_invented(wb, typed.strip())
        return typed.strip()
    number = phone_link(typed)
    if not is_us_number(number):
        raise NotAllowed("The test cannot be sent: this is not one number. Type ten digits such as (312) 555-0199.")
    _refuse_invented(wb, number)
    stopped = opt_outs.of_address(wb, number)
    if any(covers(each, product=CAMPAIGN, channel=channel, on=wb.today()) for each in stopped):
        what = "texts" if channel == TEXT else "calls"
        raise NotAllowed(f"The test was not sent: whoever has this number wants no more {what}.")
    return number


def _refuse_invented(wb: Workbench, to: str) -> None:
    if is_invented(to) and is_live(wb):
        raise NotAllowed(
            "The test was not sent: this home is live, and the address is one that nobody can have, set aside for "
            "examples. Type your own."
        )


def send(wb: Workbench, campaign: Campaign, to: str, fields: FieldValues, *, language: str = DEFAULT_LANGUAGE) -> None:
    """Send it. Raises NotAllowed when the provider does not take it, TemplateError when it cannot be filled in."""
    outgoing = _outgoing(wb, campaign, to, fields, language)
    with mode_channel(wb, campaign.channel) as channel:
        try:
            channel.hand_over(outgoing)
        except SendError as error:
            raise NotAllowed(
                f"The test was not sent: {reason_sentence(error.reason, campaign.channel)}. Try again later."
            ) from None


def _outgoing(wb: Workbench, campaign: Campaign, to: str, fields: FieldValues, language: str) -> Outgoing:
    before = _BEFORE.get(language, _BEFORE["en"])
    if campaign.channel == TEXT:
        return Outgoing(to, f"{before} {texter(campaign, language=language).text(fields)}")
    if campaign.channel == PHONE:
        said = f"{before} {caller(campaign, language=language).says(fields)}"
        return Outgoing(to, twiml.said(said, words_of(language)), sender=caller_id(wb, campaign))
    message = replace(campaign.message, subject=f"Test: {campaign.message.subject}")
    form = mailer(wb, replace(campaign, messages={DEFAULT_LANGUAGE: message}))
    return Outgoing(to, form.compose(fields, recipient_id=None, to=to, at=wb.now()), sender=campaign.from_email)
