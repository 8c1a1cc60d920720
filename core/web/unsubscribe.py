"""The page behind the stop link in every email. It needs no sign-in: the signed link is the permission.

GET shows a button and changes nothing, because mail scanners follow every link. POST stops the emails: from the
button, or from the mail program itself (RFC 8058 one-click), whatever its body says.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core import opt_outs
from core.domain.address import phone_link, phone_text
from core.errors import NotFound
from core.web import plain_page
from core.web.plain_page import small_body
from core.workbench import Workbench

LONGEST_BODY = 8192


@dataclass(frozen=True)
class _Page:
    """What a page says; `{practice}` stands for the organisation's name."""

    title: str
    paragraphs: tuple[str, ...]
    button: str = ""
    status: int = 200


_ASK = _Page(
    "Stop health emails?",
    (
        "If you stop them, {practice} will send no more health emails to you or to this email address.",
        "You can still get letters, and reminders of appointments that you have made.",
    ),
    button="Stop these emails",
)
_DONE = _Page(
    "You will get no more health emails",
    (
        "We have written it down. {practice} will send no more health emails to you or to this email address.",
        "If you ever want them again, just call us. Thank you for letting us know.",
    ),
)
_ALREADY = _Page(
    "You get no more health emails",
    (
        "You stopped them before. {practice} sends no more health emails to you or to this email address.",
        "If you ever want them again, just call us.",
    ),
)
_SAMPLE_ASK = _Page("Stop health emails?", ("This link is from a test email. It stops nothing.",), "Stop these emails")
_SAMPLE_DONE = _Page("This was a test", ("The link is from a test email, so nothing was stopped.",))
_UNKNOWN = _Page(
    "This link does not work",
    (
        "Some of the link may be missing. Please open it from the email again, or copy all of it.",
        "You can also call us, and we will stop the emails for you.",
    ),
    status=404,
)
_TOO_LARGE = _Page("This did not work", ("Please open the link from the email again.",), status=413)


def routes(open_workbench: Callable[[], Workbench]) -> list[BaseRoute]:
    """The routes of the stop link. `open_workbench` gives a workbench on which the patient acts."""

    async def answer(request: Request) -> Response:
        posted = request.method == "POST"
        if posted and await small_body(request, LONGEST_BODY) is None:
            return await run_in_threadpool(_response, open_workbench, _TOO_LARGE)
        token = request.path_params["token"]
        return await run_in_threadpool(_answer, open_workbench, token, posted=posted)

    return [Route("/u/{token:path}", answer, methods=["GET", "POST"])]


def _answer(open_workbench: Callable[[], Workbench], token: str, *, posted: bool) -> Response:
    wb = open_workbench()
    try:
        is_sample = opt_outs.is_sample_link(wb, token)
        if posted:
            opt_outs.stop_by_link(wb, token)
    except NotFound:
        return _response(open_workbench, _UNKNOWN)
    if is_sample:
        return _response(open_workbench, _SAMPLE_DONE if posted else _SAMPLE_ASK)
    if posted:
        return _response(open_workbench, _DONE)
    return _response(open_workbench, _ALREADY if opt_outs.has_stopped(wb, token) else _ASK)


def _response(open_workbench: Callable[[], Workbench], page: _Page) -> Response:
    organisation = open_workbench().organisation()
    return plain_page.page(
        "unsubscribe.html",
        status=page.status,
        referrer="no-referrer",
        title=page.title,
        paragraphs=[paragraph.format(practice=organisation.name) for paragraph in page.paragraphs],
        button=page.button,
        practice=organisation.name,
        phone=phone_text(organisation.call_back_number),
        phone_link=phone_link(organisation.call_back_number),
    )
