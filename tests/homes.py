"""Homes that are made once in each process and copied for each test: a new one, and those with a feed in them.

Making one takes a tenth of a second to a second; copying it takes milliseconds, and no test sees what another one did.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from core.settings import Settings
from core.store.database import migrate, open_engine
from core.workbench import Workbench
from tests.databases import run

_DATABASE = "careloop.db"


@dataclass(frozen=True)
class Homes:
    """The homes that this process has made so far, in a folder of its own."""

    folder: Path

    def new(self, settings: Settings) -> None:
        """Let the home have an empty SQLite database as `open_workbench` makes one."""
        made = self.folder / _DATABASE
        if not made.exists():
            engine = open_engine(f"sqlite:///{made}")
            migrate(engine)
            engine.dispose()  # the last connection moves everything into the one file
        settings.home.mkdir(parents=True, mode=0o700)
        shutil.copyfile(made, settings.home / _DATABASE)

    def fill(self, wb: Workbench, name: str, fill: Callable[[], object]) -> Workbench:
        """Let the new home of `wb` hold what `fill` puts in. That is done once for each name, database, user and day;
        whoever asks again for the same gets a copy."""
        key = f"{name}-{wb.engine.dialect.name}-{wb.user.user_id}-{wb.today()}"
        made = self.folder / key
        if made.exists():
            _copy(made, wb)
        else:
            fill()
            _keep(wb, made)
        return wb


def _keep(wb: Workbench, made: Path) -> None:
    wb.engine.dispose()
    if wb.engine.dialect.name == "postgresql":
        _copy_database(wb.engine.url, made.name, str(wb.engine.url.database))
    shutil.copytree(wb.settings.home, made)


def _copy(made: Path, wb: Workbench) -> None:
    wb.engine.dispose()
    shutil.rmtree(wb.settings.home)
    shutil.copytree(made, wb.settings.home)
    if wb.engine.dialect.name == "postgresql":
        _copy_database(wb.engine.url, str(wb.engine.url.database), made.name)


def _copy_database(server: URL, name: str, template: str) -> None:
    run(server, f'DROP DATABASE IF EXISTS "{name}"')
    run(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
