"""The local stand-in for Twilio: it takes texts and calls like Twilio's REST API and keeps them instead of sending.

The sister of the local mail server (`outbox`). The real Twilio client talks to it when no account is configured. Texts
go through their states over time, calls are answered, listen to what they are told and press keys, and each state is
told to the application by a signed request. Certain numbers behave in a known way: see MAGIC in `twilio_sandbox_magic`.

outbox/twilio.sqlite3    everything it took, so that a restart keeps it

twilio_sandbox_rest, _account, _control, _http    the addresses: Twilio's REST API, and /sandbox for the Outbox page
twilio_sandbox_texts, _calls, _line, _voice, _twiml    what happens to texts, to calls, and within an answered call
twilio_sandbox_answers, _lists, _store, _exchange    shapes, lists, tables, and signed requests to the application
"""

import asyncio
import logging
import socket
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from core.channels import twilio_sandbox_texts as texts
from core.channels.twilio_sandbox_account import AccountResource
from core.channels.twilio_sandbox_calls import Calls
from core.channels.twilio_sandbox_control import Control
from core.channels.twilio_sandbox_exchange import Exchange
from core.channels.twilio_sandbox_http import new_application
from core.channels.twilio_sandbox_magic import MAGIC
from core.channels.twilio_sandbox_rest import CallsResource, Messages
from core.channels.twilio_sandbox_store import Store

__all__ = ["MAGIC", "NUMBER", "TwilioSandbox", "start_twilio_sandbox"]

NUMBER = "+15550100000"  # the sandbox's own telephone number
_START_TIMEOUT = 10.0  # seconds
_silent = logging.Logger("what clients send is not logged: it may hold a number")
_silent.disabled = True
# A client's connection outlasts its pauses, because one that ends just then would leave a text's fate unknown.
_RUNNER: dict[str, Any] = {
    "access_log": None,
    "handle_signals": False,
    "keepalive_timeout": 3630.0,
    "logger": _silent,
    "shutdown_timeout": 0.1,
}


@dataclass(frozen=True)
class TwilioSandbox:
    """A running stand-in. `port` is the one it really listens on, also when any free one was asked for."""

    host: str
    port: int
    _loop: asyncio.AbstractEventLoop
    _ending: asyncio.Event
    _thread: threading.Thread

    @property
    def url(self) -> str:
        """What the Twilio client takes as the base of its addresses."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def stop(self) -> None:
        """Stop listening, keep what there is, and wait for the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ending.set)
            self._thread.join(_START_TIMEOUT)


def start_twilio_sandbox(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    account: str,
    token: str,
    webhooks: str = "",
    number: str = NUMBER,
    service: str = "",
    status: str = "active",
    speed: float = 1.0,
    limit_per_second: int | None = None,
) -> TwilioSandbox:
    """Start it in a thread of its own; port 0 takes a free one. Raises OSError when the port is taken.

    `webhooks` is the address below which the application answers: patients' texts are posted to its /text. `speed`
    divides every delay, so that tests need not wait. Over `limit_per_second` texts and calls are refused. `service` is
    the account's messaging service, and `status` the account's: active, suspended or closed.
    """
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    options: dict[str, Any] = {
        "account": account,
        "token": token,
        "number": number,
        "webhooks": webhooks,
        "speed": speed,
    }
    options |= {"limit_per_second": limit_per_second, "service": service, "status": status}
    thread = threading.Thread(target=_run, args=(folder, listener, options, ready), name="twilio sandbox", daemon=True)
    thread.start()
    loop, ending = ready.result(_START_TIMEOUT)
    return TwilioSandbox(host, listener.getsockname()[1], loop, ending, thread)


def _run(folder: Path, listener: socket.socket, options: dict[str, Any], ready: "Future[Any]") -> None:
    try:
        asyncio.run(_serve(folder, listener, options, ready))
    except BaseException as problem:
        listener.close()
        if ready.done():
            raise
        ready.set_exception(problem)


async def _serve(folder: Path, listener: socket.socket, options: dict[str, Any], ready: "Future[Any]") -> None:
    ending = asyncio.Event()
    exchange = Exchange(Store(folder), **options)
    await exchange.started()
    calls = Calls(exchange)
    app = new_application(exchange)
    of_account = (AccountResource(exchange), Messages(exchange), CallsResource(exchange, calls))
    for addresses in (*of_account, Control(exchange, calls)):
        addresses.add_to(app)
    runner = web.AppRunner(app, **_RUNNER)
    try:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        texts.resume(exchange)
        calls.resume()
        ready.set_result((asyncio.get_running_loop(), ending))
        await ending.wait()
    finally:
        await runner.cleanup()
        await exchange.stopped()
