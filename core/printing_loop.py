"""The dispatcher's loop for letters, labels, mails to users, roll-ups and what became of patients, beside those that
send: nothing for patients waits for it."""

import logging
import os
import secrets
import socket
import threading

from core import approval_mail, printing, support_mail
from core.following import Following
from core.roll_ups import Rolling
from core.store.messages import DatabaseLost
from core.workbench import Workbench

IDLE = 1.0  # seconds between two looks when there is nothing to do
_PAUSES = (5.0, 15.0, 30.0, 60.0)  # seconds before trying a database or disk again that was not there

_log = logging.getLogger(__name__)


def print_what_is_due(wb: Workbench, stop: threading.Event, worker: str = "") -> int:
    """Make the files that wait, and send the mails about support cases and approvals; returns how many files."""
    worker = worker or worker_name()
    support_mail.send_due(wb)
    approval_mail.send_due(wb)
    try:
        return printing.make_due(wb, worker=worker, stop=stop)
    finally:
        printing.leave(wb, worker)


def worker_name() -> str:
    """Under what a worker claims print runs: of this machine, process and loop."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}:{secrets.token_hex(4)}:letter"


class Printing(threading.Thread):
    """The loop as a thread. When it breaks the others stop as well: the process ends and is started anew."""

    def __init__(self, wb: Workbench, stop: threading.Event) -> None:
        super().__init__(name="printing", daemon=True)
        self._wb = wb
        self._stop_all = stop
        self.sent = 0  # nothing is: people mail letters
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            _keep_going(self._wb, self._stop_all)
        except BaseException as error:
            self.failure = error
            self._stop_all.set()


def _keep_going(wb: Workbench, stop: threading.Event) -> None:
    failures, worker, rolling, following = 0, worker_name(), Rolling(), Following()
    while not stop.is_set():
        try:
            print_what_is_due(wb, stop, worker)
            rolling.roll(wb)
            following.follow(wb)
            failures = 0
        except DatabaseLost as error:
            _log.error("the database cannot be used for printing and roll-ups (%s); trying again", type(error).__name__)
            failures += 1
        stop.wait(_PAUSES[min(failures, len(_PAUSES)) - 1] if failures else IDLE)
