"""The demo: invented patients in a sandbox, with saved views, a draft, a campaign that was sent, and its own clock."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from core import campaign_list
from core.demo_people import add_people
from core.demo_story import tell
from core.domain.organisation import Organisation
from core.domain.window import first_send_at, next_window
from core.errors import NotAllowed
from core.settings import Settings, is_loopback
from core.store import accounts
from core.workbench import Workbench, open_workbench

Progress = Callable[[str, float], None]
TELLER = "admin"  # who made what a visitor finds
_UNFINISHED = "demo-unfinished"  # a file in a home that is being made for the first time: else it is made anew
MARKER = "demo"  # a file in the home: says that its people are invented and that its clock may be moved


def make(settings: Settings, *, patients: int, fresh: bool = False, progress: Progress | None = None) -> Settings:
    """Make the demo's home, or bring one made earlier up to today, and return its settings.

    Raises NotAllowed for a home that was not made by the demo: it may hold real patients.
    """
    home = settings.home
    if home.exists() and any(home.iterdir()) and not (home / MARKER).exists():
        raise NotAllowed(
            f"{home} was not made by the demo and may hold real patients. Choose another folder with CARELOOP_HOME."
        )
    if home.exists() and (fresh or (home / _UNFINISHED).exists()):
        shutil.rmtree(home)
    settings = settings_of(settings)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    is_new = not any(home.iterdir())
    (home / MARKER).write_text("Invented people. Nothing here is real.\n", "utf-8")
    if is_new:
        (home / _UNFINISHED).touch()
    wb = open_workbench(settings)
    try:
        add_people(wb)
        reset_clock(wb)
        tell(wb.as_user(TELLER), patients=patients, progress=progress or (lambda _step, _share: None))
    finally:
        wb.engine.dispose()
    (home / _UNFINISHED).unlink(missing_ok=True)
    return settings


def settings_of(settings: Settings) -> Settings:
    """The settings with which a demo runs: nothing leaves this machine."""
    return replace(settings.in_sandbox(), demo=True, keeps_mails=True, keeps_texts=True)


def clock_shift(wb: Workbench) -> timedelta:
    """How far the demo's clock is ahead of the machine's."""
    return accounts.clock_shift(wb.engine)


def move_clock(wb: Workbench, to: datetime) -> None:
    """Set the demo's clock; it goes on from there. Raises NotAllowed outside a demo or when mails could leave."""
    _require_sandbox(wb)
    shift = to - datetime.now(UTC)
    accounts.set_clock_shift(wb.engine, shift, at=wb.now(), by=wb.user.user_id)


def move_clock_to_window(wb: Workbench) -> None:
    """Set the demo's clock to where there is something to watch: the window in which the next active campaign begins,
    or, when none waits for a later one, the next email window."""
    organisation, now = wb.organisation(), wb.now()
    starts = [
        first_send_at(organisation, one.campaign.channel, start_on=one.campaign.start_on, at=now)
        for one in campaign_list.campaigns(wb)
        if one.campaign.status == "active"
    ]
    later = [at for at in starts if at > now]
    move_clock(wb, (min(later) if later else _next_opening(organisation, now)) + timedelta(minutes=1))


def _next_opening(organisation: Organisation, now: datetime) -> datetime:
    opens_at, closes_at = next_window(organisation, "email", now)
    return opens_at if opens_at > now else next_window(organisation, "email", closes_at)[0]


def move_clock_to_sunday(wb: Workbench) -> None:
    """Set the demo's clock to the coming Sunday, 21:00: no window is open then."""
    today = wb.today()
    sunday = today + timedelta(days=(6 - today.weekday()) or 7)
    move_clock(wb, datetime.combine(sunday, time(21, 0), tzinfo=wb.zone()))


def reset_clock(wb: Workbench) -> None:
    """Back to the machine's own time."""
    _require_sandbox(wb)
    accounts.set_clock_shift(wb.engine, timedelta(0), at=wb.now(), by=wb.user.user_id)


def _require_sandbox(wb: Workbench) -> None:
    if not wb.settings.demo or not (wb.settings.home / MARKER).exists():
        raise NotAllowed("The clock can be moved in a demo only. Start one with 'careloop demo'.")
    if not is_loopback(wb.settings.smtp_host):
        raise NotAllowed("The clock can be moved only while no mail can leave this machine.")


def sample_folder(home: Path) -> Path:
    """Where the demo keeps the feed it made."""
    return home / "sample-feed"
