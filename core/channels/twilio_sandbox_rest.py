"""Twilio's REST API as far as the sandbox has it: messages and calls are made, listed and fetched, calls also ended."""

from aiohttp import web

from core.channels import twilio_sandbox_answers as answers
from core.channels import twilio_sandbox_texts as texts
from core.channels.twilio_sandbox_calls import Calls
from core.channels.twilio_sandbox_exchange import Exchange
from core.channels.twilio_sandbox_http import created, cut, form_of, json
from core.channels.twilio_sandbox_lists import listed
from core.channels.twilio_sandbox_magic import CALLS, TEXTS, Refusal
from core.channels.twilio_sandbox_store import Call, Kept, Text


class Messages:
    """Messages.json and Messages/{Sid}.json."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(answers.path_of(self._exchange.account, "Messages"), self.create)
        app.router.add_get(answers.path_of(self._exchange.account, "Messages"), self.list)
        app.router.add_get(answers.path_of(self._exchange.account, "Messages/{sid}"), self.fetch)

    async def create(self, request: web.Request) -> web.Response:
        form = dict(await form_of(request))
        self._exchange.admit()
        word = self._exchange.behaviour(TEXTS, form.get("To", ""))
        if word == "cut-before":
            return cut(request)
        text = texts.take(self._exchange, form)
        return await created(self._exchange, request, word, answers.message(text, self._exchange.account))

    async def list(self, request: web.Request) -> web.Response:
        return json(listed(self._exchange, Text, request.query))

    async def fetch(self, request: web.Request) -> web.Response:
        text = found(self._exchange, Text, request)
        return json(answers.message(text, self._exchange.account))


class CallsResource:
    """Calls.json and Calls/{Sid}.json."""

    def __init__(self, exchange: Exchange, calls: Calls) -> None:
        self._exchange = exchange
        self._calls = calls

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(answers.path_of(self._exchange.account, "Calls"), self.create)
        app.router.add_get(answers.path_of(self._exchange.account, "Calls"), self.list)
        app.router.add_get(answers.path_of(self._exchange.account, "Calls/{sid}"), self.fetch)
        app.router.add_post(answers.path_of(self._exchange.account, "Calls/{sid}"), self.update)

    async def create(self, request: web.Request) -> web.Response:
        form = await form_of(request)
        self._exchange.admit()
        word = self._exchange.behaviour(CALLS, dict(form).get("To", ""))
        if word == "cut-before":
            return cut(request)
        call = self._calls.make(form)
        return await created(self._exchange, request, word, answers.call(call, self._exchange.account))

    async def list(self, request: web.Request) -> web.Response:
        return json(listed(self._exchange, Call, request.query))

    async def fetch(self, request: web.Request) -> web.Response:
        call = found(self._exchange, Call, request)
        return json(answers.call(call, self._exchange.account))

    async def update(self, request: web.Request) -> web.Response:
        form = dict(await form_of(request))
        call = self._calls.end(request.match_info["sid"], form.get("Status", ""))
        return json(answers.call(call, self._exchange.account))


def found(exchange: Exchange, kind: type[Kept], request: web.Request) -> Kept:
    """The text or call that the address names. Raises Refusal."""
    kept = exchange.store.get(kind, request.match_info["sid"])
    if kept is None:
        raise Refusal(20404)
    return kept
