"""Which addresses of this server are answered at all, and which of them without a session.

Who decides and who answers must read an address alike. What could be read in two ways (a step up, an empty part, an
encoded slash) is therefore refused before anybody decides, and what is open is answered by a route of this package
alone, never by the pages behind it.
"""

import re

from starlette.routing import Match
from starlette.types import Scope

# What has a check of its own: a signed link, Twilio's signature, a token, a password; and what says nothing.
OPEN = ("/health", "/sign-in", "/sign-out", "/session", "/support", "/bounces")
OPEN_BELOW = ("/sign-in/", "/u/", "/twilio/")
SIGNED = ("/bounces",)  # asked by other sites' pages and by programs: no question where from
SIGNED_BELOW = ("/u/", "/twilio/")
# What Streamlit serves and Careloop does not use: its own sign-in, its counts, and an interface for programs.
CLOSED = ("/oauth2callback", "/_stcore/metrics", "/_stcore/script-health-check")
CLOSED_BELOW = ("/auth/", "/_stcore/agent/")
STREAM = "/_stcore/stream"  # the pages' websocket, the only one there is
_LONGEST = 2_000
_PLAIN = re.compile(r"/(?:[A-Za-z0-9_~@+=,.-]+/)*[A-Za-z0-9_~@+=,.-]*")
_LINK = re.compile(r"/u/[^/\\\x00-\x1f\x7f]*")  # a stop link may lose or gain letters on its way: its page says so
_ENCODED = re.compile(rb"%(?:2[ef]|5c|25|00)", re.IGNORECASE)  # dot, slash, backslash, percent sign, nothing


def is_plain(scope: Scope) -> bool:
    """Whether an address can be read in one way only."""
    path: str = scope["path"]
    if len(path) > _LONGEST or _ENCODED.search(scope.get("raw_path") or b""):
        return False
    if any(part in (".", "..") for part in path.split("/")):
        return False
    return bool(_PLAIN.fullmatch(path) or _LINK.fullmatch(path))


def is_closed(path: str) -> bool:
    """Whether nobody is answered there, signed in or not."""
    return path in CLOSED or path.startswith(CLOSED_BELOW)


def is_signed(path: str) -> bool:
    """Whether a request proves by itself where it comes from."""
    return path in SIGNED or path.startswith(SIGNED_BELOW)


def open_route(scope: Scope) -> Match:
    """Whether a route of this package answers without a session: fully, for other methods only, or not at all."""
    path: str = scope["path"]
    if not (path in OPEN or path.startswith(OPEN_BELOW)):
        return Match.NONE
    found = Match.NONE
    for route in getattr(scope.get("app"), "routes", ()):
        if str(getattr(getattr(route, "endpoint", None), "__module__", "")).startswith("core.web"):
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return match
            found = max(found, match, key=lambda one: one.value)
    return found
