"""The one small object that the public functions take first: where things are kept, what time it is, and who acts."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from core.domain.organisation import Organisation
from core.domain.role import refusal
from core.domain.user import User
from core.errors import NotAllowed, NotFound
from core.settings import Settings, read_settings
from core.store import accounts, half_restored
from core.store.clinical import ClinicalStore
from core.store.database import migrate, open_engine

P = ParamSpec("P")
R = TypeVar("R")
COMMAND_LINE = "command-line"
DISPATCHER = "dispatcher"
VISITOR = "visitor"  # somebody who is not signed in


@dataclass(frozen=True)
class Workbench:
    """Opened with `open_workbench`; bound to one user. Nothing else in `core` is global."""

    settings: Settings
    engine: Engine
    clinical: ClinicalStore
    user: User
    clock: Callable[[], datetime]
    settled: Organisation | None = None  # see `settle`

    def as_user(self, user_id: str) -> "Workbench":
        """The same workbench with another user acting. Raises NotFound for an unknown or inactive user."""
        return replace(self, user=accounts.user(self.engine, user_id))

    def require(self, permission: str) -> None:
        """Raises NotAllowed, with whom to ask, when the user who acts lacks a permission (core.domain.role)."""
        if not self.user.may(permission):
            raise NotAllowed(refusal(permission))

    def organisation(self) -> Organisation:
        """The organisation's settings as they are now."""
        return self.settled or accounts.organisation(self.engine)

    def settle(self) -> "Workbench":
        """The same workbench with the organisation's settings as they are now, read once: for one piece of work that
        asks for them often and must not see half of a change."""
        return replace(self, settled=accounts.organisation(self.engine))

    def now(self) -> datetime:
        """This moment, in UTC. In a demo it may have been moved with `core.demo.move_clock`."""
        return self.clock()

    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return ZoneInfo(self.organisation().time_zone)

    def today(self) -> date:
        """The organisation's day, by which ages, gaps and start dates are decided."""
        return self.now().astimezone(self.zone()).date()


def needs(
    permission: str,
) -> Callable[[Callable[Concatenate[Workbench, P], R]], Callable[Concatenate[Workbench, P], R]]:
    """Marks a public function as one that needs a permission (core.domain.role), whoever calls it from wherever.

    Called by a user without it, the function raises NotAllowed with whom to ask, before it does anything.
    """

    def marked(function: Callable[Concatenate[Workbench, P], R]) -> Callable[Concatenate[Workbench, P], R]:
        def checked(wb: Workbench, /, *args: P.args, **kwargs: P.kwargs) -> R:
            wb.require(permission)
            return function(wb, *args, **kwargs)

        update_wrapper(checked, function)
        checked.needs = permission  # type: ignore[attr-defined]
        return checked

    return marked


def open_workbench(
    settings: Settings | None = None,
    *,
    user: str = COMMAND_LINE,
    clock: Callable[[], datetime] | None = None,
    is_restoring: bool = False,
) -> Workbench:
    """Open the home, creating or migrating what is missing.

    `settings` are read from the environment unless given; `user` is who acts; `clock` returns an aware moment and is
    the machine's unless given (in a demo home: the machine's plus the demo's shift). A home in which a restore has not
    ended is opened by the restore alone (`is_restoring`); others get a SettingsError.
    """
    settings = settings or read_settings(os.environ)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not is_restoring:
        half_restored.require_whole(settings.home)
    engine = open_engine(settings.database_url, ledger=settings.ledger)
    migrate(engine)
    now = clock or _machine_clock(settings, engine)
    accounts.ensure_system_users(engine, at=now())
    return Workbench(settings, engine, ClinicalStore(settings.home / "clinical"), _user(engine, user), now)


def _user(engine: Engine, user_id: str) -> User:
    try:
        return accounts.user(engine, user_id)
    except NotFound:
        raise NotFound(
            f"There is no active user '{user_id}'. 'careloop user list' shows those there are, and 'careloop user add' "
            "makes one."
        ) from None


def _machine_clock(settings: Settings, engine: Engine) -> Callable[[], datetime]:
    if not settings.demo:
        return lambda: datetime.now(UTC)
    return lambda: datetime.now(UTC) + accounts.clock_shift(engine)
