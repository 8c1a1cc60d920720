"""Texts and calls of which nobody knows whether they left, or how they ended: asked for in Twilio's own list.

What Twilio has is taken as handed over. What it does not have, asked at least three times over ten minutes while it
answers, did not leave: it waits again, with the attempt used up. See docs/decisions/asking-twilio.md.
"""

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from core.campaign_order import put_in_order
from core.channels.twilio_access import Listed
from core.domain.message import MAX_ATTEMPTS, UNCONFIRMED, UNCONFIRMED_AFTER
from core.domain.organisation import PHONE, TEXT
from core.errors import SendError
from core.forms import reference_of
from core.home_mode import mode, reach, why_held
from core.receipts import Status, looked_up
from core.store import receipts as rows
from core.store.database import reading, writing
from core.store.receipts import Open, Told
from core.twilio_account import call_channel, text_channel
from core.workbench import Workbench

_BEFORE, _AFTER = timedelta(seconds=5), timedelta(minutes=2)  # when the message of an attempt can have been made
_FIRST_LOOK = {TEXT: timedelta(minutes=1), PHONE: timedelta(minutes=5)}  # until then a call-back may still come
_LOOKS, _OVER, _APART = 3, timedelta(minutes=10), timedelta(minutes=3)
_AT_ONCE = 50
# A demo's clock is moved by hand, the stand-in's is not: there every message to the number may be the one.
_EVER, _FOREVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

_log = logging.getLogger(__name__)


def look_up(wb: Workbench) -> int:
    """Ask Twilio for what is not known; returns for how many messages that settled something."""
    settled, now = 0, mode(wb)
    for channel in (TEXT, PHONE):
        if why_held(wb.settings, now, channel):  # a stand-in does not have what Twilio took, nor the other way round
            continue
        with reading(wb.engine) as connection:
            found = rows.unresolved(connection, channel, before=wb.now() - _FIRST_LOOK[channel], limit=_AT_ONCE)
        if not found:
            continue
        try:
            settled += sum(_settle(wb, channel, one) for one in found)
        except SendError as error:  # it does not say: asked again a minute later
            _log.warning("Twilio does not say what became of %d messages (%s)", len(found), error.reason)
    return settled


def _settle(wb: Workbench, channel: str, one: Open) -> bool:
    with reading(wb.engine) as connection:
        last = max(rows.looks(connection, one.recipient_id, one.number), default=None)
        others = rows.other_owners(connection, one.address, than=one.recipient_id)
    if last is not None and wb.now() - last < _APART:
        return False
    listed = _listed(wb, channel, one, others)
    with writing(wb.engine) as connection:
        about = rows.told(connection, [one.recipient_id]).get(one.recipient_id)
        if about is None or (about.state, about.attempt_count) != (one.state, one.number):
            return False  # told meanwhile
        if listed is not None:
            status = Status(
                channel, reference_of(one.recipient_id, one.number), listed.provider_id, listed.status, listed.error
            )
            looked_up(wb, connection, about, status)
            return True
        rows.add_look(connection, one.recipient_id, one.number, at=wb.now())
        return _is_gone(wb, connection, about, one)


def _listed(wb: Workbench, channel: str, one: Open, others: set[str]) -> Listed | None:
    """The message of an attempt as Twilio has it: made at that time, to that number, and nobody else's."""
    settings = reach(wb.settings, mode(wb))
    asked = text_channel(settings) if channel == TEXT else call_channel(settings)
    try:
        found = asked.made_for(one.address, since=_EVER if wb.settings.demo else one.started_at - _BEFORE)
    finally:
        asked.close()
    until = _FOREVER if wb.settings.demo else one.started_at + _AFTER
    ours = [each for each in found if each.at <= until and each.provider_id not in others]
    return min(ours, key=lambda each: abs(each.at - one.started_at), default=None)


def _is_gone(wb: Workbench, connection: Connection, about: Told, one: Open) -> bool:
    """Whether it is certain by now that Twilio never had the message; then it waits again, or was the last try."""
    at: datetime = wb.now()
    looks = rows.looks(connection, one.recipient_id, one.number)
    was_taken = bool(about.message_id)  # Twilio has given it an id: whatever its list says, it may have left
    if not was_taken and len(looks) >= _LOOKS and looks[-1] - looks[0] >= _OVER:
        is_over = one.number >= MAX_ATTEMPTS
        values = {"state": "unsuccessful" if is_over else "waiting", "reason": "not_at_provider"}
        rows.change(
            connection, one.recipient_id, **values, claimed_by=None, next_at=None, finished_at=at if is_over else None
        )
        put_in_order(connection, {about.campaign_id}, at=at)
        return True
    if about.state == "calling" and at - one.started_at > UNCONFIRMED_AFTER:
        rows.change(connection, one.recipient_id, state="unconfirmed", reason=UNCONFIRMED, finished_at=at)
        return True
    return False
