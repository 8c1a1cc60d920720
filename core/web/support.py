"""The support request as a plain page: for who cannot sign in, and for who is signed in.

GET, POST /support   the form; what was refused stays in it and nowhere else
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core import sessions, support
from core.domain.support import LONGEST_EMAIL, LONGEST_ID, LONGEST_LINE, LONGEST_TEXT, WARNING, Request
from core.errors import CareloopError
from core.support import HoldsPatientInformation, Incomplete, TooManyRequests
from core.web import cookie, hosts, plain_page
from core.web.sign_in_page import reach
from core.workbench import VISITOR, Workbench

LONGEST_BODY = 32_768  # bytes: a text of the longest kind with every letter escaped may be longer, and is said to be
MOST_TRIES, MOST_IN_ALL, _WITHIN = 30, 300, 600.0  # posts of one client and of all, within so many seconds
_FIELDS = ("name", "email", "practice", "synopsis", "message_id")


class _Pace:
    """How often each client has posted lately, also what was refused: looking through a text takes time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posts: dict[str, deque[float]] = defaultdict(deque)
        self._all: deque[float] = deque()

    def lets(self, client: str) -> bool:
        now = time.monotonic()
        with self._lock:
            while self._all and now - self._all[0] > _WITHIN:
                self._all.popleft()
            for key in [key for key, times in self._posts.items() if now - times[-1] > _WITHIN]:
                del self._posts[key]
            times = self._posts[client]
            while times and now - times[0] > _WITHIN:
                times.popleft()
            if len(times) >= MOST_TRIES or len(self._all) >= MOST_IN_ALL:
                if not times:
                    del self._posts[client]
                return False
            times.append(now)
            self._all.append(now)
            return True


def routes(open_workbench: Callable[[], Workbench]) -> list[BaseRoute]:
    """The route. `open_workbench` gives a workbench on which a visitor acts who is not signed in."""
    pace = _Pace()

    async def show(asked: Asked) -> Response:
        return await run_in_threadpool(lambda: _shown(_acting(open_workbench(), asked)))

    async def take(asked: Asked) -> Response:
        body = await plain_page.small_body(asked, LONGEST_BODY)
        return await run_in_threadpool(lambda: _taken(_acting(open_workbench(), asked), asked, body, pace))

    return [Route("/support", show, methods=["GET"]), Route("/support", take, methods=["POST"])]


def _acting(wb: Workbench, asked: Asked) -> Workbench:
    """The workbench of who is signed in, else the visitor's."""
    session = sessions.find(wb, cookie.token(asked.scope, wb.settings))
    return wb if session is None else replace(wb, user=session.user)


def _is_signed_in(wb: Workbench) -> bool:
    return wb.user.user_id != VISITOR


def _shown(wb: Workbench) -> Response:
    return _page(wb, support.request_of(wb) if _is_signed_in(wb) else Request())


def _taken(wb: Workbench, asked: Asked, body: bytes | None, pace: _Pace) -> Response:
    client = wb.user.user_id if _is_signed_in(wb) else hosts.client(asked.scope)
    request = None if body is None else _request(body)
    if request is None:
        return _page(wb, Request(), error="The form could not be read: it is too long.", status=413)
    try:
        if not pace.lets(client):
            raise TooManyRequests
        case = support.ask(wb, request, client=client)
    except (HoldsPatientInformation, Incomplete) as error:
        return _page(wb, request, error=str(error), found=error.found, status=422)
    except TooManyRequests as error:
        answer = _page(wb, request, error=str(error), status=429)
        answer.headers["retry-after"] = "600"
        return answer
    except CareloopError as error:
        return _page(wb, request, error=str(error), status=400)
    return _page(wb, Request(), case_number=case.case_number)


def _request(body: bytes) -> Request | None:
    try:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        return None
    return Request(**{name: form.get(name, "") for name in _FIELDS})


def _page(
    wb: Workbench,
    request: Request,
    *,
    error: str = "",
    found: list[str] | None = None,
    case_number: str = "",
    status: int = 200,
) -> Response:
    return plain_page.page(
        "support.html",
        status=status,
        practice=wb.organisation().name,
        request=request,
        error=error,
        found=found or [],
        case_number=case_number,
        warning=WARNING,
        support=reach(wb),
        is_signed_in=_is_signed_in(wb),
        longest={"line": LONGEST_LINE, "email": LONGEST_EMAIL, "id": LONGEST_ID, "text": LONGEST_TEXT},
    )
