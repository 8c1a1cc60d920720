"""The gate for what Twilio asks: only what it has signed comes through, and the answers are instructions (TwiML).

Every request must be signed with the account's token for the public address it was sent to, path and query as they
came. Behind a proxy CARELOOP_PUBLIC_URL must therefore be what Twilio was told.
"""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape  # nosec B406 # escapes and reads nothing

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from core import home_mode
from core.twilio_account import is_from_twilio
from core.workbench import Workbench

LONGEST_BODY = 64_000  # bytes; Twilio's own have some hundred
_MOST_FIELDS = 200
_FORM = "application/x-www-form-urlencoded"
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_log = logging.getLogger("careloop.web.twilio")


def opened_once(open_workbench: Callable[[], Workbench]) -> Callable[[], Awaitable[Workbench]]:
    """The workbench, opened in a thread with the first request, since that may migrate a database; then at hand."""
    opened: list[Workbench] = []

    async def workbench() -> Workbench:
        if not opened:
            opened.append(await run_in_threadpool(open_workbench))
        return opened[0]

    return workbench


async def signed_form(request: Request, wb: Workbench) -> dict[str, str] | Response:
    """The form fields of a request that Twilio has signed, or what anybody else is told: 413, 415, 400 or 403.

    Bytes that are no UTF-8 become U+FFFD. Of a field that comes twice the last counts.
    """
    body = await _body(request)
    if body is None:
        return refusal(413, "The request is too large")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return refusal(415, "The request is not a form")
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return refusal(400, "The request has too many fields")
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    if not _is_signed(wb, _path_and_query(request), fields, request.headers.get("x-twilio-signature", "")):
        return refusal(403, "The request is not signed by Twilio")
    return {name: values[-1] for name, values in fields.items()}


def _is_signed(wb: Workbench, path_and_query: str, fields: dict[str, list[str]], signature: str) -> bool:
    """By the account that the settings name: patients answer also when the home is a sandbox again. In a sandbox the
    stand-in that takes the account's place may ask as well."""
    if is_from_twilio(wb.settings, path_and_query, fields, signature):
        return True
    instead = wb.settings.in_sandbox()
    is_other = instead.twilio_account != wb.settings.twilio_account
    return is_other and is_from_twilio(instead, path_and_query, fields, signature) and not home_mode.is_live(wb)


def twiml(inner: str = "") -> Response:
    """An answer of instructions: '' for none at all."""
    return instructions(f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>')


def instructions(content: str) -> Response:
    """The same from a whole document."""
    return Response(content, media_type="text/xml", headers=_HEADERS)


def message(text: str) -> str:
    """The instruction to answer a text with another; none when it is empty."""
    return f"<Message>{escape(text)}</Message>" if text else ""


def refusal(status: int, sentence: str) -> Response:
    """What somebody is told whose request changes nothing."""
    return PlainTextResponse(sentence, status_code=status, headers=_HEADERS)


def failure(error: Exception) -> Response:
    """What Twilio is told when a request could not be kept; it then asks the fallback address, if one is set there."""
    _log.error("a request of Twilio could not be kept: %s", type(error).__name__)
    return refusal(503, "Not kept: try again")


def _path_and_query(request: Request) -> str:
    """As they were received: what was decoded and encoded again might be signed otherwise."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    path = path.partition(b"?")[0]
    return (path + b"?" + query if query else path).decode("utf-8", "replace")


async def _body(request: Request) -> bytes | None:
    """The whole body; None when it is longer than any that Twilio sends."""
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > LONGEST_BODY:
                return None
    except ClientDisconnect:
        return b""
    return bytes(content)
