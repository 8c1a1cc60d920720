"""Where a mail provider or a mail server's pipe hands in returned mails: POST /bounces with the whole mail as its body.

Whoever does so shows the token of CARELOOP_BOUNCE_TOKEN; without that setting the address does not exist. Handing in
the same mail again changes nothing.
"""

import hmac
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from core import bounces
from core.workbench import Workbench


def routes(open_workbench: Callable[[], Workbench]) -> list[BaseRoute]:
    """The route for returned mails. `open_workbench` gives a workbench on which the dispatcher acts."""

    async def answer(request: Request) -> Response:
        wb = await run_in_threadpool(open_workbench)
        if not wb.settings.bounce_token:
            return PlainTextResponse("Not found", status_code=404)
        if not _is_allowed(request, wb.settings.bounce_token):
            return PlainTextResponse("The token is missing or wrong", status_code=401)
        content = await _body(request)
        if content is None:
            return PlainTextResponse("The mail is too large", status_code=413)
        if not content.strip():
            return PlainTextResponse("The mail is empty", status_code=400)
        found = await run_in_threadpool(bounces.take, wb, content, source="webhook")
        return PlainTextResponse("seen before" if found.seen_before else "taken")

    return [Route("/bounces", answer, methods=["POST"])]


def _is_allowed(request: Request, token: str) -> bool:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode())


async def _body(request: Request) -> bytes | None:
    """The whole mail; None when it is longer than any mail may be."""
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > bounces.LONGEST_MAIL:
                return None
    except ClientDisconnect:
        return b""
    return bytes(content)
