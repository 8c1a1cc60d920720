"""What Twilio tells of texts and calls after it has taken them over: kept, and made into what became of each message.

Told in any order, more than once, or before we know that Twilio took the message: what is kept decides, never the
order. What is told of a message that we do not know is kept as well, and joined when it becomes known.
"""

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from core.audit import record_in
from core.campaign_order import put_in_order
from core.domain.message import reason_sentence
from core.domain.organisation import PHONE, TEXT
from core.domain.quiet_hours import local_hours
from core.domain.receipt import Follows, call_again, call_follows, goes_forward, text_follows
from core.domain.twilio_errors import OPTED_OUT, STOP_CAMPAIGN, UNUSABLE
from core.patience import patiently
from core.store import address_states
from core.store import campaigns as campaign_rows
from core.store import receipts as rows
from core.store.contacts import batches
from core.store.database import writing
from core.store.receipts import Heard, Told
from core.text_stops import AT_PROVIDER, stop_number
from core.workbench import Workbench

_REFERENCE = re.compile(r"([1-9][0-9]{0,17})-([1-5])")
_PROVIDER_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_KEPT = frozenset({"sent", "delivered", "undelivered", "canceled", "completed", "busy", "no_answer", "failed"})

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Status:
    """One status as Twilio tells it.

    channel      'text' or 'phone'
    attempt      from the address it was told to, see core.forms.reference; '' when there was none
    answered_by  of a call: human, machine_..., fax or unknown
    seconds      how long a call took, of one that is over
    """

    channel: str
    attempt: str
    provider_id: str
    status: str
    error: int | None = None
    answered_by: str = ""
    seconds: int | None = None


def status_of(channel: str, fields: Mapping[str, str], *, attempt: str) -> Status | None:
    """A status from the form fields of Twilio's request; None when it says nothing that can be used."""
    names = ("MessageSid", "MessageStatus") if channel == TEXT else ("CallSid", "CallStatus")
    provider_id, status = (fields.get(name, "") for name in names)
    if not _PROVIDER_ID.fullmatch(provider_id) or not re.fullmatch(r"[a-z-]{1,20}", status):
        return None
    error, seconds = fields.get("ErrorCode", ""), fields.get("CallDuration", "")
    return Status(
        channel,
        attempt,
        provider_id,
        status,
        int(error) if re.fullmatch(r"[1-9][0-9]{0,4}", error) else None,
        fields.get("AnsweredBy", "")[:32],
        int(seconds) if re.fullmatch(r"[0-9]{1,6}", seconds) else None,
    )


def take_all(wb: Workbench, statuses: Sequence[Status]) -> None:
    """Keep statuses and do what they say, in one transaction; told again they change nothing."""
    patiently(lambda: _take_all(wb, statuses))


def _take_all(wb: Workbench, statuses: Sequence[Status]) -> None:
    with writing(wb.engine) as connection:
        heard = [_heard(wb, one) for one in statuses]
        present = rows.known(connection, {one.recipient_id for one in heard if one.recipient_id is not None})
        heard = [one if one.recipient_id in present else replace(one, recipient_id=None) for one in heard]
        # What only says that a message is under way is not kept, except of one that is not known yet.
        kept = [one for one in heard if one.kind in _KEPT or one.recipient_id is None]
        new = rows.keep(connection, kept, received_at=wb.now())
        told = [one for one in heard if one.kind not in _KEPT or one.key in new]
        _follow_all(wb, connection, [one for one in told if one.recipient_id is not None])


def note(wb: Workbench, connection: Connection, heard: Heard) -> bool:
    """Keep something heard of a call while it goes on; False when it was heard before. In the caller's transaction."""
    return bool(rows.keep(connection, [heard], received_at=wb.now()))


def looked_up(wb: Workbench, connection: Connection, about: Told, status: Status) -> None:
    """What Twilio's list says of a recipient that is locked: the same as if it had been told."""
    follow(wb, connection, about, _heard(wb, status))


def hold(connection: Connection, recipient_ids: Collection[int]) -> None:
    """Hold recipients in one order until the transaction ends: whoever keeps statuses does so too, and of two who each
    hold what the other wants one would fail."""
    rows.told(connection, recipient_ids)


def catch_up(
    wb: Workbench, connection: Connection, recipient_ids: Collection[int], *, owners: Mapping[str, int] | None = None
) -> None:
    """What was told of these recipients' messages before their outcome was written down, and of those `owners` whose
    messages were not known until now, by the provider's id."""
    if owners:
        rows.join(connection, owners)
    for ids in batches(sorted(recipient_ids)):
        _follow_all(wb, connection, rows.of_recipients(connection, ids))


def attempt_of(reference: str) -> tuple[int, int] | None:
    """Recipient and number of the attempt that a reference names; None for anything else."""
    found = _REFERENCE.fullmatch(reference)
    return (int(found[1]), int(found[2])) if found else None


def _heard(wb: Workbench, status: Status) -> Heard:
    recipient_id, number = attempt_of(status.attempt) or (None, 0)
    follows = _follows(status.channel, status.status, status.error, status.answered_by)
    details = {"channel": status.channel, "error": status.error, "answered_by": status.answered_by}
    if status.seconds is not None:
        details |= {"seconds": status.seconds}  # what a call costs
    return Heard(recipient_id, number, status.provider_id, follows.kind, status.status, wb.now(), details)


def _follows(channel: str, status: str, error: int | None, answered_by: str) -> Follows:
    return text_follows(status, error) if channel == TEXT else call_follows(status, error, answered_by=answered_by)


def _follow_all(wb: Workbench, connection: Connection, heard: Sequence[Heard]) -> None:
    if not heard:
        return
    told = rows.told(connection, {one.recipient_id for one in heard if one.recipient_id is not None})
    for one in heard:
        assert one.recipient_id is not None
        about = told.get(one.recipient_id)
        if about is None or about.channel != one.details.get("channel") or one.number not in (0, about.attempt_count):
            continue
        told[one.recipient_id] = follow(wb, connection, about, one)


def follow(wb: Workbench, connection: Connection, about: Told, heard: Heard) -> Told:
    """Do what one status says about a recipient that is locked; returns the recipient as it is then."""
    error, answered_by = heard.details.get("error"), heard.details.get("answered_by") or ""
    if about.channel == PHONE and heard.status == "completed" and not answered_by:
        answered_by = _answered_by(connection, about, heard.provider_id)
    follows = _follows(about.channel, heard.status, error, answered_by)
    changed = _call(wb, connection, about, follows) if about.channel == PHONE else _text(wb, about, follows)
    if changed is None:
        return about
    values = changed | {"message_id": heard.provider_id}
    rows.change(connection, about.recipient_id, **values)
    _more(wb, connection, about, follows)
    if changed["state"] == "waiting":
        put_in_order(connection, {about.campaign_id}, at=wb.now())
    return replace(about, state=changed["state"], reason=changed["reason"], message_id=heard.provider_id)


def _text(wb: Workbench, about: Told, follows: Follows) -> dict[str, Any] | None:
    if not goes_forward(about.state, follows.state):
        return None
    at = wb.now()
    left = {} if about.state in ("handed_over", "unconfirmed", "returned") else {"handed_over_at": at}
    return {"state": follows.state, "reason": follows.reason, "finished_at": at, "next_at": None, **left}


def _call(wb: Workbench, connection: Connection, about: Told, follows: Follows) -> dict[str, Any] | None:
    at = wb.now()
    if about.state not in ("calling", "unknown") or follows.state == about.state:
        return None
    if follows.state == "calling":
        return {"state": "calling", "reason": "", "finished_at": None}
    if follows.state == "waiting":
        started = rows.started_at(connection, about.recipient_id)
        organisation = wb.organisation()
        hours = local_hours(organisation, *rows.home_of(connection, about.recipient_id))
        verdict = call_again(organisation, started, reason=follows.reason, at=at, hours=hours)
        is_over = verdict.state != "waiting"
        next_at = {"next_at": verdict.next_at, "claimed_by": None, "finished_at": at if is_over else None}
        return {"state": verdict.state, "reason": verdict.reason, **next_at}
    left = {"handed_over_at": _called_at(connection, about, at)} if follows.state == "delivered" else {}
    return {"state": follows.state, "reason": follows.reason, "finished_at": at, **left}


def _called_at(connection: Connection, about: Told, at: datetime) -> datetime:
    """When the call began: keys are pressed while it goes on, before its end is told."""
    began = [each for each in rows.started_at(connection, about.recipient_id) if each <= at]
    return began[-1] if began else at


def _answered_by(connection: Connection, about: Told, provider_id: str) -> str:
    """Who answered, as it was said when Twilio asked for the words."""
    heard = rows.of_recipients(connection, [about.recipient_id])
    said = [one.details.get("answered_by", "") for one in heard if one.provider_id == provider_id]
    return next((each for each in said if each), "")


def _more(wb: Workbench, connection: Connection, about: Told, follows: Follows) -> None:
    if follows.more == UNUSABLE and about.address:
        marked = address_states.mark_dead(
            connection, about.address, channel=about.channel, reason=follows.reason, at=wb.now()
        )
        if marked:
            record_in(wb, connection, "number.unusable", str(about.recipient_id), reason=follows.reason)
    if follows.more == OPTED_OUT and about.address:
        stop_number(wb, connection, about.address, reason=AT_PROVIDER)
    if follows.more == STOP_CAMPAIGN:
        stop_refused(wb, connection, about.campaign_id, follows.reason)


def stop_refused(wb: Workbench, connection: Connection, campaign_id: str, reason: str) -> None:
    """Stop a campaign that carriers refuse, and say so."""
    if not rows.stop_campaign(connection, campaign_id, at=wb.now(), by=wb.user.user_id):
        return
    count = campaign_rows.stop_waiting(connection, campaign_id, at=wb.now())
    record_in(wb, connection, "campaign.stopped", campaign_id, not_contacted=count, reason=reason)
    _log.error("campaign %s is stopped: %s", campaign_id, reason_sentence(reason))
