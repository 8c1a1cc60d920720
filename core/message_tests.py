"""A message sent as a test to somebody of the organisation: filled in for a patient, nobody's communication (C7).

It leaves like a message to a patient: whoever said stop gets none, it comes from a sender of the organisation, a pause
holds it, and texts and calls keep the quiet hours. docs/decisions/tests-are-messages.md
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from core.audit import address_mark, record, record_in
from core.caller import caller
from core.channels import twiml
from core.channels.handing_over import Outgoing
from core.domain.address import is_email, is_us_number, normal_email, phone_link
from core.domain.call_words import words_of
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign
from core.domain.eligibility import Contact
from core.domain.invented import is_invented
from core.domain.merge_field import FieldValues
from core.domain.message import reason_sentence
from core.domain.opt_out import against
from core.domain.organisation import EMAIL, PHONE, TEXT
from core.domain.quiet_hours import LOCAL_CHANNELS, LocalHours, allowed, local_hours
from core.errors import NotAllowed, SendError
from core.forms import caller_id
from core.home_mode import channel as mode_channel
from core.home_mode import is_live
from core.mailer import mailer
from core.modes import setting_problems
from core.sending_control import holds
from core.store import address_owners, address_states, audit_rows
from core.store import opt_outs as opt_out_rows
from core.store.contacts import eligibility_inputs
from core.store.database import reading, writing
from core.texter import texter
from core.workbench import Workbench

TESTS_PER_HOUR = 20  # of one user: enough to try a message in two languages on every phone of an office
_TESTED = "campaign.tested"
_BEFORE = {"en": "This is a test.", "es": "Esta es una prueba."}
_WHAT = {EMAIL: "emails", TEXT: "texts", PHONE: "calls"}
_HOLDS = ("restore", "pause")  # what a person must end; an account that fails may be tried with a test


def address(wb: Workbench, campaign: Campaign, typed: str) -> str:
    """What was typed as the address or number of a test of this campaign.

    Raises NotAllowed for what is none, for one whose owner wants nothing or at which nothing arrives, for a sender or
    mode that is not the organisation's, while sending is paused, in the quiet hours of a number, and for the test
    above TESTS_PER_HOUR.
    """
    to = _email(typed) if campaign.channel == EMAIL else _number(typed)
    if is_invented(to) and is_live(wb):
        raise NotAllowed(
            "The test was not sent: this home is live, and the address is one that nobody can have, set aside for "
            "examples. Type your own."
        )
    if wrong := setting_problems(wb, campaign):
        raise NotAllowed(f"The test was not sent. {' '.join(wrong.values())}")
    _refuse_held(wb, campaign.channel)
    with reading(wb.engine) as connection:
        people = _people(wb, connection, campaign.channel, to)
        _refuse_unwanted(wb, connection, campaign, to, people)
        _refuse_too_many(wb, connection)
    if campaign.channel in LOCAL_CHANNELS:
        _refuse_at_night(wb, people)
    return to


def send(wb: Workbench, campaign: Campaign, to: str, fields: FieldValues, *, language: str = DEFAULT_LANGUAGE) -> None:
    """Send it to what `address` returned. Recorded before it leaves, with a mark of the address: no test leaves without
    a line. Raises NotAllowed when the provider does not take it, TemplateError when it cannot be filled in."""
    outgoing = _outgoing(wb, campaign, to, fields, language)
    with writing(wb.engine) as connection:
        audit_rows.hold(connection)
        _refuse_too_many(wb, connection)
        mark = address_mark(wb, _compared(to))
        record_in(wb, connection, _TESTED, campaign.campaign_id, channel=campaign.channel, to=mark)
    with mode_channel(wb, campaign.channel) as channel:
        try:
            channel.hand_over(outgoing)
        except SendError as error:
            record(wb, "campaign.test_failed", campaign.campaign_id, reason=error.reason)
            raise NotAllowed(
                f"The test was not sent: {reason_sentence(error.reason, campaign.channel)}. Try again later."
            ) from None


def _email(typed: str) -> str:
    if not is_email(typed.strip()):
        raise NotAllowed("The test cannot be sent: this is not one email address. Type one such as name@example.org.")
    return typed.strip()


def _number(typed: str) -> str:
    number = phone_link(typed)
    if not is_us_number(number):
        raise NotAllowed("The test cannot be sent: this is not one number. Type ten digits such as (312) 555-0199.")
    return number


def _compared(to: str) -> str:
    return normal_email(to) if "@" in to else to


def _refuse_held(wb: Workbench, channel: str) -> None:
    for hold in holds(wb, channel):
        if hold.kind in _HOLDS:
            raise NotAllowed(f"The test was not sent: tests are held like every other message. {hold.sentence}")


def _people(wb: Workbench, connection: Connection, channel: str, to: str) -> list[Contact]:
    """The patients who have the address or number, or whose messages go to the adult who has it."""
    owners = address_owners.owners(connection, {_compared(to)}, on=wb.today()).get(_compared(to), set())
    found = eligibility_inputs(connection, sorted(owners), channel=channel, at=wb.now(), on=wb.today(), zone=wb.zone())
    return list(found.values())


def _refuse_unwanted(wb: Workbench, connection: Connection, campaign: Campaign, to: str, people: list[Contact]) -> None:
    channel, mailing = campaign.channel, campaign.mailing
    whoever = f"whoever has this {'address' if channel == EMAIL else 'number'}"
    wishes = opt_out_rows.of_address(connection, _compared(to))
    wishes += [each for contact in people for each in contact.opt_outs]
    said_stop = against(wishes, product=mailing.product, channel=channel, on=wb.today(), protocols=mailing.protocols)
    if said_stop or any(contact.consent == "no" for contact in people):
        raise NotAllowed(f"The test was not sent: {whoever} wants no more {_WHAT[channel]}. Type another one.")
    if address_states.is_dead(connection, _compared(to), channel=channel):
        raise NotAllowed(
            f"The test was not sent: an earlier message to {whoever} could not be delivered, so nothing more goes "
            "there. Type another one."
        )


def _refuse_too_many(wb: Workbench, connection: Connection) -> None:
    since = wb.now() - timedelta(hours=1)
    bounds: dict[str, Any] = {"action": _TESTED, "subject": "", "first_at": since, "before_at": None}
    lines = audit_rows.found(connection, limit=None, user_id=wb.user.user_id, **bounds)
    sent = sum("to" in line.details for line in lines)  # a test letter goes to nobody
    if sent >= TESTS_PER_HOUR:
        raise NotAllowed(
            f"The test was not sent: you have sent {sent} in the last hour, and at most {TESTS_PER_HOUR} are possible. "
            "Try again later, or look at the preview."
        )


def _refuse_at_night(wb: Workbench, people: list[Contact]) -> None:
    """By the addresses of the patients who have the number; a number of nobody on file is where the organisation is."""
    organisation = wb.organisation()
    opens, closes = organisation.quiet_until, organisation.quiet_from
    hours = {each for one in people for each in local_hours(organisation, one.state, one.zip_code)}
    if not allowed(wb.now(), frozenset(hours or {LocalHours(organisation.time_zone, opens, closes)})):
        raise NotAllowed(
            f"The test was not sent: texts and calls come from {opens:%H:%M} to {closes:%H:%M} on the clock of whoever "
            "has the number, or less where a state asks for it. Try again then."
        )


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
