"""The headers that every answer has: what a page may load and who may show it within another."""

from typing import Any

from starlette.types import Message, Scope, Send

from core.sessions import is_behind_tls
from core.settings import Settings

# Streamlit's pages set styles by script and load parts of themselves as they are needed, all from here.
PAGES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; media-src 'self' data: blob:; "
    "worker-src 'self' blob:; frame-src 'self' data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "content-security-policy": PAGES,
}
_TLS = {"strict-transport-security": "max-age=31536000"}


def with_headers(scope: Scope, send: Send, settings: Settings) -> Send:
    """Adds the headers that an answer has not set itself. What may hold patients' data is kept by no cache."""
    wanted = {**_ALWAYS, **(_TLS if is_behind_tls(settings) else {})}
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
