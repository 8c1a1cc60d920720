"""The invented people of a demo: one for each role, whom a visitor becomes with one click."""

from dataclasses import dataclass

from core import sessions, sign_in, users
from core.domain.role import ADMINISTRATOR, ROLES
from core.domain.user import User
from core.errors import NotAllowed
from core.workbench import Workbench

PASSWORD = "careloop demo password"  # noqa: S105  # nosec B105 # a demo's, whose people are invented


@dataclass(frozen=True)
class DemoPerson:
    """An account of the demo, and what its role is for."""

    user_id: str
    name: str
    role: str

    @property
    def role_name(self) -> str:
        return ROLES[self.role].name

    @property
    def about(self) -> str:
        return ROLES[self.role].about


PEOPLE = (
    DemoPerson("admin", "Alex Admin", ADMINISTRATOR),
    DemoPerson("analyst", "Dana Demo", "analyst"),
    DemoPerson("approver", "Avery Approver", "approver"),
    DemoPerson("manager", "Morgan Manager", "manager"),
    DemoPerson("clerk", "Casey Clerk", "opt_out_clerk"),
    DemoPerson("scientist", "Sam Scientist", "data_scientist"),
)


def add_people(wb: Workbench) -> None:
    """Make the demo's accounts, or make them again as they were."""
    _require_demo(wb)
    known = {person.user.user_id for person in users.persons(wb) if person.has_way_in}
    for person in PEOPLE:
        email = f"{person.name.replace(' ', '.').lower()}@example.org"
        users.add(wb, User(person.user_id, person.name, email=email, roles=frozenset({person.role})))
        if person.user_id not in known:
            sign_in.set_known_password(wb, person.user_id, PASSWORD)


def become(wb: Workbench, user_id: str) -> str:
    """Sign a visitor of a demo in as one of its people; returns the session's token. Raises NotAllowed elsewhere."""
    _require_demo(wb)
    if user_id not in {person.user_id for person in PEOPLE}:
        raise NotAllowed("This is nobody of the demo. Choose one of the accounts on the sign-in page.")
    return sessions.begin(wb, user_id, method="demo")


def _require_demo(wb: Workbench) -> None:
    if not wb.settings.demo:
        raise NotAllowed("This is no demo: sign in with your own account.")
