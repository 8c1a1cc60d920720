"""A real browser on a real server: `careloop demo` with few patients in a folder of its own, and Chromium on it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'


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
def demo_server(folder: Path, *, patients: int) -> Iterator[str]:
    """`careloop demo` in a process of its own; gives its address and ends it afterwards."""
    port = free_ports()
    environ = {**os.environ, "CARELOOP_HOME": str(folder / "demo-home"), "PYTHONWARNINGS": "default"}
    command = [sys.executable, "-m", "core", "demo", "--patients", str(patients), "--port", str(port)]
    log = folder / "demo.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=out, start_new_session=True)
    try:
        yield _address(process, log)
    finally:
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
        time.sleep(0.2)
    pytest.fail(f"the demo did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")


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


def open_page(page: Page, address: str) -> None:
    """Go there and wait until Streamlit has finished its run."""
    page.goto(address, wait_until="domcontentloaded")
    settle(page)


def settle(page: Page) -> None:
    """Wait until the run that a click started has ended."""
    page.wait_for_timeout(300)
    page.wait_for_selector(READY, timeout=60_000)


def choose(page: Page, label: str, option: str, *, nth: int = 0) -> None:
    """Pick an option of a select box by what it reads."""
    box = page.get_by_role("combobox", name=label).nth(nth)
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option, exact=False).first.click()
    settle(page)


def click(page: Page, name: str) -> None:
    """Press a button by its name and wait for the page."""
    page.get_by_role("button", name=name, exact=False).first.click()
    settle(page)


__all__ = ["Page", "browser", "choose", "chromium", "click", "demo_server", "expect", "open_page", "settle"]
