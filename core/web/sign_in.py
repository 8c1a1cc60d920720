"""Signing in and out: plain pages that work without a script, and what the pages ask about their session.

GET  /sign-in               the form; in a demo also one button for each role
POST /sign-in               name and password
POST /sign-in/password      another password in place of a first one
GET, POST /sign-in/change   the own password, for who is signed in
POST /sign-in/demo          as somebody of the demo
GET, POST /sign-out
GET  /session               how many seconds are left; POST: the person is doing something
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core import demo_people, openid, sessions, sign_in, users
from core.errors import CareloopError
from core.sign_in import TooManyTries
from core.web import cookie, hosts, plain_page
from core.web.sign_in_page import Field, Link, page
from core.workbench import Workbench

LONGEST_BODY = 8192
_AT_ONCE = 4  # passwords checked at once: each takes 64 MiB
Form = dict[str, str]


_NEW = (
    Field("password", "New password", autocomplete="new-password"),
    Field("again", "New password once more", autocomplete="new-password"),
)
_FIRST_USER = (
    "Nobody can sign in here yet. On the machine that runs Careloop, make the first account: "
    "careloop user add NAME --role administrator"
)
_FIRST_BY_EMAIL = (
    "Nobody has signed in here yet. On the machine that runs Careloop, add the first person with the email address "
    "that the organisation's sign-in knows: careloop user add NAME --role administrator --email ADDRESS --no-password"
)


def routes(open_workbench: Callable[[], Workbench]) -> list[BaseRoute]:
    """The routes. `open_workbench` gives a workbench on which a visitor acts who is not signed in."""
    checking: list[anyio.CapacityLimiter] = []

    async def check(work: Callable[..., Response], *args: Any) -> Response:
        if not checking:
            checking.append(anyio.CapacityLimiter(_AT_ONCE))
        return await anyio.to_thread.run_sync(work, *args, limiter=checking[0])

    def posted(answer: Callable[[Workbench, Request, Form], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def route(request: Request) -> Response:
            body = await plain_page.small_body(request, LONGEST_BODY)
            wb = await run_in_threadpool(open_workbench)
            form = None if body is None else _form(body)
            if form is None:
                return await run_in_threadpool(page, wb, "This did not work", error="The form was not read. Go back.")
            return await check(answer, wb, request, form)

        return route

    def shown(answer: Callable[[Workbench, Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def route(request: Request) -> Response:
            return await run_in_threadpool(lambda: answer(open_workbench(), request))

        return route

    return [
        Route("/sign-in", shown(_ask), methods=["GET"]),
        Route("/sign-in", posted(_sign_in), methods=["POST"]),
        Route("/sign-in/password", posted(_choose), methods=["POST"]),
        Route("/sign-in/change", shown(_ask_change), methods=["GET"]),
        Route("/sign-in/change", posted(_change), methods=["POST"]),
        Route("/sign-in/demo", posted(_become), methods=["POST"]),
        Route("/sign-out", shown(_sign_out), methods=["GET"]),
        Route("/sign-out", posted(lambda wb, request, _form: _signed_out(wb, request)), methods=["POST"]),
        Route("/session", shown(_left), methods=["GET"]),
        Route("/session", shown(_seen), methods=["POST"]),
    ]


def _ask(wb: Workbench, request: Request, *, error: str = "", status: int = 200, name: str = "") -> Response:
    back = safe_path(request.query_params.get("next", "/"))
    token = cookie.token(request.scope, wb.settings)
    signed_in = sessions.find(wb, token)
    if signed_in is not None and not wb.settings.demo and not error:
        return RedirectResponse(back, status_code=303)
    return _form_page(wb, back, error=error, status=status, name=name, ended=sessions.why_ended(wb, token))


def _form_page(
    wb: Workbench, back: str, *, error: str = "", status: int = 200, name: str = "", ended: str = ""
) -> Response:
    paragraphs: tuple[str, ...] = ()
    local = wb.settings.local_accounts
    if wb.settings.demo:
        paragraphs = ("Everybody in this demo is invented, and nothing leaves this machine. Choose what you are.",)
    elif not users.can_anybody_sign_in(wb):
        paragraphs = (_FIRST_USER if local else _FIRST_BY_EMAIL,)
    return page(
        wb,
        "Look around in the demo" if wb.settings.demo else "Sign in",
        paragraphs=(*((ended,) if ended else ()), *paragraphs),
        error=error,
        status=status,
        action="/sign-in",
        back=back,
        fields=(Field("name", "Name or email address", "text", "username", name), Field("password", "Password"))
        if local
        else (),
        button="Sign in" if local else "",
        openid=openid.name(wb),
        is_door=True,
        people=demo_people.PEOPLE if wb.settings.demo else (),
    )


def _sign_in(wb: Workbench, request: Request, form: Form) -> Response:
    back, name = safe_path(form.get("next", "/")), form.get("name", "")
    try:
        signed_in = sign_in.sign_in(
            wb,
            name,
            form.get("password", ""),
            client=hosts.client(request.scope),
            browser=cookie.known_browser(request.scope, wb.settings),
        )
    except TooManyTries as error:
        answer = _form_page(wb, back, error=str(error), status=429, name=name)
        answer.headers["retry-after"] = str(max(1, int(error.again_after.total_seconds())))
        return answer
    except CareloopError as error:
        return _form_page(wb, back, error=str(error), status=401, name=name)
    if signed_in.choosing:
        return _choose_page(wb, signed_in.choosing, back)
    _end(wb, request)
    return cookie.keep_browser(entered(wb, signed_in.token, back), wb.settings, signed_in.browser)


def _choose_page(wb: Workbench, choosing: str, back: str, *, error: str = "") -> Response:
    return page(
        wb,
        "Choose a password",
        paragraphs=("The one that you were given is good for one thing: to choose your own, which nobody else knows.",),
        error=error,
        status=400 if error else 200,
        action="/sign-in/password",
        back=back,
        choosing=choosing,
        fields=_NEW,
        button="Keep this password",
    )


def _choose(wb: Workbench, request: Request, form: Form) -> Response:
    choosing, back = form.get("choosing", ""), safe_path(form.get("next", "/"))
    try:
        token = sign_in.choose_password(wb, choosing, form.get("password", ""), form.get("again", ""))
    except CareloopError as error:
        return _choose_page(wb, choosing, back, error=str(error))
    _end(wb, request)
    return entered(wb, token, back)


def _ask_change(wb: Workbench, request: Request) -> Response:
    if sessions.find(wb, cookie.token(request.scope, wb.settings)) is None:
        return RedirectResponse("/sign-in?next=%2Fsign-in%2Fchange", status_code=303)
    return _change_page(wb)


def _change_page(wb: Workbench, *, error: str = "", status: int = 200) -> Response:
    return page(
        wb,
        "Change your password",
        paragraphs=("You are signed out everywhere else. Use 12 characters or more.",),
        error=error,
        status=status,
        action="/sign-in/change",
        fields=(Field("present", "Present password"), *_NEW),
        button="Change the password",
        links=(Link("/", "Back to Careloop"),),
    )


def _change(wb: Workbench, request: Request, form: Form) -> Response:
    session = sessions.find(wb, cookie.token(request.scope, wb.settings))
    if session is None:
        return RedirectResponse("/sign-in?next=%2Fsign-in%2Fchange", status_code=303)
    words = [form.get(each, "") for each in ("present", "password", "again")]
    try:
        acting = wb.as_user(session.user.user_id)
        token = sign_in.change_password(acting, *words, client=hosts.client(request.scope))
    except CareloopError as error:
        return _change_page(wb, error=str(error), status=429 if isinstance(error, TooManyTries) else 400)
    return entered(wb, token, "/")


def _become(wb: Workbench, request: Request, form: Form) -> Response:
    back = safe_path(form.get("next", "/"))
    try:
        token = demo_people.become(wb, form.get("user", ""))
    except CareloopError as error:
        return _form_page(wb, back, error=str(error), status=403)
    _end(wb, request)
    return entered(wb, token, back)


def _sign_out(wb: Workbench, request: Request) -> Response:
    """At once when one of our pages asks; another site's link must not do it unasked."""
    if hosts.is_from_own_page(request.scope):
        return _signed_out(wb, request)
    return page(wb, "Sign out?", action="/sign-out", button="Sign out", links=(Link("/", "Stay signed in"),))


def _signed_out(wb: Workbench, request: Request) -> Response:
    """Here, and then at the provider that the person came from. A form must not lead to another site, so its answer is
    a page with the way there."""
    session = sessions.find(wb, cookie.token(request.scope, wb.settings))
    there = openid.sign_out_url(wb, session.id_token) if session is not None and session.id_token else ""
    if session is not None:
        sessions.end(wb, session)
    if there and request.method == "GET":
        return left(RedirectResponse(there, status_code=303), wb)
    return left(signed_out_page(wb, there=there, was_there=session is not None and bool(session.id_token)), wb)


def signed_out_page(wb: Workbench, *, there: str = "", was_there: bool = False) -> Response:
    """That one is signed out, and what to do about the provider: go there, or know that it was not asked."""
    name = wb.settings.oidc_name
    paragraphs = (f"You may still be signed in at {name}: close the browser.",) if was_there and not there else ()
    on = (Link(there, f"Sign out at {name} too"),) if there else ()
    return page(wb, "You are signed out", paragraphs=paragraphs, links=(*on, Link("/sign-in", "Sign in again")))


def left(answer: Response, wb: Workbench) -> Response:
    """The answer, with which the browser forgets the session and what its pages kept."""
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return cookie.forget(answer, wb.settings)


def _end(wb: Workbench, request: Request) -> None:
    session = sessions.find(wb, cookie.token(request.scope, wb.settings))
    if session is not None:
        sessions.end(wb, session)


def _left(wb: Workbench, request: Request) -> Response:
    return _seconds(wb, request, seen=False)


def _seen(wb: Workbench, request: Request) -> Response:
    return _seconds(wb, request, seen=True)


def _seconds(wb: Workbench, request: Request, *, seen: bool) -> Response:
    session = sessions.find(wb, cookie.token(request.scope, wb.settings))
    if session is None:
        return JSONResponse({"seconds": 0}, status_code=401)
    if seen:
        session = sessions.seen(wb, session)
    return JSONResponse({"seconds": sessions.seconds_left(wb, session)})


def entered(wb: Workbench, token: str, back: str) -> Response:
    """On to the page that was asked for, with the session's cookie."""
    return cookie.keep(RedirectResponse(back, status_code=303), wb.settings, token)


def safe_path(path: str) -> str:
    """A path on this server, or '/': a link that comes back elsewhere would be somebody else's page."""
    plain = path.isprintable() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


def _form(body: bytes) -> Form | None:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        return None
