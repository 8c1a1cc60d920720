"""By which names this server may be asked, and what else says that a request comes from a page of its own."""

from urllib.parse import urlsplit

from starlette.types import Scope

from core.domain.address import is_loopback_host
from core.settings import Settings

_NO_HOST = frozenset("@\\/?# ")  # what a URL has around a host, and a Host header never
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def header(scope: Scope, name: bytes) -> str:
    """The first header of that name, empty without one."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def is_allowed(scope: Scope, settings: Settings) -> bool:
    """Whether the name that was asked for is this server's: a page of somebody else's whose own name resolves to this
    machine must not read patients' data through the browser of somebody who may."""
    asked = header(scope, b"host")
    host = _netloc_host(f"//{asked}")
    return not asked or (not _NO_HOST & set(asked) and (is_loopback_host(host) or host in _names(settings)))


def is_from_elsewhere(scope: Scope) -> bool:
    """Whether a page of another site has made the browser ask for something that changes, or open a websocket."""
    if scope["type"] == "http" and scope["method"] in _SAFE:
        return False
    site = header(scope, b"sec-fetch-site")
    if site:  # the browser's own word, which no page can change; where it says 'same-origin' the origin may be null
        return site not in ("same-origin", "none")
    origin = header(scope, b"origin")
    return bool(origin) and origin.lower().partition("://")[2] != header(scope, b"host").lower()


def is_from_own_page(scope: Scope) -> bool:
    """Whether the browser says that a page of this site asks, as every present one does."""
    return header(scope, b"sec-fetch-site") == "same-origin"


def is_navigation(scope: Scope) -> bool:
    """Whether a person opens a page, rather than a page asking for a part of itself."""
    mode = header(scope, b"sec-fetch-mode")
    wants_page = "text/html" in header(scope, b"accept")
    return scope["method"] == "GET" and (mode == "navigate" if mode else wants_page)


def client(scope: Scope) -> str:
    """The address that asks; a proxy's word for it is taken where uvicorn trusts the proxy."""
    found = scope.get("client")
    return str(found[0])[:64] if found else "local"


def _netloc_host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"


def _names(settings: Settings) -> set[str]:
    return {urlsplit(settings.public_url).hostname or "", *settings.allowed_hosts}
