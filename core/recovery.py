"""After a worker is gone: what its journal proves is written down, what nobody knows is 'unknown' (S4).

A journal is read by the next worker on the same machine, at once; without one the lease runs out and what was held may
have left. See docs/decisions/never-a-second-mail.md.
"""

import logging
import os
from contextlib import suppress
from datetime import datetime

from core import ledgers, receipts
from core.audit import record_in
from core.campaign_order import put_in_order
from core.domain.organisation import EMAIL
from core.domain.twilio_errors import error_of, outcome_of
from core.sending_control import pause_all
from core.store import messages
from core.store.database import reading, writing
from core.store.journal import Left, left_behind
from core.store.messages import Ended, Held
from core.verdicts import verdict
from core.workbench import Workbench

RESTORED = (
    "The database is older than what was sent from here, as after the restore of a backup: messages that wait may have "
    "left already."
)

_log = logging.getLogger(__name__)


def recover(wb: Workbench) -> None:
    """Bring what gone workers of this machine held to its end, and give up what has been held for too long."""
    for left in left_behind(wb.settings.journals):
        _bring_to_an_end(wb, left)
    _expire_leases(wb)


def remember_last(wb: Workbench, ended: list[Ended]) -> None:
    """Write down beside the database which message was handed over last."""
    last = next((one for one in reversed(ended) if one.outcome == "accepted"), None)
    if last is None:
        return
    part = wb.settings.last_sent.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # a full disk; the database has it
        part.write_text(f"{last.recipient_id} {last.number}\n", "ascii")
        part.replace(wb.settings.last_sent)


def hold_after_restore(wb: Workbench) -> None:
    """Pause all sending when the database does not know what this machine has handed over last: it was restored from a
    backup, in which messages wait that have left since. A person resumes after having looked."""
    try:
        recipient_id, number = map(int, wb.settings.last_sent.read_text("ascii").split())
    except (OSError, ValueError):
        return
    with reading(wb.engine) as connection:
        if messages.is_known(connection, recipient_id, number):
            return
    pause_all(wb, reason=RESTORED)
    wb.settings.last_sent.unlink(missing_ok=True)


def _bring_to_an_end(wb: Workbench, left: Left) -> None:
    at = wb.now()
    with writing(wb.engine) as connection:
        held = messages.held_by(connection, left.worker)
        receipts.hold(connection, [one.claimed.recipient_id for one in held if one.channel != EMAIL])
        replied = [one for one in held if left.replies.get(_key(one))]
        begun = [one for one in held if _key(one) in left.replies and one not in replied]
        untouched = [one for one in held if _key(one) not in left.replies]
        ended = [_ended(wb, one, left, at) for one in replied]
        messages.end(connection, ended, worker=left.worker)
        messages.lose(connection, [one.claimed for one in begun], worker=left.worker, at=at)
        messages.hand_back(connection, [one.claimed for one in untouched], worker=left.worker)
        # While they were held, what Twilio told of them was only kept.
        receipts.catch_up(wb, connection, [one.claimed.recipient_id for one in (*replied, *begun)])
        put_in_order(connection, {one.campaign_id for one in held}, at=at)
        if held:
            counts = (len(replied), len(begun), len(untouched))
            record_in(wb, connection, "messages.recovered", ended=counts[0], unknown=counts[1], waiting=counts[2])
            _tell_ledger(wb, held, ended, untouched)
    if held:
        _log.warning("of a lost dispatcher's messages %d had ended, %d are unknown, %d wait again", *counts)


def _tell_ledger(wb: Workbench, held: list[Held], ended: list[Ended], untouched: list[Held]) -> None:
    people = {one.claimed.recipient_id: one.claimed for one in held}
    for campaign_id in {one.campaign_id for one in held}:
        own = {one.claimed.recipient_id for one in held if one.campaign_id == campaign_id}
        ledgers.ended(wb, campaign_id, [one for one in ended if one.recipient_id in own], people)
        ledgers.handed_back(wb, campaign_id, [one.claimed for one in untouched if one.campaign_id == campaign_id])


def _expire_leases(wb: Workbench) -> None:
    at = wb.now()
    with reading(wb.engine) as connection:
        if not messages.has_expired(connection, at=at):
            return
    with writing(wb.engine) as connection:
        lost = messages.expire(connection, at=at)
        receipts.catch_up(wb, connection, lost)
        record_in(wb, connection, "messages.unknown", recipients=len(lost))
    _log.warning("%d messages of a lost dispatcher are unknown", len(lost))


def _key(one: Held) -> tuple[int, int]:
    return one.claimed.recipient_id, one.claimed.number


def _ended(wb: Workbench, one: Held, left: Left, at: datetime) -> Ended:
    """The outcome of a message from its reply code alone; the server's words went with the worker."""
    code = left.replies[_key(one)] or 0
    if one.channel == EMAIL:
        outcome = {2: "accepted", 4: "temporary", 5: "permanent"}.get(code // 100, "unknown")
        reason = "message_refused"
    else:
        outcome, reason = outcome_of(code), error_of(code).reason
    follows = verdict(
        wb.organisation(),
        one.channel,
        outcome,
        reason="" if outcome == "accepted" else reason,
        number=one.claimed.number,
        at=at,
        message=one.claimed.message,
    )
    return Ended(one.claimed.recipient_id, one.claimed.number, outcome, str(code), "", at, follows, channel=one.channel)
