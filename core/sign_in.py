"""Signing in with a local account: passwords are checked, guessing is slowed down, a first password is changed.

Passwords are kept as Argon2id hashes. Whoever is refused reads the same sentence whether the name, the password or
both were wrong, after the same time.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Row

from core import sessions
from core.audit import record_in
from core.domain import password as passwords
from core.domain.user import User
from core.errors import CareloopError, NotAllowed, NotFound
from core.store import accounts
from core.store import session_rows as rows
from core.store.database import reading, writing
from core.store.secret import secret_key
from core.workbench import Workbench

WRONG = "The name or the password is not right. Names and passwords tell capital letters from small ones."
WINDOW = timedelta(minutes=15)
# So many failures in the window, then nobody is let in any more until the first of them is older: of one name from one
# client, of one name from anywhere, of any name from one client.
MOST = {"both": 5, "name": 20, "client": 50}
BROWSER_DAYS = 90  # for so long a browser is known
_CHOOSING = 15 * 60  # seconds for choosing a new password after the first one was given


class TooManyTries(CareloopError):
    """Signing in failed too often; `again_after` is how long to wait."""

    def __init__(self, again_after: timedelta) -> None:
        self.again_after = again_after
        minutes = max(1, -(-int(again_after.total_seconds()) // 60))
        super().__init__(
            f"Signing in failed too often. Try again in {minutes} minute{'' if minutes == 1 else 's'}, or ask an "
            "administrator for a new password."
        )


@dataclass(frozen=True)
class SignedIn:
    """What came of a right name and password: a session's token, or, where the password was given by somebody else,
    the proof with which another one can be chosen."""

    token: str = ""
    choosing: str = ""
    browser: str = ""  # the proof that this person has signed in in this browser


def sign_in(wb: Workbench, name: str, password: str, *, client: str, browser: str = "") -> SignedIn:
    """Check name (or email address) and password. Raises NotAllowed, the same whatever was wrong, and TooManyTries.

    client    the address that asks, for slowing down
    browser   the proof of an earlier sign-in there: its failures are counted by themselves, so that nobody can keep a
              person out by guessing under their name elsewhere
    """
    _require_local_accounts(wb)
    at = wb.now()
    user, kept = _known(wb, name)
    name_key = _browser_key(wb, user, browser) or _name_key(name)
    _check_tries(wb, name_key, client, at=at)
    given_hash = kept.password_hash if kept else _dummy()
    if not (_fits(given_hash, password) and user is not None and kept is not None):
        _refused(wb, user, name_key, client, at=at)
        raise NotAllowed(WRONG)
    if kept.expires_at is not None and kept.expires_at <= at:
        raise NotAllowed("This first password has run out. Ask an administrator for a new one.")
    with writing(wb.engine) as connection:
        rows.forget_failures(connection, before=at - WINDOW, name_key=name_key, client=client)
    if kept.must_change:
        return SignedIn(choosing=_choosing(wb).dumps([user.user_id, given_hash[-16:]]))
    if _hasher().check_needs_rehash(given_hash):
        _keep(wb, user.user_id, password, must_change=False, by=user.user_id)
    token = sessions.begin(wb, user.user_id, method="password")
    return SignedIn(token=token, browser=_browsers(wb).dumps([user.user_id, secrets.token_hex(8)]))


def choose_password(wb: Workbench, choosing: str, password: str, again: str) -> str:
    """Choose another password after signing in with a given one; returns the token of the session that begins.

    Raises NotAllowed when the proof has run out, was used, or the password cannot be used.
    """
    _require_local_accounts(wb)
    try:
        user_id, ending = _choosing(wb).loads(choosing, max_age=_CHOOSING)
    except BadData:
        raise NotAllowed("Choosing a password took too long. Sign in with the first password again.") from None
    with reading(wb.engine) as connection:
        kept = rows.credential(connection, user_id)
    if kept is None or not kept.must_change or kept.password_hash[-16:] != ending:
        raise NotAllowed("This first password was used before. Sign in with the password that was chosen.")
    user = accounts.person(wb.engine, user_id)
    if _fits(kept.password_hash, password):
        raise NotAllowed("Choose another password than the one that you were given.")
    _check_new(user, password, again)
    _keep(wb, user_id, password, must_change=False, by=user_id)
    return sessions.begin(wb, user_id, method="password")


def change_password(wb: Workbench, present: str, password: str, again: str, *, client: str) -> str:
    """The acting user changes the own password. All sessions end everywhere; returns the token of a new one here.

    Raises NotAllowed when the present password is wrong or the new one cannot be used, and TooManyTries.
    """
    _require_local_accounts(wb)
    user, at = wb.user, wb.now()
    _check_tries(wb, _name_key(user.user_id), client, at=at)
    with reading(wb.engine) as connection:
        kept = rows.credential(connection, user.user_id)
    if kept is None:
        raise NotAllowed("You sign in without a password here, so there is none to change.")
    if not _fits(kept.password_hash, present):
        _refused(wb, user, _name_key(user.user_id), client, at=at)
        raise NotAllowed("The present password is not right.")
    if present == password:
        raise NotAllowed("The new password is the present one. Choose another.")
    _check_new(user, password, again)
    _keep(wb, user.user_id, password, must_change=False, by=user.user_id)
    return sessions.begin(wb, user.user_id, method="password")


def give_password(wb: Workbench, user_id: str) -> str:
    """Give a user a password for once and end the user's sessions everywhere; returns it, it is shown nowhere again.

    Callers have checked that they may. Raises NotFound for a user who is not there or inactive, and NotAllowed where no
    password counts.
    """
    _require_local_accounts(wb)
    accounts.person(wb.engine, user_id)
    password = passwords.given()
    _keep(wb, user_id, password, must_change=True, by=wb.user.user_id)
    return password


def set_known_password(wb: Workbench, user_id: str, password: str) -> None:
    """Give a user this password without a change at the first sign-in. For demos, whose passwords stand on the page."""
    if not wb.settings.demo:
        raise NotAllowed("Only in a demo are passwords known to everybody.")
    _keep(wb, user_id, password, must_change=False, by=wb.user.user_id)


def _require_local_accounts(wb: Workbench) -> None:
    """Raises NotAllowed where only the OpenID Connect provider lets people in (CARELOOP_LOCAL_ACCOUNTS=off)."""
    if not wb.settings.local_accounts:
        raise NotAllowed(f"Passwords do not count here. Sign in with {wb.settings.oidc_name}.")


def _keep(wb: Workbench, user_id: str, password: str, *, must_change: bool, by: str) -> None:
    at = wb.now()
    with writing(wb.engine) as connection:
        rows.keep_credential(
            connection,
            user_id,
            password_hash=_hasher().hash(password),
            must_change=must_change,
            expires_at=at + timedelta(days=passwords.GIVEN_DAYS) if must_change else None,
            changed_at=at,
            changed_by=by,
        )
        ended = rows.end_all(connection, user_id, at=at, how="password")
        what = "password.given" if must_change else "password.changed"
        record_in(wb if by == wb.user.user_id else wb.as_user(by), connection, what, user_id, sessions_ended=ended)


def _check_new(user: User, password: str, again: str) -> None:
    if password != again:
        raise NotAllowed("The two new passwords are not the same. Type the new one twice.")
    words = [user.user_id, *user.name.split(), *(user.email or "").split("@"), "careloop"]
    if problem := passwords.problem(password, words=words):
        raise NotAllowed(problem)


def _known(wb: Workbench, name: str) -> tuple[User | None, Row[Any] | None]:
    """The active person of that name or email address, and the password that is kept."""
    user_id = accounts.id_for_sign_in(wb.engine, name.strip())
    if user_id is None:
        return None, None
    try:
        user = accounts.person(wb.engine, user_id)
    except NotFound:
        return None, None
    with reading(wb.engine) as connection:
        return user, rows.credential(connection, user_id)


def _check_tries(wb: Workbench, name_key: str, client: str, *, at: datetime) -> None:
    with reading(wb.engine) as connection:
        found = rows.failures(connection, since=at - WINDOW, name_key=name_key, client=client)
    waits = [sorted(found[kind])[-most] + WINDOW - at for kind, most in MOST.items() if len(found[kind]) >= most]
    if waits:
        raise TooManyTries(max(waits))


def _refused(wb: Workbench, user: User | None, name_key: str, client: str, *, at: datetime) -> None:
    with writing(wb.engine) as connection:
        rows.add_failure(connection, at=at, name_key=name_key, client=client)
        record_in(wb, connection, "session.refused", user.user_id if user else "")


def _fits(kept: str, password: str) -> bool:
    try:
        return _hasher().verify(kept, password[: passwords.MOST + 1])
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    """With the costs of RFC 9106's second choice, for machines with little memory: 64 MiB, three passes."""
    return PasswordHasher()


@cache
def _dummy() -> str:
    """What is checked for a name that is not known, so that it takes as long."""
    return _hasher().hash(passwords.given())


def _choosing(wb: Workbench) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key(wb.settings.home), salt="careloop.choose-password")


def _browsers(wb: Workbench) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key(wb.settings.home), salt="careloop.known-browser")


def _browser_key(wb: Workbench, user: User | None, browser: str) -> str:
    """Under what failures in a browser are counted in which this very user has signed in; empty for any other."""
    try:
        user_id, _ = _browsers(wb).loads(browser, max_age=BROWSER_DAYS * 24 * 3600)
    except (BadData, ValueError, TypeError):
        return ""
    return _name_key(browser) if user is not None and user_id == user.user_id else ""


def _name_key(name: str) -> str:
    return hashlib.sha256(name.strip().casefold().encode("utf-8", "replace")).hexdigest()
