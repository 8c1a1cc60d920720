"""The other end of the Twilio sandbox for tests: an application that is told things, and the real Twilio client."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from core.channels.twilio_outbox import Access
from core.channels.twilio_sandbox import TwilioSandbox, start_twilio_sandbox

ACCOUNT = "AC" + "5" * 32
TOKEN = "the-sandbox-token"
US = "+15550100000"
ADA = "+15550101234"
SPEED = 100.0
Found = TypeVar("Found")


@dataclass(frozen=True)
class Heard:
    """A request that came, and whether its signature was right."""

    path: str
    told: Mapping[str, str]
    is_signed: bool


@dataclass
class Application:
    """Remembers what it hears, and answers by path: (status, body), 200 and nothing by default. It hangs up on the
    first `hang_ups` requests."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    hang_ups: int = 0

    def told(self, path: str, name: str) -> list[str]:
        """One parameter of all requests to a path, in the order of their arrival."""
        return [heard.told.get(name, "") for heard in self.heard if heard.path.split("?")[0] == path]


@dataclass(frozen=True)
class Running:
    """A sandbox, the Twilio client on it, and the Outbox page's way in."""

    sandbox: TwilioSandbox
    client: Any
    access: Access

    def text(self, to: str = ADA, *, sender: str = US, body: str = "Time for your mammogram", **more: Any) -> Any:
        return self.client.messages.create(to=to, from_=sender, body=body, **more)

    def call(self, to: str = ADA, *, sender: str = US, twiml: str = "", **more: Any) -> Any:
        if "url" not in more:
            more["twiml"] = twiml or "<Response><Say>Hello</Say></Response>"
        return self.client.calls.create(to=to, from_=sender, **more)

    def over(self, call: Any) -> Any:
        """The call, once it is over."""
        return eventually(lambda: is_over(call.fetch()))

    def ask(
        self, path: str, *, method: str = "GET", form: object = None, auth: tuple[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """A request that the client would not make: status, answer and headers."""
        answer = self.client.request(method, self.sandbox.url + path, data=form, auth=auth)
        return answer.status_code, orjson.loads(answer.text), answer.headers

    def create(self, resource: str, **form: str) -> tuple[int, Any, Mapping[str, str]]:
        return self.ask(f"/2010-04-01/Accounts/{ACCOUNT}/{resource}.json", method="POST", form=form)


@contextlib.contextmanager
def running(folder: Path, *, timeout: float = 20.0, speed: float = SPEED, **options: Any) -> Iterator[Running]:
    sandbox = start_twilio_sandbox(folder, account=ACCOUNT, token=TOKEN, speed=speed, **options)
    http_client = TwilioHttpClient(timeout=timeout)
    client = Client(ACCOUNT, TOKEN, http_client=http_client)
    client.api.base_url = sandbox.url
    try:
        yield Running(sandbox, client, Access(sandbox.url, ACCOUNT, TOKEN))
    finally:
        http_client.session.close()
        sandbox.stop()


@contextlib.contextmanager
def application() -> Iterator[Application]:
    app = Application()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(app))
    app.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def eventually(find: Callable[[], Found], seconds: float = 20.0) -> Found:
    """What is found, once there is something."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, "It did not come"
        time.sleep(0.005)
    return found


def is_over(call: Any) -> Any:
    return call if call.status not in ("queued", "ringing", "in-progress") else None


def _handler(app: Application) -> type[BaseHTTPRequestHandler]:
    validator = RequestValidator(TOKEN)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            told = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), True))
            self._hear(told)

        def do_GET(self) -> None:
            self._hear({})

        def _hear(self, told: dict[str, str]) -> None:
            if app.hang_ups:
                app.hang_ups -= 1
                self.close_connection = True
                return
            is_signed = validator.validate(app.url + self.path, told, self.headers["X-Twilio-Signature"])
            app.heard.append(Heard(self.path, told, is_signed))
            status, text = app.answers.get(self.path.split("?")[0], (200, ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_args: Any) -> None: ...

    return Handler
