"""The HTTP client under Twilio's own: one connection, with time-outs for reaching Twilio and for its answer."""

import logging
from typing import Any

from twilio.http.http_client import TwilioHttpClient

_SILENT = logging.getLogger("careloop.twilio.silent")  # Twilio's client logs numbers and texts when it is let
_SILENT.disabled = True


class BoundedClient(TwilioHttpClient):  # type: ignore[misc]
    """`timeout` is for connecting and for the answer, in seconds. Nothing is tried again by itself: a text whose answer
    was lost may have left. `is_local`: no proxy of the environment stands between."""

    def __init__(self, timeout: tuple[float, float], *, is_local: bool) -> None:
        super().__init__(logger=_SILENT)
        self.timeout = timeout
        self.session.trust_env = not is_local

    def close(self) -> None:
        """Close the connection."""
        self.session.close()

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Nothing: it would hold numbers and texts."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Nothing."""
