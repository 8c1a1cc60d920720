"""The people who act. Until there is a sign-in the pages act as one local user, named by CARELOOP_USER."""

from core import audit
from core.domain.user import User
from core.store import accounts
from core.workbench import Workbench


def add(wb: Workbench, person: User) -> None:
    """Add a user, or replace the one with the same id."""
    accounts.add_user(wb.engine, person, at=wb.now(), by=wb.user.user_id)
    audit.record(wb, "user.added", person.user_id)


def name_of(wb: Workbench, user_id: str) -> str:
    """What people call a user, also one who is inactive; the id of one who is not known."""
    return accounts.user_name(wb.engine, user_id)


def ensure_local_user(wb: Workbench) -> None:
    """Make the user of the pages if a home has none yet: sees every group and provider. One who was made inactive or
    limited stays so."""
    if not accounts.is_known(wb.engine, wb.settings.user):
        add(wb, User(wb.settings.user, wb.settings.user.capitalize()))
