"""The process that sends: claims a batch, writes the attempts, hands the mails over, records what became of them.

`drain` is the one loop; `run` calls it for as long as the process lives. Several dispatchers on one PostgreSQL share
the work: each claims rows of its own. A dispatcher that is killed leaves its claims and its journal behind, from which
the next one on that machine knows what left; elsewhere they are 'unknown' when their lease has run out.
"""

import contextlib
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from core import bounces, introductions, sending_control
from core.audit import record_in
from core.channels.email import EmailChannel, NoSession
from core.domain.message import UNCONFIRMED_AFTER
from core.domain.window import is_open, next_window
from core.errors import CareloopError, SendError, SettingsError
from core.mail_server import mail_channel
from core.recovery import hold_after_restore, recover
from core.sending import BATCH, Batch, NoJournal, send_batch, take_batch
from core.sending_control import Hold
from core.stopping import stop_on_signals
from core.store import campaigns as campaign_rows
from core.store import journal, messages
from core.store.database import reading, writing
from core.store.journal import Journal
from core.store.sending import Control, control
from core.workbench import DISPATCHER, Workbench

CHANNEL = "email"
IDLE = 1.0  # seconds between two looks when there is nothing to do
_BEAT = 5.0  # seconds between two signs of life
_RECOVER = 5.0  # seconds between two looks for what lost dispatchers left behind
_LOOK = 1.0  # seconds between two looks for what holds sending back, while everything goes well
_TEND = 60.0  # seconds between two looks for introductory emails that are due and texts without a receipt
_PAUSES = (5.0, 15.0, 30.0, 60.0)  # seconds before trying a mail server, disk or database again that was not there

_log = logging.getLogger(__name__)


@dataclass
class Dispatcher:
    """One sending process: its name, its connection, and whether it has been asked to stop."""

    wb: Workbench
    channel: EmailChannel
    stop: threading.Event = field(default_factory=threading.Event)
    name: str = field(default_factory=lambda: f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}")
    worker: str = ""  # what it claims under: with each journal a new one
    journal: Journal | None = None
    journals: int = 0
    beaten_at: float = -_BEAT
    recovered_at: float = -_RECOVER
    tended_at: float = -_TEND
    free_at: float = -_LOOK  # when nothing held sending back, as long as all went well
    trouble: SendError | None = None  # what ended the last batch early
    held: tuple[str, ...] = ()  # what holds sending back, as it was last said in the log
    broken: set[str] = field(default_factory=set)  # campaigns that cannot be filled in; tried again the next day


def drain(wb: Workbench, *, until: datetime | None = None, limit: int | None = None) -> int:
    """Send what is due now; returns how many messages the mail server took over.

    Ends when nothing more is due, the window closes, something holds sending back (core.sending_control), `until` has
    come, `limit` messages have left, or the mail server cannot be reached: what is left waits for the next call.
    """
    with _at_work(wb) as dispatcher:
        return _drain(dispatcher, until=until, limit=limit)


def run(wb: Workbench, *, once: bool = False, stop: threading.Event | None = None) -> int:
    """Send what is due until SIGTERM, SIGINT or `stop`; with `once` only what is due now. Returns how many left.

    A signal lets the message in hand be finished; the rest of the batch waits again.
    """
    stop = stop or threading.Event()
    stop_on_signals(stop)
    with _at_work(wb, stop) as dispatcher:
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


@contextmanager
def _at_work(wb: Workbench, stop: threading.Event | None = None) -> Iterator[Dispatcher]:
    with mail_channel(wb.settings) as channel:
        dispatcher = Dispatcher(wb.as_user(DISPATCHER), channel, stop or threading.Event())
        hold_after_restore(dispatcher.wb)
        try:
            yield dispatcher
        except BaseException:
            _abandon(dispatcher)
            raise
        if dispatcher.journal:
            dispatcher.journal.close()


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
            failures = failures + 1 if dispatcher.trouble else 0
        except messages.DatabaseLost as error:
            _log.error("the database cannot be used (%s); trying again", type(error).__name__)
            # What could not be written down is in the journal: it is read like that of a dispatcher that is gone.
            _abandon(dispatcher)
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
    dispatcher.trouble = None
    _recover(dispatcher)
    _tend(dispatcher)
    window = _window(dispatcher, until)
    while window and not dispatcher.trouble and (limit is None or sent < limit):
        batch = _next_batch(dispatcher, limit=BATCH if limit is None else min(BATCH, limit - sent))
        if batch is None:
            break
        sent += _send(dispatcher, batch, window)
        window = _window(dispatcher, until)
    _complete(dispatcher)
    if not sent:
        dispatcher.channel.close()
    return sent


def _send(dispatcher: Dispatcher, batch: Batch, window: tuple[datetime, datetime]) -> int:
    wb, campaign_id = dispatcher.wb, batch.campaign.campaign_id
    with control(wb.engine, campaign_id) as asked:
        result = send_batch(
            batch,
            dispatcher.channel,
            may_go_on=lambda: _may_go_on(dispatcher, window, asked),
            journal=dispatcher.journal,
        )
    dispatcher.trouble = result.trouble
    if len(batch.ended) < len(batch.mails):
        dispatcher.free_at = -_LOOK
    if isinstance(result.trouble, NoSession):
        sending_control.account_failed(wb, result.trouble)
    elif isinstance(result.trouble, NoJournal):
        _log.error("the disk of %s takes no journal, without which nothing is sent", wb.settings.journals)
    elif result.accepted:
        sending_control.account_works(wb)
    return result.accepted


def _recover(dispatcher: Dispatcher) -> None:
    """Now and then, and before a dispatcher's first batch: what others left behind."""
    if time.monotonic() - dispatcher.recovered_at >= _RECOVER:
        recover(dispatcher.wb)
        dispatcher.recovered_at = time.monotonic()


def _tend(dispatcher: Dispatcher) -> None:
    """Now and then: what becomes due, or overdue, by itself."""
    if time.monotonic() - dispatcher.tended_at < _TEND:
        return
    wb = dispatcher.wb
    introductions.top_up(wb)
    with writing(wb.engine) as connection:
        messages.confirm_no_more(connection, channel="text", before=wb.now() - UNCONFIRMED_AFTER)
    if wb.settings.mailbox:
        try:
            bounces.collect(wb)
        except SettingsError as error:  # the mailbox is not there just now; sending goes on
            _log.error("%s", error)
    dispatcher.tended_at = time.monotonic()


def _window(dispatcher: Dispatcher, until: datetime | None) -> tuple[datetime, datetime] | None:
    """From when to when may be sent, at the latest to `until`; None when nothing may leave now."""
    wb = dispatcher.wb.settle()
    at, organisation = wb.now(), wb.organisation()
    if not is_open(organisation, CHANNEL, at) or (until and until <= at) or _is_held(dispatcher, wb):
        return None
    opens_at, closes_at = next_window(organisation, CHANNEL, at)
    return opens_at, min(closes_at, until) if until else closes_at


def _is_held(dispatcher: Dispatcher, wb: Workbench) -> bool:
    """Whether something holds sending back; said once in the log when that changes. A pause holds before each mail."""
    if time.monotonic() - dispatcher.free_at < _LOOK:
        return False
    found = sending_control.holds(wb)
    if any(hold.kind == "account" for hold in found) and _account_works_again(dispatcher):
        found = [hold for hold in found if hold.kind != "account"]
    kinds = tuple(hold.kind for hold in found)
    if kinds != dispatcher.held:
        _say_held(found)
        dispatcher.held = kinds
    if not found:
        dispatcher.free_at = time.monotonic()
    return bool(found)


def _say_held(found: list[Hold]) -> None:
    for hold in found:
        _log.warning("nothing is sent: %s", hold.sentence)
    if not found:
        _log.warning("nothing holds sending back any more")


def _account_works_again(dispatcher: Dispatcher) -> bool:
    """Try a paused account, when it is time and no other worker does."""
    if not sending_control.may_probe(dispatcher.wb):
        return False
    try:
        dispatcher.channel.probe()
    except NoSession as error:
        sending_control.account_failed(dispatcher.wb, error)
        return False
    sending_control.account_works(dispatcher.wb)
    return True


def _may_go_on(dispatcher: Dispatcher, window: tuple[datetime, datetime], asked: Control) -> bool:
    """Asked before each mail: whether anybody has stopped it. A clock may also step back, out of the window."""
    _beat(dispatcher, is_idle=False)
    opens_at, closes_at = window
    return not dispatcher.stop.is_set() and opens_at <= dispatcher.wb.now() < closes_at and asked.lets_go()


def _next_batch(dispatcher: Dispatcher, *, limit: int) -> Batch | None:
    """A batch of the first campaign in which somebody is due; None when nobody is, or when asked to stop."""
    wb = dispatcher.wb
    if dispatcher.stop.is_set():
        return None
    with reading(wb.engine) as connection:
        due = messages.due_campaigns(connection, channel=CHANNEL, at=wb.now(), on=wb.today())
    if not due or not _has_journal(dispatcher):
        return None
    for campaign_id in due:
        if campaign_id in dispatcher.broken:
            continue
        try:
            return take_batch(wb, campaign_id, worker=dispatcher.worker, limit=limit)
        except messages.DatabaseLost:
            raise
        except Exception as error:
            # Checked when it was saved, but rules may have changed since. The other campaigns go on.
            dispatcher.broken.add(campaign_id)
            why = error if isinstance(error, CareloopError) else type(error).__name__
            _log.error("campaign %s cannot be sent: %s", campaign_id, why)
    return None


def _has_journal(dispatcher: Dispatcher) -> bool:
    """Begin a journal before anything is claimed. Without one nothing is."""
    if dispatcher.journal is None:
        dispatcher.journals += 1
        dispatcher.worker = f"{dispatcher.name}:{dispatcher.journals}"
        try:
            dispatcher.journal = journal.start(dispatcher.wb.settings.journals, dispatcher.worker)
        except OSError as error:
            _log.error("no journal can be begun in %s (%s)", dispatcher.wb.settings.journals, error.strerror)
            dispatcher.trouble = NoJournal("no_journal", kind="temporary")
    return dispatcher.journal is not None


def _abandon(dispatcher: Dispatcher) -> None:
    """Leave the journal to whoever reads it next, and begin a new one with the next batch."""
    if dispatcher.journal:
        dispatcher.journal.abandon()
    dispatcher.journal, dispatcher.recovered_at = None, -_RECOVER


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
