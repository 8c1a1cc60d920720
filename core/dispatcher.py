"""The process that sends: claims a batch, writes the attempts, hands the mails over, records what became of them.

`drain` is the one loop; `run` calls it for as long as the process lives. Several dispatchers on one PostgreSQL share
the work: each claims rows of its own. A dispatcher that is killed leaves its claims behind; when their lease has run
out they are 'unknown' and never sent again by themselves.
"""

import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from core import feed_gate
from core.audit import record_in
from core.channels.email import EmailChannel
from core.domain.window import is_open, next_window
from core.errors import CareloopError
from core.sending import BATCH, Batch, send_batch, take_batch
from core.stopping import stop_on_signals
from core.store import campaigns as campaign_rows
from core.store import messages
from core.store.database import reading, writing
from core.workbench import DISPATCHER, Workbench

CHANNEL = "email"
IDLE = 1.0  # seconds between two looks when there is nothing to do
_BEAT = 5.0  # seconds between two signs of life
_PAUSES = (5.0, 15.0, 30.0, 60.0)  # seconds before trying a mail server or database again that was not there

_log = logging.getLogger(__name__)


@dataclass
class Dispatcher:
    """One sending process: its name, its connection, and whether it has been asked to stop."""

    wb: Workbench
    channel: EmailChannel
    stop: threading.Event = field(default_factory=threading.Event)
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    beaten_at: float = -_BEAT
    is_server_there: bool = True
    is_held: bool = False  # by the feed gate, when it was last asked
    broken: set[str] = field(default_factory=set)  # campaigns that cannot be filled in; tried again the next day


def drain(wb: Workbench, *, until: datetime | None = None, limit: int | None = None) -> int:
    """Send what is due now; returns how many messages the mail server took over.

    Ends when nothing more is due, the window or the feed gate closes, `until` has come, `limit` messages have left, or
    the mail server cannot be reached: what is left waits for the next call.
    """
    with EmailChannel(wb.settings.smtp_host, wb.settings.smtp_port) as channel:
        return _drain(Dispatcher(wb.as_user(DISPATCHER), channel), until=until, limit=limit)


def run(wb: Workbench, *, once: bool = False, stop: threading.Event | None = None) -> int:
    """Send what is due until SIGTERM, SIGINT or `stop`; with `once` only what is due now. Returns how many left.

    A signal lets the message in hand be finished; the rest of the batch waits again.
    """
    stop = stop or threading.Event()
    stop_on_signals(stop)
    with EmailChannel(wb.settings.smtp_host, wb.settings.smtp_port) as channel:
        dispatcher = Dispatcher(wb.as_user(DISPATCHER), channel, stop)
        if once:
            _refresh(dispatcher.wb)
            return _drain(dispatcher)
        try:
            return _run(dispatcher)
        finally:
            _leave(dispatcher)


def last_seen(wb: Workbench) -> datetime | None:
    """When a dispatcher was last at work; None when none is running. More than a minute ago means none is."""
    with reading(wb.engine) as connection:
        return messages.last_beat(connection)


def _run(dispatcher: Dispatcher) -> int:
    total, failures = 0, 0
    day: date | None = None
    while not dispatcher.stop.is_set():
        try:
            if day != dispatcher.wb.today():
                _refresh(dispatcher.wb)
                dispatcher.broken.clear()
                day = dispatcher.wb.today()
            sent = _drain(dispatcher)
            _beat(dispatcher, is_idle=sent == 0)
            total += sent
            failures = 0 if dispatcher.is_server_there else failures + 1
        except messages.DatabaseLost as error:
            _log.error("the database cannot be used (%s); trying again", type(error).__name__)
            failures += 1
        dispatcher.stop.wait(_PAUSES[min(failures, len(_PAUSES)) - 1] if failures else IDLE)
    return total


def _refresh(wb: Workbench) -> None:
    """Once a day the open gaps are worked out anew: whether a gap is closed decides who is written to.

    When that fails, sending goes on with the gaps of the day before: a reminder too many is better than none.
    """
    from core import loads  # brings the clinical store along, which sending itself never needs

    try:
        loads.refresh(wb)
    except Exception as error:
        _log.error("care gaps could not be worked out for today (%s)", type(error).__name__)


def _drain(dispatcher: Dispatcher, *, until: datetime | None = None, limit: int | None = None) -> int:
    sent = 0
    dispatcher.is_server_there = True
    _expire_leases(dispatcher)
    window = _window(dispatcher, until)
    while window and dispatcher.is_server_there and (limit is None or sent < limit):
        batch = _next_batch(dispatcher, limit=BATCH if limit is None else min(BATCH, limit - sent))
        if batch is None:
            break
        result = send_batch(batch, dispatcher.channel, may_go_on=partial(_may_go_on, dispatcher, window))
        sent += result.accepted
        dispatcher.is_server_there = result.is_server_there
        window = _window(dispatcher, until)
    _complete(dispatcher)
    if not sent:
        dispatcher.channel.close()
    return sent


def _window(dispatcher: Dispatcher, until: datetime | None) -> tuple[datetime, datetime] | None:
    """From when to when may be sent, at the latest to `until`; None when nothing may leave now."""
    wb = dispatcher.wb
    at, organisation = wb.now(), wb.organisation()
    if not is_open(organisation, CHANNEL, at) or (until and until <= at) or _is_held(dispatcher):
        return None
    opens_at, closes_at = next_window(organisation, CHANNEL, at)
    return opens_at, min(closes_at, until) if until else closes_at


def _is_held(dispatcher: Dispatcher) -> bool:
    """Whether the feed gate is closed; said once in the log when that changes."""
    gate = feed_gate.gate(dispatcher.wb)
    if dispatcher.is_held is gate.is_open:
        dispatcher.is_held = not gate.is_open
        _log.warning("the feed gate is %s", "open again" if gate.is_open else f"closed: {gate.reason}")
    return dispatcher.is_held


def _may_go_on(dispatcher: Dispatcher, window: tuple[datetime, datetime]) -> bool:
    """Asked before each mail. A clock may also step back, out of the window."""
    _beat(dispatcher, is_idle=False)
    opens_at, closes_at = window
    return not dispatcher.stop.is_set() and opens_at <= dispatcher.wb.now() < closes_at


def _next_batch(dispatcher: Dispatcher, *, limit: int) -> Batch | None:
    """A batch of the first campaign in which somebody is due; None when nobody is, or when asked to stop."""
    wb = dispatcher.wb
    if dispatcher.stop.is_set():
        return None
    with reading(wb.engine) as connection:
        due = messages.due_campaigns(connection, channel=CHANNEL, at=wb.now(), on=wb.today())
    for campaign_id in due:
        if campaign_id in dispatcher.broken:
            continue
        try:
            return take_batch(wb, campaign_id, worker=dispatcher.name, limit=limit)
        except messages.DatabaseLost:
            raise
        except Exception as error:
            # Checked when it was saved, but rules may have changed since. The other campaigns go on.
            dispatcher.broken.add(campaign_id)
            why = error if isinstance(error, CareloopError) else type(error).__name__
            _log.error("campaign %s cannot be sent: %s", campaign_id, why)
    return None


def _expire_leases(dispatcher: Dispatcher) -> None:
    wb, at = dispatcher.wb, dispatcher.wb.now()
    with reading(wb.engine) as connection:
        if not messages.has_expired(connection, at=at):
            return
    with writing(wb.engine) as connection:
        lost = messages.expire(connection, at=at)
        record_in(wb, connection, "messages.unknown", recipients=lost)
    _log.warning("%d messages of a lost dispatcher are unknown", lost)


def _complete(dispatcher: Dispatcher) -> None:
    """Complete the campaigns in which nothing is left to do."""
    wb = dispatcher.wb
    with reading(wb.engine) as connection:
        if not campaign_rows.has_finished(connection):
            return
    with writing(wb.engine) as connection:
        for campaign_id in campaign_rows.complete_finished(connection, at=wb.now(), by=wb.user.user_id):
            record_in(wb, connection, "campaign.completed", campaign_id)


def _beat(dispatcher: Dispatcher, *, is_idle: bool) -> None:
    """A sign of life, now and then."""
    if time.monotonic() - dispatcher.beaten_at < _BEAT:
        return
    dispatcher.beaten_at = time.monotonic()
    wb = dispatcher.wb
    with writing(wb.engine) as connection:
        messages.beat(connection, worker=dispatcher.name, host=socket.gethostname(), at=wb.now(), is_idle=is_idle)


def _leave(dispatcher: Dispatcher) -> None:
    with contextlib.suppress(*messages.DatabaseLost), writing(dispatcher.wb.engine) as connection:
        messages.leave(connection, dispatcher.name)
