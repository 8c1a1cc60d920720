"""Signing in at the organisation's OpenID Connect provider, beside local accounts or in place of them.

Who somebody is there is kept by issuer and subject. The first time, a verified email address finds the person who was
added here with it; nobody is ever added by signing in.
"""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from core import sessions
from core.audit import record, record_in
from core.channels.openid import Provider, ProviderAway, Refused
from core.domain.openid import LONGEST, Identity, identity, problem
from core.domain.role import MANAGE_USERS
from core.errors import NotAllowed, NotFound
from core.store import accounts, identity_rows
from core.store import session_rows as rows
from core.store.database import reading, writing
from core.store.secret import secret_key
from core.workbench import Workbench, needs

CALLBACK, SIGNED_OUT = "/sign-in/openid/callback", "/sign-in/openid/out"
KEPT_SECONDS = int(LONGEST.total_seconds())
_VERIFIER_BYTES = 48

_log = logging.getLogger(__name__)

__all__ = ["ProviderAway", "Refused"]


@dataclass(frozen=True)
class Begun:
    """Where the browser goes to sign in, and what it keeps meanwhile in a cookie: signed, and good for ten minutes."""

    url: str
    kept: str


@dataclass(frozen=True)
class Entered:
    """A session's token, and the path that was asked for before signing in."""

    token: str
    back: str


def name(wb: Workbench) -> str:
    """What people call the provider, for the button; empty without one."""
    return wb.settings.oidc_name if wb.settings.oidc_issuer else ""


def begin(wb: Workbench, back: str) -> Begun:
    """Begin to sign in at the provider; `back` is the path to come back to. Raises NotFound without a provider, and
    ProviderAway."""
    state, nonce, verifier = (
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(_VERIFIER_BYTES),
    )
    url = _provider_of(wb).authorization_url(
        redirect_uri=_redirect_uri(wb), state=state, nonce=nonce, verifier=verifier
    )
    return Begun(url, _keeping(wb).dumps([state, nonce, verifier, back]))


def finish(wb: Workbench, kept: str, answer: Mapping[str, str]) -> Entered:
    """The browser is back from the provider with `answer`, and with what it kept. Begins a session.

    Raises Refused for whatever was not begun here, NotAllowed for a person who is not known here, ProviderAway.
    """
    provider = _provider_of(wb)
    try:
        state, nonce, verifier, back = _keeping(wb).loads(kept, max_age=KEPT_SECONDS)
    except (BadData, ValueError):
        raise _refused("not_begun_here") from None
    if not secrets.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise _refused("state")
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise _refused("iss_of_answer")
    if "error" in answer or not answer.get("code"):
        raise _refused("denied")
    try:
        claims, id_token = provider.claims(answer["code"], redirect_uri=_redirect_uri(wb), verifier=verifier)
    except Refused as error:
        raise _refused(error.reason) from None
    if why := problem(claims, issuer=provider.issuer, client=provider.client, nonce=nonce, at=_now(wb)):
        _note(wb, f"claim:{why}")
        raise Refused(why)
    user_id = _person(wb, identity(claims))
    return Entered(sessions.begin(wb, user_id, method="openid", id_token=id_token), back)


def sign_out_url(wb: Workbench, id_token: str) -> str:
    """Where the browser is sent to sign out at the provider as well; empty when it has no such place or is away."""
    try:
        return _provider_of(wb).end_session_url(id_token=id_token, back=f"{wb.settings.public_url}{SIGNED_OUT}")
    except (ProviderAway, NotFound):
        return ""


@needs(MANAGE_USERS)
def linked(wb: Workbench) -> dict[str, datetime]:
    """When each user who has signed in at the provider was linked, by the user's id."""
    with reading(wb.engine) as connection:
        return identity_rows.linked(connection)


@needs(MANAGE_USERS)
def link(wb: Workbench, user_id: str, subject: str) -> None:
    """Say who a user is at the provider, for one that verifies no email addresses. Raises NotFound and NotAllowed."""
    issuer = _provider_of(wb).issuer
    accounts.person(wb.engine, user_id)
    with writing(wb.engine) as connection:
        if identity_rows.user_id(connection, issuer=issuer, subject=subject) is not None:
            raise NotAllowed("This subject is somebody's already. Unlink that user first.")
        if identity_rows.is_linked(connection, user_id, issuer=issuer):
            raise NotAllowed("This user is linked already. Unlink the user first.")
        _link(wb, connection, user_id, issuer=issuer, subject=subject)


@needs(MANAGE_USERS)
def unlink(wb: Workbench, user_id: str) -> None:
    """Forget who a user is at the provider, and end the user's sessions: the next sign-in there finds the person by a
    verified email address again. Raises NotFound when nothing is linked."""
    with writing(wb.engine) as connection:
        forgotten = identity_rows.unlink(connection, user_id)
        if not forgotten:
            raise NotFound("This user is not linked to anybody at the OpenID Connect provider.")
        ended = rows.end_all(connection, user_id, at=wb.now(), how="ended")
        record_in(wb, connection, "identity.unlinked", user_id, identities=forgotten, sessions_ended=ended)


def _person(wb: Workbench, who: Identity) -> str:
    """The active user that an identity is linked to, or is linked to now. Raises NotAllowed."""
    try:
        with writing(wb.engine) as connection:
            user_id = identity_rows.user_id(connection, issuer=who.issuer, subject=who.subject)
            if user_id is None:
                user_id = _found(wb, connection, who)
        accounts.person(wb.engine, user_id)
    except IntegrityError:  # two tabs at once: the other one has linked it
        raise _refused("linked_meanwhile") from None
    except NotFound:
        _note(wb, "not_known")
        raise NotAllowed(
            f"Your account at {wb.settings.oidc_name} is not known here. Ask an administrator to add you with the "
            "email address that it has."
        ) from None
    return user_id


def _found(wb: Workbench, connection: Connection, who: Identity) -> str:
    """Link an identity to the one person with its verified email address. Raises NotFound when there is none, several,
    or one who has another identity."""
    if not who.verified_email:
        raise NotFound("no verified email address")
    found = identity_rows.free_with_email(connection, who.verified_email, issuer=who.issuer)
    if len(found) != 1 or not found[0]:
        raise NotFound("not one free person")
    _link(wb, connection, found[0], issuer=who.issuer, subject=who.subject)
    return found[0]


def _link(wb: Workbench, connection: Connection, user_id: str, *, issuer: str, subject: str) -> None:
    identity_rows.link(connection, user_id, issuer=issuer, subject=subject, at=wb.now())
    record_in(wb, connection, "identity.linked", user_id)


def _refused(reason: str) -> Refused:
    """What anybody can bring about is in the program's log alone: the audit log is not theirs to fill."""
    _log.warning("a sign-in with OpenID Connect was refused: %s", reason)
    return Refused(reason)


def _note(wb: Workbench, reason: str) -> None:
    """What the provider said of somebody and was not enough."""
    _log.warning("a sign-in with OpenID Connect was refused: %s", reason)
    record(wb, "session.refused", "", method="openid", reason=reason)


def _provider_of(wb: Workbench) -> Provider:
    settings = wb.settings
    if not settings.oidc_issuer:
        raise NotFound("No OpenID Connect provider is set up here.")
    return _provider(settings.oidc_issuer, settings.oidc_client, settings.oidc_secret)


@cache
def _provider(issuer: str, client: str, secret: str) -> Provider:
    return Provider(issuer, client, secret)


def _redirect_uri(wb: Workbench) -> str:
    return f"{wb.settings.public_url}{CALLBACK}"


def _keeping(wb: Workbench) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key(wb.settings.home), salt="careloop.openid")


def _now(wb: Workbench) -> datetime:
    """The machine's own time in a demo, whose clock visitors move."""
    return datetime.now(UTC) if wb.settings.demo else wb.now()
