"""Sessions: who is signed in, in which browser, until when. The one place that says who acts on the pages.

A session is known by a random token that only the browser's cookie holds; kept is its hash. It ends when the person
signs out, after a while without doing anything, after some hours in any case, when an administrator ends it, and in
every browser when the password changes.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from core.audit import record_in
from core.domain.user import User
from core.errors import NotFound
from core.settings import Settings
from core.store import accounts
from core.store import session_rows as rows
from core.store.database import reading, writing
from core.workbench import Workbench

_TOKEN_BYTES = 32
_SECURE_COOKIE, _COOKIE = "__Host-careloop", "careloop_session"
_SEEN_EVERY = timedelta(seconds=20)  # written at most so often


@dataclass(frozen=True)
class Session:
    """A session that counts now.

    ends_at  when it ends if nothing is done; later with each thing done, up to `latest_at`
    """

    session_id: str
    user: User
    method: str  # password | openid | demo
    begun_at: datetime
    seen_at: datetime
    ends_at: datetime
    latest_at: datetime
    id_token: str | None = None


def is_behind_tls(settings: Settings) -> bool:
    """Whether people reach the pages over TLS."""
    return settings.public_url.startswith("https://")


def cookie_name(settings: Settings) -> str:
    """The cookie that holds the token: behind TLS with the prefix that binds it to one host."""
    return _SECURE_COOKIE if is_behind_tls(settings) else _COOKIE


def begin(wb: Workbench, user_id: str, *, method: str, id_token: str | None = None) -> str:
    """Begin a session for a person whose identity was checked; returns the token for the cookie. Raises NotFound for an
    inactive one, and for what acts without a person."""
    acting = replace(wb, user=accounts.person(wb.engine, user_id))
    token, at = secrets.token_urlsafe(_TOKEN_BYTES), _now(wb)
    with writing(wb.engine) as connection:
        rows.add_session(
            connection,
            session_id=_id(token),
            user_id=user_id,
            method=method,
            begun_at=at,
            seen_at=at,
            id_token=id_token,
        )
        record_in(acting, connection, "session.begun", user_id, method=method)
    return token


def find(wb: Workbench, token: str) -> Session | None:
    """The session of a token; None when there is none, it has run out, or its user is inactive."""
    if not token:
        return None
    with reading(wb.engine) as connection:
        row = rows.session(connection, _id(token))
    if row is None:
        return None
    idle, whole = limits(wb)
    latest_at = row.begun_at + whole
    ends_at, at = min(row.seen_at + idle, latest_at), _now(wb)
    if at >= ends_at:
        _end(wb, row.session_id, row.user_id, how="idle" if ends_at < latest_at else "expired")
        return None
    try:
        user = accounts.person(wb.engine, row.user_id)
    except NotFound:
        return None
    return Session(row.session_id, user, row.method, row.begun_at, row.seen_at, ends_at, latest_at, row.id_token)


def why_ended(wb: Workbench, token: str) -> str:
    """What to tell who comes with the token of a session that has run out; '' when it ended otherwise, or counts."""
    with reading(wb.engine) as connection:
        how = rows.ended_how(connection, _id(token)) if token else ""
    organisation = wb.organisation()
    if how == "idle":
        return f"You were signed out because nothing was done for {_spoken(organisation.idle_minutes, 'minute')}."
    if how == "expired":
        return f"You were signed out because you signed in {_spoken(organisation.session_hours, 'hour')} before."
    return ""


def seen(wb: Workbench, session: Session) -> Session:
    """The person has done something: the session goes on."""
    at = _now(wb)
    if at - session.seen_at < _SEEN_EVERY:
        return session
    with writing(wb.engine) as connection:
        rows.seen(connection, session.session_id, at=at)
    return replace(session, seen_at=at, ends_at=min(at + limits(wb)[0], session.latest_at))


def end(wb: Workbench, session: Session) -> None:
    """Sign out in this browser."""
    _end(wb, session.session_id, session.user.user_id, how="signed_out")


def seconds_left(wb: Workbench, session: Session) -> int:
    """Until the session ends if nothing is done."""
    return max(0, int((session.ends_at - _now(wb)).total_seconds()))


def limits(wb: Workbench) -> tuple[timedelta, timedelta]:
    """After how long without doing anything a session ends, and after how long in any case."""
    organisation = wb.organisation()
    return timedelta(minutes=organisation.idle_minutes), timedelta(hours=organisation.session_hours)


def _end(wb: Workbench, session_id: str, user_id: str, *, how: str) -> None:
    with writing(wb.engine) as connection:
        if rows.end_session(connection, session_id, at=_now(wb), how=how):
            actor = replace(wb, user=User(user_id, user_id, roles=frozenset()))
            record_in(actor, connection, "session.ended", user_id, how=how)


def _spoken(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _now(wb: Workbench) -> datetime:
    """The machine's own time in a demo, whose clock visitors move."""
    return datetime.now(UTC) if wb.settings.demo else wb.now()


def _id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
