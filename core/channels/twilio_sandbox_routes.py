"""The addresses of the Twilio sandbox: Twilio's REST API for messages, and /sandbox for the Outbox page.

/sandbox takes the same name and token, forms as input, and answers JSON: GET texts and calls (search, page from 0,
size), GET calls/{sid} with what was said, POST replies (from, to, body), POST calls/{sid}/keys (digits) and POST
numbers (number, behaviour).
"""

import base64
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from core.channels import twilio_sandbox_answers as answers
from core.channels import twilio_sandbox_texts as texts
from core.channels.twilio_sandbox_exchange import Exchange
from core.channels.twilio_sandbox_lists import listed
from core.channels.twilio_sandbox_magic import BEHAVIOUR, TEXTS, Refusal, is_number
from core.channels.twilio_sandbox_store import Text, containing

LARGEST = 65_536  # bytes of a request
_LATE = 30.0  # seconds
_log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(exchange: Exchange) -> web.Application:
    """All addresses, behind the account's name and token."""
    app = web.Application(client_max_size=LARGEST, middlewares=[_guard(exchange)])
    Messages(exchange).add_to(app)
    Control(exchange).add_to(app)
    return app


class Messages:
    """Twilio's Messages: create, list, fetch."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._path = answers.path_of(exchange.account, "Messages")

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(self._path, self.create)
        app.router.add_get(self._path, self.list)
        app.router.add_get(self._path.replace(".json", "/{sid}.json"), self.fetch)

    async def create(self, request: web.Request) -> web.StreamResponse:
        form = dict(await form_of(request))
        self._exchange.admit()
        word = self._exchange.behaviour(TEXTS, form.get("To", ""))
        if word == "cut-before":
            return _cut(request)
        text = texts.take(self._exchange, form)
        return await answered(self._exchange, request, word, answers.message(text, self._exchange.account))

    async def list(self, request: web.Request) -> web.Response:
        return json(listed(self._exchange, Text, request.query))

    async def fetch(self, request: web.Request) -> web.Response:
        text = self._exchange.store.get(Text, request.match_info["sid"])
        if text is None:
            raise Refusal(20404)
        return json(answers.message(text, self._exchange.account))


class Control:
    """What the Outbox page asks for and does."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/sandbox/texts", self.texts)
        app.router.add_post("/sandbox/replies", self.reply)
        app.router.add_post("/sandbox/numbers", self.behave)

    async def texts(self, request: web.Request) -> web.Response:
        search, page, size = asked(request)
        sought = [containing(search, ("sender", "recipient", "body"))] if search else []
        found = self._exchange.store.find(Text, sought, limit=size, skip=page * size)
        return json({"texts": [_text(text) for text in found], "count": self._exchange.store.count(Text, sought)})

    async def reply(self, request: web.Request) -> web.Response:
        form = dict(await form_of(request))
        patient, number, body = form.get("from", ""), form.get("to") or self._exchange.number, form.get("body", "")
        if not is_number(patient) or not body.strip() or len(body) > texts.LONGEST:
            raise Refusal(20001)
        text, status = await texts.reply(self._exchange, patient=patient, number=number, body=body)
        return json(_text(text) | {"answered": status}, status=201)

    async def behave(self, request: web.Request) -> web.Response:
        form = dict(await form_of(request))
        number, behaviour = form.get("number", ""), form.get("behaviour", "")
        if not is_number(number) or not BEHAVIOUR.fullmatch(behaviour):
            raise Refusal(20001)
        self._exchange.store.behave(number, behaviour)
        return json({"number": number, "behaviour": behaviour})


def asked(request: web.Request) -> tuple[str, int, int]:
    """What is sought, which page, and how many on it."""
    query = request.query
    try:
        page, size = int(query.get("page", "0")), int(query.get("size", "50"))
    except ValueError:
        raise Refusal(20001) from None
    if not (0 <= page < 10**9 and 1 <= size <= 1000):
        raise Refusal(20001)
    return query.get("search", "").strip(), page, size


async def form_of(request: web.Request) -> list[tuple[str, str]]:
    """The parameters of a request, in their order; a name may come several times."""
    try:
        return parse_qsl((await request.read()).decode(), keep_blank_values=True)
    except ValueError:
        raise Refusal(20001) from None


async def answered(
    exchange: Exchange, request: web.Request, word: str, created: Mapping[str, Any]
) -> web.StreamResponse:
    """The answer about what was created, unless MAGIC has the connection cut, or the answer come late."""
    if word == "cut-after":
        return _cut(request)
    if word == "late":
        await exchange.wait(_LATE)
    return json(created, status=201)


def json(content: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json")


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _guard(exchange: Exchange) -> Any:
    """Nothing without the account's name and token; every error is an answer in Twilio's form."""
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


def _text(text: Text) -> dict[str, Any]:
    return {
        "sid": text.sid,
        "direction": text.direction,
        "from": text.sender,
        "to": text.recipient,
        "body": text.body,
        "status": text.status,
        "error_code": text.error,
        "at": answers.iso(text.created),
        "changed": answers.iso(text.updated),
    }
