"""The loop that sends by one channel: claims a batch, writes the attempts, hands over, records what became of them.

core.dispatcher runs one for each channel. Several dispatchers on one PostgreSQL share the work: each claims rows of its
own. One that is killed leaves its claims and its journal behind, from which the next one on that machine knows what
left; elsewhere they are 'unknown' when their lease has run out.
"""

import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from core import sending_control
from core.approval_state import NotApproved
from core.audit import record_in
from core.channels.handing_over import NoSession, TooFast
from core.domain.organisation import CHANNELS, EMAIL
from core.domain.window import is_open, next_window
from core.errors import CareloopError, SendError
from core.home_mode import Gated, mode
from core.pacing import Pacer
from core.sending import BATCH, Batch, NoJournal, NoLedger, send_batch, take_batch
from core.sending_control import Hold
from core.store import campaigns as campaign_rows
from core.store import dispatcher_rows, journal, messages
from core.store.database import reading, writing
from core.store.journal import Journal
from core.store.sending import Control, control
from core.tending import Tending, refresh
from core.workbench import Workbench

IDLE = 1.0  # seconds between two looks when there is nothing to do
_BEAT = 5.0  # seconds between two signs of life
_LIVES = timedelta(seconds=20)  # since its last sign of life a worker counts as one that may send
_LOOK = 1.0  # seconds between two looks for what holds sending back, while everything goes well
_BATCH_SECONDS = 5  # how much of a slow account's pace is claimed at once
_SLICE = 0.2  # seconds; how long a message waits for its turn before it is asked again whether it may leave
_PAUSES = (5.0, 15.0, 30.0, 60.0)  # seconds before trying a provider, disk or database again that was not there

_log = logging.getLogger(__name__)


@dataclass
class Loop:
    """One channel's worker: its name, its connection, and whether it has been asked to stop."""

    wb: Workbench
    channel_name: str
    channel: Gated
    stop: threading.Event = field(default_factory=threading.Event)
    name: str = ""
    worker: str = ""  # what it claims under: with each journal a new one
    journal: Journal | None = None
    journals: int = 0
    pacer: Pacer | None = None
    beaten_at: float = -_BEAT
    free_at: float = -_LOOK  # when nothing held sending back, as long as all went well
    trouble: SendError | None = None  # what ended the last batch early
    held: tuple[str, ...] = ()  # what holds sending back, as it was last said in the log
    broken: set[str] = field(default_factory=set)  # campaigns that cannot be filled in; tried again the next day
    unapproved: set[str] = field(default_factory=set)  # of which the log has said that they are held
    tending: Tending = field(default_factory=Tending)

    def __post_init__(self) -> None:
        own = f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.name = self.name or f"{own}:{self.channel_name}"

    @property
    def tends(self) -> bool:
        """Whether this loop does what is to be done once for all channels."""
        return self.channel_name == CHANNELS[0]


def keep_going(loop: Loop) -> int:
    """Send until asked to stop; returns how many messages left."""
    total, failures = 0, 0
    day: date | None = None
    while not loop.stop.is_set():
        try:
            if day != loop.wb.today():
                if loop.tends:
                    refresh(loop.wb)
                loop.broken.clear()
                day = loop.wb.today()
            sent = send_what_is_due(loop)
            _beat(loop, is_idle=sent == 0)
            total += sent
            failures = failures + 1 if loop.trouble and not isinstance(loop.trouble, TooFast) else 0
        except messages.DatabaseLost as error:
            _log.error("the database cannot be used (%s); trying again", type(error).__name__)
            # What could not be written down is in the journal: it is read like that of a dispatcher that is gone.
            abandon(loop)
            failures += 1
        loop.stop.wait(_PAUSES[min(failures, len(_PAUSES)) - 1] if failures else IDLE)
    return total


def send_what_is_due(loop: Loop, *, until: datetime | None = None, limit: int | None = None) -> int:
    """Send until nothing more is due, the window closes or something holds it; returns how many left."""
    sent = 0
    loop.trouble = None
    loop.tending.recover(loop.wb)
    if loop.tends:
        loop.tending.tend(loop.wb)
    window = _window(loop, until)
    while window and not loop.trouble and (limit is None or sent < limit):
        most = _batch_size(loop)
        batch = _next_batch(loop, limit=most if limit is None else min(most, limit - sent))
        if batch is None:
            break
        sent += _send(loop, batch, window)
        window = _window(loop, until)
    _complete(loop)
    if not sent:
        loop.channel.close()
    return sent


def abandon(loop: Loop) -> None:
    """Leave the journal to whoever reads it next, and begin a new one with the next batch."""
    if loop.journal:
        loop.journal.abandon()
    loop.journal = None
    loop.tending.recover_next_time()


def leave(loop: Loop) -> None:
    """The loop ends in good order."""
    with contextlib.suppress(*messages.DatabaseLost), writing(loop.wb.engine) as connection:
        dispatcher_rows.leave(connection, loop.name)


def _send(loop: Loop, batch: Batch, window: tuple[datetime, datetime]) -> int:
    wb, channel = loop.wb, loop.channel_name
    with control(wb.engine, batch.campaign.campaign_id, mode_change=loop.channel.mode.change_id) as asked:
        result = send_batch(
            batch,
            loop.channel,
            may_go_on=lambda: _may_go_on(loop, window, asked),
            journal=loop.journal,
            answered=loop.pacer.answered if loop.pacer else None,
        )
    loop.trouble = result.trouble
    if len(batch.ended) < len(batch.ready):
        loop.free_at = -_LOOK
    if isinstance(result.trouble, NoSession):
        sending_control.account_failed(wb, result.trouble, channel)
    elif isinstance(result.trouble, NoJournal):
        _log.error("the disk of %s takes no journal, without which nothing is sent", wb.settings.journals)
    elif result.accepted:
        sending_control.account_works(wb, channel)
    return result.accepted


def _window(loop: Loop, until: datetime | None) -> tuple[datetime, datetime] | None:
    """From when to when may be sent, at the latest to `until`; None when nothing may leave now."""
    wb = loop.wb.settle()
    now = mode(wb)
    if now.change_id != loop.channel.mode.change_id:
        loop.free_at = -_LOOK  # what held nothing back a moment ago may do so now
    loop.channel.use(now)
    at, organisation, channel = wb.now(), wb.organisation(), loop.channel_name
    if channel not in organisation.modes:  # C2: whatever was active when it was turned off
        return None
    if not is_open(organisation, channel, at) or (until and until <= at) or _is_held(loop, wb):
        return None
    opens_at, closes_at = next_window(organisation, channel, at)
    return opens_at, min(closes_at, until) if until else closes_at


def _is_held(loop: Loop, wb: Workbench) -> bool:
    """Whether something holds sending back; said once in the log when that changes. A pause holds before each
    message."""
    if time.monotonic() - loop.free_at < _LOOK:
        return False
    found = sending_control.holds(wb, loop.channel_name)
    if any(hold.kind == "account" for hold in found) and _account_works_again(loop):
        found = [hold for hold in found if hold.kind != "account"]
    kinds = tuple(hold.kind for hold in found)
    if kinds != loop.held:
        _say_held(found)
        loop.held = kinds
    if not found:
        loop.free_at = time.monotonic()
    return bool(found)


def _say_held(found: list[Hold]) -> None:
    for hold in found:
        _log.warning("nothing is sent: %s", hold.sentence)
    if not found:
        _log.warning("nothing holds sending back any more")


def _account_works_again(loop: Loop) -> bool:
    """Try a paused account, when it is time and no other worker does."""
    if not sending_control.may_probe(loop.wb, loop.channel_name):
        return False
    try:
        loop.channel.probe()
    except NoSession as error:
        sending_control.account_failed(loop.wb, error, loop.channel_name)
        return False
    except SendError:  # it answers, and not clearly
        return False
    sending_control.account_works(loop.wb, loop.channel_name)
    return True


def _may_go_on(loop: Loop, window: tuple[datetime, datetime], asked: Control) -> bool:
    """Asked before each message: whether anybody has stopped it. Waits for its turn where the account has a pace. A
    clock may also step back, out of the window."""
    _beat(loop, is_idle=False)
    while _is_free(loop, window, asked):
        pause = loop.pacer.wait() if loop.pacer else 0.0
        if not pause:
            return True
        loop.stop.wait(min(pause, _SLICE))
    return False


def _is_free(loop: Loop, window: tuple[datetime, datetime], asked: Control) -> bool:
    opens_at, closes_at = window
    return not loop.stop.is_set() and opens_at <= loop.wb.now() < closes_at and asked.lets_go()


def _batch_size(loop: Loop) -> int:
    """As many as leave in some seconds, so that what is decided about them is not old when they do."""
    per_second = _per_second(loop)
    if per_second is None:
        return BATCH
    if loop.pacer is None or loop.pacer.per_second != per_second:
        loop.pacer = Pacer(per_second, lambda: _place(loop))
    return max(1, min(BATCH, per_second * _BATCH_SECONDS))


def _per_second(loop: Loop) -> int | None:
    if loop.channel_name == EMAIL:
        return None
    organisation = loop.wb.organisation()
    return organisation.texts_per_second if loop.channel_name == "text" else organisation.calls_per_second


def _place(loop: Loop) -> tuple[int, int]:
    """Which of the workers that may send by the channel this one is, and how many there are."""
    _beat(loop, is_idle=False)
    with reading(loop.wb.engine) as connection:
        names = dispatcher_rows.workers(connection, channel=loop.channel_name, since=loop.wb.now() - _LIVES)
    names = sorted({*names, loop.name})
    return names.index(loop.name), len(names)


def _next_batch(loop: Loop, *, limit: int) -> Batch | None:
    """A batch of the first campaign in which somebody is due; None when nobody is, or when asked to stop."""
    wb = loop.wb
    if loop.stop.is_set():
        return None
    with reading(wb.engine) as connection:
        due = messages.due_campaigns(connection, channel=loop.channel_name, at=wb.now(), on=wb.today())
    if not due or not _has_journal(loop):
        return None
    for campaign_id in due:
        if campaign_id in loop.broken:
            continue
        try:
            batch = take_batch(wb, campaign_id, worker=loop.worker, limit=limit)
            loop.unapproved.discard(campaign_id)
            return batch
        except messages.DatabaseLost:
            raise
        except NoLedger as error:
            _log.error("the disk of %s takes no ledger, without which nothing is sent", wb.settings.ledger)
            loop.trouble = error
            return None
        except NotApproved:  # asked again with the next batch: it may be approved any moment
            if campaign_id not in loop.unapproved:
                _log.warning("campaign %s is held: nobody has approved what it is now", campaign_id)
            loop.unapproved.add(campaign_id)
        except Exception as error:
            # Checked when it was saved, but rules may have changed since. The other campaigns go on.
            loop.broken.add(campaign_id)
            why = error if isinstance(error, CareloopError) else type(error).__name__
            _log.error("campaign %s cannot be sent: %s", campaign_id, why)
    return None


def _has_journal(loop: Loop) -> bool:
    """Begin a journal before anything is claimed. Without one nothing is."""
    if loop.journal is None:
        loop.journals += 1
        loop.worker = f"{loop.name}:{loop.journals}"
        try:
            loop.journal = journal.start(loop.wb.settings.journals, loop.worker)
        except OSError as error:
            _log.error("no journal can be begun in %s (%s)", loop.wb.settings.journals, error.strerror)
            loop.trouble = NoJournal("no_journal", kind="temporary")
    return loop.journal is not None


def _complete(loop: Loop) -> None:
    """Complete the campaigns in which nothing is left to do."""
    wb = loop.wb
    with reading(wb.engine) as connection:
        if not campaign_rows.has_finished(connection):
            return
    with writing(wb.engine) as connection:
        for campaign_id in campaign_rows.complete_finished(connection, at=wb.now(), by=wb.user.user_id):
            record_in(wb, connection, "campaign.completed", campaign_id)


def _beat(loop: Loop, *, is_idle: bool) -> None:
    """A sign of life, now and then."""
    if time.monotonic() - loop.beaten_at < _BEAT:
        return
    loop.beaten_at = time.monotonic()
    wb = loop.wb
    with writing(wb.engine) as connection:
        dispatcher_rows.beat(connection, worker=loop.name, host=socket.gethostname(), at=wb.now(), is_idle=is_idle)
