"""The gate in front of the pages: nothing of them, over HTTP or websocket, is answered without a session.

What needs none is listed; everything else does, also what Streamlit serves beside the pages, such as downloads,
uploads and components.
"""

import logging
from collections.abc import Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import sessions, tabs, unexpected
from core.web import cookie, hosts, paths
from core.web.headers import with_headers
from core.workbench import Workbench

_log = logging.getLogger(__name__)
_PROTOCOL, _TAB = b"sec-websocket-protocol", 2  # Streamlit's name, its token against forged requests, the tab's id


class Gate:
    """Refuses wrong hosts, other sites' requests and whoever has no session; sets the safe headers."""

    def __init__(self, app: ASGIApp, workbench: Callable[[], Workbench]) -> None:
        self.app = app
        self.workbench = workbench

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def begin(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._answer(scope, receive, begin)
        except Exception as error:  # whose own words may hold anything
            _log.error("a request could not be answered: %s", unexpected.summary(error))
            if scope["type"] == "http":
                send = with_headers(scope, send, None)
            if not has_begun:
                await _refuse(scope, receive, send, 500, unexpected.sentence(error))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        wb = await run_in_threadpool(self.workbench)
        if scope["type"] == "http":
            send = with_headers(scope, send, wb.settings)
        refused = _refusal(wb, scope)
        if refused is not None:
            await _refuse(scope, receive, send, *refused)
        elif scope["type"] == "http" and paths.open_route(scope) is Match.FULL:
            await self.app(scope, receive, send)
        else:
            await self._with_session(wb, scope, receive, send)

    async def _with_session(self, wb: Workbench, scope: Scope, receive: Receive, send: Send) -> None:
        token = cookie.token(scope, wb.settings)
        session = await run_in_threadpool(sessions.find, wb, token)
        if session is None:
            await _ask_to_sign_in(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.app(_with_own_tab(scope, session.session_id), _while_signed_in(wb, token, receive, send), send)
        else:
            if hosts.is_navigation(scope):
                await run_in_threadpool(sessions.seen, wb, session)
            await self.app(scope, receive, send)


def _refusal(wb: Workbench, scope: Scope) -> tuple[int, str] | None:
    """Status and reason of what is refused to everybody, whoever is signed in."""
    if not hosts.is_allowed(scope, wb.settings):
        return 403, "Careloop does not answer by this name."
    if not paths.is_plain(scope):
        return 400, "Careloop has no such address."
    if not paths.is_signed(scope["path"]) and hosts.is_from_elsewhere(scope):
        return 403, "Careloop answers its own pages only."
    if paths.is_closed(scope["path"]) or (scope["type"] == "websocket" and scope["path"] != paths.STREAM):
        return 404, "Not found."
    if scope["type"] == "http" and paths.open_route(scope) is Match.PARTIAL:
        return 405, "Not possible here."
    return None


def _while_signed_in(wb: Workbench, token: str, receive: Receive, send: Send) -> Receive:
    """What the browser says, as long as the session counts: it is looked at anew with each thing that is done. Then the
    websocket is closed, and the page asks to sign in again."""

    async def next_message() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and await run_in_threadpool(sessions.find, wb, token) is None:
            await send({"type": "websocket.close", "code": 1008, "reason": "signed out"})
            return {"type": "websocket.disconnect", "code": 1008}
        return message

    return next_message


def _with_own_tab(scope: Scope, session_id: str) -> Scope:
    """The websocket's scope without the id of a tab that is not this session's: Streamlit then begins a new one."""
    headers = [(name, _own(value, session_id) if name == _PROTOCOL else value) for name, value in scope["headers"]]
    return {**scope, "headers": headers}


def _own(protocols: bytes, session_id: str) -> bytes:
    entries = [entry.strip() for entry in protocols.split(b",")]
    if len(entries) <= _TAB or tabs.is_of(entries[_TAB].decode("latin-1"), session_id):
        return protocols
    return b", ".join(entries[:_TAB])


async def _ask_to_sign_in(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http" and (hosts.is_navigation(scope) or _is_front_door(scope)):
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        back = quote(scope["path"] + query, safe="")
        where = "/sign-in" if back == quote("/", safe="") else f"/sign-in?next={back}"
        await RedirectResponse(where, status_code=303)(scope, receive, send)
    else:
        await _refuse(scope, receive, send, 401, "Sign in first.")


def _is_front_door(scope: Scope) -> bool:
    """Whether a program that is no browser asks for the bare address, to see whether Careloop is up."""
    return scope["path"] == "/" and scope["method"] == "GET" and not hosts.header(scope, b"sec-fetch-mode")


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await PlainTextResponse(why, status_code=status)(scope, receive, send)
