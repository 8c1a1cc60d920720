"""A clinic that can be reached: the stand-in for Twilio and our web routes, each listening on 127.0.0.1."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import uvicorn
from starlette.applications import Starlette

from core.channels import twilio_outbox
from core.channels.twilio_outbox import Access
from core.channels.twilio_sandbox import TwilioSandbox
from core.twilio_account import start_sandbox, twilio_access
from core.web.twilio import routes
from core.workbench import DISPATCHER, Workbench
from tests.dispatchers import wait_until

SPEED = 50.0


@dataclass(frozen=True)
class Line:
    """A workbench whose texts and calls go to a stand-in, which tells our routes what becomes of them."""

    wb: Workbench
    sandbox: TwilioSandbox

    @property
    def access(self) -> Access:
        """The Outbox page's way into the stand-in."""
        found = twilio_access(self.wb.settings)
        return Access(found.url, found.account, found.token)

    def texts(self) -> list[twilio_outbox.KeptText]:
        """Every text in either direction, the oldest first."""
        return twilio_outbox.texts(self.access, size=1000).texts[::-1]

    def sent(self) -> list[tuple[str, str]]:
        """Number and words of each text of ours."""
        return [(one.recipient, one.body) for one in self.texts() if one.direction != "inbound"]

    def calls(self) -> list[twilio_outbox.KeptCall]:
        """Every call, the oldest first."""
        return twilio_outbox.calls(self.access, size=1000).calls[::-1]


@contextmanager
def connected(wb: Workbench, *, speed: float = SPEED) -> Iterator[Line]:
    """The clinic's stand-in and routes while the block runs."""
    with _served(wb) as (here, port):
        settings = replace(here.settings, public_url=f"http://127.0.0.1:{port}")
        sandbox = start_sandbox(settings, speed=speed)
        try:
            yield Line(replace(here, settings=replace(settings, twilio_url=sandbox.url)), sandbox)
        finally:
            sandbox.stop()


@contextmanager
def _served(wb: Workbench) -> Iterator[tuple[Workbench, int]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        public = replace(wb, settings=replace(wb.settings, public_url=f"http://127.0.0.1:{port}"))
        app = Starlette(routes=routes(lambda: public.as_user("patient"), lambda: public.as_user(DISPATCHER)))
        config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        wait_until(lambda: server.started, seconds=20)
        try:
            yield public, port
        finally:
            server.should_exit = True
            thread.join(20)
            time.sleep(0)
