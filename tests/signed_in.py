"""Somebody who is signed in, for tests of pages."""

from core import sessions, users
from core.domain.user import User
from core.store import accounts
from core.workbench import Workbench

PERSON = "analyst"  # who acts in a home where a test has nobody else act; sees and may do everything


def ensure(wb: Workbench, user_id: str = PERSON) -> None:
    """Make this user if the home has none of that name yet."""
    if not accounts.is_known(wb.engine, user_id):
        users.add(wb, User(user_id, user_id.capitalize()))


def token(wb: Workbench, user_id: str = PERSON) -> str:
    """What the browser's cookie holds while this user is signed in. The user is made when there is none."""
    ensure(wb, user_id)
    return sessions.begin(wb, user_id, method="password")
