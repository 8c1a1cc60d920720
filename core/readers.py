"""Who reads figures of campaigns: whose patients they count, and how exact they are.

Figures are always of the patients in the reader's scope. Whoever may see patients reads them exactly; anybody else, and
whoever gets a file that is passed on, reads them with small counts hidden and the others rounded
(core.domain.small_cells).
"""

from core.domain.role import READ_PATIENTS
from core.domain.small_cells import LEAST, ROUNDED
from core.store.scope import is_limited
from core.workbench import Workbench


def is_rough(wb: Workbench, *, is_passed_on: bool = False) -> bool:
    """Whether small counts are hidden from the reader and the others rounded."""
    return is_passed_on or not wb.user.may(READ_PATIENTS)


def whose(wb: Workbench) -> str:
    """'your groups', 'your providers' or both, as far as the reader is limited to them; empty for everybody's."""
    scope = wb.user.scope
    parts = [("groups", scope.groups), ("providers", scope.providers)]
    names = [name for name, limit in parts if limit is not None]
    return f"your {' and '.join(names)}" if names else ""


def may_tell_totals(wb: Workbench, selected: int) -> bool:
    """Whether the results of a campaign may be passed on exactly: of so many patients, all of them. Whoever reads it in
    Careloop and may not see patients could take from it what a filter shows of a part; who gets a file cannot."""
    return wb.user.may(READ_PATIENTS) and not is_limited(wb.user.scope) and selected >= LEAST


def notes(wb: Workbench, selected: int, *, is_rough: bool, has_totals: bool) -> tuple[str, ...]:
    """What has to be said beside the figures of a campaign, as sentences."""
    limit = whose(wb)
    many = f"{selected:,} patient{'s' * (selected != 1)}"
    about = f"about {many}" if is_rough and not has_totals else f"the {many}"
    found = [f"Of {about} of {limit}."] if limit and selected else []
    if is_rough:
        found.append(f"Of steps and parts: {ROUNDED[0].lower()}{ROUNDED[1:]}" if has_totals else ROUNDED)
    return tuple(found)


def notes_of_all(wb: Workbench) -> tuple[str, ...]:
    """The same beside the figures of several campaigns on a page."""
    found = [f"Of the patients of {whose(wb)}."] if whose(wb) else []
    return (*found, ROUNDED) if is_rough(wb) else tuple(found)
