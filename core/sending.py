"""One batch of one campaign: claimed and written down, filled in, handed over, recorded.

The order is what makes a second message impossible: claims and attempts are committed, then messages leave one by one,
then their outcomes are committed together. Whatever breaks in between leaves rows that nobody sends again.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from core import ledgers, receipts
from core.approval_state import NotApproved, why_held
from core.campaign_order import put_in_order
from core.channels.handing_over import Channel, NoSession, Outgoing, TooFast
from core.channels.refusals import refusal_kind
from core.domain.campaign import Campaign
from core.domain.eligibility import missing_field
from core.domain.invented import is_invented_email
from core.domain.merge_field import FieldValues
from core.domain.message import CANNOT_BE_WRITTEN
from core.domain.organisation import EMAIL, Organisation
from core.domain.rendering import MissingField
from core.domain.sending_account import take
from core.domain.twilio_errors import OPTED_OUT, UNUSABLE, error_of
from core.errors import NotAllowed, SendError, TemplateError
from core.forms import Forms
from core.merge_fields import fields_for
from core.recovery import remember_last
from core.send_time import Decided, decide
from core.store import campaigns as campaign_rows
from core.store import messages, mode_rows
from core.store import sending as sending_rows
from core.store.database import reading, writing
from core.store.journal import Journal
from core.store.messages import Begun, Claimed, Ended
from core.store.mode_rows import Mode
from core.text_stops import AT_PROVIDER, stop_number
from core.texter import NamesPatient
from core.verdicts import verdict
from core.workbench import Workbench

BATCH = 100
LEASE = timedelta(minutes=10)  # longer than one message can take with every time-out
_CHECK = 2.0  # seconds after which opt-outs, a stop and the lease are looked at again in mid-batch
_KEEP_TRIES = (0.1, 1.0, 5.0, 15.0, 30.0)  # seconds between attempts to write outcomes down

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ready:
    """A message ready to leave, with the attempt that is written down for it, and the care gaps it leaves out."""

    begun: Begun
    outgoing: Outgoing
    unsaid: frozenset[str] = frozenset()


@dataclass
class Batch:
    """Claimed recipients of one campaign with their messages, in the hands of one worker."""

    wb: Workbench
    worker: str
    campaign: Campaign
    organisation: Organisation
    ready: list[Ready]
    put_off: int = 0  # recipients who wait until later, without a message
    in_hand: Ready | None = None  # being handed over just now: what became of it is not in `ended` yet
    ended: list[Ended] = field(default_factory=list)
    kept: int = 0  # how many of `ended` are written down already
    checked_at: float = field(default_factory=time.monotonic)

    @property
    def has_given_back(self) -> bool:
        """Whether any of its recipients waits again, or may."""
        is_partly_done = self.put_off > 0 or len(self.ended) < len(self.ready)
        return is_partly_done or any(one.verdict.state == "waiting" for one in self.ended)


@dataclass(frozen=True)
class Sent:
    """How many messages the provider took over, and what kept the others from leaving."""

    accepted: int
    trouble: SendError | None = None  # NoSession: the provider; TooFast: its pace; NoJournal: this machine


class NoJournal(SendError):
    """The journal takes no more, so nothing may leave: after a kill nobody would know what did."""


class NoLedger(NoJournal):
    """The ledger takes no more, so nothing may leave: after the restore of a backup nobody would know what did."""


def take_batch(wb: Workbench, campaign_id: str, *, worker: str, limit: int = BATCH) -> Batch | None:
    """Claim due recipients, decide anew who may be written to, and write the attempts, in one transaction.

    The batch is empty when another worker was quicker or nobody in it may be written to; those are 'not sent', or wait
    until two days after their introductory email. None when the account's limit lets nothing go at this moment. Raises
    NotApproved when the organisation asks for an approval and what would be sent has none.
    """
    settled, at = wb.settle(), wb.now()
    with reading(wb.engine) as connection:
        campaign = campaign_rows.campaign(connection, campaign_id)
        _require_sender(campaign, mode_rows.mode(connection))
    forms = Forms(settled, campaign)
    with writing(wb.engine) as connection:
        if held := why_held(settled, connection, campaign):
            raise NotApproved(held)
        limit = _let_go(settled, connection, limit, at=at)
        if not limit:
            return None
        claimed = messages.claim(connection, campaign_id, worker=worker, at=at, lease=LEASE, limit=limit)
        decided = decide(settled, connection, campaign, claimed, at=at)
        going = [one for one in claimed if decided[one].may_go]
        fields = fields_for(settled, [one.patient_id for one in going], campaign)
        ready: list[Ready] = []
        reasons: list[tuple[Claimed, str]] = []
        for one in claimed:
            made = _ready(forms, one, decided[one], fields.get(one.patient_id), at=at)
            if isinstance(made, Ready):
                ready.append(made)
            elif isinstance(made, datetime):
                messages.wait(connection, one, worker=worker, until=made)
            else:
                reasons.append((one, made))
        messages.refuse(connection, reasons, worker=worker, at=at)
        messages.begin(connection, [one.begun for one in ready], worker=worker, at=at)
        try:
            ledgers.leaving(settled, campaign, [one.begun for one in ready], at=at)
        except OSError:
            raise NoLedger("no_ledger", kind="temporary") from None
    if claimed:
        _log.info("campaign %s: %d claimed, %d not sent", campaign_id, len(claimed), len(reasons))
    put_off = len(claimed) - len(ready) - len(reasons)
    return Batch(wb, worker, campaign, settled.organisation(), ready, put_off)


def send_batch(
    batch: Batch,
    channel: Channel,
    *,
    may_go_on: Callable[[], bool],
    journal: Journal | None = None,
    answered: Callable[[], None] | None = None,
) -> Sent:
    """Hand the messages over one by one and record what became of them.

    `may_go_on` is asked before each message, and may wait for its turn; when it says no, or the provider takes none,
    the rest waits again and has used up no attempt. `journal` is told before each message ends and what was replied,
    `answered` is called after each.
    """
    left = list(batch.ready)
    trouble: SendError | None = None
    try:
        while left and trouble is None and may_go_on():
            if time.monotonic() - batch.checked_at > _CHECK:
                left = _look_again(batch, left, journal)
                continue
            batch.in_hand = left.pop(0)
            try:
                batch.ended.append(_hand_over(batch, batch.in_hand, channel, journal))
            except (NoSession, TooFast, NoJournal) as error:
                left.insert(0, batch.in_hand)
                trouble = error
            batch.in_hand = None
            if answered:
                answered()
    finally:
        # What is still in hand when something unforeseen broke is known to the journal only.
        _keep(batch, [one.begun.claimed for one in left], journal)
    accepted = sum(one.outcome == "accepted" for one in batch.ended)
    _log.info("campaign %s: %d handed over of %d", batch.campaign.campaign_id, accepted, len(batch.ended))
    return Sent(accepted, trouble)


def _require_sender(campaign: Campaign, now: Mode) -> None:
    """Patients must be able to see who wrote: in a live home no campaign goes out from an invented address."""
    if now.is_live and campaign.channel == EMAIL and is_invented_email(campaign.from_email):
        raise NotAllowed("Its From Email Address is one that nobody can have. Copy it with one of your practice.")


def _let_go(wb: Workbench, connection: Connection, wanted: int, *, at: datetime) -> int:
    """How many messages the account's limit lets go now (S7)."""
    per_minute = wb.organisation().email_rate_limit
    if per_minute is None:
        return wanted
    account, granted = take(
        sending_rows.account_for_change(connection, EMAIL), wanted=wanted, per_minute=per_minute, at=at
    )
    sending_rows.keep_account(connection, account)
    return granted


def _ready(
    forms: Forms, claimed: Claimed, decided: Decided, fields: FieldValues | None, *, at: datetime
) -> Ready | datetime | str:
    """The message of one recipient, or until when to wait with it, or the key of the reason why there can be none."""
    if decided.wait_until:
        return decided.wait_until
    if decided.refused:
        return decided.refused
    if fields is None:  # a load may have removed a patient between the two questions
        return "unknown_patient"
    form, language = forms.of(decided.message, decided.contact.language, arm=claimed.arm)
    try:
        outgoing = form.outgoing(claimed, decided, fields, at=at)
    except MissingField as error:
        return missing_field(error.field).key
    except NamesPatient:
        return "shared_number"
    except TemplateError:
        return CANNOT_BE_WRITTEN
    except Exception as error:
        # One patient's odd record must not hold up everybody else's message, now and at every restart.
        _log.error("recipient %d: the message cannot be written (%s)", claimed.recipient_id, type(error).__name__)
        return CANNOT_BE_WRITTEN
    begun = Begun(claimed, outgoing.to, language, form.message_id(claimed.recipient_id), decided.message)
    return Ready(begun, outgoing, decided.unsaid)


def _hand_over(batch: Batch, ready: Ready, channel: Channel, journal: Journal | None) -> Ended:
    begin = partial(_begin, journal, ready.begun.claimed) if journal else None
    try:
        receipt = channel.hand_over(ready.outgoing, before_end=begin)
    except (NoSession, TooFast, NoJournal):
        raise
    except SendError as error:
        if journal and error.kind != "unknown" and error.code:
            journal.end(int(error.code))
        return _ended(batch, ready, error.kind, reason=error.reason, code=error.code, reply=error.reply)
    if journal:
        journal.end(int(receipt.code))
    return _ended(
        batch, ready, "accepted", code=receipt.code, reply=receipt.reply, provider_id=receipt.provider_id or None
    )


def _begin(journal: Journal, claimed: Claimed) -> None:
    try:
        journal.begin(claimed.recipient_id, claimed.number)
    except OSError:
        raise NoJournal("no_journal", kind="temporary") from None


def _ended(
    batch: Batch,
    ready: Ready,
    outcome: str,
    *,
    reason: str = "",
    code: str,
    reply: str,
    provider_id: str | None = None,
) -> Ended:
    at, claimed, channel = batch.wb.now(), ready.begun.claimed, batch.campaign.channel
    follows = verdict(
        batch.organisation,
        channel,
        outcome,
        reason=reason,
        number=claimed.number,
        at=at,
        message=ready.begun.message,
    )
    more = _consequence(channel, outcome, reason, code, reply)
    return Ended(
        claimed.recipient_id,
        claimed.number,
        outcome,
        code,
        reply,
        at,
        follows,
        dead_address=ready.begun.address if more == UNUSABLE else None,
        channel=channel,
        provider_id=provider_id,
        has_opted_out=more == OPTED_OUT,
    )


def _consequence(channel: str, outcome: str, reason: str, code: str, reply: str) -> str:
    """What a refusal for good means beyond the message. One by a mail server is about the address only when its words
    say so."""
    if outcome != "permanent" or not code:
        return ""
    if channel != EMAIL:
        return error_of(int(code)).follows
    return UNUSABLE if reason != "sender_refused" and refusal_kind(code, reply) == "definitive" else ""


def _look_again(batch: Batch, left: list[Ready], journal: Journal | None) -> list[Ready]:
    """A slow batch: write down what is known, keep the claims, and leave out who opted out meanwhile (O6), whose
    campaign was stopped (C9) or who has another address now."""
    wb, worker, at = batch.wb, batch.worker, batch.wb.now()
    claimed = [one.begun.claimed for one in left]
    with writing(wb.engine) as connection:
        _write_down(batch, connection)
        ours = messages.renew(connection, claimed, worker=worker, at=at, lease=LEASE)
        others_now = [one for one in claimed if ours.get(one.recipient_id, one.patient_id) != one.patient_id]
        _hand_back(batch, connection, others_now)  # they come again with the id they have now
        claimed = [one for one in claimed if ours.get(one.recipient_id) == one.patient_id]
        if campaign_rows.campaign(connection, batch.campaign.campaign_id).status != "active":
            _hand_back(batch, connection, claimed)
            claimed = []
        decided = decide(wb, connection, batch.campaign, claimed, at=at)
        refused = [(one, decided[one].refused) for one in claimed if decided[one].refused]
        messages.refuse(connection, refused, worker=worker, at=at)
        ledgers.handed_back(wb, batch.campaign.campaign_id, [one for one, _ in refused])
        kept = [one for one in left if one.begun.claimed in decided and not decided[one.begun.claimed].refused]
        ready = [one for one in kept if decided[one.begun.claimed].still_fits(one.begun, unsaid=one.unsaid)]
        others = [one.begun.claimed for one in kept if one not in ready]
        _hand_back(batch, connection, others)
    if journal:
        journal.clear()
    batch.kept = len(batch.ended)
    batch.checked_at = time.monotonic()
    return ready


def _write_down(batch: Batch, connection: Connection) -> None:
    """What became of the messages since the last time, with what follows for their numbers, and what Twilio has told
    of them before this was known."""
    ended = batch.ended[batch.kept :]
    people = {one.begun.claimed.recipient_id: one.begun.claimed for one in batch.ready}
    ledgers.ended(batch.wb, batch.campaign.campaign_id, ended, people)
    if batch.campaign.channel == EMAIL:
        messages.end(connection, ended, worker=batch.worker)
        return
    receipts.hold(connection, [one.recipient_id for one in ended])
    messages.end(connection, ended, worker=batch.worker)
    addresses = {one.begun.claimed.recipient_id: one.begun.address for one in batch.ready}
    for one in ended:
        if one.has_opted_out:
            stop_number(batch.wb, connection, addresses[one.recipient_id], reason=AT_PROVIDER)
    receipts.catch_up(
        batch.wb,
        connection,
        [one.recipient_id for one in ended],
        owners={one.provider_id: one.recipient_id for one in ended if one.provider_id},
    )


def _hand_back(batch: Batch, connection: Connection, claimed: list[Claimed]) -> None:
    """Nothing left of these."""
    messages.hand_back(connection, claimed, worker=batch.worker)
    ledgers.handed_back(batch.wb, batch.campaign.campaign_id, claimed)


def _keep(batch: Batch, left: list[Claimed], journal: Journal | None) -> None:
    """Write the outcomes down and hand the rest back, patiently: what is lost here would be 'unknown'."""
    for pause in (*_KEEP_TRIES, None):
        try:
            with writing(batch.wb.engine) as connection:
                _write_down(batch, connection)
                _hand_back(batch, connection, left)
                if batch.has_given_back:
                    put_in_order(connection, {batch.campaign.campaign_id}, at=batch.wb.now())
        except messages.DatabaseLost:
            if pause is None:
                raise
            _log.warning("campaign %s: outcomes cannot be written yet", batch.campaign.campaign_id)
            time.sleep(pause)
        else:
            if journal and batch.in_hand is None:
                journal.clear()
            remember_last(batch.wb, batch.ended)
            return
