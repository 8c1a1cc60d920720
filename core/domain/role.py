"""Roles and what they permit (U1). A user has one or several; without a permission something is read, not changed."""

from collections.abc import Collection
from dataclasses import dataclass

CHANGE_OPT_OUTS = "change_opt_outs"
CORRECT_CONTACT = "correct_contact"
REMARK = "remark"
SETTLE_CONFLICTS = "settle_conflicts"
CHANGE_ORGANISATION = "change_organisation"
MERGE = "merge"
LOAD_DATA = "load_data"
OPERATE = "operate"

# What each permits, continuing 'You may not ...'.
PERMISSIONS = {
    CHANGE_OPT_OUTS: "add or remove opt-outs",
    CORRECT_CONTACT: "correct contact data or record a consent",
    REMARK: "remark on care gaps",
    SETTLE_CONFLICTS: "decide between the feed and what staff have recorded",
    CHANGE_ORGANISATION: "change the logos, return addresses or documents of the organisation",
    MERGE: "make two records of one person one",
    LOAD_DATA: "load feeds or say how their files are read",
    OPERATE: "let this home go live or make it a sandbox again",
}


@dataclass(frozen=True)
class Role:
    """One role: its name on screens and what it permits."""

    key: str
    name: str
    permissions: frozenset[str]


ADMINISTRATOR = "administrator"
_ROWS = (
    Role("analyst", "Analyst", frozenset({REMARK})),
    Role("approver", "Approver", frozenset({REMARK})),
    Role("manager", "Manager", frozenset()),
    Role("opt_out_clerk", "Opt-out clerk", frozenset({CHANGE_OPT_OUTS, CORRECT_CONTACT, REMARK})),
    Role("data_scientist", "Data scientist", frozenset()),
    Role(ADMINISTRATOR, "Administrator", frozenset(PERMISSIONS)),
)
ROLES: dict[str, Role] = {role.key: role for role in _ROWS}


def permits(roles: Collection[str], permission: str) -> bool:
    """Whether one of these roles permits it. A role that is not known permits nothing."""
    return any(permission in ROLES[role].permissions for role in roles if role in ROLES)


def refusal(permission: str) -> str:
    """What somebody reads who lacks a permission: what is refused, and whom to ask."""
    names = [role.name.lower() for role in ROLES.values() if permission in role.permissions]
    who = " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"You may not {PERMISSIONS[permission]}. Ask somebody who may: {who}."
