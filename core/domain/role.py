"""Roles and what they permit (U1). A user has one or several; without a permission something is refused."""

from collections.abc import Collection
from dataclasses import dataclass

READ_PATIENTS = "read_patients"
EXPORT_PATIENTS = "export_patients"
MAKE_CAMPAIGNS = "make_campaigns"
ACTIVATE_CAMPAIGNS = "activate_campaigns"
DELETE_CAMPAIGNS = "delete_campaigns"
ANSWER_REPLIES = "answer_replies"
CHANGE_OPT_OUTS = "change_opt_outs"
CORRECT_CONTACT = "correct_contact"
REMARK = "remark"
SETTLE_CONFLICTS = "settle_conflicts"
MERGE = "merge"
SET_TARGETS = "set_targets"
SCHEDULE_REPORTS = "schedule_reports"
EDIT_RULES = "edit_rules"
PUBLISH_RULES = "publish_rules"
LOAD_DATA = "load_data"
CHANGE_ORGANISATION = "change_organisation"
OPERATE = "operate"
MANAGE_USERS = "manage_users"
READ_AUDIT = "read_audit"

# What each permits, continuing 'You may not ...'.
PERMISSIONS = {
    READ_PATIENTS: "see patients or what was sent to them",
    EXPORT_PATIENTS: "export lists of patients",
    MAKE_CAMPAIGNS: "make, edit or print campaigns",
    ACTIVATE_CAMPAIGNS: "activate or approve campaigns",
    DELETE_CAMPAIGNS: "delete campaigns",
    ANSWER_REPLIES: "decide about replies of patients",
    CHANGE_OPT_OUTS: "add or remove opt-outs",
    CORRECT_CONTACT: "correct contact data or record a consent",
    REMARK: "remark on care gaps",
    SETTLE_CONFLICTS: "decide between the feed and what staff have recorded",
    MERGE: "make two records of one person one",
    SET_TARGETS: "set the targets of measures",
    SCHEDULE_REPORTS: "send reports to people by email again and again",
    EDIT_RULES: "try edits of the rules of measures",
    PUBLISH_RULES: "change the rules of measures or what codes mean",
    LOAD_DATA: "load data, say how files are read, or open the feed gate",
    CHANGE_ORGANISATION: "change the settings of the organisation",
    OPERATE: "look after sending, accounts, backups and going live",
    MANAGE_USERS: "see or change users",
    READ_AUDIT: "read the audit log",
}


@dataclass(frozen=True)
class Role:
    """One role: its name on screens, whom it is for, and what it permits."""

    key: str
    name: str
    about: str
    permissions: frozenset[str]


ADMINISTRATOR = "administrator"
EXTRA = "identified_data"  # given beside another role
_AUTHOR = {READ_PATIENTS, EXPORT_PATIENTS, MAKE_CAMPAIGNS, ANSWER_REPLIES, REMARK, EDIT_RULES, SCHEDULE_REPORTS}
_ROWS = (
    Role("analyst", "Analyst", "Finds patients and drafts campaigns.", frozenset(_AUTHOR)),
    Role("approver", "Approver", "Drafts campaigns and lets them go out.", frozenset(_AUTHOR | {ACTIVATE_CAMPAIGNS})),
    Role(
        "manager",
        "Manager",
        "Reads lists, reports and rates, and sets targets.",
        frozenset({READ_PATIENTS, EXPORT_PATIENTS, SET_TARGETS, SCHEDULE_REPORTS}),
    ),
    Role(
        "opt_out_clerk",
        "Opt-out clerk",
        "Answers callers: opt-outs, contact data, replies.",
        frozenset({READ_PATIENTS, ANSWER_REPLIES, CHANGE_OPT_OUTS, CORRECT_CONTACT, REMARK}),
    ),
    Role(
        "data_scientist",
        "Data scientist",
        "Works with figures and rules; sees no patient.",
        frozenset({EDIT_RULES}),
    ),
    Role(
        EXTRA,
        "Identified data",
        "In addition to another role: sees patients, as a data scientist does not.",
        frozenset({READ_PATIENTS, EXPORT_PATIENTS}),
    ),
    Role(ADMINISTRATOR, "Administrator", "Sets up, looks after and may do everything.", frozenset(PERMISSIONS)),
)
ROLES: dict[str, Role] = {role.key: role for role in _ROWS}


def permits(roles: Collection[str], permission: str) -> bool:
    """Whether one of these roles permits it. A role that is not known permits nothing."""
    return any(permission in ROLES[role].permissions for role in roles if role in ROLES)


def names(roles: Collection[str]) -> str:
    """'Analyst, Approver', in the order of ROLES; a role that is not known is left out."""
    return ", ".join(role.name for role in ROLES.values() if role.key in roles)


def refusal(permission: str) -> str:
    """What somebody reads who lacks a permission: what is refused, and whom to ask."""
    who = [role.name.lower() for role in ROLES.values() if permission in role.permissions and role.key != EXTRA]
    asked = " or ".join([", ".join(who[:-1]), who[-1]] if len(who) > 1 else who)
    return f"You may not {PERMISSIONS[permission]}. Ask somebody who may: {asked}."
