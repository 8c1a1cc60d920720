"""The demo's text campaign of last week: sent through the stand-in for Twilio, and what patients wrote back."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from core import (
    campaigns,
    communications,
    dispatcher,
    inbox,
    new_campaigns,
    outbox_texts,
    patients,
    receipts,
    work_lists,
)
from core.channels.twilio_sandbox_store import Store
from core.domain.communication import Communication
from core.domain.organisation import TEXT
from core.domain.work_list import WorkList
from core.forms import reference_of
from core.inbox import Incoming
from core.receipts import Status
from core.templates import template
from core.twilio_account import start_sandbox
from core.workbench import DISPATCHER, Workbench

TEMPLATE = "check-up-reminder-text"
_SENT_TO = 24  # the stand-in takes ten a second
_DESCRIPTION = (
    "Patients with an open care gap, a mobile number and no visit in the next month: may be due for a check-up."
)
# What becomes of every so many a text: the phone is off, a landline, and nobody knows why.
_UNDELIVERED = {3: 30003, 11: 30006, 19: 30008}
_REPLIES = ("STOP", "I moved to another doctor, no need to remind me", "Can I come on Saturday? I work during the week")
_NOBODY_LISTENS = "http://127.0.0.1:9"  # the web routes do not run while the demo is made
_PATIENCE = 20.0  # seconds


def send_texts(then: Workbench, later: Workbench, *, day: date) -> None:
    """A text campaign that went out on `day`. `then` and `later` are the same workbench at the moments of sending and
    of the patients' answers."""
    work_list = WorkList.from_json(dict(template(TEMPLATE).work_list))
    found = work_lists.run(then, work_list).ids[:_SENT_TO]
    if not found:
        return
    campaign_id = new_campaigns.create(then, template_id=TEMPLATE, patient_ids=found, work_list=work_list)
    version = campaigns.campaign(then, campaign_id).version
    campaigns.save(then, campaign_id, {"start_on": day, "description": _DESCRIPTION}, version=version)
    campaigns.activate(then, campaign_id)
    shift = then.now().timestamp() - time.time()
    sandbox = start_sandbox(replace(then.settings, public_url=_NOBODY_LISTENS), speed=100)
    try:
        then, later = (_through(wb, sandbox.url) for wb in (then, later))
        _send(then, campaign_id, found)
        _answer(later, campaign_id, found)
    finally:
        sandbox.stop()
    _date_back(then, timedelta(seconds=shift))


def _through(wb: Workbench, url: str) -> Workbench:
    return replace(wb, settings=replace(wb.settings, twilio_url=url, public_url=_NOBODY_LISTENS))


def _send(then: Workbench, campaign_id: str, found: Sequence[str]) -> None:
    people = {person.patient_id: person for person in patients.people(then, found)}
    for place, error in _UNDELIVERED.items():
        number = people[found[place]].phone_mobile if place < len(found) else None
        if number:
            outbox_texts.behave(then, number, f"undelivered:{error}")
    dispatcher.drain(then.as_user(DISPATCHER), channel=TEXT)
    _wait(lambda: all(text.status in ("delivered", "undelivered") for text in outbox_texts.texts(then, size=200).texts))
    kept = {text.sid: text for text in outbox_texts.texts(then, size=200).texts}
    told = [
        Status(TEXT, reference_of(one.recipient_id, one.attempts[-1].number), text.sid, text.status, text.error_code)
        for one in _tried(then, campaign_id, found)
        if (text := kept.get(one.message_id or ""))
    ]
    receipts.take_all(then.as_user(DISPATCHER), told)


def _answer(later: Workbench, campaign_id: str, found: Sequence[str]) -> None:
    """Three of those who got one write back: one wants no more, one perhaps, one has a question."""
    arrived = [one for one in _tried(later, campaign_id, found) if one.state == "delivered" and one.address]
    for one, words in zip(arrived, _REPLIES, strict=False):
        assert one.address is not None
        text = outbox_texts.reply(later, one.address, words).text
        inbox.take_all(later.as_user("patient"), [Incoming(text.sid, one.address, later.settings.twilio_from, words)])


def _tried(wb: Workbench, campaign_id: str, found: Sequence[str]) -> list[Communication]:
    return [one for each in found if (one := communications.history(wb, campaign_id, each)).attempts]


def _wait(is_done: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not is_done() and time.monotonic() < until:
        time.sleep(0.05)


def _date_back(wb: Workbench, shift: timedelta) -> None:
    """The stand-in goes by the machine's clock; its texts are of the day on which the campaign went out."""
    store = Store(wb.settings.home / "outbox")
    try:
        store.shift_texts(shift.total_seconds())
    finally:
        store.close()
