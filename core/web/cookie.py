"""The cookie that holds a session's token: readable by this site alone, by no script, and only over TLS behind TLS."""

from http.cookies import CookieError, SimpleCookie

from starlette.responses import Response
from starlette.types import Scope

from core.sessions import cookie_name, is_behind_tls
from core.settings import Settings
from core.sign_in import BROWSER_DAYS


def token(scope: Scope, settings: Settings) -> str:
    """The token in a request's cookie; empty without one."""
    return read(scope, cookie_name(settings))


def read(scope: Scope, wanted: str) -> str:
    """What a request's cookie of this name holds; empty without one. Two of the same name are none: one is not ours."""
    found = []
    for header, value in scope["headers"]:
        if header == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, content = part.strip().partition("=")
                if key == wanted:
                    found.append(content)
    if len(found) != 1:
        return ""
    try:
        return next(iter(SimpleCookie(f"{wanted}={found[0]}").values())).value
    except (CookieError, StopIteration):
        return ""


def keep(response: Response, settings: Settings, value: str) -> Response:
    """Let the browser keep a session's token until it is closed."""
    response.set_cookie(
        cookie_name(settings), value, path="/", secure=is_behind_tls(settings), httponly=True, samesite="lax"
    )
    return response


def known_browser(scope: Scope, settings: Settings) -> str:
    """The proof that somebody signed in in this browser before; empty without one."""
    return read(scope, _browser_name(settings))


def keep_browser(response: Response, settings: Settings, proof: str) -> Response:
    """Let the browser keep that proof, past the end of the session."""
    response.set_cookie(
        _browser_name(settings),
        proof,
        max_age=BROWSER_DAYS * 24 * 3600,
        path="/",
        secure=is_behind_tls(settings),
        httponly=True,
        samesite="lax",
    )
    return response


def _browser_name(settings: Settings) -> str:
    return f"{cookie_name(settings)}-browser"


def forget(response: Response, settings: Settings) -> Response:
    """Let the browser forget it."""
    response.delete_cookie(
        cookie_name(settings), path="/", secure=is_behind_tls(settings), httponly=True, samesite="lax"
    )
    return response
