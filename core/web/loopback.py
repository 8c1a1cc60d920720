"""Only this machine may talk to the pages while there is no sign-in."""

import ipaddress
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_REFUSAL = "Careloop answers only on this machine while it has no sign-in."
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
)


class LoopbackOnly:
    """Refuses every client that is not on this machine, over HTTP and websocket, and sets the safe headers.

    The settings refuse to listen elsewhere; this holds also when somebody starts the server by hand another way.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif not _is_local(scope):
            await _refuse(scope, receive, send)
        elif scope["type"] == "http":
            await self.app(scope, receive, _with_headers(send))
        else:
            await self.app(scope, receive, send)


def _is_local(scope: Scope) -> bool:
    """From this machine, and asked for by a name of this machine: a page of somebody else's that has its own name
    resolve to 127.0.0.1 must not read patients' data through the browser of somebody who sits here."""
    client = scope.get("client")
    asked = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    return (client is None or _is_loopback(client[0])) and (not asked or _is_loopback(urlsplit(f"//{asked}").hostname))


def _is_loopback(host: str | None) -> bool:
    if host in ("localhost", "testclient", "testserver"):
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await PlainTextResponse(_REFUSAL, status_code=403)(scope, receive, send)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            present = list(message.get("headers", ()))  # type: ignore[call-overload]
            names = {name.lower() for name, _ in present}
            message["headers"] = present + [pair for pair in _HEADERS if pair[0] not in names]
        await send(message)

    return send_with_headers  # type: ignore[return-value]
