"""The plain pages that need no script: signing in, stopping emails. One style, and headers that let nothing else in."""

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse

_STYLE = (resources.files("core.web") / "plain.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode("utf-8")).digest()).decode("ascii")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


def page(file: str, *, status: int = 200, referrer: str = "same-origin", **values: Any) -> HTMLResponse:
    """A page from a template of this folder, everything in it escaped. `referrer` is 'no-referrer' where the address
    itself is secret; a form there is sent with the origin 'null'."""
    headers = {**HEADERS, "Referrer-Policy": referrer}
    return HTMLResponse(_template(file).render(**values), status_code=status, headers=headers)


async def small_body(request: Request, longest: int) -> bytes | None:
    """The whole body; None as soon as it is longer, or when whoever sends it has gone."""
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > longest:
                return None
    except ClientDisconnect:
        return None
    return bytes(content)


@cache
def _template(file: str) -> Template:
    environment = Environment(
        loader=PackageLoader("core.web", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = _STYLE
    return environment.get_template(file)
