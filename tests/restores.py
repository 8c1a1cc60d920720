"""A home that is backed up, goes on, is lost and comes back, for tests of restores."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core import backups, dispatcher, restoring
from core.restoring import Restoration
from core.settings import Settings
from core.workbench import Workbench, open_workbench
from tests.conftest import Clock
from tests.mail_servers import Recorder


def back_up(wb: Workbench, out: Path) -> Path:
    """A backup of now."""
    return backups.backup(wb.as_user("command-line"), out).path


def lose(wb: Workbench) -> Workbench:
    """Nobody has the database open any more."""
    wb.engine.dispose()
    return wb


def restore_in_place(wb: Workbench, archive: Path, clock: Clock, ledgers: Sequence[Path] = ()) -> Restoration:
    """Take the backup back into the same home, which has its ledger."""
    lose(wb)
    return restoring.restore(wb.settings, archive, replace=True, ledgers=ledgers, clock=clock)


def restore_elsewhere(
    wb: Workbench, archive: Path, home: Path, clock: Clock, *, url: str = "", ledgers: Sequence[Path] = ()
) -> Workbench:
    """Take it back on another machine, to which at most the ledgers were saved."""
    lose(wb)
    settings = replace(wb.settings, home=home, database_url=url or f"sqlite:///{home}/careloop.db")
    restoring.restore(settings, archive, ledgers=ledgers, clock=clock)
    return reopened(settings, clock)


def reopened(settings: Settings, clock: Clock) -> Workbench:
    """The workbench of 'ana' after a restore."""
    return open_workbench(settings, clock=clock).as_user("ana")


def operator(wb: Workbench) -> Workbench:
    """Who restores and reconciles."""
    return wb.as_user("command-line")


def send_some(wb: Workbench, count: int | None = None, *, channel: str = "email") -> int:
    """What a dispatcher sends before it is asked to end."""
    return dispatcher.drain(wb, channel=channel, limit=count)


def mailed(server: Recorder) -> Counter[str]:
    """How many mails each address got."""
    return Counter(address for address, _ in server.mails)


def saved_ledger(wb: Workbench, to: Path) -> Path:
    """A copy of the ledger, as another disk has it."""
    shutil.copytree(wb.settings.ledger, to)
    return to
