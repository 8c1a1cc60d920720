"""A call while it goes on: what it says when it is answered, and what a key does (P1-P3, O8)."""

import logging
from dataclasses import dataclass

from core import opt_outs, receipts
from core.caller import caller
from core.channels import twiml
from core.domain.address import phone_link, phone_text
from core.domain.call_words import CONNECT, REPEAT, STOP, CallWords, words_of
from core.domain.campaign import Campaign
from core.domain.organisation import PHONE
from core.domain.spoken import digits_spoken
from core.errors import TemplateError
from core.forms import caller_id
from core.merge_fields import fields_for
from core.store import campaigns as campaign_rows
from core.store import communications, merges
from core.store.contacts import eligibility_inputs
from core.store.database import reading, writing
from core.store.receipts import Heard
from core.twilio_account import webhooks
from core.workbench import Workbench

_MACHINE_READY = frozenset({"machine_end_beep", "machine_end_silence", "machine_end_other"})
_NOBODY_THERE = frozenset({"machine_start", "fax"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Call:
    reference: str
    recipient_id: int
    number: int
    patient_id: str
    address: str
    language: str | None
    campaign: Campaign

    @property
    def words(self) -> CallWords:
        return words_of(self.language)


def answered(wb: Workbench, reference: str, *, provider_id: str, answered_by: str) -> str:
    """What a call says, as Twilio's markup, to whoever has answered: a person hears the message and may press a key, an
    answering machine takes one without health information. A call that is not ours hangs up."""
    call = _call(wb, reference)
    if call is None:
        return twiml.hung_up()
    kind = "machine" if answered_by in _MACHINE_READY | _NOBODY_THERE else "answered"
    _note(wb, call, provider_id, kind, answered_by=answered_by)
    if answered_by in _NOBODY_THERE:
        return twiml.hung_up()
    try:
        return _says(wb, call, to_machine=answered_by in _MACHINE_READY)
    except TemplateError as error:
        _log.error("recipient %d: the call has nothing to say (%s)", call.recipient_id, type(error).__name__)
        return twiml.hung_up()


def pressed(wb: Workbench, reference: str, *, provider_id: str, key: str) -> str:
    """What follows a key: the message again, the office, or no more calls to the number, for good."""
    call = _call(wb, reference)
    if call is None:
        return twiml.hung_up()
    _note(wb, call, provider_id, "key", key=key[:1])
    if key == CONNECT:
        number = _call_back(wb, call)
        nobody = call.words.nobody.format(number=digits_spoken(number, call.language or "en"))
        shown = caller_id(wb, call.campaign)
        return twiml.connected(phone_link(number), call.words, caller_id=shown, nobody=nobody)
    if key == STOP:
        with writing(wb.engine) as connection:
            opt_outs.stop_calls_by_key(wb, connection, call.address, recipient_id=call.recipient_id)
        return twiml.said(call.words.stopped.format(practice=wb.organisation().name), call.words)
    before = "" if key == REPEAT else call.words.wrong_key
    try:
        return _says(wb, call, before=before)
    except TemplateError:
        return twiml.hung_up()


def _says(wb: Workbench, call: _Call, *, to_machine: bool = False, before: str = "") -> str:
    text = _script(wb, call, to_machine=to_machine)
    if to_machine:
        return twiml.to_machine(text, call.words)
    key_url = f"{webhooks(wb.settings)}/call-key?attempt={call.reference}"
    return twiml.to_person(text, call.words, key_url=key_url, before=before)


def _script(wb: Workbench, call: _Call, *, to_machine: bool) -> str:
    patient_id = call.patient_id
    with reading(wb.engine) as connection:
        found = eligibility_inputs(connection, [patient_id], channel=PHONE, at=wb.now(), on=wb.today(), zone=wb.zone())
    contact = found[patient_id]
    form = caller(call.campaign, language=call.language or contact.language or "en")
    fields = fields_for(wb, [patient_id], call.campaign).get(patient_id, {})
    fill = form.leaves if to_machine else form.says
    return fill(fields, is_shared=contact.is_shared)


def _call(wb: Workbench, reference: str) -> _Call | None:
    """The call that a reference names; None when there is none."""
    attempt = receipts.attempt_of(reference)
    if attempt is None:
        return None
    with reading(wb.engine) as connection:
        found = communications.of_recipient(connection, attempt[0])
        if found is None or found.address is None:
            return None
        campaign = campaign_rows.campaign(connection, found.campaign_id).version_for(found.arm)
        patient_id = merges.survivor(connection, found.patient_id)
    if campaign.channel != PHONE:
        return None
    return _Call(reference, *attempt, patient_id, found.address, found.language, campaign)


def _call_back(wb: Workbench, call: _Call) -> str:
    number = call.campaign.fields.get("call_back_number") or wb.organisation().call_back_number
    return phone_text(number)


def _note(wb: Workbench, call: _Call, provider_id: str, kind: str, **details: str) -> None:
    said = f"{kind}:{'-'.join(details.values())}"
    heard = Heard(call.recipient_id, call.number, provider_id, kind, said, wb.now(), {"channel": PHONE, **details})
    with writing(wb.engine) as connection:
        receipts.note(wb, connection, heard)
