"""What a dispatcher does beside sending: what becomes due by itself, and what others have left behind."""

import logging
import time
from dataclasses import dataclass

from core import audit, bounces, downloads, home_mode, introductions, lateness, ledgers, lookups, report_mail
from core.domain.message import UNCONFIRMED_AFTER
from core.domain.organisation import TEXT
from core.errors import SettingsError
from core.recovery import recover
from core.store import messages
from core.store.database import writing
from core.workbench import Workbench

_RECOVER = 5.0  # seconds between two looks for what lost dispatchers left behind
_TEND = 60.0  # seconds between two looks for what is due, or overdue, by itself

_log = logging.getLogger(__name__)


@dataclass
class Tending:
    """When each was last done, in seconds of a clock that never steps back."""

    recovered_at: float = -_RECOVER
    tended_at: float = -_TEND

    def recover(self, wb: Workbench) -> None:
        """Now and then, and before a dispatcher's first batch: what others left behind."""
        if time.monotonic() - self.recovered_at >= _RECOVER:
            recover(wb)
            self.recovered_at = time.monotonic()

    def recover_next_time(self) -> None:
        """Something was left behind just now."""
        self.recovered_at = -_RECOVER

    def tend(self, wb: Workbench) -> None:
        """Now and then: introductory emails, texts without a receipt, old files, feeds that are late, scheduled
        reports, mails come back, what Twilio knows."""
        if time.monotonic() - self.tended_at < _TEND:
            return
        ledgers.beat(wb)
        introductions.top_up(wb)
        with writing(wb.engine) as connection:
            messages.confirm_no_more(connection, channel=TEXT, before=wb.now() - UNCONFIRMED_AFTER)
        lookups.look_up(wb)
        downloads.expire(wb)
        lateness.tell_administrators(wb)
        report_mail.send_due(wb)
        audit.note_head(wb)
        if wb.settings.mailbox and (not wb.settings.mailbox_is_elsewhere or home_mode.is_live(wb)):
            try:
                bounces.collect(wb)
            except SettingsError as error:  # the mailbox is not there just now; sending goes on
                _log.error("%s", error)
        self.tended_at = time.monotonic()


def refresh(wb: Workbench) -> None:
    """Once a day the open gaps are worked out anew: whether a gap is closed decides who is written to.

    When that fails, sending goes on with the gaps of the day before: a reminder too many is better than none.
    """
    from core import loads  # brings the clinical store along, which sending itself never needs

    ledgers.begin(wb)
    try:
        loads.refresh(wb)
    except Exception as error:
        _log.error("care gaps could not be worked out for today (%s)", type(error).__name__)
