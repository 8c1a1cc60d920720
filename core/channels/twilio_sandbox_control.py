"""/sandbox: what the Outbox page asks of the Twilio sandbox, and what it does there in a patient's place.

It takes the account's name and token, forms as input, and answers JSON. `twilio_outbox` is the client.

GET  /sandbox/texts, /sandbox/calls    newest first, with `count`; search=, page= (from 0), size=
GET  /sandbox/calls/{sid}              one call with its transcript, and whether it asks for a key
POST /sandbox/replies                  a patient's text: from, to (the sandbox's number when left out), body
POST /sandbox/calls/{sid}/keys         keys that a patient presses: digits
POST /sandbox/numbers                  how a number behaves from now on: number, behaviour
GET  /sandbox/numbers                  the behaviour of each number that was told one
"""

from typing import Any

import orjson
from aiohttp import web

from core.channels import twilio_sandbox_texts as texts
from core.channels.twilio_sandbox_answers import iso
from core.channels.twilio_sandbox_calls import Calls
from core.channels.twilio_sandbox_exchange import Exchange
from core.channels.twilio_sandbox_http import form_of, json
from core.channels.twilio_sandbox_magic import BEHAVIOUR, Refusal, is_number, is_sender
from core.channels.twilio_sandbox_rest import found
from core.channels.twilio_sandbox_store import Call, Text, containing

_LARGEST_PAGE = 1000


class Control:
    """The addresses below /sandbox."""

    def __init__(self, exchange: Exchange, calls: Calls) -> None:
        self._exchange = exchange
        self._calls = calls

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/sandbox/texts", self.texts)
        app.router.add_get("/sandbox/calls", self.calls)
        app.router.add_get("/sandbox/calls/{sid}", self.call)
        app.router.add_post("/sandbox/calls/{sid}/keys", self.press)
        app.router.add_post("/sandbox/replies", self.reply)
        app.router.add_post("/sandbox/numbers", self.behave)
        app.router.add_get("/sandbox/numbers", self.behaviours)

    async def texts(self, request: web.Request) -> web.Response:
        search, page, size = _asked(request)
        sought = [containing(search, ("sender", "recipient", "body"))] if search else []
        rows = self._exchange.store.find(Text, sought, limit=size, skip=page * size)
        return json({"texts": [_text(row) for row in rows], "count": self._exchange.store.count(Text, sought)})

    async def calls(self, request: web.Request) -> web.Response:
        search, page, size = _asked(request)
        sought = [containing(search, ("sender", "recipient"))] if search else []
        rows = self._exchange.store.find(Call, sought, limit=size, skip=page * size)
        shown = [self._call(row) for row in rows]
        return json({"calls": shown, "count": self._exchange.store.count(Call, sought)})

    async def call(self, request: web.Request) -> web.Response:
        call = found(self._exchange, Call, request)
        return json(self._call(call) | {"transcript": orjson.loads(call.transcript)})

    async def press(self, request: web.Request) -> web.Response:
        form = dict(await form_of(request))
        self._calls.press(request.match_info["sid"], form.get("digits", ""))
        return json({"sid": request.match_info["sid"]}, status=201)

    async def reply(self, request: web.Request) -> web.Response:
        form = dict(await form_of(request))
        patient, number, body = form.get("from", ""), form.get("to") or self._exchange.number, form.get("body", "")
        if not is_number(patient) or not is_sender(number) or not body.strip() or len(body) > texts.LONGEST:
            raise Refusal(20001)
        text, status = await texts.reply(self._exchange, patient=patient, number=number, body=body)
        return json(_text(text) | {"answered": status}, status=201)

    async def behave(self, request: web.Request) -> web.Response:
        form = dict(await form_of(request))
        number, behaviour = form.get("number", ""), form.get("behaviour", "")
        if not is_number(number) or not BEHAVIOUR.fullmatch(behaviour):
            raise Refusal(20001)
        self._exchange.store.behave(number, behaviour)
        return json({"number": number, "behaviour": behaviour}, status=201)

    async def behaviours(self, _: web.Request) -> web.Response:
        return json(self._exchange.store.behaviours())

    def _call(self, call: Call) -> dict[str, Any]:
        return {
            "sid": call.sid,
            "from": call.sender,
            "to": call.recipient,
            "status": call.status,
            "answered_by": call.answered_by,
            "duration": call.duration,
            "asks_for_key": self._calls.is_asking(call.sid),
            "at": iso(call.created),
            "changed": iso(call.updated),
        }


def _text(text: Text) -> dict[str, Any]:
    return {
        "sid": text.sid,
        "direction": text.direction,
        "from": text.sender,
        "to": text.recipient,
        "body": text.body,
        "status": text.status,
        "error_code": text.error,
        "at": iso(text.created),
        "changed": iso(text.updated),
    }


def _asked(request: web.Request) -> tuple[str, int, int]:
    """What is sought, which page, and how many on it."""
    query = request.query
    try:
        page, size = int(query.get("page", "0")), int(query.get("size", "50"))
    except ValueError:
        raise Refusal(20001) from None
    if not (0 <= page < 10**9 and 1 <= size <= _LARGEST_PAGE):
        raise Refusal(20001)
    return query.get("search", "").strip(), page, size
