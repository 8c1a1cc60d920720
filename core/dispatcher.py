"""The process that sends and prints: a loop for each channel and one for letters, so that none holds another back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from core import ledgers
from core.domain.organisation import CHANNELS
from core.domain.role import OPERATE
from core.home_mode import channel as mode_channel
from core.printing_loop import Printing, print_what_is_due
from core.recovery import hold_after_restore
from core.sending_loop import Loop, abandon, keep_going, leave, send_what_is_due
from core.stopping import stop_on_signals
from core.store import dispatcher_rows
from core.store.database import reading
from core.tending import refresh
from core.workbench import DISPATCHER, Workbench, needs


def drain(wb: Workbench, *, channel: str | None = None, until: datetime | None = None, limit: int | None = None) -> int:
    """Send what is due now, by one channel or by all in turn; returns how many messages the providers took over.

    Ends when nothing more is due, the window closes, something holds sending back (core.sending_control), `until` has
    come, `limit` messages have left, or the provider cannot be reached: what is left waits for the next call.
    """
    sent = 0
    for each in CHANNELS if channel is None else (channel,):
        left = None if limit is None else limit - sent
        with _at_work(wb, each) as loop:
            try:
                sent += send_what_is_due(loop, until=until, limit=left)
            finally:
                leave(loop)
    return sent


@needs(OPERATE)
def run(wb: Workbench, *, once: bool = False, stop: threading.Event | None = None) -> int:
    """Send what is due until SIGTERM, SIGINT or `stop`; with `once` only what is due now. Returns how many left.

    A signal lets the messages in hand be finished; the rest of their batches waits again.
    """
    stop = stop or threading.Event()
    stop_on_signals(stop)
    if once:
        refresh(wb.as_user(DISPATCHER))
        print_what_is_due(wb.as_user(DISPATCHER), stop)
        return drain(wb)
    threads: list[_Sending | Printing] = [_Sending(wb, channel, stop) for channel in CHANNELS]
    threads.append(Printing(wb.as_user(DISPATCHER), stop))
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(1.0)  # in pieces, so that a signal is taken
    failure = next((thread.failure for thread in threads if thread.failure), None)
    if failure:
        raise failure
    return sum(thread.sent for thread in threads)


def last_seen(wb: Workbench) -> datetime | None:
    """When a dispatcher was last at work; None when none is running. More than a minute ago means none is."""
    with reading(wb.engine) as connection:
        return dispatcher_rows.last_beat(connection)


class _Sending(threading.Thread):
    """The loop of one channel. When it breaks the others stop as well: the process ends and is started anew."""

    def __init__(self, wb: Workbench, channel: str, stop: threading.Event) -> None:
        super().__init__(name=f"sending-{channel}", daemon=True)
        self._wb = wb
        self._channel = channel
        self._stop_all = stop
        self.sent = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            with _at_work(self._wb, self._channel, self._stop_all) as loop:
                try:
                    self.sent = keep_going(loop)
                finally:
                    leave(loop)
        except BaseException as error:
            self.failure = error
            self._stop_all.set()


@contextmanager
def _at_work(wb: Workbench, name: str, stop: threading.Event | None = None) -> Iterator[Loop]:
    with mode_channel(wb, name) as channel:
        loop = Loop(wb.as_user(DISPATCHER), name, channel, stop or threading.Event())
        if loop.tends:
            hold_after_restore(loop.wb)
            ledgers.begin(loop.wb)
        try:
            yield loop
        except BaseException:
            abandon(loop)
            raise
        if loop.journal:
            loop.journal.close()
