"""What all addresses of the Twilio sandbox share: name and token, forms, JSON, and errors as Twilio words them."""

import base64
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from core.channels import twilio_sandbox_answers as answers
from core.channels.twilio_sandbox_exchange import Exchange
from core.channels.twilio_sandbox_magic import Refusal

LARGEST = 65_536  # bytes of a request
_LATE = 30.0  # seconds
_log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def new_application(exchange: Exchange) -> web.Application:
    """Addresses are added to it; none is answered without the account's name and token."""
    return web.Application(client_max_size=LARGEST, middlewares=[_guard(exchange)])


async def form_of(request: web.Request) -> list[tuple[str, str]]:
    """The parameters of a request, in their order; a name may come several times."""
    try:
        return parse_qsl((await request.read()).decode(), keep_blank_values=True)
    except ValueError:
        raise Refusal(20001) from None


async def created(exchange: Exchange, request: web.Request, word: str, content: Mapping[str, Any]) -> web.Response:
    """The answer about what was created, unless MAGIC has the connection cut, or the answer come late."""
    if word == "cut-after":
        return cut(request)
    if word == "late":
        await exchange.wait(_LATE)
    return json(content, status=201)


def cut(request: web.Request) -> web.Response:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def json(content: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json")


def _guard(exchange: Exchange) -> Any:
    expected = b"Basic " + base64.b64encode(f"{exchange.account}:{exchange.token}".encode())

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(given, expected):
                return _refused(Refusal(20003))
            return await handler(request)
        except Refusal as refusal:
            return _refused(refusal)
        except web.HTTPException as refusal:
            return _refused(Refusal({404: 20404, 405: 20004, 413: 20413}.get(refusal.status, 20001)))
        except Exception as problem:  # whatever it is, the next request must be answered
            _log.error("A request to the Twilio sandbox failed: %s", type(problem).__name__)
            return _refused(Refusal(20500))

    return guard


def _refused(refusal: Refusal) -> web.Response:
    status, content = answers.error(refusal.code)
    response = json(content, status=status)
    if refusal.code == 20003:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response
