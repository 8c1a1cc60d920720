"""What many tests need: an empty home, a workbench on it with a clock that can be set, and the shared data sets."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

from core.domain.user import User
from core.settings import Settings
from core.store import accounts
from core.workbench import Workbench, open_workbench
from tests.homes import Homes

if TYPE_CHECKING:
    from tests.browser import Browser, Page, Server
    from tests.mail_servers import Recorder

ROOT = Path(__file__).parent.parent
# Machines are shared and slow at times: how long one example takes says nothing about it.
hypothesis_settings.register_profile("careloop", deadline=None)
hypothesis_settings.load_profile("careloop")
TUESDAY_NOON = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)  # 12:00 in Chicago


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    at: datetime = TUESDAY_NOON

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Of many processes' failures nothing is told before the end, and a long run may be cut off: tell each at once."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\n{report.nodeid} failed ({report.when})\n{report.longreprtext[-3000:]}\n", flush=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home, database_url=f"sqlite:///{home / 'careloop.db'}")


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    """What was made once for all tests of this process."""
    return Homes(tmp_path_factory.mktemp("homes"))


@pytest.fixture
def wb(settings: Settings, homes: Homes, clock: Clock) -> Iterator[Workbench]:
    """An empty workbench on SQLite. The analyst 'ana' acts and sees every group and provider."""
    homes.new(settings)
    bench = open_workbench(settings, clock=clock)
    accounts.add_user(bench.engine, User("ana", "Ana Lyst"), at=clock(), by="command-line")
    yield bench.as_user("ana")
    bench.engine.dispose()


@pytest.fixture
def server() -> "Iterator[Recorder]":
    """A mail server that remembers what it took."""
    from tests.mail_servers import recording

    with recording() as recorder:
        yield recorder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real feeds and decks. Not part of the project, so its tests skip where it is absent."""
    folder = Path(os.environ.get("CARELOOP_TEST_DATA", str(ROOT.parent / "shared")))
    if not (folder / "data").is_dir():
        pytest.skip("no real data sets here: set CARELOOP_TEST_DATA to the folder that holds them")
    return folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Server]":
    """`careloop demo` with 800 patients, as a visitor's browser finds it; one for all browser tests of a process."""
    from tests.browser import chromium, demo_server

    chromium()
    with demo_server(tmp_path_factory.mktemp("demo"), patients=800) as server:
        yield server


@pytest.fixture(scope="module")
def chrome() -> "Iterator[Browser]":
    """Chromium. It ends with the module, because its event loop would be in the way of other tests."""
    from tests.browser import browser

    with browser() as opened:
        yield opened


@pytest.fixture
def page(chrome: "Browser") -> "Iterator[Page]":
    """A tab of a visitor who was never here before."""
    from tests.browser import COUNT_RUNS

    with chrome.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(20_000)
        context.add_init_script(COUNT_RUNS)
        yield context.new_page()
