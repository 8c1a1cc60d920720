"""The conversation with an OpenID Connect provider: what it says about itself, its keys, and a code for a token.

Every request has a time-out, follows no redirect and reads no more than a document may hold. What the provider says
about itself is kept for an hour; its keys too, and asked for again when a token is signed by one that is not known.
"""

import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from urllib3.exceptions import HTTPError

from core.domain.address import is_loopback_host
from core.domain.openid import ALGORITHMS
from core.errors import CareloopError

SCOPE = "openid email profile"
_TIMEOUT = (5.0, 10.0)  # seconds to connect and to wait for each piece
_KEPT, _AWAY = 3600.0, 5.0  # seconds for which an answer counts, and that there was none
_LARGEST = 1_000_000  # bytes of an answer
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")

_log = logging.getLogger(__name__)


class ProviderAway(CareloopError):
    """The provider cannot be reached, or does not say what a provider must. `reason` is a code for the log."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "The service that checks who you are cannot be reached now. Try again in a minute; if it stays away, tell "
            "an administrator."
        )


class Refused(CareloopError):
    """The provider, or a check of what it says, lets nobody in. `reason` is a code for the log."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("You could not be signed in. Please begin again.")


@dataclass(frozen=True)
class _Kept:
    """What the provider answered at a moment, or why it did not."""

    at: float
    value: dict[str, Any]
    away: str = ""


@dataclass(frozen=True)
class Provider:
    """One provider and how we are known there."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    _kept: dict[str, _Kept] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser is sent to sign in. Raises ProviderAway."""
        endpoint = self._document()["authorization_endpoint"]
        with self._session(redirect_uri) as session:
            url, _ = session.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
        return str(url)

    def claims(self, code: str, *, redirect_uri: str, verifier: str) -> tuple[dict[str, Any], str]:
        """The claims of the ID token that a code is exchanged for, and the token: its signature is checked, nothing
        else. Raises ProviderAway and Refused."""
        token = self._exchanged(code, redirect_uri=redirect_uri, verifier=verifier)
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise Refused("no_id_token")
        claims = self._verified(id_token)
        if "email" not in claims and isinstance(token.get("access_token"), str):
            claims = self._more(token["access_token"], claims.get("sub")) | claims
        return claims, id_token

    def end_session_url(self, *, id_token: str, back: str) -> str:
        """Where the browser is sent to sign out there too; empty when the provider has no such place."""
        endpoint = self._document().get("end_session_endpoint")
        if not isinstance(endpoint, str) or not _is_safe(endpoint):
            return ""
        query = urlencode({"id_token_hint": id_token, "post_logout_redirect_uri": back, "client_id": self.client})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"

    def _exchanged(self, code: str, *, redirect_uri: str, verifier: str) -> Mapping[str, Any]:
        endpoint = self._document()["token_endpoint"]
        with self._session(redirect_uri) as session:
            try:
                found = session.fetch_token(
                    endpoint,
                    code=code,
                    code_verifier=verifier,
                    grant_type="authorization_code",
                    allow_redirects=False,
                    timeout=_TIMEOUT,
                )
            except OAuthError as error:
                if error.error in ("invalid_client", "unauthorized_client"):
                    _log.error("the OpenID Connect provider does not know CARELOOP_OIDC_CLIENT by its secret")
                    raise ProviderAway("client") from None
                raise Refused("code") from None
            except (requests.RequestException, ValueError) as error:
                raise ProviderAway(type(error).__name__) from None
        return found if isinstance(found, Mapping) else {}

    def _session(self, redirect_uri: str) -> Any:
        methods = self._document().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return OAuth2Session(
            self.client,
            self.secret,
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method=(
                "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
            ),
        )

    def _verified(self, id_token: str) -> dict[str, Any]:
        """The claims of a token that one of the provider's keys has signed; its keys may have changed since we asked
        last."""
        for asked_again in (False, True):
            try:
                keys = self._keys(again=asked_again)
                return dict(jwt.decode(id_token, keys, algorithms=list(ALGORITHMS)).claims)
            except (JoseError, ValueError, TypeError, KeyError) as error:
                reason = type(error).__name__
        raise Refused(f"signature:{reason}")

    def _more(self, access_token: str, subject: object) -> dict[str, Any]:
        """What the provider tells beside the token, for who keeps tokens short; empty where it tells nothing."""
        endpoint = self._document().get("userinfo_endpoint")
        if not isinstance(endpoint, str) or not _is_safe(endpoint):
            return {}
        found = _json(endpoint, {"Authorization": f"Bearer {access_token}"})
        return {key: found[key] for key in ("email", "email_verified") if key in found and found.get("sub") == subject}

    def _keys(self, *, again: bool) -> KeySet:
        document = self._document()
        found = self._asked("keys", document["jwks_uri"], again=again)
        keys = found.get("keys")
        if not isinstance(keys, list):
            raise ProviderAway("keys")
        public = [key for key in keys if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP")]
        return KeySet.import_key_set({"keys": [key for key in public if key.get("use", "sig") == "sig"]})

    def _document(self) -> dict[str, Any]:
        """The discovery document, checked."""
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = self._asked("document", address, again=False)
        if found.get("issuer") != self.issuer:
            _log.error("the OpenID Connect provider calls itself otherwise than CARELOOP_OIDC_ISSUER does")
            raise ProviderAway("issuer")
        if not all(isinstance(found.get(name), str) and _is_safe(found[name]) for name in _ENDPOINTS):
            raise ProviderAway("endpoints")
        return found

    def _asked(self, name: str, address: str, *, again: bool) -> dict[str, Any]:
        with self._lock:
            kept = self._kept.get(name)
            is_old = kept is not None and time.monotonic() - kept.at > (_AWAY if kept.away else _KEPT)
            if kept is None or is_old or (again and not kept.away):
                kept = self._kept[name] = _answer(address)
        if kept.away:
            raise ProviderAway(kept.away)
        return dict(kept.value)


def _answer(address: str) -> _Kept:
    try:
        value = _json(address, {})
    except ProviderAway as error:
        _log.error("the OpenID Connect provider cannot be used: %s", error.reason)
        return _Kept(time.monotonic(), {}, error.reason)
    return _Kept(time.monotonic(), value)


def _json(address: str, headers: dict[str, str]) -> dict[str, Any]:
    """The JSON object at an address. Raises ProviderAway for anything else."""
    try:
        with requests.get(
            address,
            headers={"Accept": "application/json", **headers},
            timeout=_TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as answer:
            content = answer.raw.read(_LARGEST + 1, decode_content=True)
            if answer.status_code != 200 or len(content) > _LARGEST:
                raise ProviderAway(f"status:{answer.status_code}")
            found = json.loads(content)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        raise ProviderAway(type(error).__name__) from None
    if not isinstance(found, dict):
        raise ProviderAway("json")
    return found


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(parts.hostname or ""))
