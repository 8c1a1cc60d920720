"""Keeping up, beside sending and printing, with what became of the patients of campaigns as feeds come."""

import logging
import time
from dataclasses import dataclass

from core.store.messages import DatabaseLost
from core.workbench import Workbench

_EVERY = 60.0  # seconds between two looks when nothing has come

_log = logging.getLogger(__name__)


@dataclass
class Following:
    """When was looked last, in seconds of a clock that never steps back."""

    looked_at: float = -_EVERY

    def follow(self, wb: Workbench) -> None:
        """Work out one day of allocation that is due, and the next one at once; without any look again in a minute.
        When it fails, reports show what was known before."""
        if time.monotonic() - self.looked_at < _EVERY:
            return
        from core import outcomes  # brings the clinical store along, which is not needed as long as nothing has come

        try:
            if outcomes.refresh(wb, days=1):
                return
        except DatabaseLost:
            raise
        except Exception as error:
            _log.error("what became of a campaign's patients could not be worked out (%s)", type(error).__name__)
        self.looked_at = time.monotonic()
