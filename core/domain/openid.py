"""What an ID token of OpenID Connect must say before anybody is let in by it (OpenID Connect Core 1.0, 3.1.3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

# Signed with a provider's private key, checked with its public one. Never 'none', never HS256: a public key is no
# secret, and whoever knows it could sign with it as if it were.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
LEEWAY = timedelta(seconds=60)  # by which the provider's clock and ours may differ
LONGEST = timedelta(minutes=10)  # from being sent to the provider to coming back
_LONGEST_SUBJECT = 255  # by the standard, in ASCII


@dataclass(frozen=True)
class Identity:
    """Who somebody is at a provider. The subject never changes and is never given to somebody else; an email address
    may be. `verified_email` is empty unless the provider says that it has checked it."""

    issuer: str
    subject: str
    verified_email: str = ""


def problem(claims: Mapping[str, Any], *, issuer: str, client: str, nonce: str, at: datetime) -> str:
    """Why nobody may be let in by these claims, as a code for the log; empty when they are right."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    if claims.get("iss") != issuer:
        return "iss"
    if client not in audiences:
        return "aud"
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != client:
        return "azp"
    if not nonce or claims.get("nonce") != nonce:
        return "nonce"
    if not _is_subject(claims.get("sub")):
        return "sub"
    return _time_problem(claims, at)


def identity(claims: Mapping[str, Any]) -> Identity:
    """Who the claims of a right ID token are about."""
    email = claims.get("email")
    is_verified = claims.get("email_verified") is True and isinstance(email, str) and email.isascii()
    return Identity(claims["iss"], claims["sub"], str(email).strip() if is_verified else "")


def _is_subject(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_SUBJECT and value.isascii() and value.isprintable()


def _time_problem(claims: Mapping[str, Any], at: datetime) -> str:
    now, leeway = at.timestamp(), LEEWAY.total_seconds()
    expires, issued, not_before = (claims.get(name) for name in ("exp", "iat", "nbf"))
    if not _is_moment(expires) or expires <= now - leeway:
        return "exp"
    if not _is_moment(issued) or not now - LONGEST.total_seconds() - leeway <= issued <= now + leeway:
        return "iat"
    if not_before is not None and (not _is_moment(not_before) or not_before > now + leeway):
        return "nbf"
    return ""


def _is_moment(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
