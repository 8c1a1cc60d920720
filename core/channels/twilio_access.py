"""How to speak to Twilio, and how to know that a request comes from there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

SIGNATURE = "X-Twilio-Signature"
_CONNECT_TIMEOUT, _REPLY_TIMEOUT = 5.0, 20.0  # seconds; Twilio's own client waits for ever


@dataclass(frozen=True)
class TwilioAccess:
    """An account of Twilio.

    url      where its REST API answers
    sender   the number that texts and calls come from
    service  a messaging service that chooses the number for texts instead; none when empty
    """

    url: str
    account: str
    token: str = field(repr=False)
    sender: str = ""
    service: str = ""

    def client(self, *, reply_timeout: float = _REPLY_TIMEOUT) -> Any:
        """Twilio's own client for this account, with time-outs; for one thread."""
        from twilio.rest import Client  # half a second, which only whoever sends needs

        from core.channels.twilio_http import BoundedClient

        is_local = urlsplit(self.url).hostname in ("127.0.0.1", "::1", "localhost")
        http = BoundedClient((_CONNECT_TIMEOUT, reply_timeout), is_local=is_local)
        client = Client(self.account, self.token, http_client=http)
        client.api.base_url = self.url
        if is_local:  # the real account has its messaging services at an address of its own
            client.messaging.base_url = self.url
        return client


@dataclass(frozen=True)
class Listed:
    """A text or call in Twilio's own list."""

    provider_id: str
    status: str
    at: datetime  # when it was made
    error: int | None = None


@dataclass(frozen=True)
class Entry:
    """A text or call of any direction in Twilio's own list. direction: inbound, outbound-api, outbound-reply ..."""

    provider_id: str
    direction: str
    sender: str = field(repr=False)
    to: str = field(repr=False)
    at: datetime
    body: str = field(default="", repr=False)


class _Fields(dict[str, Sequence[str]]):
    """What Twilio's own check asks for a field that comes more than once."""

    def getlist(self, name: str) -> Sequence[str]:
        return self[name]


def is_signed(token: str, url: str, fields: Mapping[str, Sequence[str]], signature: str) -> bool:
    """Whether a request to `url` with these form fields was signed with the account's token.

    `url` is the public address as Twilio knows it, query included: behind a proxy not the one that the server sees.
    """
    from twilio.request_validator import RequestValidator

    expected = RequestValidator(token).compute_signature(url, _Fields(fields))
    return compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
