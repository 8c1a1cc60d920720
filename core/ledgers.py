"""What sending and printing write down outside the database, for whoever restores a backup of it (core.reconciling).

Before a batch leaves: who may get a message; afterwards what became of each. So of a message that the restored database
knows nothing about it is known that it left, that it may have left, or that it did not.
See docs/decisions/backup-and-restore.md.
"""

import hmac
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from core.domain.campaign import Campaign
from core.store import campaigns as campaign_rows
from core.store import ledger, restore_rows
from core.store.database import writing
from core.store.messages import Begun, Claimed, Ended
from core.store.secret import secret_key
from core.workbench import Workbench

OUT, END, BACK, LETTERS, CAMPAIGN = "out", "end", "back", "letters", "campaign"

_log = logging.getLogger(__name__)


def leaving(wb: Workbench, campaign: Campaign, begun: Sequence[Begun], *, at: datetime) -> None:
    """These messages are about to leave. Raises OSError when that cannot be written: then they must not."""
    if not begun:
        return
    key = secret_key(wb.settings.home)
    people = [
        [one.claimed.recipient_id, one.claimed.patient_id, one.claimed.number, one.message, mark_of(key, one.address)]
        for one in begun
    ]
    ledger.write(wb.settings.ledger, [{"k": OUT, "c": campaign_rows.row_of(campaign), "p": people}], at=at)


def ended(wb: Workbench, campaign_id: str, ended: Sequence[Ended], people: Mapping[int, Claimed]) -> None:
    """What became of them. `people` has who they are, by recipient."""
    told = [
        [
            one.recipient_id,
            people[one.recipient_id].patient_id,
            one.number,
            one.outcome,
            one.verdict.state,
            one.verdict.reason,
            one.code,
            one.provider_id,
        ]
        for one in ended
    ]
    _write(wb, {"k": END, "c": campaign_id, "p": told})


def handed_back(wb: Workbench, campaign_id: str, claimed: Sequence[Claimed]) -> None:
    """Of these nothing left after all: they wait again."""
    _write(wb, {"k": BACK, "c": campaign_id, "p": [[one.recipient_id, one.patient_id, one.number] for one in claimed]})


def letters(wb: Workbench, campaign: Campaign, people: Sequence[tuple[int, str]], state: str) -> None:
    """These letters are printed, or people have mailed them. `people` are recipients with their patients."""
    _write(wb, {"k": LETTERS, "c": campaign_rows.row_of(campaign), "p": [list(each) for each in people], "to": state})


def campaign_changed(wb: Workbench, campaign: Campaign) -> None:
    """A campaign was stopped or taken back by a person."""
    _write(wb, {"k": CAMPAIGN, "c": campaign.campaign_id, "p": [[]], "to": campaign.status})


def begin(wb: Workbench) -> None:
    """A dispatcher begins here: the database keeps that this machine's ledger must be asked after a restore."""
    try:
        own = ledger.identity(wb.settings.ledger)
    except OSError as error:
        _log.error("no ledger can be begun in %s (%s)", wb.settings.ledger, error)
        return
    with writing(wb.engine) as connection:
        restore_rows.keep_ledger(connection, own.ledger_id, host=own.host, at=wb.now())
    beat(wb)


def beat(wb: Workbench) -> None:
    """A dispatcher is at work on this machine."""
    ledger.beat(wb.settings.ledger, at=wb.now())


def mark_of(key: bytes, address: str) -> str:
    """What stands for an address in the ledger: the same for the same address, and nothing to anybody without the
    home's key."""
    return hmac.digest(key, b"ledger:" + address.encode(), "sha256").hex()[:24]


def _write(wb: Workbench, line: dict[str, object]) -> None:
    if not line["p"]:
        return
    try:
        ledger.write(wb.settings.ledger, [line], at=wb.now())
    except OSError as error:
        # Without it a restored backup takes these as perhaps sent, which is what the lines before say.
        _log.error("the ledger in %s takes no outcomes (%s)", wb.settings.ledger, error)
