"""Work on the database that is tried again when the database was not there, or two waited for each other."""

import time
from collections.abc import Callable
from typing import TypeVar

from core.store.messages import DatabaseLost

Answer = TypeVar("Answer")
_PAUSES = (0.05, 0.3, 1.0, 3.0)  # seconds; whoever asks over the web waits fifteen


def patiently(work: Callable[[], Answer]) -> Answer:
    """Do it, and again after short pauses when the database could not; the last failure is raised. `work` is one
    transaction, so that a failed one has done nothing."""
    for pause in _PAUSES:
        try:
            return work()
        except DatabaseLost:
            time.sleep(pause)
    return work()
