"""What is served beside the pages: the stop link in mails, what Twilio asks, a health answer, and the gate in front of
everything."""

import os
from functools import cache

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from core.settings import read_settings
from core.web.bounces import routes as bounce_routes
from core.web.gate import Gate
from core.web.openid import routes as openid_routes
from core.web.sign_in import routes as sign_in_routes
from core.web.support import routes as support_routes
from core.web.twilio import routes as twilio_routes
from core.web.unsubscribe import routes as unsubscribe_routes
from core.workbench import DISPATCHER, VISITOR, Workbench, open_workbench


@cache
def _workbench() -> Workbench:
    return open_workbench(read_settings(os.environ), user="patient")


@cache
def _visitor() -> Workbench:
    return _workbench().as_user(VISITOR)


def routes() -> list[BaseRoute]:
    """The routes that `app.py` puts beside the pages."""
    return [
        Route("/health", _health),
        *sign_in_routes(_visitor),
        *openid_routes(_visitor),
        *support_routes(_visitor),
        *unsubscribe_routes(_workbench),
        *twilio_routes(_workbench, lambda: _workbench().as_user(DISPATCHER)),
        *bounce_routes(lambda: _workbench().as_user(DISPATCHER)),
    ]


def middleware() -> list[Middleware]:
    """What every request passes first, those of the pages' websocket too: the gate."""
    return [Middleware(Gate, workbench=_visitor)]


async def _health(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})
