"""A real browser on a real server: `careloop demo` with few patients in a folder of its own, and Chromium on it."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from core import sessions
from core.settings import read_settings
from core.workbench import COMMAND_LINE, Workbench, open_workbench
from tests import signed_in

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=15_000)  # milliseconds; machines are shared and slow at times
READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
WIDE, NARROW = 1280, 390  # pixels: a laptop and a phone
# Counts the runs of a page's script, so that a test can wait for the run that its click starts.
COUNT_RUNS = """
window.careloopRuns = 0; window.careloopSeen = 0;
new MutationObserver((changes) => { for (const change of changes)
  if (change.target.dataset.testScriptState === 'running') window.careloopRuns += 1;
}).observe(document, { subtree: true, attributeFilter: ['data-test-script-state'] });
"""
_RUN = "() => window.careloopRuns > window.careloopSeen"
_SEEN = "() => { window.careloopSeen = window.careloopRuns }"
_PATIENCE = 1500  # milliseconds in which a click starts a run; afterwards it is taken to need none
_DRAWN = "() => !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')"
_ROW = 35  # pixels of a row of a table, which is drawn on a canvas
# Streamlit asks below the address of a deep link for its own address before it asks at the root: this is how it works.
_STREAMLIT_ASKS = re.compile(r"/[a-z_]+/_stcore/(health|host-config)$")


@dataclass(frozen=True)
class Server:
    """A running Careloop: where it answers, where it keeps what it keeps, and what it wrote to the terminal."""

    address: str
    home: Path
    log: Path
    process: subprocess.Popen[bytes]

    @contextmanager
    def workbench(self, user: str = "") -> Iterator[Workbench]:
        """The same home, opened beside the server, by somebody who may do everything unless named."""
        user = user or ("admin" if (self.home / "demo").exists() else signed_in.PERSON)
        port = urlsplit(self.address).port
        wb = open_workbench(read_settings({"CARELOOP_HOME": str(self.home), "CARELOOP_PORT": str(port)}), user=user)
        try:
            yield wb
        finally:
            wb.engine.dispose()

    def written(self) -> str:
        """Everything that was written to the terminal so far."""
        return self.log.read_text("utf-8", "replace")

    def broken(self) -> list[str]:
        """The lines that tell of a mistake: a traceback, or what core.unexpected makes of one."""
        return [line for line in self.written().splitlines() if "Traceback" in line or "case " in line]


_SERVERS: dict[str, Server] = {}  # by their address


@dataclass
class Watch:
    """What a page must not do: log errors, fail, or ask anything of another machine."""

    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        """Watch this page from now on."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _STREAMLIT_ASKS.search(message.location["url"]):
            self.errors.append(f"{message.text} ({message.location['url']})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.elsewhere.append(request.url)


def chromium() -> str:
    """Where Chromium is. Without it browser tests skip, but fail where CI=true, so that CI never leaves them out."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found:
        return found
    reason = "no Chromium here: install Debian's package 'chromium' to run the tests in a real browser"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def free_ports() -> int:
    """A port that is free together with the one after it, which the local mail server takes."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports in a row")


@contextmanager
def demo_server(folder: Path, *, patients: int) -> Iterator[Server]:
    """`careloop demo` in a process of its own, ended afterwards."""
    with running(folder / "demo-home", "demo", "--patients", str(patients)) as server:
        yield server


@contextmanager
def running(home: Path, *arguments: str) -> Iterator[Server]:
    """`careloop demo` or `careloop serve` on free ports in a process of its own, ended afterwards."""
    port = free_ports()
    environ = {**os.environ, "CARELOOP_HOME": str(home), "PYTHONWARNINGS": "default"}
    command = [sys.executable, "-m", "core", *arguments, "--port", str(port)]
    log = home.with_name(f"{home.name}.log")
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=out, start_new_session=True)
    try:
        server = Server(_address(process, log), home, log, process)
        _SERVERS[server.address] = server
        yield server
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end, and its children with it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        for word in log.read_text("utf-8", "replace").split():
            if word.startswith("http://127.0.0.1:"):
                return word
        time.sleep(0.1)
    end(process)
    pytest.fail(f"the server did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")


@contextmanager
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    executable = chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            yield opened
        finally:
            opened.close()


def open_page(page: Page, address: str, *, user: str = "") -> None:
    """Go there and wait until Streamlit has finished its run. Whoever is not signed in yet is signed in first: as
    `user`, or as somebody who may do everything."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    if user or not page.context.cookies(origin):
        sign_in(page, origin, user)
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_selector(READY, timeout=60_000)
    settle(page)


def sign_in(page: Page, origin: str, user: str = "") -> None:
    """Give the browser a session on the server that answers there."""
    server = _SERVERS[origin]
    is_demo = (server.home / "demo").exists()
    with server.workbench(COMMAND_LINE) as wb:
        token = signed_in.token(wb, user or ("admin" if is_demo else signed_in.PERSON))
        page.context.add_cookies([{"name": sessions.cookie_name(wb.settings), "value": token, "url": origin}])


def settle(page: Page) -> None:
    """Wait until the run that a click started has ended and everything is drawn."""
    with contextlib.suppress(PlaywrightTimeout):
        page.wait_for_function(_RUN, timeout=_PATIENCE)
    page.wait_for_selector(READY, timeout=60_000)
    page.wait_for_function(_DRAWN, timeout=60_000)
    page.evaluate(_SEEN)


def choose(page: Page, label: str, option: str, *, nth: int = 0) -> None:
    """Pick an option of a select box by what it reads."""
    page.get_by_role("combobox", name=label).nth(nth).click()
    page.locator(":focus").fill(option)  # while its list is open, the rest of the page is hidden from roles
    page.get_by_role("option", name=option, exact=False).first.click()
    page.mouse.move(2, 2)  # away from whatever lies below the list, whose hint would cover the next field
    settle(page)


def click(page: Page, name: str, *, within: Locator | None = None) -> None:
    """Press a button by its name, in a part of the page if given, and wait for the page."""
    (within or page).get_by_role("button", name=name, exact=False).first.click()
    settle(page)


def press_until(page: Page, name: str, shown: Locator) -> None:
    """Press a button until what follows is shown: on a busy machine a press may fall on one that is drawn anew just
    then, as a person's may, who presses again."""
    for _ in range(3):
        if page.get_by_role("button", name=name).count():
            click(page, name)
        with contextlib.suppress(PlaywrightTimeout):
            shown.first.wait_for(timeout=5_000)
            return
    shown.first.wait_for()


def next_window(page: Page) -> None:
    """Move the demo's clock to the next window: pressed again where the press fell on a button being drawn anew."""
    clock = page.get_by_role("button", name="Demo clock")
    before = clock.inner_text()
    for _ in range(3):
        clock.click()
        click(page, "Next window")
        page.keyboard.press("Escape")
        settle(page)
        if clock.inner_text() != before:
            return
    raise AssertionError("the demo's clock did not move")


def mark_row(page: Page, row: int, *, column_x: int = 15) -> None:
    """Click in a row of the page's first table: at its mark, unless another place is given."""
    table = page.get_by_test_id("stDataFrame").first
    table.click(position={"x": column_x, "y": _ROW + row * _ROW - 1 + _ROW // 2})
    settle(page)


def cells(table: Locator, column: int) -> list[str]:
    """What the rows of a table read in a column, marks not counted; of a long table only what is in sight."""
    found: list[str] = table.locator(f"td[aria-colindex='{column}']").all_text_contents()
    return found


__all__ = [
    "COUNT_RUNS",
    "NARROW",
    "READY",
    "WIDE",
    "Browser",
    "Page",
    "Server",
    "Watch",
    "browser",
    "cells",
    "choose",
    "chromium",
    "click",
    "demo_server",
    "end",
    "expect",
    "free_ports",
    "mark_row",
    "next_window",
    "open_page",
    "press_until",
    "running",
    "settle",
]
