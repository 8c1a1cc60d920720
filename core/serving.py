"""Everything that runs while Careloop is up: the pages, the dispatcher and the local mail server, each watched.

The pages and the dispatcher are processes of their own, so that sending never waits for a page and a page that fails
never stops sending. The local mail server (the sandbox) lives in the watching process.
"""

import os
import signal
import socket
import subprocess  # nosec B404 # starts our own programs only
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

from core.channels.outbox import OutboxServer, start_outbox
from core.channels.twilio_sandbox import TwilioSandbox
from core.errors import SettingsError
from core.settings import Settings
from core.stopping import stop_on_signals
from core.twilio_account import start_sandbox

ROOT = Path(__file__).parent.parent
_RESTART_AFTER = 2.0  # seconds between a dispatcher's death and its successor
_GRACE = 15.0  # seconds a process has to finish the message in hand


@dataclass
class _Child:
    command: list[str]
    environ: Mapping[str, str]
    is_quiet: bool = False  # its own greeting is not for the person at the terminal
    process: subprocess.Popen[bytes] | None = None
    ended_at: float | None = field(default=None)

    def start(self) -> None:
        out = subprocess.DEVNULL if self.is_quiet else None
        self.process = subprocess.Popen(self.command, cwd=ROOT, env=dict(self.environ), stdout=out)  # noqa: S603  # nosec B603 # our own command and settings, no shell
        self.ended_at = None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def serve(
    settings: Settings, *, ready: Callable[[str], None] | None = None, stop: threading.Event | None = None
) -> None:
    """Run until SIGTERM, SIGINT or `stop`. Calls `ready` with the address once the pages answer."""
    stop = stop or threading.Event()
    stop_on_signals(stop)
    require_ports(settings)
    sandboxes = _sandboxes(settings)
    children = _children(settings)
    try:
        for child in children:
            child.start()
        if _wait_until_up(settings, children[0], stop) and ready:
            ready(f"http://{settings.host}:{settings.port}")
        _watch(children, stop)
    finally:
        _end(children)
        for sandbox in sandboxes:
            sandbox.stop()


def require_ports(settings: Settings) -> None:
    """Raises SettingsError when another program has a port that `serve` would listen on."""
    _require_free(settings.host, settings.port, "CARELOOP_PORT")
    settings = settings.in_sandbox()
    if settings.keeps_mails:
        _require_free(settings.host, settings.smtp_port, "CARELOOP_SMTP")
    if settings.keeps_texts:
        _require_free(settings.host, urlsplit(settings.twilio_url).port or 80, "CARELOOP_TWILIO_URL")


def _sandboxes(settings: Settings) -> list[OutboxServer | TwilioSandbox]:
    """The local servers that keep what would leave, where nobody has named others."""
    started: list[OutboxServer | TwilioSandbox] = []
    settings = settings.in_sandbox()  # a live home that becomes a sandbox again finds them
    if settings.keeps_mails:
        started.append(start_outbox(settings.home / "outbox", host=settings.smtp_host, port=settings.smtp_port))
    if settings.keeps_texts:
        started.append(start_sandbox(settings, port=urlsplit(settings.twilio_url).port or 80))
    return started


def environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables for a process of ours. Secrets in files and keyrings stay there."""
    elsewhere = {each.name for each in settings.credentials if each.kind != "environment"}
    made = {
        **os.environ,
        "CARELOOP_HOME": str(settings.home),
        "CARELOOP_DATABASE": settings.database_url,
        "CARELOOP_HOST": settings.host,
        "CARELOOP_PORT": str(settings.port),
        "CARELOOP_SMTP": f"{settings.smtp_host}:{settings.smtp_port}",
        "CARELOOP_TWILIO_URL": settings.twilio_url,
        "CARELOOP_TWILIO_ACCOUNT": settings.twilio_account,
        "CARELOOP_TWILIO_TOKEN": settings.twilio_token,
        "CARELOOP_TWILIO_FROM": settings.twilio_from,
        "CARELOOP_TWILIO_SERVICE": settings.twilio_service,
        "CARELOOP_PUBLIC_URL": settings.public_url,
        "FORWARDED_ALLOW_IPS": ",".join(settings.proxies),  # whose word uvicorn takes for who asks and how
        "CARELOOP_KEEPS": ",".join(["mails"] * settings.keeps_mails + ["texts"] * settings.keeps_texts),
    }
    return {name: value for name, value in made.items() if name not in elsewhere}


def pages_command(settings: Settings) -> list[str]:
    """What starts the pages and the web routes beside them, as a process of their own."""
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.headless=true"]
    command += [f"--server.address={settings.host}", f"--server.port={settings.port}", "--logger.level=warning"]
    names = ("127.0.0.1", "localhost", "[::1]", *settings.allowed_hosts)
    return [*command, *(f"--server.allowedHosts={name}" for name in dict.fromkeys(names))]


def _children(settings: Settings) -> list[_Child]:
    environ = environment(settings)
    pages = _Child(pages_command(settings), environ, is_quiet=True)
    return [pages, _Child([sys.executable, "-m", "core", "dispatch"], environ)]


def _require_free(host: str, port: int, name: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise SettingsError(
                f"Port {port} is taken by another program. Stop that program or choose another port with {name}."
            ) from None


def _wait_until_up(settings: Settings, pages: _Child, stop: threading.Event) -> bool:
    address = f"http://{settings.host}:{settings.port}/health"
    while not stop.is_set() and pages.is_running():
        try:
            with urllib.request.urlopen(address, timeout=2):  # nosec B310 # our own address, http only
                return True
        except (URLError, OSError):
            stop.wait(0.2)
    return False


def _watch(children: list[_Child], stop: threading.Event) -> None:
    """Start again what ended by itself: a dispatcher that died must not leave a campaign half sent."""
    while not stop.wait(0.5):
        for child in children:
            if child.is_running():
                continue
            if child.ended_at is None:
                child.ended_at = time.monotonic()
            elif time.monotonic() - child.ended_at > _RESTART_AFTER:
                child.start()


def _end(children: list[_Child]) -> None:
    for child in children:
        if child.process and child.is_running():
            child.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + _GRACE
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
