"""The headers that every answer has: what a page may load and who may show it within another."""

import base64
import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from starlette.types import Message, Scope, Send

from core.sessions import is_behind_tls
from core.settings import Settings

# Streamlit sets styles by script, draws small pictures and a font from data, and runs our own components from a blob.
_PAGES = (
    "default-src 'none'; script-src 'self' blob:{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; frame-src data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TLS = {"strict-transport-security": "max-age=31536000"}


@cache
def policy() -> str:
    """What a page may load: from here only, and of scripts written into a page only those of Streamlit's own page."""
    found = find_spec("streamlit")
    page = Path(found.origin).parent / "static" / "index.html" if found and found.origin else None
    inline = _INLINE.findall(page.read_text("utf-8")) if page and page.is_file() else []
    digests = (base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in inline)
    return _PAGES.format(hashes="".join(f" 'sha256-{each}'" for each in digests))


def with_headers(scope: Scope, send: Send, settings: Settings | None) -> Send:
    """Adds the headers that an answer has not set itself. What may hold patients' data is kept by no cache."""
    wanted = {
        **_ALWAYS,
        "content-security-policy": policy(),
        **(_TLS if settings is not None and is_behind_tls(settings) else {}),
    }
    if not scope["path"].startswith(("/static/", "/component/")):
        wanted["cache-control"] = "no-store"

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            present: list[Any] = list(message.get("headers", ()))
            names = {name.lower() for name, _ in present}
            missing = [(key.encode(), value.encode()) for key, value in wanted.items() if key.encode() not in names]
            message["headers"] = present + missing
        await send(message)

    return send_with_headers
