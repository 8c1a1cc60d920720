"""The token in a stop link: it names a recipient, is signed, and never expires, because mails are kept for years."""

import re
from functools import lru_cache
from hashlib import sha256

from itsdangerous import BadSignature, Signer

SAMPLE = "sample"  # stands in test mails and previews: its page works and stops nothing
_FORM = re.compile(r"[a-z0-9]{1,40}\.[A-Za-z0-9_-]{43}")


class ForgedToken(Exception):
    """A token that this home did not sign, or that lost letters on its way."""


def token(key: bytes, recipient_id: int | None) -> str:
    """The token of a recipient; None gives the token of a sample."""
    return _signer(key).sign(SAMPLE if recipient_id is None else str(recipient_id)).decode("ascii")


def recipient_of(key: bytes, text: str) -> int | None:
    """The recipient a token names, None for a sample. Raises ForgedToken."""
    try:
        if not _FORM.fullmatch(text):
            raise ForgedToken
        name = _signer(key).unsign(text).decode("ascii")
    except BadSignature:
        raise ForgedToken from None
    if name == SAMPLE:
        return None
    if not name.isdecimal():
        raise ForgedToken
    return int(name)


def stop_url(public_url: str, text: str) -> str:
    """The address of the page where a reader stops emails."""
    return f"{public_url.rstrip('/')}/u/{text}"


@lru_cache(maxsize=4)
def _signer(key: bytes) -> Signer:
    """With its own key, derived once instead of for every token."""
    own = Signer(key, salt="careloop.unsubscribe", key_derivation="hmac", digest_method=sha256).derive_key()
    return Signer(own, key_derivation="none", digest_method=sha256)
