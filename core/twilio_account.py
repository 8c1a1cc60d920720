"""The account of Twilio that the settings name, or that of the local stand-in."""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from core.channels.handing_over import Channel, Outgoing, Receipt
from core.channels.twilio_access import TwilioAccess, is_signed
from core.domain.account_step import Step
from core.domain.organisation import PHONE
from core.settings import Settings
from core.store.secret import secret_key

if TYPE_CHECKING:
    from core.channels.twilio import CallChannel, TextChannel
    from core.channels.twilio_sandbox import TwilioSandbox

SANDBOX_ACCOUNT = "AC" + "0" * 32


def twilio_access(settings: Settings) -> TwilioAccess:
    """Where and as whom texts and calls are handed over. The stand-in's token is a secret of this home."""
    account, token = settings.twilio_account, settings.twilio_token
    if not account:
        account = SANDBOX_ACCOUNT
        token = hmac.new(secret_key(settings.home), b"careloop.twilio-sandbox", sha256).hexdigest()[:32]
    return TwilioAccess(settings.twilio_url, account, token, settings.twilio_from, settings.twilio_service)


def start_sandbox(settings: Settings, *, port: int = 0, speed: float = 1.0) -> "TwilioSandbox":
    """Start the local stand-in for Twilio in a thread of its own; it keeps texts and calls in the home. `speed` makes
    what takes time there go faster. Raises OSError when the port is taken."""
    from core.channels.twilio_sandbox import start_twilio_sandbox

    access = twilio_access(settings)
    return start_twilio_sandbox(
        settings.home / "outbox",
        port=port,
        account=access.account,
        token=access.token,
        webhooks=webhooks(settings),
        number=access.sender,
        service=access.service,
        speed=speed,
    )


@contextmanager
def twilio_channel(settings: Settings, name: str) -> Iterator[Channel]:
    """A channel for 'text' or 'phone' that connects at its first message."""
    channel = _Opened(settings, name)
    try:
        yield channel
    finally:
        channel.close()


class _Opened:
    """Brings Twilio's client along with the first message: half a second and much memory, which emails do not need."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._channel: Channel | None = None

    def hand_over(self, outgoing: Outgoing, *, before_end: Callable[[], None] | None = None) -> Receipt:
        """See core.channels.handing_over.Channel."""
        return self._open().hand_over(outgoing, before_end=before_end)

    def probe(self) -> None:
        """See core.channels.handing_over.Channel."""
        self._open().probe()

    def close(self) -> None:
        """See core.channels.handing_over.Channel."""
        if self._channel is not None:
            self._channel.close()

    def _open(self) -> Channel:
        if self._channel is None:
            kind = call_channel if self._name == PHONE else text_channel
            self._channel = kind(self._settings)
        return self._channel


def text_channel(settings: Settings) -> "TextChannel":
    """The channel for texts, Twilio's client with it."""
    from core.channels.twilio import TextChannel

    return TextChannel(twilio_access(settings), webhooks(settings))


def call_channel(settings: Settings) -> "CallChannel":
    """The channel for calls, Twilio's client with it."""
    from core.channels.twilio import CallChannel

    return CallChannel(twilio_access(settings), webhooks(settings))


def try_twilio(settings: Settings, *, caller_id: str = "") -> list[Step]:
    """See core.channels.twilio_trial."""
    from core.channels import twilio_trial

    return twilio_trial.try_twilio(twilio_access(settings), webhooks(settings), caller_id=caller_id)


def webhooks(settings: Settings) -> str:
    """The public address below which Twilio's requests are answered (core.web.twilio)."""
    return f"{settings.public_url}/twilio"


def is_from_twilio(
    settings: Settings, path_and_query: str, fields: Mapping[str, Sequence[str]], signature: str
) -> bool:
    """Whether a request for this path and query, as they were received, was signed with the account's token."""
    return is_signed(_token(settings), settings.public_url + path_and_query, fields, signature)


@lru_cache(maxsize=16)
def _token(settings: Settings) -> str:
    """Read once: reading the key's file for each request costs more than all the rest of the check."""
    return twilio_access(settings).token
