"""Signing in at the organisation's OpenID Connect provider.

GET  /sign-in/openid            on to the provider, with what this browser keeps in a cookie until it is back
GET  /sign-in/openid/callback   back from the provider: a session begins
GET  /sign-in/openid/out        back from signing out there
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlsplit

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core import openid
from core.domain.address import is_loopback_host
from core.errors import CareloopError, NotFound
from core.openid import ProviderAway
from core.sessions import is_behind_tls
from core.web import cookie, hosts
from core.web.sign_in import entered, safe_path, signed_out_page
from core.web.sign_in_page import Link, page
from core.workbench import Workbench

_AT_ONCE = 4  # conversations with the provider: while it is slow, everybody else is answered all the same
_SECURE_COOKIE, _COOKIE = "__Host-careloop-openid", "careloop_openid"


def routes(open_workbench: Callable[[], Workbench]) -> list[BaseRoute]:
    """The routes. `open_workbench` gives a workbench on which a visitor acts who is not signed in."""
    asking: list[anyio.CapacityLimiter] = []

    def asked(answer: Callable[[Workbench, Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def route(request: Request) -> Response:
            if not asking:
                asking.append(anyio.CapacityLimiter(_AT_ONCE))
            wb = await run_in_threadpool(open_workbench)
            return await anyio.to_thread.run_sync(_safely, answer, wb, request, limiter=asking[0])

        return route

    async def out(_request: Request) -> Response:
        return await run_in_threadpool(lambda: signed_out_page(open_workbench()))

    return [
        Route("/sign-in/openid", asked(_begin), methods=["GET"]),
        Route(openid.CALLBACK, asked(_finish), methods=["GET"]),
        Route(openid.SIGNED_OUT, out, methods=["GET"]),
    ]


def _safely(answer: Callable[[Workbench, Request], Response], wb: Workbench, request: Request) -> Response:
    """What went wrong as a page, with the way back to the door."""
    try:
        return answer(wb, request)
    except ProviderAway as error:
        return _failed(wb, error, status=503)
    except NotFound as error:
        return _failed(wb, error, status=404)
    except CareloopError as error:
        return _failed(wb, error, status=403)


def _failed(wb: Workbench, error: CareloopError, *, status: int) -> Response:
    links = (Link("/sign-in", "Back to signing in"), Link("/support", "Support request"))
    return _forget(page(wb, "You are not signed in", error=str(error), status=status, links=links), wb)


def _begin(wb: Workbench, request: Request) -> Response:
    back = safe_path(request.query_params.get("next", "/"))
    public, asked = urlsplit(wb.settings.public_url), hosts.header(request.scope, b"host")
    if asked != public.netloc and is_loopback_host(public.hostname or ""):
        # 'localhost' in place of 127.0.0.1: the provider sends people back to the latter, where the cookie must be. A
        # public name that is none of this machine's is a proxy's, which may ask here by another one.
        here = f"{wb.settings.public_url}/sign-in/openid?next={quote(back, safe='')}"
        return RedirectResponse(here, status_code=303)
    begun = openid.begin(wb, back)
    answer = RedirectResponse(begun.url, status_code=303)
    answer.set_cookie(_name(wb), begun.kept, max_age=openid.KEPT_SECONDS, path="/", **_flags(wb))
    return answer


def _finish(wb: Workbench, request: Request) -> Response:
    answer = {key: value for key, value in request.query_params.items() if len(value) <= 4096}
    found = openid.finish(wb, cookie.read(request.scope, _name(wb)), answer)
    return _forget(entered(wb, found.token, safe_path(found.back)), wb)


def _forget(response: Response, wb: Workbench) -> Response:
    response.delete_cookie(_name(wb), path="/", **_flags(wb))
    return response


def _name(wb: Workbench) -> str:
    return _SECURE_COOKIE if is_behind_tls(wb.settings) else _COOKIE


def _flags(wb: Workbench) -> dict[str, Any]:
    """Lax, because the provider leads back from another site."""
    return {"secure": is_behind_tls(wb.settings), "httponly": True, "samesite": "lax"}
