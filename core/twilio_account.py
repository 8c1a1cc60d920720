"""The account of Twilio that the settings name, or that of the local stand-in."""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256

from core.channels.twilio_access import TwilioAccess, is_signed
from core.settings import Settings
from core.store.secret import secret_key

SANDBOX_ACCOUNT = "AC" + "0" * 32


def twilio_access(settings: Settings) -> TwilioAccess:
    """Where and as whom texts and calls are handed over. The stand-in's token is a secret of this home."""
    account, token = settings.twilio_account, settings.twilio_token
    if not account:
        account = SANDBOX_ACCOUNT
        token = hmac.new(secret_key(settings.home), b"careloop.twilio-sandbox", sha256).hexdigest()[:32]
    return TwilioAccess(settings.twilio_url, account, token, settings.twilio_from, settings.twilio_service)


def webhooks(settings: Settings) -> str:
    """The public address below which Twilio's requests are answered (core.web.twilio)."""
    return f"{settings.public_url}/twilio"


def is_from_twilio(
    settings: Settings, path_and_query: str, fields: Mapping[str, Sequence[str]], signature: str
) -> bool:
    """Whether a request for this path and query, as they were received, was signed with the account's token."""
    return is_signed(twilio_access(settings).token, settings.public_url + path_and_query, fields, signature)
