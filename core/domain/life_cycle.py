"""The life of a campaign as one table: what may be done to it in which status, on which day, and by whom (C8, C9, C11,
C12).

'The day' is the effective one, after a Sunday or holiday, in the organisation's time zone. Pages and `core.allowed` ask
here, so what is offered is what is possible. docs/decisions/life-cycle.md
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from core.domain.campaign import Campaign, goes_out_on
from core.domain.introduction import INTRODUCTORY
from core.domain.organisation import LETTER, Organisation
from core.domain.role import ACTIVATE_CAMPAIGNS, DELETE_CAMPAIGNS, MAKE_CAMPAIGNS, refusal
from core.domain.user import User
from core.domain.wording import day_text

EDIT, ACTIVATE, INACTIVATE, TEST = "edit", "activate", "inactivate", "test"
STOP, COPY, DELETE, PRINT, ASK, APPROVE = "stop", "copy", "delete", "print", "ask", "approve"
BEFORE, ON, AFTER = "before", "on", "after"
ALWAYS = (BEFORE, ON, AFTER)


@dataclass(frozen=True)
class Rule:
    """When an action is possible, and for whom.

    days       by status the days, relative to the effective day, on which it is possible; a status that is missing
               never allows it
    needs      the permission
    needs_for  another permission for some statuses
    of_author  statuses in which MAKE_CAMPAIGNS is enough for who made the campaign
    letters    None: every mode; True: letters only; False: all but letters
    of_whole   needs somebody who made it or may see all of its patients
    """

    days: Mapping[str, tuple[str, ...]]
    needs: str = MAKE_CAMPAIGNS
    needs_for: Mapping[str, str] = field(default_factory=dict)
    of_author: tuple[str, ...] = ()
    letters: bool | None = None
    of_whole: bool = True


_ENDED = {"completed": ALWAYS, "stopped": ALWAYS}
RULES: dict[str, Rule] = {
    # An edit of an active campaign goes out without anybody's further word: who may not activate may not do that.
    EDIT: Rule({"inactive": ALWAYS, "active": (BEFORE,)}, needs_for={"active": ACTIVATE_CAMPAIGNS}),
    ACTIVATE: Rule({"inactive": (BEFORE, ON)}, needs=ACTIVATE_CAMPAIGNS, letters=False),
    INACTIVATE: Rule({"active": (BEFORE,)}, letters=False),
    TEST: Rule({"inactive": ALWAYS, "active": ALWAYS} | _ENDED, letters=False, of_whole=False),
    STOP: Rule({"inactive": ALWAYS, "active": ALWAYS}, needs=ACTIVATE_CAMPAIGNS, of_author=("inactive",)),
    COPY: Rule(_ENDED, of_whole=False),
    DELETE: Rule({"inactive": ALWAYS} | _ENDED, needs=DELETE_CAMPAIGNS),
    PRINT: Rule({"inactive": ALWAYS}, letters=True),
    # Active ones as well: what is held because its approval has ended could not go on otherwise.
    ASK: Rule({"inactive": ALWAYS, "active": ALWAYS}),
    APPROVE: Rule({"inactive": ALWAYS, "active": ALWAYS}, needs=ACTIVATE_CAMPAIGNS),
}
ACTIONS = tuple(RULES)
_OF_INTRODUCTIONS = (STOP,)  # the internal campaigns of introductory emails go out by themselves

_DONE = {
    EDIT: "changed",
    ACTIVATE: "activated",
    INACTIVATE: "made inactive",
    TEST: "tested",
    STOP: "stopped",
    COPY: "copied",
    DELETE: "deleted",
    PRINT: "printed",
    ASK: "given to somebody to approve",
    APPROVE: "approved",
}
_IS = {"inactive": "inactive", "active": "active", "completed": "completed", "stopped": "stopped for good"}
_INSTEAD = {
    (EDIT, "completed"): "Copy it to write to those who were not contacted.",
    (EDIT, "stopped"): "Copy it to make a replacement.",
    (ACTIVATE, "completed"): "Copy it to write to those who were not contacted.",
    (ACTIVATE, "stopped"): "Copy it to make a replacement.",
    (COPY, "inactive"): "It still goes on, and a copy replaces a stopped or finished one.",
    (COPY, "active"): "It still goes on, and a copy replaces a stopped or finished one.",
    (DELETE, "active"): "Stop it first.",
    (PRINT, "completed"): "Nobody gets a second letter. Download the files, or make them again.",
    (PRINT, "stopped"): "Copy it to print letters.",
}
_WRONG_MODE = {
    ACTIVATE: "Letters are not activated: print the labels and create the letters once the campaign is saved.",
    INACTIVATE: "Letters are never active, so there is nothing to take back.",
    TEST: "A letter is not sent as a test. Look at a test letter instead: it is made as a PDF.",
    PRINT: "Only letters are printed. Activate the campaign instead.",
}
_INTRODUCTORY = "Introductory emails go out by themselves. Start a campaign in the Library instead."


@dataclass(frozen=True)
class Asking:
    """Who asks, and what the campaign is to this user.

    sees_all   may see every patient of it
    is_editor  has changed what it says, when or to whom, since it was made or last approved
    """

    user: User
    is_author: bool
    sees_all: bool
    is_editor: bool = False


def day_of(campaign: Campaign, organisation: Organisation, *, on: date, has_begun: bool = False) -> str:
    """Whether `on` is before, on or after the effective day. A campaign that has begun is never before it, also when a
    holiday that was added since would move the day: a part of its patients has the message."""
    effective = goes_out_on(campaign, organisation)
    if on < effective:
        return ON if has_begun else BEFORE
    return ON if on == effective else AFTER


def why_not(action: str, campaign: Campaign, organisation: Organisation, *, on: date, has_begun: bool = False) -> str:
    """Why the mode, the status or the day forbids an action, and what can be done instead; empty when nothing does."""
    rule = RULES[action]
    if campaign.kind == INTRODUCTORY and action not in _OF_INTRODUCTIONS:
        return _INTRODUCTORY
    if rule.letters is not None and rule.letters != (campaign.channel == LETTER):
        return _WRONG_MODE[action]
    if campaign.status not in rule.days:
        instead = _INSTEAD.get((action, campaign.status), "")
        done = _DONE[action]
        return f"The campaign '{campaign.name}' cannot be {done}: it is {_IS[campaign.status]}. {instead}".strip()
    if day_of(campaign, organisation, on=on, has_begun=has_begun) in rule.days[campaign.status]:
        return ""
    return _too_late(action, campaign, organisation, on=on, has_begun=has_begun)


def may_not(action: str, campaign: Campaign, asking: Asking) -> str:
    """Why this user may not do it, and whom to ask; empty when allowed."""
    rule = RULES[action]
    if missing := _missing_permission(rule, campaign, asking):
        return missing
    if rule.of_whole and not (asking.is_author or asking.sees_all):
        return (
            f"The campaign '{campaign.name}' has patients you may not see, and somebody else made it. Ask its author "
            "to change it."
        )
    if action == APPROVE and (asking.is_author or asking.is_editor):
        what = "made" if asking.is_author else "changed"
        return f"You {what} this campaign. Somebody else who may activate campaigns approves it."
    return ""


def _missing_permission(rule: Rule, campaign: Campaign, asking: Asking) -> str:
    needed = rule.needs_for.get(campaign.status, rule.needs)
    if asking.is_author and campaign.status in rule.of_author and asking.user.may(MAKE_CAMPAIGNS):
        return ""
    if asking.user.may(needed):
        return ""
    if needed != rule.needs and asking.user.may(rule.needs):
        return (
            f"The campaign '{campaign.name}' is active, so what you change would go out. Make it inactive first; "
            "somebody who may activate campaigns lets it go out again."
        )
    return refusal(needed)


def _too_late(action: str, campaign: Campaign, organisation: Organisation, *, on: date, has_begun: bool) -> str:
    if action == ACTIVATE:
        return (
            f"The start date of '{campaign.name}', {day_text(campaign.start_on)}, has passed. "
            f"Set it to {day_text(on)} or later, then activate it."
        )
    if has_begun and on < goes_out_on(campaign, organisation):
        return f"The campaign '{campaign.name}' has begun: somebody has its message. It can still be stopped."
    return (
        f"The campaign '{campaign.name}' is active and goes out on {day_text(goes_out_on(campaign, organisation))}: it "
        "could be changed until midnight before that day. It can still be stopped."
    )
