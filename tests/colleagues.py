"""People of an organisation with their roles, for tests of who may do what."""

from typing import Any

from core import approvals, campaigns
from core.domain.user import Scope, User
from core.store import accounts
from core.workbench import Workbench
from tests.clinic import clinic_that_sends

ROLES = {"nina": "analyst", "nick": "analyst", "omar": "approver", "pia": "approver", "mo": "manager"}


def add_colleagues(wb: Workbench) -> None:
    """Nina and Nick draft, Omar and Pia approve, Mo reads; 'ana' administers."""
    for user_id, role in ROLES.items():
        person = User(user_id, f"{user_id.title()} Sample", email=f"{user_id}@example.org", roles=frozenset({role}))
        accounts.add_user(wb.engine, person, at=wb.now(), by="ana")


def add_limited(wb: Workbench, user_id: str, role: str, *groups: str) -> Workbench:
    """Somebody who sees the patients of some groups only."""
    person = User(user_id, user_id.title(), scope=Scope(groups=frozenset(groups)), roles=frozenset({role}))
    accounts.add_user(wb.engine, person, at=wb.now(), by="ana")
    return wb.as_user(user_id)


def set_up(wb: Workbench, **changes: Any) -> None:
    """Change the organisation's settings."""
    accounts.change_organisation(wb.engine, changes, at=wb.now(), by="ana")


def clinic_with_approval(bench: Workbench, port: int) -> Workbench:
    """A clinic whose campaigns a second person approves, with its colleagues; its emails go to the port."""
    wb = clinic_that_sends(bench, port)
    add_colleagues(wb)
    set_up(wb, approval="second_person")
    return wb


def approve(wb: Workbench, campaign_id: str, by: str = "omar") -> None:
    """Somebody approves the campaign as it is now."""
    approvals.approve(wb.as_user(by), campaign_id, version=campaigns.campaign(wb, campaign_id).version)


def state(wb: Workbench, campaign_id: str) -> str:
    """How far the approval of the campaign is."""
    return approvals.state(wb, campaign_id).state
